//! What does not stop a build and is said all the same.

use crate::support::{Envwright, base::BOOKWORM, index::Index, wheel::wheel};
use serde_json::json;

#[test]
fn two_packages_with_different_files_at_one_place_build_with_a_warning() {
    let wheels = [
        wheel("mlflow", "2.0").file("mlflow/version.py", "VERSION = '2.0'\n"),
        wheel("mlflow-skinny", "2.1").file("mlflow/version.py", "VERSION = '2.1'\n"),
    ];
    let envwright =
        Envwright::new().on_base(&BOOKWORM, "mlflow\nmlflow-skinny\n").index(&Index::of(&wheels).url());
    let built = envwright.run(&["build"]).succeeded();
    crate::support::assert_snapshot!(built);
    let again = envwright.run(&["build", "--json"]).succeeded().json();
    let warnings = again["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0]["problem"], json!("file-clash"));
}

#[test]
fn equal_files_at_one_place_are_no_clash() {
    let wheels =
        ["mlflow", "mlflow-skinny"].map(|name| wheel(name, "2.0").file("mlflow/version.py", "VERSION = 2\n"));
    let envwright =
        Envwright::new().on_base(&BOOKWORM, "mlflow\nmlflow-skinny\n").index(&Index::of(&wheels).url());
    let built = envwright.run(&["build", "--json"]).succeeded().json();
    assert_eq!(built["warnings"], json!([]));
}

#[test]
fn a_requirement_that_stands_twice_is_told() {
    let envwright = Envwright::new()
        .on_base(&BOOKWORM, "requests>=2\nrequests<3\n")
        .index(&Index::of(&[wheel("requests", "2.31.0")]).url());
    crate::support::assert_snapshot!(envwright.run(&["check"]).succeeded());
}

#[test]
fn options_that_only_pip_itself_needs_are_told() {
    let envwright = Envwright::new()
        .on_base(&BOOKWORM, "--trusted-host example.org\nrequests\n")
        .index(&Index::of(&[wheel("requests", "2.31.0")]).url());
    crate::support::assert_snapshot!(envwright.run(&["check"]).succeeded());
}

#[test]
fn a_password_in_a_url_is_told_and_not_shown() {
    let index = Index::of(&[wheel("requests", "2.31.0")]).url();
    let text = format!("--index-url {}\nrequests\n", index.replace("://", "://user:secret-word@"));
    let ran = Envwright::new().on_base(&BOOKWORM, &text).run(&["check"]).succeeded();
    assert!(!ran.to_string().contains("secret-word"), "{ran}");
    crate::support::assert_snapshot!(ran);
}
