//! Debian packages that cannot be had, and mirrors that cannot be trusted.
//!
//! What a mirror must have signed is served from `tests/fixtures`: two `InRelease` files as the Debian archive signed
//! them. Only the archive's keys are accepted, so these are what a real mirror would send.

use crate::support::{
    Envwright, debian,
    server::{Answer, Server},
    tool,
};

/// Signed on 2025-08-09, valid for ever.
const BULLSEYE: &[u8] = include_bytes!("../fixtures/bullseye.InRelease");
/// Signed on 2026-10-30, valid for a week.
const EXPERIMENTAL: &[u8] = include_bytes!("../fixtures/experimental.InRelease");

fn with_apt(packages: &str) -> Envwright {
    Envwright::with_settings_of_machine()
        .file("environment.yml", format!("image: bootstrap:debian/bookworm\napt: [{packages}]\n"))
}

/// A definition on this suite of this mirror.
fn from_mirror(suite: &str, mirror: &str) -> Envwright {
    Envwright::new()
        .file("environment.yml", format!("image: bootstrap:debian/{suite}\napt: [hello]\n"))
        .config(&format!("[network]\nretries = 0\nread-timeout = 5\n\n[debian]\nmirror = \"{mirror}\"\n"))
}

/// A mirror that has this `InRelease` of each suite, and answers all else with `otherwise`.
fn mirror(release: &'static [u8], otherwise: &Answer) -> Server {
    let otherwise = otherwise.clone();
    Server::start(move |path| {
        if path.ends_with("/InRelease") { Answer::file("text/plain", release) } else { otherwise.clone() }
    })
}

#[test]
fn a_package_that_does_not_exist_is_told_the_nearest() {
    assert_failure!(with_apt("git, libgl11"), ["build"], 1, "apt-unable-to-locate", {
        "package": "libgl11",
        "suite": "bookworm",
    });
}

#[test]
fn packages_that_exclude_each_other_are_told() {
    let envwright = with_apt("postfix, curl, exim4-daemon-light");
    assert_failure!(envwright, ["build"], 1, "apt-unmet-dependencies", {});
}

#[test]
fn a_repository_with_a_key_of_its_own_is_not_trusted() {
    let repository = debian::Repository::with("bookworm", &[debian::Package::new("hello", "1.0")]);
    let key = repository.key();
    let envwright = from_mirror("bookworm", &repository.url());
    assert_failure!(envwright, ["build"], 1, "apt-no-pubkey", { "suite": "bookworm", "key": key });
}

#[test]
fn package_lists_past_their_time_are_expired() {
    let server = mirror(EXPERIMENTAL, &Answer::status("404 Not Found", ""));
    let envwright = from_mirror("experimental", &server.url("/debian"));
    assert_failure!(envwright, ["build"], 3, "apt-release-expired", {
        "suite": "experimental",
        "expected": "Fri, 06 Nov 2026 08:08:01 UTC",
    });
}

#[test]
fn a_package_list_that_is_not_the_one_that_was_signed_is_a_mismatch() {
    let server = mirror(BULLSEYE, &Answer::file("application/octet-stream", b"Package: evil\n"));
    let envwright = from_mirror("bullseye", &server.url("/debian"));
    assert_failure!(envwright, ["build"], 3, "apt-hash-mismatch", {});
}

#[test]
fn a_release_that_was_changed_after_it_was_signed_is_invalid() {
    let changed = String::from_utf8_lossy(BULLSEYE).replace("Version: 11", "Version: 12");
    assert_ne!(changed.as_bytes(), BULLSEYE);
    let server = Server::start(move |path| {
        if path.ends_with("/InRelease") {
            Answer::file("text/plain", changed.as_bytes())
        } else {
            Answer::status("404 Not Found", "")
        }
    });
    let envwright = from_mirror("bullseye", &server.url("/debian"));
    assert_failure!(envwright, ["build"], 3, "signature-invalid", { "suite": "bullseye" });
}

#[test]
fn a_suite_that_the_mirror_lacks_is_told() {
    let server = Server::start(|_| Answer::status("404 Not Found", ""));
    let envwright = from_mirror("bookwurm", &server.url("/debian"));
    assert_failure!(envwright, ["build"], 1, "apt-no-release-file", { "suite": "bookwurm" });
}

#[test]
fn a_machine_without_sources_of_apt_is_told_to_name_a_mirror() {
    let envwright = Envwright::new().file("requirements.txt", "requests\n");
    let mut command = tool("unshare", "util-linux");
    // In a mount namespace of its own, with nothing in /etc/apt.
    command.args(["--map-root-user", "--mount", "sh", "-c"]);
    command.args(["mount -t tmpfs none /etc/apt && exec \"$@\"", "sh"]);
    let own = envwright.command();
    command.arg(own.get_program()).arg("build").current_dir(envwright.folder());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let failed = envwright.run_command(command, "");
    assert_eq!(failed.code, Some(1), "{failed}");
    crate::support::assert_snapshot!(failed);
}

#[test]
fn a_page_where_a_release_should_be_is_told() {
    let server = Server::start(|_| Answer::file("text/html", b"<html>Please log in</html>"));
    let envwright = from_mirror("bookworm", &server.url("/debian"));
    assert_failure!(envwright, ["build"], 1, "apt-no-release-file", { "suite": "bookworm" });
}

#[test]
fn a_mirror_that_does_not_answer_is_a_problem_of_the_network() {
    let server = Server::start(|_| Answer::status("503 Service Unavailable", ""));
    let envwright = from_mirror("bookworm", &server.url("/debian"));
    assert_failure!(envwright, ["build"], 3, "net-server-error", { "status": "503" });
}
