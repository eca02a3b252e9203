//! Downloads that are continued, and what is made of wrong bytes.

use super::{
    Place, TEXT, client, done, exact, run,
    server::{Server, answer, promised, rest, settings, status, tries, whole},
};
use crate::{Download, FetchError, Settings};
use envwright_diagnosis::Explain as _;
use envwright_redact::SafeUrl;
use std::sync::atomic::{AtomicU64, Ordering};

fn ranges(server: &Server) -> Vec<Option<String>> {
    server.header("range")
}

fn range(from: usize) -> String {
    format!("bytes={from}-")
}

#[test]
fn a_cut_connection_is_continued_where_it_ended() {
    let server = Server::start([promised(10, &TEXT[..4]), rest(4, TEXT)]);
    let place = Place::new();
    assert_eq!(place.get(&exact(server.url("/file"))).unwrap(), done());
    assert_eq!(ranges(&server), [None, Some(range(4))]);
    assert!(place.holds_only("file", TEXT));
}

#[test]
fn a_connection_cut_at_every_byte_ends_whole() {
    let cut = |from: usize| {
        let fields = format!("Content-Range: bytes {from}-9/10\r\nContent-Length: {}\r\n", 10 - from);
        answer("206 Partial Content", &fields, &TEXT[from..=from])
    };
    let server = Server::start([promised(10, &TEXT[..1])].into_iter().chain((1..10).map(cut)));
    assert_eq!(Place::new().get(&exact(server.url("/file"))).unwrap(), done());
    assert_eq!(server.requests().len(), 10);
}

#[test]
fn what_an_earlier_attempt_left_is_continued() {
    let server = Server::start([rest(3, TEXT)]);
    let place = Place::left(&TEXT[..3]);
    assert_eq!(place.get(&exact(server.url("/file"))).unwrap(), done());
    assert_eq!(ranges(&server), [Some(range(3))]);
    assert!(place.holds_only("file", TEXT));
}

#[test]
fn a_part_that_is_all_is_taken_without_asking() {
    let server = Server::start([]);
    assert_eq!(Place::left(TEXT).get(&exact(server.url("/file"))).unwrap(), done());
    assert!(server.requests().is_empty());
}

#[test]
fn a_server_without_ranges_starts_anew() {
    let server = Server::start([whole(TEXT)]);
    let place = Place::left("999");
    assert_eq!(place.get(&exact(server.url("/file"))).unwrap(), done());
    assert!(place.holds_only("file", TEXT));
}

/// The answer's bytes are of another place: none of them can be kept.
#[test]
fn an_answer_that_starts_elsewhere_is_not_joined() {
    for start in [0, 2, 5] {
        let server = Server::start([rest(start, TEXT), whole(TEXT)]);
        let place = Place::left(&TEXT[..3]);
        let found = place.get(&exact(server.url("/file")));
        assert_eq!(found.unwrap(), done(), "{start}");
        assert!(place.holds_only("file", TEXT));
    }
}

#[test]
fn a_range_that_cannot_be_given_is_asked_for_whole() {
    let server = Server::start([status("416 Range Not Satisfiable"), whole(TEXT)]);
    assert_eq!(Place::left("012").get(&exact(server.url("/file"))).unwrap(), done());
    assert_eq!(ranges(&server), [Some(range(3)), None]);
}

#[test]
fn wrong_bytes_in_a_continued_file_are_fetched_anew() {
    let server = Server::start([rest(3, TEXT), whole(TEXT)]);
    let place = Place::left("xyz");
    assert_eq!(place.get(&exact(server.url("/file"))).unwrap(), done());
    assert_eq!(ranges(&server), [Some(range(3)), None]);
    assert!(place.holds_only("file", TEXT));
}

#[test]
fn a_file_is_fetched_anew_only_once() {
    let cut = || promised(10, "abcde");
    let server = Server::start([rest(3, TEXT), cut(), rest(5, TEXT), cut(), rest(5, TEXT)]);
    let place = Place::left("xyz");
    let error = place.get(&exact(server.url("/file"))).unwrap_err();
    assert!(matches!(error, FetchError::Digest { .. }), "{error}");
    assert_eq!(server.requests().len(), 3);
    assert_eq!(place.holds(), []);
}

#[test]
fn wrong_bytes_in_a_whole_answer_leave_nothing() {
    let server = Server::start([whole("9876543210")]);
    let place = Place::new();
    let error = place.get(&exact(server.url("/file"))).unwrap_err();
    assert!(matches!(error, FetchError::Digest { .. }), "{error}");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(place.holds(), []);
}

#[test]
fn a_whole_answer_of_another_size_is_another_file() {
    let server = Server::start([whole("0123")]);
    let place = Place::new();
    let error = place.get(&exact(server.url("/file"))).unwrap_err();
    assert!(matches!(error, FetchError::Digest { .. }), "{error}");
    assert_eq!(place.holds(), []);
}

/// Without a length, only the size that is known tells that something is missing.
#[test]
fn an_answer_without_a_length_that_ends_early_is_continued() {
    let server = Server::start([answer("200 OK", "", &TEXT[..6]), rest(6, TEXT)]);
    assert_eq!(Place::new().get(&exact(server.url("/file"))).unwrap(), done());
    assert_eq!(ranges(&server), [None, Some(range(6))]);
}

#[test]
fn more_than_the_size_is_refused_and_not_kept() {
    let server = Server::start([whole("0123456789ABC")]);
    let place = Place::new();
    let error = place.get(&exact(server.url("/file"))).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { limit: 10, .. }), "{error}");
    assert_eq!(place.holds(), []);
}

#[test]
fn a_part_larger_than_the_file_is_not_continued() {
    let server = Server::start([whole(TEXT)]);
    assert_eq!(Place::left("0123456789ABC").get(&exact(server.url("/file"))).unwrap(), done());
    assert_eq!(ranges(&server), [None]);
}

/// What is left for the next attempt is what came, when nothing says that it is wrong.
#[test]
fn a_part_stays_for_the_next_attempt() {
    let server = Server::start([promised(10, &TEXT[..4])]);
    let place = Place::new();
    let client = client(Settings { limits: tries(0), ..settings() });
    place.get_by(&client, &exact(server.url("/file"))).unwrap_err();
    assert!(place.holds_only("file.partial", &TEXT[..4]));
}

/// Nothing would tell that it is of another file.
#[test]
fn without_a_digest_an_earlier_part_is_not_continued() {
    let server = Server::start([whole(TEXT)]);
    let place = Place::left("xyz");
    let request = Download { sha256: None, ..exact(server.url("/file")) };
    assert_eq!(place.get(&request).unwrap(), done());
    assert_eq!(ranges(&server), [None]);
}

#[test]
fn progress_counts_each_byte_that_came_once() {
    let server = Server::start([promised(10, &TEXT[..4]), rest(4, TEXT)]);
    let (place, seen) = (Place::new(), AtomicU64::new(0));
    let progress = |bytes| {
        seen.fetch_add(bytes, Ordering::Relaxed);
    };
    run(client(settings()).download(&exact(server.url("/file")), &place.file(), &progress)).unwrap();
    assert_eq!(seen.into_inner(), 10);
}

#[test]
fn mirrors_are_asked_in_their_order_until_one_is_right() {
    let missing = Server::start([status("404 Not Found")]);
    let wrong = Server::start([whole("9876543210")]);
    let right = Server::start([whole(TEXT)]);
    let unused = Server::start([whole(TEXT)]);
    let place = Place::new();
    let mirrors = [&wrong, &right, &unused].map(|server| server.url("/mirror")).to_vec();
    let request = Download { mirrors, ..exact(missing.url("/file")) };
    assert_eq!(place.get(&request).unwrap(), done());
    let asked = [missing, wrong, right, unused].map(|server| server.requests().len());
    assert_eq!(asked, [1, 1, 1, 0]);
}

#[test]
fn when_all_fail_the_first_address_names_the_reason() {
    let missing = Server::start([status("404 Not Found")]);
    let wrong = Server::start([whole("9876543210")]);
    let place = Place::new();
    let request = Download { mirrors: vec![wrong.url("/mirror")], ..exact(missing.url("/file")) };
    let error = place.get(&request).unwrap_err();
    assert!(matches!(error.root(), FetchError::Status { status: 404, .. }), "{error}");
    let finding = &error.findings()[0];
    assert!(
        finding.details.iter().any(|detail| detail.contains("Asked as well: http://127.0.0.1")),
        "{finding:?}"
    );
    assert_eq!(place.holds(), []);
}

#[test]
fn a_mirror_continues_what_the_first_address_began() {
    let first = Server::start([promised(10, &TEXT[..4])]);
    let mirror = Server::start([rest(4, TEXT)]);
    let client = client(Settings { limits: tries(0), ..settings() });
    let request = Download { mirrors: vec![mirror.url("/mirror")], ..exact(first.url("/file")) };
    assert_eq!(Place::new().get_by(&client, &request).unwrap(), done());
    assert_eq!(ranges(&mirror), [Some(range(4))]);
}

#[test]
fn a_file_of_this_machine_is_copied_and_verified() {
    let place = Place::new();
    let source = place.folder.path().join("source");
    fs_err::write(&source, TEXT).unwrap();
    let url = SafeUrl::parse(&format!("file://{}", source.display())).unwrap();
    assert_eq!(place.get(&exact(url.clone())).unwrap(), done());
    fs_err::write(&source, "other").unwrap();
    let other = Place::new();
    assert!(matches!(other.get(&exact(url)), Err(FetchError::Digest { .. })));
    assert_eq!(other.holds(), []);
}

/// Several processes are like several threads with a file of their own each.
#[test]
fn of_many_at_once_one_downloads() {
    let server = Server::start([whole(TEXT)]);
    let (place, client) = (Place::new(), client(settings()));
    let request = exact(server.url("/file"));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let here = || fs_err::read_to_string(place.file()).is_ok_and(|text| text == TEXT);
                // Who comes after the end looks first, as every caller does.
                assert!(here() || place.get_by(&client, &request).is_ok() || here());
            });
        }
    });
    assert!(place.holds().iter().any(|(name, text)| name == "file" && text == TEXT));
}

/// Between the look for the file and the begin of a part another process may have finished it.
#[test]
fn a_file_that_is_there_whole_by_now_is_not_fetched_again() {
    let server = Server::start([]);
    let place = Place::new();
    fs_err::write(place.file(), TEXT).unwrap();
    assert_eq!(place.get(&exact(server.url("/file"))).unwrap(), done());
    assert!(server.requests().is_empty() && place.holds_only("file", TEXT));

    let server = Server::start([whole(TEXT)]);
    fs_err::write(place.file(), "another").unwrap();
    assert_eq!(place.get(&exact(server.url("/file"))).unwrap(), done());
    assert!(place.holds_only("file", TEXT));
}
