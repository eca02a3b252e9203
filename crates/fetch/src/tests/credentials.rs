//! Who is shown credentials, and that no error is.

use super::{
    Place, TEXT, bytes, client, exact,
    server::{Server, answer, promised, rest, settings, status, tries, whole},
};
use crate::{Client, Settings};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use envwright_diagnosis::Explain as _;

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

fn with_netrc(text: &str) -> (tempfile::TempDir, Client) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("netrc");
    fs_err::write(&path, text).unwrap();
    let client = client(Settings { netrc: Some(path), ..settings() });
    (folder, client)
}

fn moved(to: &str) -> Vec<u8> {
    answer("302 Found", &format!("Location: {to}\r\nContent-Length: 0\r\n"), "")
}

#[test]
fn those_of_an_address_are_sent_in_a_header_only() {
    let server = Server::start([whole("")]);
    bytes(&client(settings()), &server.url_as("me:hunter2@", "/a")).unwrap();
    assert_eq!(server.header("authorization"), [Some(basic("me", "hunter2"))]);
    assert!(server.requests()[0].starts_with("GET /a HTTP/1.1\r\n"));
}

#[test]
fn those_of_an_address_are_decoded() {
    let server = Server::start([whole("")]);
    bytes(&client(settings()), &server.url_as("me%40corp:p%2Fw%3A@", "/")).unwrap();
    assert_eq!(server.header("authorization"), [Some(basic("me@corp", "p/w:"))]);
}

#[test]
fn those_of_netrc_go_to_their_host_alone() {
    let server = Server::start([whole(""), whole("")]);
    let (_folder, client) = with_netrc("machine 127.0.0.1 login me password hunter2");
    bytes(&client, &server.url("/")).unwrap();
    let (_folder, client) = with_netrc("machine other.example login me password hunter2");
    bytes(&client, &server.url("/")).unwrap();
    assert_eq!(server.header("authorization"), [Some(basic("me", "hunter2")), None]);
}

#[test]
fn those_of_an_address_go_before_those_of_netrc() {
    let server = Server::start([whole("")]);
    let (_folder, client) = with_netrc("machine 127.0.0.1 login me password hunter2");
    bytes(&client, &server.url_as("token:@", "/")).unwrap();
    assert_eq!(server.header("authorization"), [Some(basic("token", ""))]);
}

/// A signature is the credential of its address: without it, the server answers 403.
#[test]
fn a_signed_address_is_sent_with_its_signature() {
    let server = Server::start([whole("")]);
    bytes(&client(settings()), &server.url("/a?sv=1&sig=abc%2Fd&X-Amz-Signature=9f")).unwrap();
    assert!(server.requests()[0].starts_with("GET /a?sv=1&sig=abc%2Fd&X-Amz-Signature=9f HTTP/1.1\r\n"));
}

#[test]
fn a_redirect_to_another_host_gets_none() {
    let other = Server::start([whole("there")]);
    let server = Server::start([moved(other.url("/b").expose().as_str())]);
    let signed = server.url_as("me:hunter2@", "/a?sig=abc");
    assert_eq!(bytes(&client(settings()), &signed).unwrap(), b"there");
    assert_eq!(server.header("authorization"), [Some(basic("me", "hunter2"))]);
    assert_eq!(other.header("authorization"), [None]);
    assert_eq!(other.header("referer"), [None]);
    assert_eq!(other.header("cookie"), [None]);
}

#[test]
fn a_redirect_within_a_host_keeps_them() {
    let server = Server::start([moved("/b"), whole("there")]);
    assert_eq!(bytes(&client(settings()), &server.url_as("me:hunter2@", "/a")).unwrap(), b"there");
    assert_eq!(server.header("authorization"), [Some(basic("me", "hunter2")), Some(basic("me", "hunter2"))]);
}

#[test]
fn a_continued_download_sends_them_again() {
    let server = Server::start([promised(10, &TEXT[..4]), rest(4, TEXT)]);
    Place::new().get(&exact(server.url_as("me:hunter2@", "/file"))).unwrap();
    assert_eq!(server.header("authorization"), [Some(basic("me", "hunter2")), Some(basic("me", "hunter2"))]);
}

#[test]
fn no_error_holds_them() {
    let answers = || {
        [
            status("401 Unauthorized"),
            status("500 Internal Server Error"),
            promised(99, "cut"),
            whole("longer than the text is"),
            whole("9876543210"),
            whole("short"),
            b"no http at all\r\n\r\n".to_vec(),
            Vec::new(),
        ]
    };
    let once = || client(Settings { limits: tries(0), ..settings() });
    for (index, answer) in answers().into_iter().enumerate() {
        let server = Server::start([answer]);
        let request = exact(server.url_as("me:hunter2@", "/file?sig=s3cr3t"));
        let error = Place::new().get_by(&once(), &request).unwrap_err();
        let told = format!("{error} {error:?} {:?}", error.findings());
        for secret in ["hunter2", "s3cr3t", "me:"] {
            assert!(!told.contains(secret), "{index}: {secret} in {told}");
        }
    }
}
