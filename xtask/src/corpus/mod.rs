//! `cargo xtask corpus make`: the logs that the diagnosis is tested with, made with real tools.

use crate::shell::{root, run};
use std::process::Command;

const USAGE: &str = "\
usage: cargo xtask corpus make [CASE…]

  Makes the logs below crates/diagnosis/tests/made, or those of the cases or problems that are named. Wants root and, from
  Debian, docker.io, podman, buildah, skopeo, docker-registry, busybox-static, apache2-utils, git, wget, curl, cmake, gcc,
  pkg-config and npm.";

/// Makes the logs.
pub(crate) fn corpus(arguments: &[String]) -> Result<(), String> {
    let Some(("make", cases)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
        return Err(USAGE.to_owned());
    };
    let program = root().join("xtask/src/corpus/make.py");
    run(Command::new("python3").arg(program).args(cases).env("PYTHONDONTWRITEBYTECODE", "1"))
}
