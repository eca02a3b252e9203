//! What is wrong with a definition before anything is asked of the network.

use crate::support::Envwright;

fn yaml(text: &str) -> Envwright {
    Envwright::new().file("environment.yml", text)
}

fn requirements(text: &str) -> Envwright {
    Envwright::new().file("requirements.txt", text)
}

#[test]
fn a_folder_without_a_definition_is_said_to_have_none() {
    assert_failure!(Envwright::new(), ["build"], 1, "definition-not-found", { "path": "." });
}

#[test]
fn a_path_that_does_not_exist_is_named() {
    assert_failure!(Envwright::new(), ["build", "no/such.yml"], 1, "definition-not-found", {
        "path": "no/such.yml",
    });
}

#[test]
fn a_definition_of_comments_asks_for_nothing() {
    assert_failure!(requirements("# later\n"), ["build"], 1, "definition-empty", {});
}

#[test]
fn a_requirement_in_condas_form_is_invalid_and_the_others_are_checked_too() {
    let envwright = requirements("numpy=1.26\npandas\nscikit learn\n");
    assert_failure!(envwright, ["build"], 1, "pip-invalid-requirement", {});
}

#[test]
fn a_requirements_file_that_another_names_must_exist() {
    let envwright = requirements("-r more.txt\n");
    assert_failure!(envwright, ["build"], 1, "pip-requirements-file-missing", { "path": "more.txt" });
}

#[test]
fn a_renamed_wheel_is_told_the_form_of_names() {
    let envwright = requirements("./mine.whl\n").file("mine.whl", "");
    assert_failure!(envwright, ["build"], 1, "pip-invalid-wheel-filename", { "file": "mine.whl" });
}

#[test]
fn a_wheel_that_is_not_there_is_named() {
    let envwright = requirements("./mine-1.0-py3-none-any.whl\n");
    assert_failure!(envwright, ["build"], 1, "definition-file-missing", {});
}

#[test]
fn an_unknown_option_of_a_requirements_file_is_told_the_nearest() {
    let envwright = requirements("--index-urll https://index.example/simple\nrequests\n");
    assert_failure!(envwright, ["build"], 1, "definition-unknown-key", {});
}

#[test]
fn an_unknown_key_is_told_the_nearest() {
    let envwright = yaml("image: bootstrap:debian/bookworm\nrequirement: [requests]\n");
    assert_failure!(envwright, ["build"], 1, "definition-unknown-key", {
        "key": "requirement",
        "nearest": "requirements",
    });
}

#[test]
fn a_tab_that_indents_yaml_is_shown() {
    let envwright = yaml("image: scratch\nenv:\n\tA: b\n");
    assert_failure!(envwright, ["build", "environment.yml"], 1, "definition-invalid-yaml", {});
}

#[test]
fn a_value_of_another_kind_is_told_what_is_expected() {
    let envwright = yaml("image: bootstrap:debian/bookworm\napt: {libgl1: yes}\n");
    assert_failure!(envwright, ["build"], 1, "definition-invalid-value", { "key": "apt" });
}

#[test]
fn a_key_that_stands_twice_is_a_conflict() {
    let envwright = yaml("image: scratch\napt: [git]\nimage: bootstrap:debian/bookworm\n");
    assert_failure!(envwright, ["build"], 1, "definition-conflicting-keys", {});
}

#[test]
fn an_azure_definition_without_an_image_is_told() {
    let envwright = yaml("name: app\nversion: 1\ndescription: nothing\nos_type: linux\n");
    assert_failure!(envwright, ["build", "environment.yml"], 1, "definition-image-missing", {});
}

#[test]
fn a_file_to_copy_must_exist() {
    let text = "image: scratch\nfiles:\n  - from: model.bin\n    to: /opt/model.bin\n";
    assert_failure!(yaml(text), ["build"], 1, "definition-file-missing", { "path": "model.bin" });
}

#[test]
fn text_that_is_not_utf_8_is_told() {
    let envwright = Envwright::new().file("requirements.txt", b"# d\xe9pendances\nrequests\n");
    assert_failure!(envwright, ["build"], 1, "definition-encoding", { "path": "requirements.txt" });
}

#[test]
fn toml_that_cannot_be_read_is_shown() {
    let envwright =
        Envwright::new().file("pyproject.toml", "[project]\nname = \"app\"\ndependencies = [\"six\"\n");
    assert_failure!(envwright, ["build"], 1, "definition-invalid-toml", {});
}

#[test]
fn an_extra_that_the_project_lacks_is_told_the_nearest() {
    let text =
        "[project]\nname = \"app\"\nversion = \"1\"\n[project.optional-dependencies]\nplots = [\"six\"]\n";
    let envwright = Envwright::new().file("pyproject.toml", text);
    assert_failure!(envwright, ["build", "--extra", "plot"], 1, "definition-unknown-key", {
        "key": "plot",
        "nearest": "plots",
    });
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = "image: bootstrap:debian/bookworm\npyhton: \"3.11\"\nrequirements: [numpy=1.26]\napt: 3\n";
    let failed = super::failed(&yaml(text), &["check"]);
    let problems = ["definition-unknown-key", "pip-invalid-requirement", "definition-invalid-value"];
    for problem in problems {
        assert!(failed.shown.stdout.contains(problem), "{problem}: {}", failed.shown);
    }
}

#[test]
fn the_definition_of_standard_input_is_shown_as_such() {
    let ran = Envwright::new().run_with_input(&["build", "-"], "numpy=1.26\n");
    assert_eq!(ran.code, Some(1));
    crate::support::assert_snapshot!(ran);
}
