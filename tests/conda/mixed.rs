//! conda and PyPI in one environment.

use super::{build, environment};
use crate::support::{
    Envwright,
    channel::Channel,
    index::Index,
    wheel::{Wheel, wheel},
};

const SITE: &str = "opt/env/lib/python3.11/site-packages";

/// Dependencies of conda's, then pip's list, which an index of these wheels answers.
fn with_pip(channel: &Channel, conda: &str, pip: &str, wheels: &[Wheel]) -> (Envwright, Index) {
    let index = Index::of(wheels);
    let envwright = environment(channel, &format!("{conda}- pip\n- pip:\n{pip}")).index(&index.url());
    (envwright, index)
}

#[test]
fn what_conda_brings_is_not_fetched_from_an_index() {
    let channel = Channel::start();
    let wheels = [wheel("table-app", "1.0").requires("tabulate>=0.8"), wheel("tabulate", "0.10")];
    let (envwright, index) = with_pip(&channel, "- tabulate=0.9\n", "  - table-app\n", &wheels);
    let built = build(&envwright, &["INSTALLER"]);
    assert_eq!(built.texts[&format!("{SITE}/table_app-1.0.dist-info/INSTALLER")], "envwright");
    assert_eq!(built.texts[&format!("{SITE}/tabulate-0.9.0.dist-info/INSTALLER")], "conda\n");
    assert!(
        !index.requests().iter().any(|request| request.contains("tabulate-0.10")),
        "{:?}",
        index.requests()
    );
}

/// As pip does: the files of the other version go, and nothing of it is seen by who lists packages.
#[test]
fn a_version_that_conda_has_not_takes_its_place() {
    let channel = Channel::start();
    let wheels = [wheel("tabulate", "0.10").file("tabulate/new.py", "x = 1\n")];
    let (envwright, _index) = with_pip(&channel, "- tabulate=0.9\n", "  - tabulate>=0.10\n", &wheels);
    let built = build(&envwright, &[]);
    let below = |name: &str| built.tree.contains_key(&format!("{SITE}/{name}"));
    assert!(below("tabulate-0.10.dist-info/METADATA") && below("tabulate/new.py"));
    assert!(!below("tabulate-0.9.0.dist-info/METADATA") && !below("tabulate/version.py"));
    assert!(built.said.contains("tabulate 0.10 of PyPI takes the place of 0.9.0 of conda"), "{}", built.said);
    assert!(!built.said.contains("two packages bring different files"), "{}", built.said);
}

#[test]
fn pip_comes_along_where_it_has_a_list() {
    let channel = Channel::start();
    let index = Index::of(&[wheel("app", "1.0")]);
    let envwright = environment(&channel, "- python=3.11\n- pip:\n  - app\n").index(&index.url());
    let built = build(&envwright, &[]);
    assert!(built.tree.contains_key("opt/env/bin/pip"));
    assert!(built.said.contains("definition-pip-missing") || built.said.contains("no pip"), "{}", built.said);
}
