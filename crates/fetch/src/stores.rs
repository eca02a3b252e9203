//! Stores of blobs: what opens them, and how they say no.

use crate::{FetchError, places::path_below};
use envwright_redact::SafeUrl;
use reqsign::{aws, azure};
use reqwest::{Method, Response, Url, header::HeaderMap};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// Credentials that are not found by then are not there: a machine outside the cloud has no service that gives them.
const LONGEST_SEARCH: Duration = Duration::from_secs(10);
/// The field of an answer in which Azure Storage tells its code.
const AZURE_ERROR: &str = "x-ms-error-code";
/// Error bodies are small.
const LARGEST_ERROR: u64 = 1 << 16;

/// A store of blobs. It has no pages: for a folder, its `index.html` is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Its address, with or without a folder.
    pub of: SafeUrl,
    /// What it speaks.
    pub kind: StoreKind,
    /// Its region; of S3 only, `us-east-1` without one.
    pub region: Option<String>,
}

/// What a store speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// Azure Blob Storage: signed with an account key, or opened with a token of Microsoft Entra.
    Azure,
    /// S3: signed with AWS Signature Version 4.
    S3,
}

/// What signs requests to one store.
#[derive(Clone)]
pub(crate) struct Signer {
    store: Store,
    inner: Arc<Inner>,
}

enum Inner {
    Azure(azure::DefaultSigner),
    S3(aws::DefaultSigner),
}

impl Signer {
    pub(crate) fn new(store: Store) -> Self {
        let inner = match store.kind {
            StoreKind::Azure => Inner::Azure(azure::default_signer()),
            StoreKind::S3 => {
                Inner::S3(aws::default_signer("s3", store.region.as_deref().unwrap_or("us-east-1")))
            }
        };
        Self { store, inner: Arc::new(inner) }
    }

    /// Whether an address is one of the store's.
    pub(crate) fn has(&self, url: &SafeUrl) -> bool {
        path_below(&self.store.of, url).is_some()
    }

    /// The headers that open an address: none where it holds a signature itself, or nothing is known that opens it.
    pub(crate) async fn sign(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
    ) -> Result<HeaderMap, FetchError> {
        if holds_signature(url) {
            return Ok(headers.clone());
        }
        let (mut parts, ()) = hyper::Request::builder()
            .method(method.clone())
            .uri(url.as_str())
            .body(())
            .map_err(|error| FetchError::Setup(error.to_string()))?
            .into_parts();
        parts.headers = headers.clone();
        let search = async {
            match &*self.inner {
                Inner::Azure(signer) => signer.sign(&mut parts, None).await,
                Inner::S3(signer) => signer.sign(&mut parts, None).await,
            }
        };
        match tokio::time::timeout(LONGEST_SEARCH, search).await {
            Ok(Ok(())) => Ok(parts.headers),
            // Some stores are open to all; one that is not says so itself.
            Ok(Err(_)) | Err(_) => Ok(headers.clone()),
        }
    }
}

/// Whether a store answers at an address that the settings name as no store's.
pub(crate) fn answers(url: &SafeUrl, response: &Response) -> bool {
    holds_signature(url.expose()) || response.headers().contains_key(AZURE_ERROR)
}

fn holds_signature(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| matches!(&*name, "sig" | "X-Amz-Signature"))
}

/// Whether the end of a shared access signature has passed (Azure Storage, "Create a service SAS": `se`).
fn has_expired(url: &Url) -> bool {
    let end = url.query_pairs().find(|(name, _)| name == "se");
    let end = end.and_then(|(_, end)| end.parse::<jiff::Timestamp>().ok());
    holds_signature(url) && end.is_some_and(|end| end < jiff::Timestamp::now())
}

/// Why a store refused: by its own code, which says more than the status.
/// Sources: Azure Storage, "Common REST API error codes"; Amazon S3, "Error responses".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// What opens it was valid until a time that has passed.
    Expired,
    /// Its firewall does not let this machine in.
    Network,
    /// This machine's clock differs from its own.
    Clock,
    /// Anything else.
    Other,
}

impl Refusal {
    /// The problem of the catalog that it is.
    pub(crate) fn problem(self) -> &'static str {
        match self {
            Self::Expired => "storage-sas-expired",
            Self::Network => "storage-private-network",
            Self::Clock => "clock-skew",
            Self::Other => "storage-403",
        }
    }

    /// Reads what a store answered.
    pub(crate) async fn read(url: &SafeUrl, mut response: Response) -> (Self, String) {
        let code = response.headers().get(AZURE_ERROR).and_then(|code| code.to_str().ok());
        let code = code.map(str::to_owned);
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() as u64 > LARGEST_ERROR {
                break;
            }
        }
        let text = String::from_utf8_lossy(&body).into_owned();
        let code = code.or_else(|| element(&text, "Code")).unwrap_or_default();
        let detail =
            ["AuthenticationErrorDetail", "Message"].map(|name| element(&text, name).unwrap_or_default());
        let detail = detail.concat();
        let refusal = if has_expired(url.expose()) { Self::Expired } else { Self::of(&code, &detail) };
        (refusal, code)
    }

    fn of(code: &str, detail: &str) -> Self {
        match code {
            "ExpiredToken" | "TokenRefreshRequired" => Self::Expired,
            "AccessDenied" if detail.contains("expired") => Self::Expired,
            "AuthenticationFailed" if detail.contains("not valid in the specified time frame") => {
                Self::Expired
            }
            "AuthorizationFailure" | "AuthorizationSourceIPMismatch" | "PublicAccessNotPermitted" => {
                Self::Network
            }
            "RequestTimeTooSkewed" | "RequestExpired" => Self::Clock,
            "AuthenticationFailed" if detail.contains("Date header") => Self::Clock,
            _ => Self::Other,
        }
    }
}

/// The text of the first element of a name in a small XML document without attributes.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once("</")?.0.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stores_own_code_says_why() {
        let frame = "Signature not valid in the specified time frame: Start [x] - Expiry [y]";
        for (code, detail, refusal) in [
            ("AuthenticationFailed", frame, Refusal::Expired),
            (
                "AuthenticationFailed",
                "The MAC signature found in the HTTP request is not the same",
                Refusal::Other,
            ),
            ("AuthorizationFailure", "", Refusal::Network),
            ("AuthorizationPermissionMismatch", "", Refusal::Other),
            ("RequestTimeTooSkewed", "", Refusal::Clock),
            ("ExpiredToken", "", Refusal::Expired),
            ("AccessDenied", "", Refusal::Other),
        ] {
            assert_eq!(Refusal::of(code, detail), refusal, "{code} {detail}");
        }
    }

    #[test]
    fn an_element_is_read_from_an_answer() {
        let text = "<?xml version=\"1.0\"?><Error><Code>ExpiredToken</Code><Message>no\n</Message></Error>";
        assert_eq!(element(text, "Code").as_deref(), Some("ExpiredToken"));
        assert_eq!(element(text, "Detail"), None);
    }
}
