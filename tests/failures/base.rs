//! What the base lacks, or what is no base.

use crate::support::{
    Envwright,
    base::{BOOKWORM, BULLSEYE},
    index::Index,
    wheel::wheel,
};

#[test]
fn a_wheel_for_a_newer_c_library_than_the_base_has_is_refused_when_solving() {
    let wheels = ["2_34", "2_39"]
        .map(|glibc| wheel("fast", "1.0").tag(&format!("cp39-abi3-manylinux_{glibc}_x86_64")));
    let envwright = Envwright::new().on_base(&BULLSEYE, "fast\n").index(&Index::of(&wheels).url());
    assert_failure!(envwright, ["build"], 1, "glibc-too-old", {
        "package": "fast",
        "needed": "2.34",
        "available": "2.31",
    });
}

#[test]
fn a_real_wheel_is_too_new_for_a_real_debian_11() {
    let envwright = Envwright::with_settings_of_machine().file(
        "environment.yml",
        "image: bootstrap:debian/bullseye\nrequirements: [pyside6-essentials==6.10.0]\n",
    );
    assert_failure!(envwright, ["build"], 1, "glibc-too-old", {
        "package": "pyside6-essentials",
        "needed": "2.34",
        "available": "2.31",
    });
}

#[test]
fn a_python_that_the_base_lacks_is_told_with_those_it_has() {
    let envwright = Envwright::new()
        .on_base(&BOOKWORM, "")
        .file("environment.yml", "image: oci:base\npython: \"3.12\"\nrequirements: [requests]\n");
    assert_failure!(envwright, ["build"], 1, "python-not-found", {
        "python": "3.12",
        "available": "3.11.2",
    });
}

#[test]
fn a_bootstrapped_suite_has_the_python_that_it_has() {
    let envwright = Envwright::with_settings_of_machine()
        .file("environment.yml", "image: bootstrap:debian/bookworm\npython: \"3.12\"\nrequirements: [six]\n");
    assert_failure!(envwright, ["build"], 1, "python-not-found", { "python": "3.12" });
}

#[test]
fn nothing_at_all_has_no_python() {
    let envwright = Envwright::new().file("environment.yml", "image: scratch\nrequirements: [requests]\n");
    assert_failure!(envwright, ["build"], 1, "python-not-found", {});
}

#[test]
fn a_folder_that_is_no_layout_is_no_base() {
    let envwright = Envwright::new()
        .file("environment.yml", "image: oci:base\nrequirements: [requests]\n")
        .file("base/readme.txt", "not an image");
    assert_failure!(envwright, ["build"], 1, "base-invalid", {
        "reason": "it is no OCI image layout",
    });
}
