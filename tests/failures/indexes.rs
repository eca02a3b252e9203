//! What the network and services do to the pages of an index.

use crate::support::{
    Envwright,
    base::BOOKWORM,
    index::Index,
    server::{Answer, Server},
    tls::TlsServer,
    wheel::wheel,
};
use std::net::TcpListener;

/// One attempt, and a second without a byte is too long.
const IMPATIENT: &str = "[network]\nretries = 0\nread-timeout = 1\nconnect-timeout = 5\n";

/// Asks an index at this address.
fn asking(url: &str) -> Envwright {
    Envwright::new().on_base(&BOOKWORM, "requests\n").config(IMPATIENT).index(url)
}

/// Asks an index that answers everything with this.
fn answered(answer: &Answer) -> Envwright {
    let answer = answer.clone();
    asking(&Server::start(move |_| answer.clone()).url("/simple/"))
}

#[test]
fn a_host_without_an_address_is_dns() {
    // RFC 6761: no name below `invalid.` has an address.
    let envwright = asking("http://index.invalid/simple/");
    assert_failure!(envwright, ["build"], 3, "net-dns", { "host": "index.invalid" });
}

#[test]
fn a_port_where_nothing_listens_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let envwright = asking(&format!("http://127.0.0.1:{port}/simple/"));
    assert_failure!(envwright, ["build"], 3, "net-unreachable", { "host": "127.0.0.1" });
}

#[test]
fn a_server_that_says_nothing_is_a_timeout() {
    assert_failure!(answered(&Answer::Silence), ["build"], 3, "net-timeout", { "host": "127.0.0.1" });
}

#[test]
fn a_connection_that_is_cut_is_a_reset() {
    assert_failure!(answered(&Answer::Reset), ["build"], 3, "net-connection-reset", { "host": "127.0.0.1" });
}

#[test]
fn a_certificate_of_an_unknown_authority_is_not_trusted() {
    let server = TlsServer::start();
    assert_failure!(asking(&server.url("/simple/")), ["build"], 1, "net-tls-verify", { "host": "localhost" });
}

#[test]
fn a_proxy_that_wants_credentials_is_named_for_a_plain_address() {
    let proxy = Server::start(|_| Answer::status("407 Proxy Authentication Required", PROXY_FIELDS));
    let envwright = asking("http://index.example/simple/").variable("http_proxy", proxy.url(""));
    assert_failure!(envwright, ["build"], 1, "net-proxy", { "host": "index.example" });
    assert!(proxy.requests().iter().all(|request| request.contains("index.example")));
}

const PROXY_FIELDS: &str = "Proxy-Authenticate: Basic realm=\"company\"\r\n";

#[test]
fn a_proxy_that_wants_credentials_is_named_for_a_tunnel() {
    let proxy = Server::start(|_| Answer::status("407 Proxy Authentication Required", PROXY_FIELDS));
    let envwright = asking("https://index.example/simple/").variable("https_proxy", proxy.url(""));
    assert_failure!(envwright, ["build"], 1, "net-proxy", { "host": "index.example" });
    assert!(proxy.requests().iter().all(|request| request.starts_with("CONNECT index.example:443")));
}

#[test]
fn missing_credentials_are_asked_for() {
    let envwright =
        answered(&Answer::status("401 Unauthorized", "WWW-Authenticate: Basic realm=\"index\"\r\n"));
    assert_failure!(envwright, ["build"], 1, "net-unauthorized", { "host": "127.0.0.1" });
}

#[test]
fn credentials_without_the_right_to_read_are_forbidden() {
    assert_failure!(answered(&Answer::status("403 Forbidden", "")), ["build"], 3, "net-forbidden", {
        "host": "127.0.0.1",
    });
}

#[test]
fn too_many_requests_tell_how_long_to_wait() {
    let envwright = answered(&Answer::status("429 Too Many Requests", "Retry-After: 120\r\n"));
    assert_failure!(envwright, ["build"], 3, "net-rate-limited", { "host": "127.0.0.1", "status": "429" });
}

#[test]
fn a_server_with_a_problem_of_its_own_is_told_by_its_status() {
    assert_failure!(answered(&Answer::status("503 Service Unavailable", "")), ["build"], 3, "net-server-error", {
        "host": "127.0.0.1",
        "status": "503",
    });
}

#[test]
fn redirects_in_a_circle_end() {
    let envwright = answered(&Answer::status("302 Found", "Location: /simple/requests/\r\n"));
    assert_failure!(envwright, ["build"], 3, "net-redirect-loop", { "host": "127.0.0.1" });
}

#[test]
fn an_index_page_that_ends_early_is_truncated() {
    let page =
        b"<!DOCTYPE html><html><body><a href=\"requests-1.0-py3-none-any.whl\">requests</a></body></html>";
    let envwright = answered(&Answer::cut_short("text/html", page));
    assert_failure!(envwright, ["build"], 3, "net-truncated-download", { "host": "127.0.0.1" });
}

#[test]
fn a_server_that_recovers_is_asked_again() {
    let failed = std::sync::atomic::AtomicBool::new(false);
    let index = Index::with_faults(&[wheel("requests", "2.31.0")], move |_| {
        let first = !failed.swap(true, std::sync::atomic::Ordering::SeqCst);
        first.then(|| Answer::status("503 Service Unavailable", "Retry-After: 0\r\n"))
    });
    Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index.url()).run(&["build"]).succeeded();
    let pages = index.requests().iter().filter(|request| *request == "GET /simple/requests/").count();
    assert_eq!(pages, 2, "{:?}", index.requests());
}
