//! What is said when there is no solution.

use super::{
    fact, finding, findings,
    index::{Index, client, made, request, required},
    marked,
};
use std::time::Duration;
use tempfile::TempDir;

#[test]
fn an_unknown_package_names_the_near_one_that_was_asked_for_too() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("requests", "1")]);
    let found = finding(&request(&index, cache.path(), &["requests", "reqeusts"]));
    assert_eq!(found.problem.as_str(), "pip-no-matching-distribution");
    assert_eq!((fact(&found, "package"), fact(&found, "nearest")), ("reqeusts", "requests"));
    assert_eq!(marked(&found), ["reqeusts"]);
}

#[test]
fn a_version_that_does_not_exist_lists_those_that_do_newest_first() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1"), made("a", "1.10"), made("a", "1.9")]);
    let found = finding(&request(&index, cache.path(), &["a==3"]));
    assert_eq!(found.problem.as_str(), "pip-no-matching-distribution");
    assert_eq!((fact(&found, "available"), fact(&found, "requirement")), ("1.10, 1.9, 1", "a==3"));
}

#[test]
fn another_python_is_named() {
    let cache = TempDir::new().unwrap();
    for needed in [">=3.12", "<3.11"] {
        let index = Index::of(&[made("a", "1").python(needed)]);
        let found = finding(&request(&index, cache.path(), &["a"]));
        assert_eq!(found.problem.as_str(), "pip-requires-python");
        assert_eq!((fact(&found, "needed"), fact(&found, "python")), (needed, "3.11.2"));
    }
}

#[test]
fn wheels_for_others_are_listed_with_what_does_not_fit() {
    let cache = TempDir::new().unwrap();
    let tags = ["cp310-cp310-manylinux_2_17_x86_64", "cp311-cp311-win_amd64"];
    let index = Index::of(&tags.map(|tag| made("a", "1").tag(tag)));
    let found = finding(&request(&index, cache.path(), &["a"]));
    assert_eq!(found.problem.as_str(), "pip-no-wheel-for-platform");
    assert_eq!(fact(&found, "available"), tags.join(", "));
    assert!(
        found.details.iter().any(|text| text.ends_with("win_amd64.whl is for another platform.")),
        "{found:#?}"
    );
}

#[test]
fn a_package_with_source_archives_only_is_told() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1").source_only()]);
    let found = finding(&request(&index, cache.path(), &["a"]));
    assert_eq!(found.problem.as_str(), "pip-no-wheel-for-platform");
    assert_eq!(found.details, ["Only a source archive exists."]);
}

#[test]
fn a_newer_glibc_is_told_apart() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1").tag("cp311-cp311-manylinux_2_38_x86_64")]);
    let found = finding(&request(&index, cache.path(), &["a"]));
    assert_eq!(found.problem.as_str(), "glibc-too-old");
    assert_eq!((fact(&found, "needed"), fact(&found, "available")), ("2.38", "2.36"));
}

#[test]
fn withdrawn_versions_tell_the_reason() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1").yanked("broken")]);
    let found = finding(&request(&index, cache.path(), &["a"]));
    assert_eq!(found.problem.as_str(), "pip-yanked-only");
    assert_eq!((fact(&found, "version"), fact(&found, "reason")), ("1", "broken"));
}

#[test]
fn a_contradiction_shows_the_two_lines_that_make_it() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[
        made("a", "1").requires("lib<2"),
        made("b", "1").requires("lib>=2"),
        made("c", "1"),
        made("lib", "1"),
        made("lib", "2"),
    ]);
    let found = finding(&request(&index, cache.path(), &["c", "a", "b"]));
    assert_eq!(found.problem.as_str(), "pip-resolution-impossible");
    assert_eq!(marked(&found), ["a", "b"]);
    assert!(found.details.contains(&"a 1 needs `lib<2`.".to_owned()), "{found:#?}");
}

#[test]
fn a_constraint_is_part_of_a_contradiction() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1"), made("a", "2")]);
    let mut asked = request(&index, cache.path(), &["a>=2"]);
    asked.constraints = required(&["a<2"]);
    assert_eq!(marked(&finding(&asked)), ["a>=2", "a<2"]);
}

#[test]
fn a_dependency_that_cannot_be_had_is_named_with_what_brings_it_in() {
    let cache = TempDir::new().unwrap();
    let index =
        Index::of(&[made("a", "1").requires("b"), made("b", "1").requires("gone>=5"), made("c", "1")]);
    let found = finding(&request(&index, cache.path(), &["c", "a"]));
    assert_eq!(found.problem.as_str(), "pip-no-matching-distribution");
    assert_eq!((fact(&found, "package"), fact(&found, "required_by")), ("gone", "b 1"));
    assert_eq!(marked(&found), ["a"]);
}

#[test]
fn hashes_are_required_of_all() {
    let cache = TempDir::new().unwrap();
    let wheel = made("a", "1").requires("lib");
    let index = Index::of(&[wheel.clone(), made("b", "1"), made("lib", "1")]);
    let mut asked = request(&index, cache.path(), &["a==1", "b==1", "b>0"]);
    asked.requirements[0].hashes = vec![wheel.hash()];
    let found = findings(&asked);
    assert!(found.iter().all(|found| found.problem.as_str() == "pip-hash-missing"), "{found:#?}");
    assert_eq!(marked(&found[0]), ["b==1"]);
    asked.requirements.truncate(1);
    let transitive = finding(&asked);
    assert_eq!((transitive.problem.as_str(), fact(&transitive, "package")), ("pip-hash-missing", "lib"));
}

#[test]
fn a_wrong_hash_shows_both() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1")]);
    let mut asked = request(&index, cache.path(), &["a==1"]);
    let pinned = format!("sha256:{}", "0".repeat(64));
    asked.requirements[0].hashes = vec![pinned.clone()];
    let found = finding(&asked);
    assert_eq!(found.problem.as_str(), "pip-hash-mismatch");
    assert_eq!(
        (fact(&found, "expected"), fact(&found, "got")),
        (pinned.as_str(), made("a", "1").hash().as_str())
    );
    assert_eq!(marked(&found), ["a==1"]);
}

#[test]
fn an_address_that_is_no_index_is_told() {
    let cache = TempDir::new().unwrap();
    let index = Index::not_simple("a");
    assert_eq!(finding(&request(&index, cache.path(), &["a"])).problem.as_str(), "pip-index-not-simple");
}

#[test]
fn refusals_and_failures_of_an_index_are_told_apart() {
    for (status, problem) in [(401, "net-unauthorized"), (403, "net-forbidden"), (503, "net-server-error")] {
        let cache = TempDir::new().unwrap();
        let found = finding(&request(&Index::refusing(status), cache.path(), &["a"]));
        assert_eq!((found.problem.as_str(), fact(&found, "host")), (problem, "127.0.0.1"), "{status}");
    }
}

#[test]
fn nobody_listening_is_unreachable() {
    let cache = TempDir::new().unwrap();
    let mut asked = request(&Index::of(&[]), cache.path(), &["a"]);
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    asked.indexes.index = Some(format!("http://{free}/simple/").parse().unwrap());
    assert_eq!(finding(&asked).problem.as_str(), "net-unreachable");
}

#[test]
fn what_was_never_read_is_missed_offline() {
    let cache = TempDir::new().unwrap();
    let mut asked = request(&Index::of(&[made("a", "1")]), cache.path(), &["a"]);
    asked.client = client(true);
    assert_eq!(finding(&asked).problem.as_str(), "offline-miss");
}

#[test]
fn the_time_limit_ends_the_solve() {
    let cache = TempDir::new().unwrap();
    let mut asked = request(&Index::of(&[made("a", "1")]), cache.path(), &["a"]);
    asked.time_limit = Duration::ZERO;
    assert_eq!(finding(&asked).problem.as_str(), "pip-solve-timeout");
}

#[test]
fn text_that_is_no_requirement_is_shown() {
    let cache = TempDir::new().unwrap();
    let found = finding(&request(&Index::of(&[]), cache.path(), &["a=1"]));
    assert_eq!((found.problem.as_str(), marked(&found)), ("pip-invalid-requirement", vec!["a=1"]));
}
