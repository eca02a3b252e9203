//! Programs that tests and benches run, and where they come from.

use std::{path::Path, process::Command};

/// A program that tests run.
pub(crate) struct Tool {
    program: &'static str,
    from: From,
    suites: Suites,
}

/// Who installs it.
#[derive(Clone, Copy, PartialEq)]
enum From {
    /// This package of Debian.
    Debian(&'static str),
    /// This project of the Python package index.
    Pip(&'static str),
    /// This package of npm's registry.
    Npm(&'static str),
}

/// Which suites run it.
#[derive(Clone, Copy, PartialEq)]
enum Suites {
    /// Those that any user can run.
    Plain,
    /// Those of `.config/nextest.toml`'s group `engines`.
    Engines,
    /// None: it is the benches' own.
    None,
}

const fn plain(program: &'static str, from: From) -> Tool {
    Tool { program, from, suites: Suites::Plain }
}

const fn engines(program: &'static str, package: &'static str) -> Tool {
    Tool { program, from: From::Debian(package), suites: Suites::Engines }
}

const fn bench(program: &'static str, from: From) -> Tool {
    Tool { program, from, suites: Suites::None }
}

const TOOLS: [Tool; 30] = [
    plain("python3", From::Debian("python3")),
    plain("pip3", From::Debian("python3-pip")),
    plain("dpkg-deb", From::Debian("dpkg")),
    plain("apt-ftparchive", From::Debian("apt-utils")),
    plain("gpg", From::Debian("gnupg")),
    plain("openssl", From::Debian("openssl")),
    plain("uv", From::Pip("uv")),
    plain("curl", From::Debian("curl")),
    plain("npm", From::Debian("npm")),
    plain("azurite-blob", From::Npm("azurite")),
    plain("s3rver", From::Npm("s3rver")),
    plain("docker-registry", From::Debian("docker-registry")),
    plain("htpasswd", From::Debian("apache2-utils")),
    plain("git", From::Debian("git")),
    plain("setpriv", From::Debian("util-linux")),
    plain("skopeo", From::Debian("skopeo")),
    plain("strace", From::Debian("strace")),
    engines("docker", "docker.io"),
    engines("dockerd", "docker.io"),
    engines("podman", "podman"),
    engines("fuse-overlayfs", "fuse-overlayfs"),
    engines("newuidmap", "uidmap"),
    engines("buildah", "buildah"),
    engines("containerd", "containerd"),
    engines("ctr", "containerd"),
    engines("runc", "runc"),
    engines("crun", "crun"),
    engines("mmdebstrap", "mmdebstrap"),
    bench("zstd", From::Debian("zstd")),
    bench("time", From::Debian("time")),
];

/// Those of the suites that are not on this machine.
pub(crate) fn missing(with_engines: bool) -> Vec<&'static Tool> {
    let wanted = TOOLS.iter().filter(|tool| match tool.suites {
        Suites::Plain => true,
        Suites::Engines => with_engines,
        Suites::None => false,
    });
    wanted.filter(|tool| !is_there(tool.program)).collect()
}

/// Those of some programs that are not on this machine.
pub(crate) fn named_and_missing(programs: impl Iterator<Item = &'static str>) -> Vec<&'static Tool> {
    let tools = programs.filter_map(|program| TOOLS.iter().find(|tool| tool.program == program));
    tools.filter(|tool| !is_there(tool.program)).collect()
}

/// Whether a program is on the path, or where Debian keeps daemons.
pub(crate) fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(program)).any(|path| path.is_file())
}

/// Whether everything may be done here.
pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// One line that names them.
pub(crate) fn told(missing: &[&Tool]) -> String {
    let programs: Vec<&str> = missing.iter().map(|tool| tool.program).collect();
    format!("the tests need programs that are not here: {}", programs.join(", "))
}

/// Whether packages of Debian can be installed here.
pub(crate) fn has_apt() -> bool {
    Path::new("/usr/bin/apt-get").is_file()
}

/// What installs them on a Debian, as root.
pub(crate) fn commands(missing: &[&Tool]) -> Vec<Command> {
    let mut commands = Vec::new();
    let debian = named(missing, |from| if let From::Debian(name) = from { Some(name) } else { None });
    if !debian.is_empty() {
        commands.push(apt(&["update"]));
        commands.push(apt(&[&["install", "--yes", "--no-install-recommends"], &debian[..]].concat()));
    }
    let pip = named(missing, |from| if let From::Pip(name) = from { Some(name) } else { None });
    if !pip.is_empty() {
        let mut install = Command::new("python3");
        // The tests' own tools stand beside Debian's; a virtual environment would have to be found by every test.
        install.args(["-m", "pip", "install", "--break-system-packages"]).args(pip);
        commands.push(install);
    }
    let npm = named(missing, |from| if let From::Npm(name) = from { Some(name) } else { None });
    if !npm.is_empty() {
        let mut install = Command::new("npm");
        install.args(["install", "--global", "--no-fund", "--no-audit"]).args(npm);
        commands.push(install);
    }
    commands
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn named(missing: &[&Tool], name: impl Fn(From) -> Option<&'static str>) -> Vec<&'static str> {
    let mut names: Vec<&str> = missing.iter().filter_map(|tool| name(tool.from)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A command as it is typed.
pub(crate) fn shown(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_the_commands_that_install_it() {
        let missing: Vec<&Tool> =
            TOOLS.iter().filter(|tool| ["ctr", "containerd", "uv"].contains(&tool.program)).collect();
        assert_eq!(told(&missing), "the tests need programs that are not here: uv, containerd, ctr");
        let shown: Vec<String> = commands(&missing).iter().map(shown).collect();
        let expected = [
            "apt-get update",
            "apt-get install --yes --no-install-recommends containerd",
            "python3 -m pip install --break-system-packages uv",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_program_of_every_machine_is_there_and_one_of_none_is_not() {
        assert!(is_there("sh") && !is_there("no-such-program-of-envwright"));
    }
}
