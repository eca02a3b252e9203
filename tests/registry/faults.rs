//! What registries, and what stands before them, do to uploads.

use super::{
    image::{CHUNK, Empty, Image, PASSWORD, basic, complete},
    proxy::{Fate, Proxy, Request},
};

/// Bytes that nginx may be told to take at most.
const LIMIT: u64 = 4 << 20;

/// Pushes to a registry of its own, with these faults. Gives the proxy and the bytes of the image's blobs.
#[track_caller]
fn pushed(image: &Image, rule: impl FnMut(&Request) -> Fate + Send + 'static) -> (Proxy, u64) {
    let empty = Empty::registry();
    let proxy = Proxy::start(&empty.registry, rule);
    image.log_in(&proxy.address, PASSWORD);
    image.pushed(&proxy, &empty.registry);
    let blobs = complete(&empty.registry, "team/app", "1", &image.digest);
    (proxy, blobs)
}

/// Makes a fault of the request after the first for which `wanted` holds, once.
fn second(
    wanted: impl Fn(&Request) -> bool + Send + 'static,
    fault: impl Fn() -> Fate + Send + 'static,
) -> impl FnMut(&Request) -> Fate + Send + 'static {
    let mut count = 0;
    move |request| {
        count += u32::from(wanted(request));
        if wanted(request) && count == 2 { fault() } else { Fate::Passed }
    }
}

fn is_chunk(request: &Request) -> bool {
    request.method == "PATCH"
}

/// A status was answered so many times.
#[track_caller]
fn answered(proxy: &Proxy, method: &str, status: u16) -> usize {
    let seen = proxy.seen();
    let count = seen.iter().filter(|one| one.method == method && one.status == Some(status)).count();
    assert!(count > 0, "no {method} was answered with {status}: {seen:#?}");
    count
}

#[test]
fn a_body_that_is_too_large_is_sent_in_smaller_ones() {
    let (proxy, blobs) = pushed(&Image::build(), |request| {
        if request.length > LIMIT {
            Fate::answered("413 Request Entity Too Large", "", "")
        } else {
            Fate::Passed
        }
    });
    assert_eq!(answered(&proxy, "PATCH", 413), 1, "the limit is learnt once");
    assert!(proxy.uploaded() <= blobs + CHUNK);
}

#[test]
fn a_chunk_may_be_answered_as_if_it_were_the_last() {
    let (proxy, blobs) =
        pushed(
            &Image::build(),
            |request| {
                if is_chunk(request) { Fate::Restated("201 Created") } else { Fate::Passed }
            },
        );
    answered(&proxy, "PATCH", 201);
    assert_eq!(proxy.uploaded(), blobs);
}

#[test]
fn a_chunk_at_the_wrong_place_asks_for_the_right_one() {
    let refused = || Fate::answered("416 Range Not Satisfiable", "", "");
    let (proxy, blobs) = pushed(&Image::build(), second(is_chunk, refused));
    answered(&proxy, "PATCH", 416);
    assert!(proxy.uploaded() <= blobs + CHUNK);
}

#[test]
fn credentials_asked_for_amid_an_upload_are_given_there() {
    let asks = || Fate::answered("401 Unauthorized", "WWW-Authenticate: Basic realm=\"registry\"\r\n", "");
    let (proxy, blobs) = pushed(&Image::build(), second(is_chunk, asks));
    answered(&proxy, "PATCH", 401);
    let seen = proxy.seen();
    let after = seen.iter().skip_while(|one| one.status != Some(401)).skip(1);
    let next = after.clone().find(|one| one.method == "PATCH").unwrap();
    assert_eq!(next.authorization, Some(basic()));
    assert!(seen[0].authorization.is_none(), "nobody had asked for it");
    assert!(proxy.uploaded() <= blobs + CHUNK);
}

#[test]
fn whatever_is_asked_to_wait_waits_and_goes_on() {
    let image = Image::build();
    for (method, status) in [
        ("HEAD", "429 Too Many Requests"),
        ("POST", "429 Too Many Requests"),
        ("PATCH", "429 Too Many Requests"),
        ("PUT", "429 Too Many Requests"),
        ("PATCH", "503 Service Unavailable"),
        ("PUT", "503 Service Unavailable"),
    ] {
        let wait = move || Fate::answered(status, "Retry-After: 1\r\n", "");
        let (proxy, blobs) = pushed(&image, second(move |request| request.method == method, wait));
        answered(&proxy, method, status[..3].parse().unwrap());
        assert!(proxy.uploaded() <= blobs + CHUNK, "{method} {status}");
    }
}

#[test]
fn an_answer_to_the_manifest_that_is_lost_is_asked_for_again() {
    let mut lost = false;
    let (proxy, blobs) = pushed(&Image::build(), move |request| {
        let manifest = request.method == "PUT" && request.target.contains("/manifests/");
        if manifest && !std::mem::replace(&mut lost, true) {
            return Fate::Reset { after: request.length / 2, forwarded: false };
        }
        Fate::Passed
    });
    assert_eq!(proxy.uploaded(), blobs);
}

/// The connection is cut once, after so many bytes of large bodies.
fn cut(at: u64, forwarded: bool) -> impl FnMut(&Request) -> Fate + Send + 'static {
    let (mut sent, mut cut) = (0, false);
    move |request| {
        if !request.sends_much() || cut {
            return Fate::Passed;
        }
        let before = sent;
        sent += request.length;
        if at >= sent {
            return Fate::Passed;
        }
        cut = true;
        Fate::Reset { after: at - before, forwarded }
    }
}

/// Cuts at each tenth of a blob; what is sent in all is at most the blob and what `more` says for a cut at this byte.
fn cut_at_each_tenth(forwarded: bool, more: impl Fn(u64) -> u64) {
    let image = Image::build();
    let (_, blobs) = pushed(&image, |_| Fate::Passed);
    for tenth in 1..=9 {
        let at = blobs / 10 * tenth;
        let (proxy, _) = pushed(&image, cut(at, forwarded));
        let seen = proxy.seen();
        assert_eq!(seen.iter().filter(|one| one.status.is_none()).count(), 1, "{tenth}/10: {seen:#?}");
        let uploaded = proxy.uploaded();
        assert!(uploaded <= blobs + more(at), "{tenth}/10: {uploaded} bytes for {blobs}: {seen:#?}");
    }
}

#[test]
fn an_upload_that_was_cut_goes_on_where_the_registry_has_it() {
    cut_at_each_tenth(false, |_| CHUNK);
}

/// This registry gives up an upload (404) that has more bytes than the state in its address says.
#[test]
fn an_upload_that_the_registry_gave_up_begins_anew_once() {
    cut_at_each_tenth(true, |at| at);
}

#[test]
fn several_cuts_cost_no_more_than_a_chunk_each() {
    let (mut sent, mut cuts) = (0, 0);
    let (proxy, blobs) = pushed(&Image::build(), move |request| {
        if !request.sends_much() {
            return Fate::Passed;
        }
        sent += 1;
        // Every other one.
        if sent % 2 == 0 && cuts < 3 {
            cuts += 1;
            return Fate::Reset { after: request.length / 2, forwarded: false };
        }
        Fate::Passed
    });
    assert!(proxy.uploaded() <= blobs + 3 * CHUNK);
}

#[test]
fn a_registry_without_chunks_gets_blobs_whole() {
    let image = Image::build();
    for status in ["404 Not Found", "405 Method Not Allowed"] {
        let (proxy, _) =
            pushed(
                &image,
                move |request| {
                    if is_chunk(request) { Fate::answered(status, "", "") } else { Fate::Passed }
                },
            );
        let seen = proxy.seen();
        assert_eq!(
            answered(&proxy, "PATCH", status[..3].parse().unwrap()),
            1,
            "it is learnt once: {seen:#?}"
        );
        let whole = seen.iter().find(|one| one.method == "PUT" && one.sent > CHUNK).unwrap();
        assert_eq!(whole.status, Some(201), "{seen:#?}");
    }
}

#[test]
fn a_mount_is_taken_where_it_is_given_and_sent_where_it_is_not() {
    let image = Image::build();
    for refused in [false, true] {
        let empty = Empty::registry();
        let proxy = Proxy::start(&empty.registry, move |request| {
            let without = request.target.split('?').next().unwrap();
            if refused && request.method == "POST" {
                Fate::PassedAs(without.to_owned())
            } else {
                Fate::Passed
            }
        });
        image.pushed(&proxy, &empty.registry);
        proxy.forget();
        image.push(&proxy.reference("other/app:1")).succeeded();
        proxy.tagged_last("other/app", "1");
        let blobs = complete(&empty.registry, "other/app", "1", &image.digest);
        let seen = proxy.seen();
        let mounts = seen.iter().filter(|one| one.method == "POST" && one.target.contains("mount=sha256"));
        let status = if refused { 202 } else { 201 };
        let statuses: Vec<_> = mounts.map(|one| one.status).collect();
        assert_eq!(statuses, [Some(status), Some(status)], "{seen:#?}");
        assert_eq!(proxy.uploaded(), if refused { blobs } else { 0 });
    }
}
