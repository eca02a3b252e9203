//! What holds after a fault.

use super::{
    scene::Scene,
    steps::{Clean, outside},
    victims::Victim,
};
use crate::support::{Envwright, Ran, registry::Registry, whole};
use serde_json::Value;
use std::collections::BTreeMap;

/// Commands that are run again after each fault, besides those that only show: the same one, and a build.
pub(super) const REPEATED: usize = 2;

/// What a run without faults brings.
pub(super) struct Expected {
    pub(super) clean: Clean,
    /// Files beside the definition before and after.
    outside: Vec<BTreeMap<std::path::PathBuf, String>>,
    /// Digest of the image that a build of the definition makes.
    digest: String,
}

impl Expected {
    pub(super) fn of(scene: &Scene, victim: &Victim) -> Self {
        let before = outside(&(victim.prepare)(scene));
        let clean = super::steps::clean(scene, victim);
        let after = outside(&clean.envwright);
        let built = clean.envwright.run(&["build", "--json"]).succeeded().json();
        let digest = built["digest"].as_str().unwrap().to_owned();
        Self { clean, outside: vec![before, after], digest }
    }

    /// Nothing is half there, and the next runs go on from what there is.
    #[track_caller]
    pub(super) fn check(
        &self,
        scene: &Scene,
        victim: &Victim,
        attempt: &str,
        envwright: &Envwright,
        ran: &Ran,
    ) {
        self.assert_nothing_half(scene, attempt, envwright);
        if ran.code == Some(0) {
            self.assert_done(scene, victim, attempt, envwright, &ran.json());
        }
        let arguments = victim.arguments(scene, attempt);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let again = envwright.run(&arguments).succeeded();
        self.assert_done(scene, victim, attempt, envwright, &again.json());
        let built = envwright.run(&["build", "--json"]).succeeded().json();
        assert_eq!(built["digest"], *self.digest, "another image");
        whole::assert_readable(envwright);
        self.assert_nothing_half(scene, attempt, envwright);

        envwright.run(&["prune"]).succeeded();
        whole::assert_nothing_begun(&envwright.home());
        assert_eq!(whole::files(&envwright.home().join("packages")), Vec::<std::path::PathBuf>::new());
        whole::assert_home(&envwright.home());
        assert_eq!(whole::image(envwright, "app:latest").as_deref(), Some(&*self.digest));
    }

    #[track_caller]
    fn assert_nothing_half(&self, scene: &Scene, attempt: &str, envwright: &Envwright) {
        whole::assert_home(&envwright.home());
        whole::assert_layout(&envwright.folder().join("out"));
        for (file, digest) in outside(envwright) {
            let known = self.outside.iter().any(|files| files.get(&file) == Some(&digest));
            assert!(known || whole::is_temporary(&file), "{} is half there", file.display());
        }
        assert_tag_leads_to_all(&scene.registry, attempt);
    }

    /// A command that says that it did what it was to do did it.
    #[track_caller]
    fn assert_done(
        &self,
        scene: &Scene,
        victim: &Victim,
        attempt: &str,
        envwright: &Envwright,
        said: &Value,
    ) {
        match victim.arguments[0] {
            "build" => {
                assert_eq!(said["digest"], *self.digest, "another image");
                self.assert_outside(envwright);
                let out = envwright.folder().join("out/index.json");
                assert!(
                    !victim.arguments.contains(&"-o")
                        || fs_err::read_to_string(out).unwrap().contains(&self.digest)
                );
            }
            "lock" => self.assert_outside(envwright),
            "pull" => {
                assert_eq!(said["digest"], *scene.pulled, "another image");
                assert_eq!(whole::image(envwright, "app:pulled").as_deref(), Some(&*scene.pulled));
            }
            "push" => {
                assert_eq!(said["digest"], *self.digest, "another image");
                assert!(assert_tag_leads_to_all(&scene.registry, attempt), "no tag");
            }
            _ => whole::assert_nothing_begun(&envwright.home()),
        }
    }

    #[track_caller]
    fn assert_outside(&self, envwright: &Envwright) {
        let mut found = outside(envwright);
        found.retain(|file, _| !whole::is_temporary(file));
        assert_eq!(Some(&found), self.outside.last());
    }
}

/// A tag of the registry that is there leads to a manifest whose blobs are all there; says whether it is there.
#[track_caller]
fn assert_tag_leads_to_all(registry: &Registry, attempt: &str) -> bool {
    let repository = format!("/v2/team/{attempt}");
    let accept = "application/vnd.oci.image.manifest.v1+json";
    let (head, manifest) = registry.ask("GET", &format!("{repository}/manifests/1"), "", accept);
    if !head.contains(" 200 ") {
        return false;
    }
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    for blob in manifest["layers"].as_array().unwrap().iter().chain([&manifest["config"]]) {
        let path = format!("{repository}/blobs/{}", blob["digest"].as_str().unwrap());
        let (head, _) = registry.ask("HEAD", &path, "", "*/*");
        assert!(head.contains(" 200 "), "the tag leads to {blob}, which is not there");
    }
    true
}
