//! What opens stores of blobs.

use super::canary::{CANARY, Search};
use crate::support::{
    Envwright,
    base::BOOKWORM,
    stores::Store,
    wheel::{sha256, wheel},
};

const COMMANDS: [&[&str]; 4] =
    [&["lock", "-v"], &["build", "-v", "-o", "oci:out"], &["build", "--json"], &["check", "--json"]];
const ORIGIN: &str = "http://127.0.0.1:1/";

fn filled(store: Store) -> Store {
    let wheel = wheel("requests", "2.31.0");
    let (name, bytes) = (wheel.filename(), wheel.bytes());
    let page = format!("<!DOCTYPE html><a href=\"../../files/{name}#sha256={}\">{name}</a>", sha256(&bytes));
    store.put("simple/requests/index.html", page.as_bytes());
    store.put(&format!("files/{name}"), &bytes);
    store
}

/// A home that finds its index in a store alone; `query` follows the store's address.
fn on(store: &Store, query: &str) -> Envwright {
    let mirror = format!("{}{query}", store.url);
    let text = format!("[network]\nretries = 0\n[mirrors]\n{ORIGIN:?} = [{mirror:?}]\n{}", store.table());
    Envwright::new().on_base(&BOOKWORM, "requests\n").config(&text).index(&format!("{ORIGIN}simple/"))
}

#[track_caller]
fn kept(envwright: &Envwright, secret: &str, opens: bool) {
    let search = Search::of(secret).but(envwright.home().join("config.toml"));
    for ran in search.through(envwright, &COMMANDS) {
        assert_eq!(ran.code == Some(0), opens, "{ran}");
    }
}

fn with(envwright: Envwright, variables: &[(&str, &str)]) -> Envwright {
    variables.iter().fold(envwright, |envwright, (name, value)| envwright.variable(name, value))
}

/// What `sig=` of a query says.
fn signed(query: &str) -> String {
    let value = query.split('&').find_map(|part| part.strip_prefix("sig=")).unwrap();
    value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
}

#[test]
fn a_shared_access_signature() {
    let store = filled(Store::azure());
    for (until, opens) in [("2099-01-01T00:00:00Z", true), ("2020-01-01T00:00:00Z", false)] {
        let query = Store::signature(until);
        kept(&on(&store, &format!("?{query}")), &signed(&query), opens);
    }
}

#[test]
fn the_key_of_an_account_of_azure() {
    let store = filled(Store::azure());
    let variables = store.variables();
    kept(&with(on(&store, ""), &variables), variables[1].1, true);
    let wrong = [variables[0], (variables[1].0, "S2FuYXJpZSBLYW5hcmllIEthbmFyaWU=")];
    kept(&with(on(&store, ""), &wrong), wrong[1].1, false);
}

#[test]
fn the_secret_key_and_the_token_of_aws() {
    let store = filled(Store::s3());
    let [(name, key), (secret, _)] = store.variables();
    for (key, opens) in [(key, true), ("STRANGER", false)] {
        let envwright = with(on(&store, ""), &[(name, key), (secret, CANARY)]);
        kept(&envwright, CANARY, opens);
        let token = format!("{CANARY}{CANARY}");
        kept(&with(envwright, &[("AWS_SESSION_TOKEN", &token)]), &token, opens);
    }
}
