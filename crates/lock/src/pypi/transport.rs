//! Errors of uv's client as problems of the network.

use super::PypiError;
use crate::through::innermost;
use envwright_diagnosis::{Explain as _, Finding};
use envwright_fetch::{FetchError, Transport, status_problem};
use envwright_redact::SafeUrl;
use envwright_store::refused;
use std::error::Error;
use uv_client::{ErrorKind, FlatIndexError, WrappedReqwestError};

/// The failure that an error of uv's client describes.
pub(super) fn client(error: &uv_client::Error) -> PypiError {
    let finding = match error.kind() {
        ErrorKind::WrappedReqwestError(url, error) => exchange(&safe(url), error),
        ErrorKind::Offline(url) => Finding::new("offline-miss").fact("url", url),
        ErrorKind::BadJson { url, .. }
        | ErrorKind::BadHtml { url, .. }
        | ErrorKind::BadMessagePack { url, .. }
        | ErrorKind::MissingContentType(url)
        | ErrorKind::InvalidContentTypeHeader(url, _)
        | ErrorKind::UnsupportedMediaType(url, _)
        | ErrorKind::CannotBeABase(url) => {
            return PypiError::unsolvable(Finding::new("pip-index-not-simple").fact("url", safe(url)));
        }
        ErrorKind::LocalIndexNotFound(path) => {
            Finding::new("pip-index-not-simple").fact("url", path.display())
        }
        ErrorKind::Flat(error) => return flat(error),
        ErrorKind::AsyncHttpRangeReader(url, error) => {
            unanswered(error).unwrap_or_else(|| at("net-io", &safe(url)).fact("reason", innermost(error)))
        }
        ErrorKind::Io(error) | ErrorKind::CacheWrite(error) => {
            refused("the solver's cache", error).fact("reason", error)
        }
        ErrorKind::Metadata(file, error) => {
            Finding::new("archive-invalid").fact("file", file).fact("reason", error)
        }
        ErrorKind::MetadataParseError(file, _, error) => {
            Finding::new("archive-invalid").fact("file", file).fact("reason", error)
        }
        ErrorKind::Zip(file, error) => {
            Finding::new("archive-invalid").fact("file", file).fact("reason", error)
        }
        other => return PypiError::internal(other),
    };
    PypiError::Transport { finding: Box::new(finding) }
}

/// The failure that an error of a `--find-links` place describes.
pub(super) fn flat(error: &FlatIndexError) -> PypiError {
    let finding = match error {
        FlatIndexError::FindLinksUrl(_, error) | FlatIndexError::FindLinksFile(_, error) => {
            return client(error);
        }
        FlatIndexError::FindLinksDirectory(path, error) => {
            Finding::new("store-io").fact("path", path.display()).fact("reason", innermost(error))
        }
        FlatIndexError::NonFileUrl(url) => Finding::new("pip-index-not-simple").fact("url", safe(url)),
    };
    PypiError::Transport { finding: Box::new(finding) }
}

/// The problem of one HTTP exchange, told by status and by the types in the chain of causes.
pub(super) fn exchange(url: &SafeUrl, error: &WrappedReqwestError) -> Finding {
    if let Some(finding) = unanswered(error) {
        return finding;
    }
    let Some(inner) = error.inner() else {
        return at("net-io", url).fact("reason", innermost(error));
    };
    if let Some(status) = inner.status() {
        return at(status_problem(status.as_u16()), url).fact("status", status.as_u16());
    }
    at(Transport::of(inner).problem(), url).fact("reason", innermost(inner))
}

/// What the one HTTP client said.
fn unanswered(error: &(dyn Error + 'static)) -> Option<Finding> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<FetchError>() {
            return error.findings().pop();
        }
        next = error.source();
    }
    None
}

/// A problem with this address.
pub(super) fn at(problem: &'static str, url: &SafeUrl) -> Finding {
    let url = url.without_credentials();
    let finding = Finding::new(problem).fact("url", &url);
    match url.host() {
        Some(host) => finding.fact("host", host),
        None => finding,
    }
}

/// uv's URL as ours.
pub(super) fn safe(url: &uv_redacted::DisplaySafeUrl) -> SafeUrl {
    SafeUrl::from(url::Url::from(url.clone())).without_credentials()
}

/// A client that cannot be made: what it needs of this machine cannot be read.
pub(super) fn setup(error: &(dyn Error + 'static)) -> PypiError {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<std::io::Error>() {
            return PypiError::Transport { finding: Box::new(refused("the solver's connection", error)) };
        }
        next = cause.source();
    }
    PypiError::Transport { finding: Box::new(Finding::new("net-io").fact("reason", innermost(error))) }
}
