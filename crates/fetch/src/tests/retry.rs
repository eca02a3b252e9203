//! What is tried again, how often, and how long is waited.

use super::{
    bytes, client, problem,
    server::{Server, answer, settings, status, tries, whole},
};
use crate::{FetchError, Settings, client::retry_after};
use reqwest::header::HeaderMap;
use std::time::Duration;

#[test]
fn a_transient_status_is_tried_again() {
    for code in [408, 425, 429, 500, 502, 503, 504] {
        let server = Server::start([status(&format!("{code} No")), whole("yes")]);
        assert_eq!(bytes(&client(settings()), &server.url("/")).unwrap(), b"yes", "{code}");
        assert_eq!(server.requests().len(), 2, "{code}");
    }
}

#[test]
fn a_lasting_status_is_not_tried_again() {
    for code in [400, 401, 403, 404, 405, 407, 410, 416, 451, 501, 505] {
        let server = Server::start([status(&format!("{code} No")), whole("yes")]);
        let error = bytes(&client(settings()), &server.url("/")).unwrap_err();
        assert!(matches!(error, FetchError::Status { status, .. } if status == code), "{error}");
        assert_eq!(server.requests().len(), 1, "{code}");
    }
}

#[test]
fn tries_are_counted() {
    for retries in [0, 1, 3] {
        let server = Server::start((0..9).map(|_| status("503 Service Unavailable")));
        let client = client(Settings { limits: tries(retries), ..settings() });
        let error = bytes(&client, &server.url("/")).unwrap_err();
        assert_eq!(problem(&error), "net-server-error");
        assert_eq!(server.requests().len(), retries as usize + 1);
    }
}

#[test]
fn a_server_that_hangs_up_is_asked_again() {
    let server = Server::start([Vec::new(), whole("yes")]);
    assert_eq!(bytes(&client(settings()), &server.url("/")).unwrap(), b"yes");
}

#[test]
fn waits_double_from_the_first_and_are_bounded() {
    let client = client(Settings { retry_wait: Duration::from_millis(250), ..settings() });
    for (attempt, full) in [(0, 250), (1, 500), (2, 1000), (3, 2000)] {
        let waits: Vec<u128> = (0..20).map(|_| client.wait(attempt, None).as_millis()).collect();
        assert!(waits.iter().all(|wait| (full * 3 / 4..=full * 5 / 4).contains(wait)), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]), "all wait equally long: {waits:?}");
    }
    assert_eq!(client.wait(u32::MAX, None), Duration::from_mins(1));
}

#[test]
fn a_server_says_how_long_to_wait_within_bounds() {
    let client = client(settings());
    assert_eq!(client.wait(0, Some(Duration::from_secs(7))), Duration::from_secs(7));
    assert_eq!(client.wait(9, Some(Duration::ZERO)), Duration::ZERO);
    assert_eq!(client.wait(0, Some(Duration::from_hours(1))), Duration::from_mins(1));
}

#[test]
fn the_wish_is_read_in_seconds_or_as_a_date() {
    let of = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", value.parse().unwrap());
        retry_after(&headers)
    };
    assert_eq!(of("120"), Some(Duration::from_mins(2)));
    assert_eq!(of(" 0 "), Some(Duration::ZERO));
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(100);
    let later = jiff::fmt::rfc2822::to_string(&later.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
    let wish = of(&later.replace("+0000", "GMT")).unwrap();
    assert!((Duration::from_secs(90)..=Duration::from_secs(100)).contains(&wish), "{wish:?}");
    assert_eq!(of("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
    for other in ["-1", "1.5", "", "99999999999999999999999"] {
        assert_eq!(of(other), None, "{other}");
    }
    assert_eq!(retry_after(&HeaderMap::new()), None);
}

/// With the client's own wait, this would take a minute.
#[test]
fn the_wish_of_an_answer_goes_before_the_own_wait() {
    let busy = answer("429 Too Many Requests", "Retry-After: 0\r\nContent-Length: 0\r\n", "");
    let server = Server::start([busy, whole("yes")]);
    let client = client(Settings { retry_wait: Duration::from_hours(1), ..settings() });
    assert_eq!(bytes(&client, &server.url("/")).unwrap(), b"yes");
}
