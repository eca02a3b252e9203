//! Hashes that are wrong or missing.

use crate::support::{
    Envwright,
    base::BOOKWORM,
    index::Index,
    server::Answer,
    wheel::{is_wheel, wheel},
};

const WRONG: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

#[test]
fn a_pin_that_no_file_of_the_version_has_is_a_mismatch() {
    let wheel = wheel("requests", "2.31.0");
    let index = Index::of(std::slice::from_ref(&wheel));
    let requirements = format!("requests==2.31.0 --hash={WRONG}\n");
    let envwright = Envwright::new().on_base(&BOOKWORM, &requirements).index(&index.url());
    assert_failure!(envwright, ["build"], 1, "pip-hash-mismatch", { "package": "requests" });
}

#[test]
fn a_file_that_is_not_the_one_its_index_announced_is_a_mismatch() {
    let index = Index::with_faults(&[wheel("requests", "2.31.0")], |path| {
        let other = wheel("requests", "2.31.0").file("requests/evil.py", "import os\n");
        is_wheel(path).then(|| Answer::file("application/octet-stream", &other.bytes()))
    });
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index.url());
    assert_failure!(envwright, ["build"], 1, "pip-hash-mismatch", {
        "package": "requests",
        "version": "2.31.0",
    });
}

#[test]
fn a_wheel_at_a_url_that_is_not_the_pinned_one_is_a_mismatch() {
    let wheel = wheel("requests", "2.31.0");
    let index = Index::of(std::slice::from_ref(&wheel));
    let url = index.file(&wheel.filename());
    let requirements = format!("requests @ {url} --hash={WRONG}\n");
    let envwright = Envwright::new().on_base(&BOOKWORM, &requirements).index(&index.url());
    let got = wheel.hash();
    assert_failure!(envwright, ["build"], 1, "pip-hash-mismatch", {
        "package": "requests",
        "expected": WRONG,
        "got": got,
    });
}

#[test]
fn one_hash_makes_hashes_of_all_required() {
    let wheels = [wheel("requests", "2.31.0"), wheel("idna", "3.7")];
    let requirements = format!("requests==2.31.0 --hash={}\nidna==3.7\n", wheels[0].hash());
    let envwright = Envwright::new().on_base(&BOOKWORM, &requirements).index(&Index::of(&wheels).url());
    assert_failure!(envwright, ["build"], 1, "pip-hash-missing", { "package": "idna" });
}

#[test]
fn a_dependency_without_a_hash_is_told_with_who_needs_it() {
    let wheels = [wheel("requests", "2.31.0").requires("idna"), wheel("idna", "3.7")];
    let requirements = format!("requests==2.31.0 --hash={}\n", wheels[0].hash());
    let envwright = Envwright::new().on_base(&BOOKWORM, &requirements).index(&Index::of(&wheels).url());
    assert_failure!(envwright, ["build"], 1, "pip-hash-missing", { "package": "idna" });
}
