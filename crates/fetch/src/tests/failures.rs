//! Each way in which a server cannot be reached, told apart, and the problem that it is.

use super::{
    Place, bytes, client, exact, problem, run,
    server::{Server, answer, promised, settings, status, whole},
};
use crate::{FetchError, Limits, Settings, Transport, Way};
use envwright_diagnosis::Explain as _;
use envwright_redact::SafeUrl;
use envwright_store::{Digest, StoreError};
use std::{io, net::TcpListener, time::Duration};

/// The reason why an answer cannot be read, without another try.
fn failure(url: &SafeUrl) -> FetchError {
    let settings = Settings {
        limits: Limits { retries: 0, read_timeout: Duration::from_millis(100), ..Limits::default() },
        ..settings()
    };
    bytes(&client(settings), url).unwrap_err()
}

fn kind(error: &FetchError) -> Transport {
    match error {
        FetchError::Transport { kind, .. } => *kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refused_connection_is_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = failure(&SafeUrl::parse(&format!("http://{closed}/")).unwrap());
    assert_eq!((kind(&error), problem(&error).as_str()), (Transport::Unreachable, "net-unreachable"));
}

/// The kernel takes the connection, and nobody ever answers.
#[test]
fn silence_is_a_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = SafeUrl::parse(&format!("http://{}/", silent.local_addr().unwrap())).unwrap();
    let error = failure(&url);
    assert_eq!((kind(&error), problem(&error).as_str()), (Transport::Timeout, "net-timeout"));
}

#[test]
fn a_body_that_ends_early_is_truncated() {
    let error = failure(&Server::start([promised(10, "half")]).url("/"));
    assert_eq!((kind(&error), problem(&error).as_str()), (Transport::Truncated, "net-truncated-download"));
}

#[test]
fn a_connection_that_is_cut_before_the_answer_is_a_reset() {
    for cut in [Vec::new(), b"HTTP/1.1 200 OK\r\nContent-".to_vec()] {
        let server = Server::start([cut.clone()]);
        let error = failure(&server.url("/"));
        let text = String::from_utf8_lossy(&cut).into_owned();
        assert_eq!(
            (kind(&error), problem(&error).as_str()),
            (Transport::Reset, "net-connection-reset"),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_http_is_none_of_the_others() {
    let server = Server::start([b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()]);
    let error = failure(&server.url("/"));
    assert_eq!((kind(&error), problem(&error).as_str()), (Transport::Other, "net-io"));
}

#[test]
fn redirects_in_a_circle_end() {
    let again = || answer("302 Found", "Location: /a\r\nContent-Length: 0\r\n", "");
    let server = Server::start((0..20).map(|_| again()));
    let error = failure(&server.url("/a"));
    assert_eq!((kind(&error), problem(&error).as_str()), (Transport::Redirects, "net-redirect-loop"));
    assert!(server.requests().len() < 20);
}

#[test]
fn an_answer_over_the_limit_is_refused() {
    let server = Server::start([whole("0123456789"), whole("0123456789")]);
    let client = client(settings());
    assert_eq!(run(client.bytes(&server.url("/"), 10)).unwrap(), b"0123456789");
    let error = run(client.bytes(&server.url("/"), 9)).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { limit: 9, .. }), "{error}");
    assert_eq!(problem(&error), "net-io");
}

#[test]
fn offline_asks_nobody_and_still_reads_files() {
    let server = Server::start([whole("")]);
    let client = client(Settings { offline: true, ..settings() });
    let place = Place::new();
    for error in [
        bytes(&client, &server.url("/")).unwrap_err(),
        place.get_by(&client, &exact(server.url("/"))).unwrap_err(),
    ] {
        assert_eq!(problem(&error), "offline-miss");
    }
    assert!(server.requests().is_empty());
    assert_eq!(place.holds(), []);
    fs_err::write(place.file(), "here").unwrap();
    let url = SafeUrl::parse(&format!("file://{}", place.file().display())).unwrap();
    assert_eq!(bytes(&client, &url).unwrap(), b"here");
    assert!(matches!(run(client.bytes(&url, 3)), Err(FetchError::TooLarge { limit: 3, .. })));
    let missing = bytes(&client, &url.join("none").unwrap()).unwrap_err();
    assert_eq!(problem(&missing), "net-not-found");
}

#[test]
fn a_scheme_that_is_not_spoken_is_not_tried_again() {
    let error = bytes(&client(settings()), &SafeUrl::parse("ftp://host.example/a").unwrap()).unwrap_err();
    assert!(matches!(error, FetchError::Setup(_)), "{error:?}");
    assert!(!error.is_transient());
}

#[test]
fn each_status_is_its_problem() {
    let problems = [
        (401, "net-unauthorized"),
        (403, "net-forbidden"),
        (404, "net-not-found"),
        (407, "net-proxy"),
        (410, "net-not-found"),
        (418, "net-io"),
        (429, "net-rate-limited"),
        (500, "net-server-error"),
        (503, "net-server-error"),
    ];
    for (code, expected) in problems {
        let server = Server::start([status(&format!("{code} No"))]);
        let error = failure(&server.url("/x"));
        assert_eq!(problem(&error), expected);
        let finding = &error.findings()[0];
        assert_eq!(finding.facts.get("status"), Some(code.to_string().as_str()));
        assert_eq!(finding.facts.get("host"), Some("127.0.0.1"));
    }
}

#[test]
fn each_failure_is_its_problem() {
    let url = || SafeUrl::parse("https://host.example/a").unwrap();
    let digest = Digest::of(b"");
    let transport =
        |kind| FetchError::Transport { url: url(), kind, reason: String::new(), way: Way::default() };
    let io = |kind: io::ErrorKind| FetchError::Io { path: "/x".into(), source: kind.into() };
    let problems = [
        (transport(Transport::Dns), "net-dns"),
        (transport(Transport::Tls), "net-tls-verify"),
        (transport(Transport::Proxy), "net-proxy"),
        (FetchError::Truncated { url: url(), expected: 2, got: 1 }, "net-truncated-download"),
        (FetchError::Digest { url: url(), expected: digest, got: digest }, "net-truncated-download"),
        (io(io::ErrorKind::StorageFull), "disk-full"),
        (io(io::ErrorKind::PermissionDenied), "store-io"),
        (FetchError::Keep(StoreError::NoHome), "store-io"),
        (FetchError::Setup(String::new()), "net-io"),
    ];
    for (error, expected) in problems {
        assert_eq!(problem(&error), expected);
    }
}
