//! System packages that cannot be added to a base of another's making.

use crate::support::{
    Envwright,
    base::{BOOKWORM, write_base},
    debian::{Package, Repository},
};

/// What a base has installed: one package on hold, and one that is not.
const STATUS: &str = "Package: held\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 1\n\n\
                      Package: free\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";

fn repository() -> Repository {
    let tool = Package::new("tool", "1").field("Depends", "held (>= 2)");
    let other = Package::new("other", "1").field("Conflicts", "free");
    Repository::with("bookworm", &[tool, other, Package::new("held", "2"), Package::new("free", "1")])
}

/// A source with its key in place.
fn source(repository: &Repository, key: &str) -> String {
    let line = |line: &str| if line.is_empty() { " .\n".to_owned() } else { format!(" {line}\n") };
    let key: String = key.lines().map(line).collect();
    let url = repository.url();
    format!("Types: deb\nURIs: {url}\nSuites: bookworm\nComponents: main\nSigned-By:\n{key}")
}

/// A definition that adds a package to a Debian 12 with these files besides.
fn added(package: &str, files: &[(&str, &str)]) -> Envwright {
    let envwright = Envwright::new()
        .file("environment.yml", format!("image: oci:base\napt: [{package}]\n"))
        .config("[network]\nretries = 0\n");
    write_base(&envwright.folder().join("base"), &[&BOOKWORM[..], files].concat());
    envwright
}

fn on_debian(package: &str, source: &str) -> Envwright {
    added(package, &[("var/lib/dpkg/status", STATUS), ("etc/apt/sources.list.d/test.sources", source)])
}

#[test]
fn a_base_without_a_database_of_packages_takes_none() {
    assert_failure!(added("hello", &[]), ["build"], 1, "base-without-apt", {});
}

/// A Debian without sources has those of the configuration or the machine.
#[test]
fn an_ubuntu_without_sources_of_apt_takes_none() {
    let release = ("etc/os-release", "ID=ubuntu\nVERSION_ID=\"22.04\"\nVERSION_CODENAME=jammy\n");
    let envwright = added("hello", &[("var/lib/dpkg/status", STATUS), release]);
    assert_failure!(envwright, ["lock"], 1, "base-without-apt", {});
}

#[test]
fn a_line_of_the_sources_that_names_no_address_is_shown() {
    let envwright = on_debian("hello", "Types: deb\nURIs: mirror\nSuites: bookworm\nComponents: main\n");
    assert_failure!(envwright, ["build"], 1, "apt-no-release-file", { "url": "mirror" });
}

#[test]
fn a_package_that_the_sources_lack_is_told_the_nearest() {
    let repository = repository();
    let envwright = on_debian("tools", &source(&repository, repository.public_key()));
    assert_failure!(envwright, ["build"], 1, "apt-unable-to-locate", { "package": "tools", "nearest": "tool" });
}

#[test]
fn what_is_on_hold_is_not_upgraded_for_another() {
    let repository = repository();
    let envwright = on_debian("tool", &source(&repository, repository.public_key()));
    assert_failure!(envwright, ["build"], 1, "apt-unmet-dependencies", { "package": "tool" });
}

#[test]
fn what_is_installed_is_not_removed_for_another() {
    let repository = repository();
    let envwright = on_debian("other", &source(&repository, repository.public_key()));
    assert_failure!(envwright, ["build"], 1, "apt-unmet-dependencies", { "package": "other" });
}

#[test]
fn a_source_that_another_key_signed_is_not_trusted() {
    let (repository, another) = (repository(), repository());
    let envwright = on_debian("tool", &source(&repository, another.public_key()));
    assert_failure!(envwright, ["build"], 1, "apt-no-pubkey", { "key": repository.key() });
}

#[test]
fn a_keyring_that_the_base_lacks_is_named() {
    let repository = repository();
    let url = repository.url();
    let source = format!(
        "Types: deb\nURIs: {url}\nSuites: bookworm\nComponents: main\nSigned-By: /usr/share/keyrings/gone.gpg\n"
    );
    assert_failure!(on_debian("tool", &source), ["build"], 1, "apt-no-pubkey", {
        "path": "/usr/share/keyrings/gone.gpg",
    });
}
