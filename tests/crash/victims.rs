//! The commands that are killed or refused, each with what comes before it and what it is to bring.

use super::scene::{Scene, requirements};
use crate::support::{Envwright, write};

/// A command that changes a home.
pub(super) struct Victim {
    pub(super) name: &'static str,
    /// What it is given: `{pulled}` and `{pushed}` stand for names in the registry.
    pub(super) arguments: &'static [&'static str],
    /// Puts everything in place.
    pub(super) prepare: fn(&Scene) -> Envwright,
}

const BUILD: &[&str] = &["build", "--json", "-j", "1", "-o", "oci:out", "-o", "docker-archive:out.tar"];

pub(super) const VICTIMS: [Victim; 9] = [
    Victim { name: "build", arguments: BUILD, prepare: |scene| scene.definition(2) },
    Victim { name: "build again", arguments: BUILD, prepare: changed },
    Victim { name: "build of .debs", arguments: &["build", "--json"], prepare: Scene::debian },
    Victim { name: "lock", arguments: &["lock", "--json"], prepare: |scene| scene.definition(2) },
    Victim { name: "lock again", arguments: &["lock", "--json"], prepare: locked },
    Victim {
        name: "pull",
        arguments: &["pull", "--json", "{pulled}", "app:pulled"],
        prepare: |scene| scene.definition(1),
    },
    Victim { name: "push", arguments: &["push", "--json", "app:latest", "{pushed}"], prepare: built },
    Victim { name: "prune", arguments: &["prune", "--json"], prepare: unneeded },
    Victim { name: "cache clean", arguments: &["cache", "clean", "--json"], prepare: unneeded },
];

impl Victim {
    /// What it is given, with the registry's names.
    pub(super) fn arguments(&self, scene: &Scene, attempt: &str) -> Vec<String> {
        let pushed = scene.registry.reference(&format!("team/{attempt}:1"));
        let named = |argument: &&str| match *argument {
            "{pulled}" => scene.pulled_name(),
            "{pushed}" => pushed.clone(),
            other => other.to_owned(),
        };
        self.arguments.iter().map(named).collect()
    }
}

fn built(scene: &Scene) -> Envwright {
    let envwright = scene.definition(2);
    envwright.run(BUILD).succeeded();
    envwright
}

/// There is an image of the definition as it was, here and where outputs go.
fn changed(scene: &Scene) -> Envwright {
    let envwright = scene.definition(1);
    envwright.run(BUILD).succeeded();
    write(&envwright.folder().join("requirements.txt"), requirements(2).as_bytes());
    envwright
}

fn locked(scene: &Scene) -> Envwright {
    let envwright = scene.definition(1);
    envwright.run(&["lock"]).succeeded();
    write(&envwright.folder().join("requirements.txt"), requirements(2).as_bytes());
    envwright
}

/// There is an image without a name, and what killed builds leave.
fn unneeded(scene: &Scene) -> Envwright {
    let envwright = changed(scene);
    envwright.run(&["build"]).succeeded();
    envwright.run(&["build", "-t", "other"]).succeeded();
    envwright.run(&["images", "rm", "other"]).succeeded();
    for left in ["segments/.tmp-x", "packages/0.partial", "images/blobs/sha256/.tmp-y", "segments/z.broken"] {
        write(&envwright.home().join(left), b"left");
    }
    envwright
}
