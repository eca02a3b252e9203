//! Images for a machine that this one is not.

use super::{REQUIREMENTS, digest};
use crate::support::{
    Envwright,
    tree::{self, Kind},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `e_machine` of a little-endian ELF file (System V ABI, "ELF Header").
fn machine_of(bytes: &[u8]) -> Option<u16> {
    let header = bytes.strip_prefix(b"\x7fELF")?;
    Some(u16::from_le_bytes([header[14], header[15]]))
}

const AARCH64: u16 = 183;

/// The values of `key` in the files that are looked at.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.strip_prefix(key)).map(str::trim).collect()
}

#[test]
fn an_image_for_arm_has_the_files_of_arm() {
    let envwright = Envwright::with_settings_of_machine().file("requirements.txt", REQUIREMENTS);
    envwright.run(&["build", "--platform", "linux/arm64", "-o", "docker-archive:arm.tar"]).succeeded();
    let archive = envwright.folder().join("arm.tar");

    let (mut programs, mut texts) = (BTreeMap::new(), BTreeMap::new());
    let tree = tree::of_docker_archive(&archive, |path, bytes| {
        if let Some(machine) = machine_of(bytes) {
            programs.insert(path.to_owned(), machine);
        }
        if path == "var/lib/dpkg/status" || path.ends_with(".dist-info/WHEEL") {
            texts.insert(path.to_owned(), String::from_utf8(bytes.to_vec()).unwrap());
        }
    });
    let others: Vec<_> = programs.iter().filter(|(_, machine)| **machine != AARCH64).collect();
    assert!(
        programs.len() > 200 && others.is_empty(),
        "{} are ELF files, of others: {others:#?}",
        programs.len()
    );
    let loader = &tree["usr/lib/ld-linux-aarch64.so.1"].kind;
    assert!(matches!(loader, Kind::Link(_) | Kind::File(_)), "{loader:?}");

    let status = texts.remove("var/lib/dpkg/status").unwrap();
    let architectures = values(&status, "Architecture:");
    assert!(architectures.len() > 80 && architectures.iter().all(|name| matches!(*name, "arm64" | "all")));
    let tags: Vec<_> = texts.values().flat_map(|text| values(text, "Tag:")).collect();
    let fits = |tag: &str| tag.ends_with("-any") || tag.ends_with("_aarch64");
    assert!(texts.len() > 20 && tags.iter().all(|tag| fits(tag)), "{tags:#?}");
    let configuration = tree::configuration(&archive);
    assert_eq!((&configuration["architecture"], &configuration["os"]), (&json!("arm64"), &json!("linux")));
}

#[test]
fn an_index_has_the_same_image_that_is_built_alone() {
    let envwright = Envwright::with_settings_of_machine().file("requirements.txt", "six\nnumpy\n");
    let build = |platforms: &str| {
        let ran =
            envwright.run(&["build", "--json", "--platform", platforms, "-o", "oci:layout"]).succeeded();
        digest(&ran.stdout)
    };
    let (arm, amd) = (build("linux/arm64"), build("linux/amd64"));
    let both = build("linux/amd64,linux/arm64");
    let layout = envwright.folder().join("layout");
    let blob = fs_err::read(layout.join("blobs").join(both.replace(':', "/"))).unwrap();
    let index: Value = serde_json::from_slice(&blob).unwrap();
    let listed = |manifest: &Value| {
        let platform = &manifest["platform"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (format!("{}/{}", text(&platform["os"]), text(&platform["architecture"])), text(&manifest["digest"]))
    };
    let listed: Vec<_> = index["manifests"].as_array().unwrap().iter().map(listed).collect();
    assert_eq!(listed, [("linux/amd64".to_owned(), amd), ("linux/arm64".to_owned(), arm)]);
}
