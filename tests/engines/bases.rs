//! Images that are put on others, and on nothing.

use super::podman::Podman;
use crate::support::{
    Envwright,
    machine::{program, sources},
    registry::Registry,
    write,
};
use serde_json::{Value, json};
use std::path::Path;

/// A build on a base that a build made: its digest-addressed layers stay, and both packages are there.
#[track_caller]
fn is_a_base(output: &str, image: &str) {
    let podman = Podman::new();
    let envwright = Envwright::with_settings_of_machine()
        .variable("CONTAINERS_STORAGE_CONF", podman.configuration())
        .file("below/requirements.txt", "six\n")
        .file("above/environment.yml", format!("name: above\nimage: {image}\nrequirements: [packaging]\n"));
    envwright.run(&["build", "below", "-o", output]).succeeded();
    let below = diff_ids(&envwright, "below");
    envwright.run(&["build", "above", "-o", "podman:"]).succeeded();
    let above = diff_ids(&envwright, "above");
    assert!(above.len() > below.len() && above.starts_with(&below), "{below:#?} is not below {above:#?}");
    let list =
        ["python", "-c", "import packaging, six, importlib.metadata as m; print(m.version('six') > '1')"];
    assert_eq!(podman.run(&[&["--network=none", "above:latest"], &list[..]].concat()), "True\n");
}

/// The digests of an image's layers without compression, which no form of an image changes.
fn diff_ids(envwright: &Envwright, name: &str) -> Vec<Value> {
    let folder = format!("{name}-layout");
    envwright.run(&["build", name, "-o", &format!("oci:{folder}")]).succeeded();
    let layout = envwright.folder().join(folder);
    let index = read(&layout.join("index.json"));
    let manifest = blob(&layout, &index["manifests"][0]);
    let config = blob(&layout, &manifest["config"]);
    config["rootfs"]["diff_ids"].as_array().unwrap().clone()
}

fn blob(layout: &Path, descriptor: &Value) -> Value {
    let digest = descriptor["digest"].as_str().unwrap();
    read(&layout.join("blobs").join(digest.replace(':', "/")))
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_layout_is_a_base() {
    is_a_base("oci:base", "oci:../base");
}

#[test]
fn an_archive_is_a_base() {
    is_a_base("docker-archive:base.tar", "docker-archive:../base.tar");
}

/// A Debian with apt, made here; what is added to it in a second build is chosen from its own sources.
#[test]
fn system_packages_are_added_to_a_base_of_a_registry() {
    let (storage, podman) = (tempfile::tempdir().unwrap(), Podman::new());
    let registry = Registry::start(storage.path());
    let base = format!("{}/team/base:1", registry.address);
    let definition = |image: &str, more: &str| format!("name: debian\nimage: {image}\n{more}");
    let envwright = Envwright::with_settings_of_machine()
        .variable("CONTAINERS_STORAGE_CONF", podman.configuration())
        .file("above/environment.yml", definition(&base, "apt: [gawk, python3]\nrequirements: [six]\n"))
        .file(
            "below/environment.yml",
            definition(
                "bootstrap:debian/bookworm",
                "apt: [apt]\nfiles: [{from: sources, to: /etc/apt/sources.list.d}]\n",
            ),
        );
    for source in sources("bookworm") {
        let to = envwright.folder().join("below/sources").join(source.file_name().unwrap());
        write(&to, &fs_err::read(source).unwrap());
    }
    envwright.run(&["build", "below", "-t", &base, "--push"]).succeeded();
    envwright.run(&["build", "above", "-o", "podman:"]).succeeded();
    let script = "set -e; dpkg --audit; dpkg --verify gawk libsigsegv2; awk --version | head -n 1; \
                  python -c 'import six; print(six.__name__)'; dpkg-query -W -f '${db:Status-Status}\\n' gawk";
    let said = podman.run(&["--network=none", "debian:latest", "sh", "-c", script]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(matches!(lines[..], [awk, "six", "installed"] if awk.starts_with("GNU Awk")), "{said}");
}

/// A bootstrapped image has no apt: more packages come from where its own came from.
#[test]
fn system_packages_are_added_to_an_image_that_was_bootstrapped() {
    let podman = Podman::new();
    let envwright = Envwright::with_settings_of_machine()
        .variable("CONTAINERS_STORAGE_CONF", podman.configuration())
        .file("below/requirements.txt", "six\n")
        .file("above/environment.yml", "name: more\nimage: oci:../base\napt: [gawk]\n");
    envwright.run(&["build", "below", "-o", "oci:base"]).succeeded();
    envwright.run(&["build", "above", "-o", "podman:"]).succeeded();
    let script = "awk 'BEGIN { print PROCINFO[\"version\"] != \"\" }' && python -c 'import six'";
    assert_eq!(podman.run(&["--network=none", "more:latest", "sh", "-c", script]), "1\n");
}

/// The one program that every machine with the GNU C library has without needing a library: its `ldconfig`.
#[test]
fn nothing_is_a_base_for_a_program_that_needs_nothing() {
    let definition = "name: alone\nimage: scratch\nuser: \"1000:1000\"\nworkdir: /srv\n\
                      files: [{from: program, to: /srv/program}]\ncmd: [/srv/program, --version]\n";
    let podman = Podman::new();
    let envwright = Envwright::new()
        .variable("CONTAINERS_STORAGE_CONF", podman.configuration())
        .file("environment.yml", definition);
    // Ubuntu's is a script that calls this.
    let real = Path::new("/sbin/ldconfig.real");
    let program = if real.is_file() { real.to_owned() } else { program("ldconfig") };
    fs_err::copy(program, envwright.folder().join("program")).unwrap();
    envwright.run(&["build", "--offline", "-o", "podman:"]).succeeded();
    assert!(podman.run(&["--network=none", "alone:latest"]).starts_with("ldconfig ("));
    let told: Value = serde_json::from_str(&podman.call(&["inspect", "alone:latest"])).unwrap();
    let config = &told[0]["Config"];
    assert_eq!((&config["User"], &config["WorkingDir"]), (&json!("1000:1000"), &json!("/srv")));
}
