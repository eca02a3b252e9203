//! conda packages: chosen from a real channel, installed together with wheels, and what goes wrong with them.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "packages have lower case names alone")]

mod support;

mod conda {
    mod bad;
    mod base;
    mod image;
    mod lock;
    mod materialized;
    mod mended;
    mod mixed;
    mod oci;
    mod same;
    mod search;

    use crate::support::{
        Envwright,
        base::{BOOKWORM, write_base},
        channel::Channel,
        tree::{self, Tree},
    };
    use std::collections::BTreeMap;

    /// A conda file on a Debian 12 of a few files, with `conda-forge` being this channel.
    pub(crate) fn environment(channel: &Channel, dependencies: &str) -> Envwright {
        let envwright = Envwright::new().config(&channel.config());
        write_base(&envwright.folder().join("base"), &BOOKWORM);
        envwright
            .file("environment.yaml", "name: app\nimage: oci:base\nconda_file: conda.yml\n")
            .file("conda.yml", format!("channels: [conda-forge]\ndependencies:\n{dependencies}"))
    }

    /// An image, as `docker save` would write it.
    pub(crate) struct Built {
        pub(crate) tree: Tree,
        /// The text of files whose paths end like one of those that were asked for.
        pub(crate) texts: BTreeMap<String, String>,
        pub(crate) configuration: serde_json::Value,
        pub(crate) said: String,
    }

    /// Builds, and reads some files of the image.
    #[track_caller]
    pub(crate) fn build(envwright: &Envwright, ends: &[&str]) -> Built {
        let said = envwright.run(&["build", "-o", "docker-archive:image.tar"]).succeeded().stderr;
        let (archive, mut texts) = (envwright.folder().join("image.tar"), BTreeMap::new());
        let tree = tree::of_docker_archive(&archive, |path, bytes| {
            if ends.iter().any(|end| path.ends_with(end)) {
                texts.insert(path.to_owned(), String::from_utf8_lossy(bytes).into_owned());
            }
        });
        Built { tree, texts, configuration: tree::configuration(&archive), said }
    }
}
