//! Channels of conda in registries, at `oci://HOST/PATH`.
//!
//! An address of a file becomes two requests, one for the manifest of its artifact and one for the blob of its layer;
//! where the registry wants a token, one for that comes before them. What it wants is remembered. Tokens are not: each
//! is for one repository, which is one package.

use crate::{Challenge, Client, FetchError, artifact::Artifact, logins::Login, registry::may_see_password};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use envwright_redact::{SafeUrl, Secret};
use envwright_store::{Digest, DigestWriter};
use futures::stream;
use reqwest::{
    Body, Method, Response, ResponseBuilderExt as _, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, EXPIRES, HeaderMap, HeaderValue, WWW_AUTHENTICATE},
};
use serde_json::Value;
use std::{
    error::Error,
    io::{self, Write as _},
};

/// Largest manifest that registries take, in bytes (distribution specification, pushing manifests).
const LARGEST_MANIFEST: u64 = 4 << 20;
/// Answers of a token service are small.
const LARGEST_TOKEN: u64 = 1 << 20;
const MANIFEST: HeaderValue = HeaderValue::from_static("application/vnd.oci.image.manifest.v1+json");

/// Whether an address is in a registry.
pub(crate) fn is_in_registry(url: &SafeUrl) -> bool {
    url.expose().scheme() == "oci"
}

/// How a registry is reached, and what it asks for first.
#[derive(Clone)]
pub(crate) struct Known {
    root: SafeUrl,
    challenge: Option<Challenge>,
}

/// One file that is asked for.
struct Asked<'a> {
    client: &'a Client,
    url: &'a SafeUrl,
    artifact: Artifact,
}

/// The digest that a manifest promises of a body; it goes with the response.
#[derive(Clone, Copy)]
struct Promised(Digest);

impl Client {
    /// Whether a channel, or a mirror of it, is in a registry.
    pub fn asks_registry(&self, channel: &SafeUrl) -> bool {
        self.settings().mirrors.places(channel).iter().any(is_in_registry)
    }

    /// Sends one request for a file in a registry, and gives the answer as if the file itself lay there.
    pub(crate) async fn send_to_registry(
        &self,
        method: Method,
        url: &SafeUrl,
        mut headers: HeaderMap,
    ) -> Result<Response, FetchError> {
        let Some(artifact) = Artifact::of(url) else { return Ok(absent(url)) };
        let asked = Asked { client: self, url, artifact };
        let mut known = asked.known().await?;
        let (manifest, authorization) = asked.manifest(&mut known).await?;
        self.registries().insert(asked.artifact.host.clone(), known.clone());
        if !manifest.status().is_success() {
            return Ok(manifest);
        }
        let manifest = self.body(url, manifest, LARGEST_MANIFEST).await?;
        let layer = asked.artifact.layer(&manifest);
        let layer = layer.map_err(|error| asked.wrong(format!("its manifest cannot be read: {error}")))?;
        let Some(digest) = layer else { return Ok(absent(url)) };
        headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
        let has_body = method == Method::GET;
        let blob = asked.place(&known, &format!("blobs/{digest}"));
        let mut response = asked.send(method, &blob, headers).await?;
        if has_body {
            response.extensions_mut().insert(Promised(digest));
        }
        // A blob is the same for ever; what its name stands for is not.
        for field in [CACHE_CONTROL, EXPIRES] {
            response.headers_mut().remove(field);
        }
        Ok(response)
    }
}

impl Asked<'_> {
    async fn known(&self) -> Result<Known, FetchError> {
        let host = &self.artifact.host;
        if let Some(known) = self.client.registries().get(host) {
            return Ok(known.clone());
        }
        let root = self.client.registry(host).await;
        let root = root.map_err(|_| self.wrong(format!("`{host}` is no address of a registry")))?;
        Ok(Known { root, challenge: None })
    }

    fn place(&self, known: &Known, rest: &str) -> SafeUrl {
        known.root.below(&format!("{}/{rest}", self.artifact.repository))
    }

    /// The answer to a request for the manifest, and the `Authorization` that it took.
    async fn manifest(&self, known: &mut Known) -> Result<(Response, Option<HeaderValue>), FetchError> {
        let place = self.place(known, &format!("manifests/{}", self.artifact.tag));
        let ask = async |authorization: &Option<HeaderValue>| {
            let mut headers = HeaderMap::from_iter([(ACCEPT, MANIFEST)]);
            headers.extend(authorization.clone().map(|value| (AUTHORIZATION, value)));
            self.send(Method::GET, &place, headers).await
        };
        let authorization = match &known.challenge {
            Some(challenge) => self.authorization(challenge).await?,
            None => None,
        };
        let response = ask(&authorization).await?;
        let fields = response.headers().get_all(WWW_AUTHENTICATE).iter();
        let challenge = Challenge::first(fields.filter_map(|field| field.to_str().ok()));
        let Some(challenge) = challenge.filter(|_| response.status() == StatusCode::UNAUTHORIZED) else {
            return Ok((response, authorization));
        };
        let authorization = self.authorization(&challenge).await?;
        known.challenge = Some(challenge);
        let response = if authorization.is_some() { ask(&authorization).await? } else { response };
        Ok((response, authorization))
    }

    /// What answers a challenge; none where nothing that is known does.
    async fn authorization(&self, challenge: &Challenge) -> Result<Option<HeaderValue>, FetchError> {
        let own = match (self.client.credentials(self.url), self.client.login(self.url)) {
            (Some((user, password)), _) => Some(basic(&user, password.as_ref().map_or("", Secret::expose))),
            (None, Some(Login::Basic(user, password))) => Some(basic(user, password.expose())),
            // It is what a token service would give.
            (None, Some(Login::Bearer(token))) => return Ok(Some(bearer(token.expose()))),
            (None, Some(Login::Path(_)) | None) => None,
        };
        match challenge {
            Challenge::Basic => Ok(own),
            Challenge::Bearer { realm, service } => {
                self.token(realm.as_deref(), service.as_deref(), own).await.map(Some)
            }
        }
    }

    async fn token(
        &self,
        realm: Option<&str>,
        service: Option<&str>,
        own: Option<HeaderValue>,
    ) -> Result<HeaderValue, FetchError> {
        let realm = realm.and_then(|realm| SafeUrl::parse(realm).ok());
        let realm = realm.ok_or_else(|| self.wrong("it names no token service".to_owned()))?;
        if !may_see_password(&realm) {
            return Err(self.wrong(format!("its token service {realm} would get the password unencrypted")));
        }
        let mut place = realm.expose().clone();
        let scope = format!("repository:{}:pull", self.artifact.repository);
        let service = service.map(|service| ("service", service));
        place.query_pairs_mut().extend_pairs(service).append_pair("scope", &scope);
        let place = SafeUrl::from(place);
        let headers = own.into_iter().map(|value| (AUTHORIZATION, value)).collect();
        let answer = self.deliver(Method::GET, &place, headers).await?;
        if !answer.status().is_success() {
            return Err(self.client.refused(self.url, answer).await);
        }
        let body = self.client.body(&place, answer, LARGEST_TOKEN).await?;
        let given: Value = serde_json::from_slice(&body).unwrap_or_default();
        let token = given["token"].as_str().or_else(|| given["access_token"].as_str());
        token.map(bearer).ok_or_else(|| self.wrong("its token service gave no token".to_owned()))
    }

    /// Sends one request to the registry; what keeps it from an answer is told of the file.
    async fn send(
        &self,
        method: Method,
        place: &SafeUrl,
        headers: HeaderMap,
    ) -> Result<Response, FetchError> {
        self.deliver(method, place, headers).await.map_err(|error| error.of(self.url))
    }

    async fn deliver(
        &self,
        method: Method,
        place: &SafeUrl,
        headers: HeaderMap,
    ) -> Result<Response, FetchError> {
        let request = self.client.http(place).asking.request(method, place.expose().clone());
        request.headers(headers).send().await.map_err(|error| self.client.transport(place, error))
    }

    fn wrong(&self, reason: String) -> FetchError {
        FetchError::Protocol { url: self.url.without_credentials(), reason }
    }
}

fn absent(url: &SafeUrl) -> Response {
    let response = hyper::Response::builder().url(url.without_credentials().expose().clone());
    let mut response = response.body(Vec::new()).unwrap_or_default();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.into()
}

fn basic(user: &str, password: &str) -> HeaderValue {
    unprinted(&format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}

fn bearer(token: &str) -> HeaderValue {
    unprinted(&format!("Bearer {token}"))
}

/// What has control characters opens nothing.
fn unprinted(value: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// The digest that the whole of a body must have, where it is known.
pub(crate) fn promised(response: &Response) -> Option<Digest> {
    response.extensions().get::<Promised>().map(|promised| promised.0)
}

/// The body of a response from `url`, which must have a digest. Its last piece is held back until that is known: who
/// decompresses may not read on where a stream ends.
pub(crate) fn checked(url: &SafeUrl, response: Response, expected: Digest) -> Body {
    let (url, hashed) = (url.without_credentials(), DigestWriter::new(io::sink()));
    Body::wrap_stream(stream::try_unfold(
        (response, hashed, None),
        move |(mut response, mut hashed, mut held)| {
            let url = url.clone();
            async move {
                while let Some(piece) = response.chunk().await? {
                    hashed.write_all(&piece)?;
                    if let Some(before) = held.replace(piece) {
                        return Ok(Some((before, (response, hashed, held))));
                    }
                }
                match hashed.digest() {
                    got if got == expected => Ok(held.map(|last| (last, (response, hashed, None)))),
                    got => {
                        Err(Box::<dyn Error + Send + Sync>::from(FetchError::Digest { url, expected, got }))
                    }
                }
            }
        },
    ))
}
