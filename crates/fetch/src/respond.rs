//! Answers for a library that reads them itself.

use crate::{
    Client, FetchError,
    client::{file, file_bytes, is_left},
    oci,
};
use envwright_redact::SafeUrl;
use reqwest::{
    Body, Method, Response, ResponseBuilderExt as _, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue},
};

/// Largest file of this machine that is answered with, in bytes.
const LARGEST_FILE: u64 = 1 << 30;

impl Client {
    /// Sends a request without a body to the first place that has what is wanted, as often as the settings say. An
    /// answer is given with its status; where that is one of a failure that may pass, it is an error.
    pub async fn respond(
        &self,
        method: &Method,
        url: &SafeUrl,
        headers: &HeaderMap,
    ) -> Result<Response, FetchError> {
        // The answer of the address itself is the one to give where none is a success.
        let mut refused = None;
        let mut places = self.places(url, &[]);
        while let Some((place, more)) = places.next() {
            let outcome = match file(&place) {
                Some(path) => {
                    file_bytes(&path, &place, LARGEST_FILE).await.map(|bytes| of_file(&place, bytes, method))
                }
                None => self.often(method, &place, headers, more).await,
            };
            let error = match outcome {
                Ok(response) if is_given(response.status()) => {
                    return Ok(unsigned(self.typed(&place, response)));
                }
                Ok(response)
                    if more || self.is_of_store(&place) || self.is_refusal_of_store(&place, &response) =>
                {
                    self.refused(&place, response).await
                }
                Ok(response) => {
                    let (url, status) = (place.without_credentials(), response.status().as_u16());
                    refused = Some(response);
                    FetchError::Status { url, status, wait: None }
                }
                Err(error) => error,
            };
            places.failed(error)?;
        }
        let error = places.error();
        match refused {
            // What the others said is of no use where it is an absence.
            Some(response) if is_that(&error, &response) => Ok(response),
            _ => Err(error),
        }
    }

    /// The same for who must not learn what opens an address: `opened` is asked, and the answer is that of `plain`.
    pub async fn respond_as(
        &self,
        method: &Method,
        plain: &SafeUrl,
        opened: &SafeUrl,
        headers: &HeaderMap,
    ) -> Result<Response, FetchError> {
        let response = self.respond(method, opened, headers).await?;
        // A token of conda's may have been put into the path, too.
        let is_same = plain.expose() == opened.expose() && !response.url().path().starts_with("/t/");
        Ok(if is_same { response } else { under(plain, response) })
    }

    async fn often(
        &self,
        method: &Method,
        url: &SafeUrl,
        headers: &HeaderMap,
        more: bool,
    ) -> Result<Response, FetchError> {
        let mut attempt = 0;
        loop {
            let error = match self.send(method.clone(), url, headers.clone()).await {
                Ok(response) if is_lasting(response.status()) => return Ok(of_registry(url, response)),
                Ok(response) => self.refused(url, response).await,
                Err(error) => error,
            };
            if !self.may_retry(url, attempt, &error) || is_left(&error, more) {
                return Err(error);
            }
            self.pause(&mut attempt, &error).await;
        }
    }

    /// A store says of a page only that it is bytes.
    fn typed(&self, url: &SafeUrl, mut response: Response) -> Response {
        if self.is_of_store(url)
            && let Some(kind) = kind(response.url().path())
        {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        response
    }
}

/// An answer whose address tells no signature: it is kept beside the page, and links are read from it. What a store's
/// mirror names is found again by its path.
fn unsigned(response: Response) -> Response {
    let told = SafeUrl::from(response.url().clone()).without_credentials();
    if told.expose() == response.url() { response } else { under(&told, response) }
}

/// What a registry gives is the file itself, wherever its blob lies.
fn of_registry(url: &SafeUrl, response: Response) -> Response {
    if oci::is_in_registry(url) { under(&url.without_credentials(), response) } else { response }
}

/// The same answer with another address; its body must be what was promised.
fn under(told: &SafeUrl, response: Response) -> Response {
    let mut parts = hyper::Response::builder().status(response.status()).url(told.expose().clone());
    if let Some(headers) = parts.headers_mut() {
        *headers = response.headers().clone();
    }
    let body = match oci::promised(&response).filter(|_| response.status() == StatusCode::OK) {
        Some(digest) => oci::checked(told, response, digest),
        None => Body::wrap_stream(response.bytes_stream()),
    };
    match parts.body(body) {
        Ok(response) => response.into(),
        // There is nothing in it that could be wrong.
        Err(_) => hyper::Response::new(Vec::new()).into(),
    }
}

/// Whether an answer is one to what was asked.
fn is_given(status: StatusCode) -> bool {
    status.is_success() || matches!(status, StatusCode::NOT_MODIFIED | StatusCode::RANGE_NOT_SATISFIABLE)
}

/// Whether an answer is all that there is to say.
fn is_that(error: &FetchError, response: &Response) -> bool {
    let alone = !matches!(error, FetchError::Places { .. });
    let of_answer = |status: u16| status == response.status().as_u16();
    matches!(error.root(), FetchError::Status { status, .. } if of_answer(*status) && (alone || *status == 404))
}

/// Whether the same request is answered so a moment later, too.
fn is_lasting(status: StatusCode) -> bool {
    !matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

fn of_file(url: &SafeUrl, bytes: Vec<u8>, method: &Method) -> Response {
    let path = url.expose().path();
    let page = if path.ends_with('/') { "index.html" } else { "" };
    let mut address = url.expose().clone();
    address.set_path(&format!("{path}{page}"));
    let mut response = hyper::Response::builder().url(address.clone());
    response = response.header(CONTENT_LENGTH, bytes.len());
    if let Some(kind) = kind(address.path()) {
        response = response.header(CONTENT_TYPE, kind);
    }
    let body = if method == Method::HEAD { Vec::new() } else { bytes };
    match response.body(body) {
        Ok(response) => response.into(),
        // There is nothing in it that could be wrong.
        Err(_) => hyper::Response::new(Vec::new()).into(),
    }
}

/// The media type of a page of an index (PyPA, simple repository API).
fn kind(path: &str) -> Option<&'static str> {
    let (_, suffix) = path.rsplit_once('.')?;
    match suffix {
        "html" => Some("text/html"),
        "json" => Some("application/vnd.pypi.simple.v1+json"),
        _ => None,
    }
}
