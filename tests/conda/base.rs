//! Bases that have a conda of their own.

use super::{build, environment};
use crate::support::{
    Envwright,
    base::{BOOKWORM, write_base},
    channel::Channel,
    index::Index,
    tree::Kind,
    wheel::wheel,
};

/// A Debian with a conda in `/opt/miniconda`, as images of Azure ML have it.
fn with_miniconda(envwright: &Envwright) {
    let own = [("opt/miniconda/conda-meta/history", ""), ("opt/miniconda/bin/python3.11", "\0x\x003.11.9\0")];
    let system = BOOKWORM.into_iter().filter(|(path, _)| !path.contains("python"));
    write_base(&envwright.folder().join("base"), &system.chain(own).collect::<Vec<_>>());
}

#[test]
fn packages_lie_beside_the_conda_of_the_base_and_a_note_says_so() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- tabulate\n- python=3.11\n");
    with_miniconda(&envwright);
    let built = build(&envwright, &[]);
    assert!(built.said.contains("the base has a conda of its own in /opt/miniconda"), "{}", built.said);
    assert!(built.tree.contains_key("opt/env/conda-meta/history"));
    assert!(built.tree.contains_key("opt/miniconda/conda-meta/history"));
    let variables = built.configuration["config"]["Env"].to_string();
    assert!(
        variables.contains("PATH=/opt/env/bin:") && variables.contains("CONDA_PREFIX=/opt/env"),
        "{variables}"
    );
}

#[test]
fn wheels_use_the_python_of_the_conda_of_the_base() {
    let index = Index::of(&[wheel("app", "1.0")]);
    let envwright = Envwright::new()
        .index(&index.url())
        .file("environment.yaml", "image: oci:base\nrequirements: [app]\n");
    with_miniconda(&envwright);
    let built = build(&envwright, &["pyvenv.cfg"]);
    assert_eq!(built.tree["opt/env/bin/python"].kind, Kind::Link("/opt/miniconda/bin/python3.11".to_owned()));
    assert!(built.texts["opt/env/pyvenv.cfg"].contains("home = /opt/miniconda/bin\n"));
}
