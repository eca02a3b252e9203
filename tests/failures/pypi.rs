//! Requirements that no set of wheels can meet.

use crate::support::{
    Envwright,
    base::BOOKWORM,
    index::Index,
    wheel::{Wheel, wheel},
};

/// On Debian 12 with Python 3.11, from an index of these wheels.
fn asking(requirements: &str, wheels: &[Wheel]) -> Envwright {
    Envwright::new().on_base(&BOOKWORM, requirements).index(&Index::of(wheels).url())
}

#[test]
fn a_name_that_no_index_has_is_no_matching_distribution() {
    let envwright = asking("requests\nreqeusts\n", &[wheel("requests", "2.31.0")]);
    assert_failure!(envwright, ["build"], 1, "pip-no-matching-distribution", {
        "package": "reqeusts",
        "nearest": "requests",
    });
}

#[test]
fn a_misspelled_name_is_told_the_package_that_is_likely_meant() {
    let envwright = asking("sickit-learn\n", &[wheel("scikit-learn", "1.5.2")]);
    assert_failure!(envwright, ["build"], 1, "pip-no-matching-distribution", {
        "package": "sickit-learn",
        "nearest": "scikit-learn",
    });
}

#[test]
fn a_version_that_does_not_exist_is_told_those_that_do() {
    let wheels = ["2.0.1", "2.1.0", "2.1.4"].map(|version| wheel("pandas", version));
    let envwright = asking("pandas==2.1.5\n", &wheels);
    assert_failure!(envwright, ["build"], 1, "pip-no-matching-distribution", {
        "package": "pandas",
        "requirement": "pandas==2.1.5",
        "available": "2.1.4, 2.1.0, 2.0.1",
    });
}

#[test]
fn a_dependency_that_does_not_exist_is_told_with_who_needs_it() {
    let envwright = asking("app\n", &[wheel("app", "1.0").requires("missing-library>=2")]);
    assert_failure!(envwright, ["build"], 1, "pip-no-matching-distribution", {
        "package": "missing-library",
        "required_by": "app 1.0",
    });
}

#[test]
fn a_package_for_another_python_says_which() {
    let envwright = asking("future-package\n", &[wheel("future-package", "3.0").requires_python(">=3.13")]);
    assert_failure!(envwright, ["build"], 1, "pip-requires-python", {
        "package": "future-package",
        "version": "3.0",
        "needed": ">=3.13",
        "python": "3.11.2",
    });
}

#[test]
fn each_wheel_that_does_not_fit_says_why() {
    let tags = [
        "cp312-cp312-manylinux_2_17_x86_64",
        "cp311-cp311-manylinux_2_17_aarch64",
        "cp311-cp311-win_amd64",
        "cp311-cp311-macosx_11_0_arm64",
        "cp311-cp311t-manylinux_2_17_x86_64",
    ];
    let envwright = asking("fast\n", &tags.map(|tag| wheel("fast", "1.0").tag(tag)));
    assert_failure!(envwright, ["build"], 1, "pip-no-wheel-for-platform", {
        "package": "fast",
        "version": "1.0",
        "platform": "linux/amd64",
        "python": "3.11.2",
    });
}

#[test]
fn a_package_with_only_a_source_archive_has_no_wheel() {
    let envwright = asking("ancient\n", &[wheel("ancient", "0.1").source_only()]);
    assert_failure!(envwright, ["build"], 1, "pip-no-wheel-for-platform", { "package": "ancient" });
}

#[test]
fn of_many_requirements_only_those_that_contradict_each_other_are_shown() {
    let wheels = [
        wheel("numpy", "1.26.4"),
        wheel("numpy", "2.1.0"),
        wheel("old-model", "1.0").requires("numpy<2"),
        wheel("new-model", "1.0").requires("numpy>=2"),
        wheel("requests", "2.31.0"),
        wheel("click", "8.1.7"),
    ];
    let envwright = asking("requests\nold-model==1.0\nclick>=8\nnew-model\n", &wheels);
    assert_failure!(envwright, ["build"], 1, "pip-resolution-impossible", {});
}

#[test]
fn a_constraint_that_contradicts_a_requirement_is_shown_beside_it() {
    let envwright = asking("-c limits.txt\nnumpy>=2\n", &[wheel("numpy", "1.26.4"), wheel("numpy", "2.1.0")])
        .file("limits.txt", "numpy<2\n");
    assert_failure!(envwright, ["build"], 1, "pip-resolution-impossible", {});
}

#[test]
fn versions_that_were_all_withdrawn_say_why() {
    let wheels = [wheel("broken", "1.1").yanked("corrupts data"), wheel("broken", "0.9")];
    let envwright = asking("broken>=1\n", &wheels);
    assert_failure!(envwright, ["build"], 1, "pip-yanked-only", {
        "package": "broken",
        "version": "1.1",
        "reason": "corrupts data",
    });
}

#[test]
fn an_address_that_serves_no_index_is_not_simple() {
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests\n");
    let server = crate::support::server::Server::start(|_| {
        crate::support::server::Answer::file("application/pdf", b"%PDF-1.7")
    });
    let envwright = envwright.index(&server.url("/"));
    assert_failure!(envwright, ["build"], 1, "pip-index-not-simple", {});
}

#[test]
fn the_real_index_knows_the_versions_of_a_real_package() {
    let envwright = Envwright::with_settings_of_machine().on_base(&BOOKWORM, "six==1.16.1\n");
    let failed = super::failed(&envwright, &["build"]);
    failed.is(1, "pip-no-matching-distribution", &serde_json::json!({ "package": "six" }));
    assert!(failed.shown.stderr.contains("1.16.0"), "{}", failed.shown);
}

#[test]
fn the_real_index_has_packages_without_a_wheel() {
    let envwright = Envwright::with_settings_of_machine().on_base(&BOOKWORM, "pyspark==3.5.1\n");
    assert_failure!(envwright, ["build"], 1, "pip-no-wheel-for-platform", {
        "package": "pyspark",
        "version": "3.5.1",
    });
}

#[test]
fn real_packages_that_contradict_each_other_are_shown() {
    let envwright = Envwright::with_settings_of_machine()
        .on_base(&BOOKWORM, "click\ntensorflow-cpu==2.15.0\nnumpy==2.0.0\n");
    let failed = super::failed(&envwright, &["build"]);
    failed.is(1, "pip-resolution-impossible", &serde_json::json!({}));
    assert!(!failed.shown.stderr.contains("click"), "{}", failed.shown);
}
