//! Files in a registry.

use super::{
    Place, TEXT, bytes, client, done, exact, problem, run,
    server::{Server, answer, rest, settings, status, whole},
};
use crate::{Client, Download, FetchError, Method, header::HeaderMap};
use envwright_redact::SafeUrl;
use envwright_store::Digest;

/// The address of a package whose registry is this server.
fn package(server: &Server, credentials: &str) -> SafeUrl {
    let host = server.url("/").expose().as_str().replace("http://", "");
    SafeUrl::parse(&format!("oci://{credentials}{host}m/forge/noarch/x-1!2-0.conda")).unwrap()
}

/// A manifest with a package that has this text.
fn manifest(text: &str) -> Vec<u8> {
    let (kind, digest) = ("application/vnd.conda.package.v2", Digest::of(text.as_bytes()));
    whole(&format!(r#"{{"layers": [{{"mediaType": "{kind}", "digest": "{digest}", "size": 1}}]}}"#))
}

/// What the server was asked for, without what finds out whether it speaks plain HTTP.
fn paths(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let paths = requests.iter().map(|head| head.split(' ').nth(1).unwrap().to_owned());
    paths.filter(|path| path != "/v2/").collect()
}

fn blob() -> String {
    format!("/v2/m/forge/noarch/x/blobs/{}", Digest::of(TEXT.as_bytes()))
}

fn open(client: &Client, url: &SafeUrl) -> Result<Vec<u8>, FetchError> {
    bytes(&client.for_conda(), url)
}

#[test]
fn a_download_goes_on_where_it_ended_in_the_blob() {
    let server = Server::start([whole(""), manifest(TEXT), rest(3, TEXT)]);
    let place = Place::left(&TEXT[..3]);
    assert_eq!(place.get(&exact(package(&server, ""))).unwrap(), done());
    assert_eq!(paths(&server), ["/v2/m/forge/noarch/x/manifests/1__e__2-0".to_owned(), blob()]);
    assert_eq!(server.header("range"), [None, None, Some("bytes=3-".to_owned())]);
}

#[test]
fn a_body_must_be_what_its_manifest_promises() {
    let wrong = || Server::start([whole(""), manifest(TEXT), whole("other text")]);
    let server = wrong();
    let error = bytes(&client(settings()), &package(&server, "")).unwrap_err();
    assert!(matches!(error, FetchError::Digest { .. }), "{error}");
    let (server, place) = (wrong(), Place::new());
    let request = Download { sha256: None, size: None, ..exact(package(&server, "")) };
    let error = place.get(&request).unwrap_err();
    assert!(matches!(error, FetchError::Digest { .. }), "{error}");
    assert_eq!(place.holds(), []);
    let (server, client) = (wrong(), client(settings()));
    let answered = run(async {
        let (url, headers) = (package(&server, ""), HeaderMap::new());
        let response = client.respond(&Method::GET, &url, &headers).await.unwrap();
        assert_eq!(response.url(), url.expose());
        response.bytes().await
    });
    assert!(format!("{:?}", answered.unwrap_err()).contains("Digest"));
}

#[test]
fn a_token_is_asked_for_as_the_registry_says_and_what_it_says_is_remembered() {
    let tokens = Server::start([whole(r#"{"token": "t1"}"#), whole(r#"{"access_token": "t2"}"#)]);
    let realm = tokens.url("/token");
    let challenge =
        format!("WWW-Authenticate: Bearer realm=\"{realm}\",service=\"s\"\r\nContent-Length: 0\r\n");
    let refused = answer("401 Unauthorized", &challenge, "");
    let given = || [manifest(TEXT), whole(TEXT)];
    let server = Server::start([whole(""), refused].into_iter().chain(given()).chain(given()));
    let (client, url) = (client(settings()), package(&server, "me:hunter2@"));
    for _ in 0..2 {
        assert_eq!(open(&client, &url).unwrap(), TEXT.as_bytes());
    }
    let token = |text: &str| Some(format!("Bearer {text}"));
    assert_eq!(
        server.header("authorization"),
        [None, None, token("t1"), token("t1"), token("t2"), token("t2")]
    );
    assert_eq!(paths(&tokens), ["/token?service=s&scope=repository%3Am%2Fforge%2Fnoarch%2Fx%3Apull"; 2]);
    assert_eq!(tokens.header("authorization"), vec![Some("Basic bWU6aHVudGVyMg==".to_owned()); 2]);
}

#[test]
fn a_token_service_elsewhere_gets_no_password_unencrypted() {
    let challenge = "WWW-Authenticate: Bearer realm=\"http://a.example/token\"\r\nContent-Length: 0\r\n";
    let server = Server::start([whole(""), answer("401 Unauthorized", challenge, "")]);
    let error = open(&client(settings()), &package(&server, "me:hunter2@")).unwrap_err();
    assert_eq!(problem(&error), "net-io");
    assert!(error.to_string().contains("unencrypted") && !error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn what_a_registry_cannot_have_is_absent_without_a_request() {
    let server = Server::start([whole(""), whole(r#"{"layers": []}"#), status("404 Not Found")]);
    let client = client(settings());
    let shards = package(&server, "").join("repodata_shards.msgpack.zst").unwrap();
    assert_eq!(problem(&bytes(&client, &shards).unwrap_err()), "net-not-found");
    assert_eq!(paths(&server), [""; 0]);
    for _ in ["no such layer", "no such tag"] {
        assert_eq!(problem(&bytes(&client, &package(&server, "")).unwrap_err()), "net-not-found");
    }
}
