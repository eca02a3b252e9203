//! Registries by https, with a certificate of an authority that this machine does not know.

use super::image::{Empty, complete, on, there_and_back};
use crate::support::{Envwright, Ran, authority::Authority, registry::Access};

#[track_caller]
fn is_refused(ran: &Ran, host: &str) {
    assert_eq!(ran.code, Some(1), "{ran}");
    let root = &ran.json()["root"];
    assert_eq!((&root["problem"], &root["facts"]["host"]), (&"registry-tls".into(), &host.into()), "{ran}");
    assert!(root["facts"]["image"].as_str().unwrap().starts_with(host), "{ran}");
    assert!(!root["facts"]["reason"].as_str().unwrap().is_empty(), "{ran}");
    assert!(ran.stdout.contains("SSL_CERT_FILE"), "its remedy is told: {ran}");
}

#[test]
fn a_registry_of_this_machine_that_speaks_https_is_spoken_to_by_it() {
    let authority = Authority::new();
    let empty = Empty::with_access(&Access::default().certified(&authority.certificate("IP:127.0.0.1")));
    let trusting = |envwright: Envwright| envwright.variable("SSL_CERT_FILE", authority.file());
    let digest = there_and_back(&empty.registry.address, trusting);
    complete(&empty.open(), "team/top", "1", &digest);
}

#[test]
fn an_authority_that_is_not_named_is_not_trusted() {
    let authority = Authority::new();
    let empty = Empty::with_access(&Access::default().certified(&authority.certificate("IP:127.0.0.1")));
    let (host, name) = (&empty.registry.address, empty.registry.reference("team/base:1"));
    // The machine's own authorities, whatever the environment names.
    let system = |envwright: Envwright| envwright.without_variable("SSL_CERT_FILE");
    is_refused(&system(on("scratch", host)).run(&["build", "-t", &name, "--push", "--json"]), host);
    is_refused(&system(on(&name, host)).run(&["build", "--json"]), host);
    let (head, _) = empty.open().ask("GET", "/v2/team/base/tags/list", "", "*/*");
    assert!(head.contains(" 404 "), "{head}");
}

#[test]
fn a_certificate_for_another_name_is_not_trusted() {
    let authority = Authority::new();
    let empty = Empty::with_access(&Access::default().certified(&authority.certificate("DNS:other.test")));
    let (host, name) = (&empty.registry.address, empty.registry.reference("team/base:1"));
    let trusting = on(&name, host).variable("SSL_CERT_FILE", authority.file());
    is_refused(&trusting.run(&["build", "--json"]), host);
}
