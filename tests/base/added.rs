//! Packages that are added to a base, file by file beside what apt and dpkg make of the same.

use super::{
    differences, mmdebstrap,
    table::{Difference, Table},
};
use crate::support::{
    Envwright,
    base::write_layout,
    debian::{Package, Repository},
    tree,
};

/// Real packages: with alternatives, groups, shells, files that scripts make, and many libraries.
const REAL: &str = "gawk libgl1 libglib2.0-0 libssl-dev openssh-client python3 tzdata zsh";

/// What mmdebstrap mounts, or takes away before it ends.
const CLEANED: [&str; 11] = [
    "dev",
    "etc/apt/apt.conf.d/00mmdebstrap",
    "proc",
    "sys",
    "tmp/",
    "usr/sbin/policy-rc.d",
    "usr/sbin/start-stop-daemon",
    "var/cache/apt/",
    "var/cache/ldconfig/",
    "var/lib/apt/lists/",
    "var/log/",
];

const SETTINGS: &str = "/etc/tool/changed.conf\n/etc/tool/plain.conf\n/etc/tool/removed.conf\n";

fn tool(version: &'static str, text: &'static str) -> Package {
    Package::new("tool", version)
        .file("DEBIAN/conffiles", SETTINGS)
        .file("etc/tool/changed.conf", text)
        .file("etc/tool/plain.conf", text)
        .file("etc/tool/removed.conf", text)
        .file("usr/share/tool/same", "same\n")
}

/// What the base has from the start, and what there is later.
fn repositories() -> [Repository; 2] {
    let first = tool("1", "one\n").file("usr/share/tool/old", "old\n").file("lib/tool/old", "old\n");
    let second = tool("2", "two\n").file("usr/share/tool/new", "new\n");
    let above = Package::new("above", "1")
        .field("Depends", "tool (>= 2), adduser")
        .file("DEBIAN/conffiles", "/etc/above.conf\n")
        .file(
            "DEBIAN/postinst",
            "#!/bin/sh\nset -e\nadduser --quiet --system --group --no-create-home --home /nonexistent _above\n",
        )
        .file("etc/above.conf", "of the package\n");
    let stays = |version| Package::new("stays", version).file("usr/share/stays", version);
    [
        Repository::with("local", &[first, stays("1"), Package::new("held", "1")]),
        Repository::with("local", &[second, above, stays("2"), Package::new("held", "2")]),
    ]
}

/// Writes a source of apt with its key in it.
fn source(repository: &Repository) -> String {
    let line = |line: &str| if line.is_empty() { " .\n".to_owned() } else { format!(" {line}\n") };
    let key: String = repository.public_key().lines().map(line).collect();
    let url = repository.url();
    format!(
        "cat > \"$1/etc/apt/sources.list.d/local.sources\" <<'END'\nTypes: deb\nURIs: {url}\nSuites: local\n\
         Components: main\nSigned-By:\n{key}END\n"
    )
}

fn apt(install: &str) -> String {
    let apt = "DEBIAN_FRONTEND=noninteractive chroot \"$1\" apt-get";
    format!(
        "{apt} -qq update\n\
         {apt} -qq install --yes --no-install-recommends -o Dpkg::Options::=--force-confold {install}\n"
    )
}

#[test]
fn what_is_added_to_a_base_is_what_apt_would_have_added() {
    let [first, second] = repositories();
    let before = [
        "set -e\n",
        &source(&first),
        &apt("tool stays held"),
        "echo mine > \"$1/etc/tool/changed.conf\"\nrm \"$1/etc/tool/removed.conf\"\n",
        "echo mine > \"$1/etc/above.conf\"\nchroot \"$1\" apt-mark -qq hold held\n",
        &source(&second),
    ];
    let (base, mut theirs) =
        mmdebstrap::changed(&before.concat(), &["set -e\n", &apt(&format!("above {REAL}"))].concat());
    let packages = REAL.split(' ').chain(["above"]).collect::<Vec<_>>().join(", ");
    let envwright = Envwright::with_settings_of_machine()
        .file("environment.yml", format!("name: added\nimage: oci:base\napt: [{packages}]\n"));
    write_layout(&envwright.folder().join("base"), &base);
    envwright.run(&["build", "-o", "docker-archive:added.tar"]).succeeded();
    let mut status = String::new();
    let mut ours = tree::of_docker_archive(&envwright.folder().join("added.tar"), |path, bytes| {
        if path == "var/lib/dpkg/status" {
            status = String::from_utf8(bytes.to_vec()).unwrap();
        }
    });
    ours.retain(|path, _| path != "opt/env" && !path.starts_with("opt/env/"));
    let theirs_is_cleaned = |path: &str| CLEANED.iter().any(|cleaned| path.starts_with(cleaned));
    ours.retain(|path, _| !theirs_is_cleaned(path));
    theirs.retain(|path, _| !theirs_is_cleaned(path));
    let table = Table::of_documentation("Differences from what apt would have added");
    let differences = differences(&ours, &theirs);
    let general = Table::of_documentation(super::OF_SCRIPTS);
    let is_explained = |difference: &&Difference| general.explains(difference) || table.explains(difference);
    let unexplained: Vec<_> = differences.iter().filter(|difference| !is_explained(difference)).collect();
    assert!(unexplained.is_empty(), "no row of docs/src/bases.md explains {unexplained:#?}");
    let unused = table.unused(&differences);
    assert!(unused.is_empty(), "no difference is explained by these rows of docs/src/bases.md: {unused:#?}");
    for (name, state, version) in [
        ("tool", "install ok installed", "2"),
        ("stays", "install ok installed", "1"),
        ("held", "hold ok installed", "1"),
        ("above", "install ok installed", "1"),
    ] {
        let mut paragraphs = status.split("\n\n");
        let found = paragraphs.find(|text| text.starts_with(&format!("Package: {name}\n"))).unwrap();
        assert!(found.contains(&format!("\nStatus: {state}\n")), "{found}");
        assert!(found.contains(&format!("\nVersion: {version}\n")), "{found}");
    }
}
