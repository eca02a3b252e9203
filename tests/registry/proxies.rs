//! Registries that only a proxy knows the way to.

use super::image::{Empty, complete, on, there_and_back};
use crate::support::{Envwright, Ran, authority::Authority, registry::Access, tunnel::Tunnel};
use base64::{Engine as _, prelude::BASE64_STANDARD};

const HOST: &str = "registry.test:5000";
const IMAGE: &str = "registry.test:5000/team/base:1";
const USER: &str = "company:secret@";

fn authorization() -> String {
    format!("Basic {}", BASE64_STANDARD.encode("company:secret"))
}

fn by(proxy: &str, envwright: Envwright) -> Envwright {
    envwright.variable("http_proxy", proxy).variable("https_proxy", proxy)
}

/// May be spoken to by plain http.
fn insecure(envwright: Envwright) -> Envwright {
    envwright.config(&format!("[registries.\"{HOST}\"]\ninsecure = true\n"))
}

/// A push and a pull each end with this root problem, and name registry and image.
#[track_caller]
fn both_end(settled: impl Fn(Envwright) -> Envwright, problem: &str) -> [Ran; 2] {
    let push = settled(on("scratch", HOST)).run(&["build", "-t", IMAGE, "--push", "--json"]);
    let pull = settled(on(IMAGE, HOST)).run(&["build", "--json"]);
    for ran in [&push, &pull] {
        let root = &ran.json()["root"];
        assert_eq!((ran.code, &root["problem"]), (Some(1), &problem.into()), "{ran}");
        assert!(root["facts"]["host"].as_str().unwrap().starts_with("registry.test"), "{ran}");
        assert!(root["facts"]["image"].as_str().unwrap().contains("team/base"), "{ran}");
    }
    [push, pull]
}

#[test]
fn a_registry_by_https_is_reached_through_a_tunnel() {
    let authority = Authority::new();
    let certificate = authority.certificate("DNS:registry.test");
    let empty = Empty::with_access(&Access::default().certified(&certificate));
    for (authorization, user) in [(None, ""), (Some(authorization()), USER)] {
        let proxy = Tunnel::start(HOST, &empty.registry.address, authorization);
        let settled = |envwright: Envwright| {
            by(&proxy.url(user), envwright).variable("SSL_CERT_FILE", authority.file())
        };
        let digest = there_and_back(HOST, settled);
        complete(&empty.open(), "team/top", "1", &digest);
        let requests = proxy.requests();
        assert!(requests.iter().all(|request| *request == format!("CONNECT {HOST}")), "{requests:#?}");
        assert!(!requests.is_empty());
    }
}

#[test]
fn a_registry_by_plain_http_is_reached_through_a_proxy() {
    let empty = Empty::registry();
    let proxy = Tunnel::start(HOST, &empty.registry.address, None);
    let digest = there_and_back(HOST, |envwright| insecure(by(&proxy.url(""), envwright)));
    complete(&empty.open(), "team/top", "1", &digest);
}

#[test]
fn a_proxy_that_wants_credentials_is_named() {
    let proxy = Tunnel::start(HOST, "127.0.0.1:1", Some(authorization()));
    for secure in [true, false] {
        let settled = |envwright| {
            let envwright = by(&proxy.url(""), envwright);
            if secure { envwright } else { insecure(envwright) }
        };
        for ran in both_end(settled, "net-proxy") {
            assert!(ran.stdout.contains("HTTPS_PROXY"), "its remedy is told: {ran}");
        }
    }
}

#[test]
fn a_registry_of_plain_http_is_spoken_to_by_https_unless_the_configuration_allows_it() {
    let empty = Empty::registry();
    let proxy = Tunnel::start(HOST, &empty.registry.address, None);
    for ran in both_end(|envwright| by(&proxy.url(""), envwright), "registry-http-vs-https") {
        assert!(ran.stdout.contains("insecure = true"), "its remedy is told: {ran}");
    }
}
