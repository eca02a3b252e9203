//! The bootstrapped base, file by file beside what Debian's own tools make. Each difference is a row of the table in
//! `docs/src/bases.md`, and each row is a difference: the test reads that table.
//!
//! Needs root and `mmdebstrap`; `cargo xtask test` installs it where it may.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]

mod support;

mod base {
    mod added;
    mod mmdebstrap;
    mod table;

    use crate::support::{
        Envwright,
        tree::{self, Tree},
    };
    use table::{Difference, Table};

    /// Heading of the table of what is different in every base.
    const OF_SCRIPTS: &str = "Differences from a Debian that was set up by running the scripts";

    const DEFINITION: &str = "name: base\nimage: bootstrap:debian/bookworm\npython: '3'\n";

    /// Our base as amd64 has it, without the virtual environment: that is no part of a Debian.
    fn ours() -> Tree {
        let envwright = Envwright::with_settings_of_machine().file("environment.yml", DEFINITION);
        let build = ["build", "--platform", "linux/amd64", "-o", "docker-archive:base.tar"];
        envwright.run(&build).succeeded();
        let mut tree = tree::of_docker_archive(&envwright.folder().join("base.tar"), |_, _| ());
        tree.retain(|path, _| path != "opt/env" && !path.starts_with("opt/env/"));
        tree
    }

    pub(crate) fn differences(ours: &Tree, theirs: &Tree) -> Vec<Difference> {
        let of = |path: &String| Difference::between(path, ours.get(path), theirs.get(path));
        let added = ours.keys().filter(|path| !theirs.contains_key(*path));
        theirs.keys().chain(added).filter_map(of).collect()
    }

    #[test]
    fn every_difference_to_a_debian_that_was_set_up_by_scripts_is_explained() {
        let table = Table::of_documentation(OF_SCRIPTS);
        let differences = differences(&ours(), &mmdebstrap::tree("essential"));
        let unexplained: Vec<_> =
            differences.iter().filter(|difference| !table.explains(difference)).collect();
        assert!(unexplained.is_empty(), "no row of docs/src/bases.md explains {unexplained:#?}");
        let unused = table.unused(&differences);
        assert!(
            unused.is_empty(),
            "no difference is explained by these rows of docs/src/bases.md: {unused:#?}"
        );
    }

    /// Folders of base-files that its script replaces by links into `/run`.
    const REPLACED: [&str; 2] = ["var/lock", "var/run"];

    /// `extract` unpacks the packages and runs nothing.
    #[test]
    fn every_file_of_the_packages_is_as_it_was_packed() {
        let (ours, theirs) = (ours(), mmdebstrap::tree("extract"));
        let packed = theirs.keys().filter(|path| !mmdebstrap::is_its_own(path));
        let kept = packed.filter(|path| !REPLACED.contains(&path.as_str()));
        let of = |path: &String| Difference::between(path, ours.get(path), theirs.get(path));
        let differences: Vec<_> = kept.filter_map(of).collect();
        assert!(differences.is_empty(), "{differences:#?}");
    }
}
