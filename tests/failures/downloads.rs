//! What the network and services do to the files of packages.

use crate::support::{
    Envwright,
    base::BOOKWORM,
    index::Index,
    server::Answer,
    wheel::{Wheel, is_wheel, wheel},
};

type MakeAnswer = fn() -> Answer;

fn requests() -> Wheel {
    // Larger than one read, so that a half of it is a half.
    wheel("requests", "2.31.0").file("requests/data.txt", &"0123456789abcdef".repeat(4096))
}

/// The index works; the wheel's file gets this answer.
fn downloading(answer: impl Fn() -> Answer + Send + Sync + 'static) -> Envwright {
    let index = Index::with_faults(&[requests()], move |path| is_wheel(path).then(&answer));
    Envwright::new()
        .on_base(&BOOKWORM, "requests\n")
        .index(&index.url())
        .config("[network]\nretries = 0\nread-timeout = 1\n")
}

#[test]
fn a_file_that_ends_early_is_truncated() {
    let envwright = downloading(|| Answer::cut_short("application/octet-stream", &requests().bytes()));
    assert_failure!(envwright, ["build"], 3, "net-truncated-download", { "host": "127.0.0.1" });
}

#[test]
fn a_file_that_left_the_index_is_not_found() {
    let envwright = downloading(|| Answer::status("404 Not Found", ""));
    assert_failure!(envwright, ["build"], 1, "net-not-found", { "host": "127.0.0.1", "status": "404" });
}

#[test]
fn a_limit_of_requests_tells_how_long_to_wait() {
    let envwright = downloading(|| Answer::status("429 Too Many Requests", "Retry-After: 120\r\n"));
    assert_failure!(envwright, ["build"], 3, "net-rate-limited", { "host": "127.0.0.1", "status": "429" });
}

#[test]
fn every_fault_of_a_download_has_its_own_name() {
    let cases: [(MakeAnswer, i32, &str); 7] = [
        (|| Answer::Reset, 3, "net-connection-reset"),
        (|| Answer::Silence, 3, "net-timeout"),
        (|| Answer::status("401 Unauthorized", ""), 1, "net-unauthorized"),
        (|| Answer::status("403 Forbidden", ""), 3, "net-forbidden"),
        (|| Answer::status("407 Proxy Authentication Required", ""), 1, "net-proxy"),
        (|| Answer::status("500 Internal Server Error", ""), 3, "net-server-error"),
        (
            || Answer::status("302 Found", "Location: /files/requests-2.31.0-py3-none-any.whl\r\n"),
            3,
            "net-redirect-loop",
        ),
    ];
    for (answer, code, problem) in cases {
        let failed = super::failed(&downloading(answer), &["build"]);
        failed.is(code, problem, &serde_json::json!({ "host": "127.0.0.1" }));
    }
}

#[test]
fn a_download_that_was_cut_goes_on_where_it_ended() {
    let bytes = requests().bytes();
    let half = bytes.len() / 2;
    let first = std::sync::atomic::AtomicBool::new(true);
    let index = Index::with_faults(&[requests()], move |path| {
        if !is_wheel(path) {
            return None;
        }
        if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Some(Answer::cut_short("application/octet-stream", &bytes));
        }
        let range = format!("Content-Range: bytes {half}-{}/{}\r\n", bytes.len() - 1, bytes.len());
        Some(Answer::part(&range, &bytes[half..]))
    });
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index.url());
    envwright.run(&["build"]).succeeded();
}
