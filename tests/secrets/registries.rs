//! Credentials of registries.

use super::canary::{CANARY, Search, USER, basic};
use crate::support::{
    Envwright,
    base::{BOOKWORM, write_base},
    registry::Registry,
};
use serde_json::json;

/// A home that pushes to a registry which lets in who knows a password, with `config.json` of this name below its
/// definition.
fn pushing(registry: &Registry, file: &str) -> Envwright {
    let auth = json!({ "auths": { &registry.address: { "auth": basic() } } });
    let envwright =
        Envwright::new().file("environment.yml", "name: app\nimage: oci:base\n").file(file, auth.to_string());
    write_base(&envwright.folder().join("base"), &BOOKWORM);
    envwright
}

#[track_caller]
fn kept(file: &str, variable: &str, of_variable: &str) {
    for (password, code) in [(CANARY, 0), ("another", 1)] {
        let storage = tempfile::tempdir().unwrap();
        let registry = Registry::with_password(storage.path(), USER, password);
        let envwright = pushing(&registry, file);
        let path = envwright.folder().join(of_variable);
        let own = envwright.folder().join(file);
        let envwright = envwright.variable(variable, path);
        let search = Search::of(CANARY).but(own);
        let name = registry.reference("team/app:1");
        let push: [&str; 6] = ["build", "-v", "-t", &name, "--push", "--json"];
        let pull: [&str; 3] = ["pull", &name, "--json"];
        for ran in search.through(&envwright, &[&push, &pull]) {
            assert_eq!(ran.code, Some(code), "{ran}");
        }
        // What the registry itself keeps for htpasswd is a digest.
        search.folder(storage.path());
    }
}

#[test]
fn the_configuration_of_docker() {
    kept("docker/config.json", "DOCKER_CONFIG", "docker");
}

#[test]
fn the_file_of_credentials_of_podman() {
    kept("auth.json", "REGISTRY_AUTH_FILE", "auth.json");
}
