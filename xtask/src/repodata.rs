//! `cargo xtask repodata`: whether the metadata of real channels are read, and each of their packages is chosen or explained.

use crate::shell::{cargo, output, print, root, run};
use std::{path::PathBuf, process::Command};

/// Fails where a record is not read, or a package is neither chosen nor explained.
pub(crate) fn repodata(arguments: &[String]) -> Result<(), String> {
    let [folder] = arguments else { return Err("usage: cargo xtask repodata FOLDER".to_owned()) };
    // Of all packages, as the tests are: what they are made of is compiled once for both.
    run(&mut cargo(&["build", "--release", "--quiet", "--workspace", "--examples"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    print(&output(Command::new(target.join("release/examples/repodata")).arg(folder))?);
    Ok(())
}
