//! A registry that takes the signed tokens of a service: `auth: token` of Debian's own.

use super::{
    image::{Empty, Image, PASSWORD, basic, complete, on, there_and_back},
    proxy::{Fate, Proxy, Request},
    refusals::refused,
};
use crate::support::tokens::{Tokens, now};
use std::{thread, time::Duration};

/// Seconds.
const LONG: u64 = 3600;
const SHORT: u64 = 5;

#[test]
fn tokens_are_asked_for_to_push_and_to_pull() {
    let tokens = Tokens::start(basic(), |_| LONG);
    let empty = Empty::with_access(&tokens.access());
    let digest = there_and_back(&empty.registry.address, |envwright| envwright);
    complete(&empty.open(), "team/top", "1", &digest);
    let issued = tokens.issued();
    let asked = |scope: &str| issued.iter().any(|token| token.scopes[0] == scope);
    for scope in ["repository:team/base:pull,push", "repository:team/base:pull", "repository:team/app:pull"] {
        assert!(asked(scope), "{scope} in {issued:#?}");
    }
}

#[test]
fn a_mount_needs_the_right_to_read_where_it_is_from() {
    let tokens = Tokens::start(basic(), |_| LONG);
    let empty = Empty::with_access(&tokens.access());
    let image = Image::build();
    image.log_in(&empty.registry.address, PASSWORD);
    image.push(&empty.registry.reference("team/app:1")).succeeded();
    let pushed = image.push(&empty.registry.reference("other/app:1")).succeeded().json();
    assert_eq!((&pushed["mounted"], &pushed["sent"]), (&2.into(), &0.into()), "{pushed:#}");
    complete(&empty.open(), "other/app", "1", &image.digest);
    let last = tokens.issued().pop().unwrap();
    assert_eq!(last.scopes, ["repository:other/app:pull,push", "repository:team/app:pull"]);
}

/// Holds the first request for which `wanted` holds until the first token has ended.
fn until_the_end(
    tokens: &Tokens,
    wanted: impl Fn(&Request) -> bool + Send + 'static,
) -> impl FnMut(&Request) -> Fate + Send + 'static {
    let (issued, mut held) = (tokens.log(), false);
    move |request| {
        if wanted(request) && !std::mem::replace(&mut held, true) {
            let end = issued.lock().unwrap()[0].end;
            while now() <= end + 1 {
                thread::sleep(Duration::from_millis(50));
            }
        }
        Fate::Passed
    }
}

/// The first token is of a short life, the others are not.
fn short_then_long(number: usize) -> u64 {
    if number == 0 { SHORT } else { LONG }
}

/// The registry refused a token, and another was asked for.
#[track_caller]
fn is_renewed_once(tokens: &Tokens, proxy: &Proxy) {
    let seen = proxy.seen();
    assert!(seen.iter().any(|one| one.authorization.is_some() && one.status == Some(401)), "{seen:#?}");
    assert_eq!(tokens.issued().len(), 2, "{seen:#?}");
}

#[test]
fn a_token_that_expires_amid_a_push_is_renewed() {
    let tokens = Tokens::start(basic(), short_then_long);
    let empty = Empty::with_access(&tokens.access());
    let rule = until_the_end(&tokens, |request| request.method == "PATCH");
    let proxy = Proxy::start(&empty.registry, rule);
    let image = Image::build();
    image.log_in(&proxy.address, PASSWORD);
    image.push(&proxy.reference("team/app:1")).succeeded();
    complete(&empty.open(), "team/app", "1", &image.digest);
    is_renewed_once(&tokens, &proxy);
}

#[test]
fn a_token_that_expires_amid_a_pull_is_renewed() {
    let tokens = Tokens::start(basic(), short_then_long);
    let empty = Empty::with_access(&tokens.access());
    let open = empty.open();
    on("scratch", "").run(&["build", "-t", &open.reference("team/base:1"), "--push"]).succeeded();
    let rule = until_the_end(&tokens, |request| request.target.contains("/blobs/"));
    let proxy = Proxy::start(&empty.registry, rule);
    on(&proxy.reference("team/base:1"), &proxy.address).run(&["build"]).succeeded();
    is_renewed_once(&tokens, &proxy);
}

#[test]
fn whom_the_service_does_not_know_is_unauthorized() {
    let tokens = Tokens::start(basic(), |_| LONG);
    let empty = Empty::with_access(&tokens.access());
    let image = Image::build();
    let name = empty.registry.reference("team/app:1");
    for password in [None, Some("wrong")] {
        if let Some(password) = password {
            image.log_in(&empty.registry.address, password);
        }
        let failed = refused(&image, &name, 1, "registry-unauthorized");
        assert!(failed.stdout.contains("docker login"), "its remedy is told: {failed}");
        let root = &failed.json()["root"];
        assert_eq!(root["facts"]["host"], *empty.registry.address, "{failed}");
    }
    let pull = on(&name, "registry.invalid").run(&["build", "--json"]);
    assert_eq!((pull.code, &pull.json()["root"]["problem"]), (Some(1), &"registry-unauthorized".into()));
    assert!(tokens.issued().is_empty());
}
