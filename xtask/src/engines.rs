//! The container engines that tests and benchmarks talk to.

use crate::shell;
use std::process::Command;

/// A program and the Debian package that brings it.
pub(crate) type Program = (&'static str, &'static str);

/// What the tests need.
pub(crate) const FOR_TESTS: &[Program] = &[
    ("dockerd", "docker.io"),
    ("ctr", "containerd"),
    ("podman", "podman"),
    ("buildah", "buildah"),
    ("skopeo", "skopeo"),
    ("runc", "runc"),
    ("docker-registry", "docker-registry"),
    ("python3", "python3"),
];

/// Installs what is missing, or says what it is.
pub(crate) fn provide(programs: &[Program]) -> Result<(), String> {
    let missing: Vec<&Program> = programs.iter().filter(|(program, _)| !shell::has(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    if !shell::has("apt-get") || !is_root() {
        return Err(format!(
            "the tests need these programs, and may not install them here: {}",
            packages.join(" ")
        ));
    }
    shell::say(&format!("installing {}", packages.join(" ")));
    shell::run(Command::new("apt-get").args(["-qq", "update"]))?;
    shell::run(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-qq", "install", "-y", "--no-install-recommends"])
            .args(packages),
    )
}

fn is_root() -> bool {
    shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0")
}
