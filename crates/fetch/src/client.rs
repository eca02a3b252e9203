//! The one HTTP client.

use crate::{FetchError, Settings, netrc::Netrc};
use envwright_redact::{SafeUrl, Secret};
use reqwest::{
    Response, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
    redirect,
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Waits no longer than this, whatever a server asks for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Fetches over HTTP and from files. Trusts what the system trusts (and `SSL_CERT_FILE`), and uses the proxies that
/// the usual variables name. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    netrc: Netrc,
}

impl Client {
    /// A client with these settings.
    pub fn new(settings: Settings) -> Result<Self, FetchError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("envwright/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.read_timeout)
            .redirect(redirect::Policy::limited(10))
            .build()
            .map_err(|error| FetchError::Setup(error.to_string()))?;
        let netrc = Netrc::load(settings.netrc.as_deref());
        Ok(Self { http, shared: Arc::new(Shared { settings, netrc }) })
    }

    /// How the network is used.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Whether the network may not be used.
    pub fn offline(&self) -> bool {
        self.shared.settings.offline
    }

    /// The body at an address, at most `limit` bytes.
    pub async fn bytes(&self, url: &SafeUrl, limit: u64) -> Result<Vec<u8>, FetchError> {
        if let Some(path) = file(url) {
            return file_bytes(&path, url, limit).await;
        }
        let mut attempt = 0;
        loop {
            let outcome = self.bytes_once(url, limit).await;
            match outcome {
                Err((error, wait)) if self.may_retry(attempt, &error) => self.pause(&mut attempt, wait).await,
                Err((error, _)) => return Err(error),
                Ok(bytes) => return Ok(bytes),
            }
        }
    }

    async fn bytes_once(&self, url: &SafeUrl, limit: u64) -> Result<Vec<u8>, (FetchError, Option<Duration>)> {
        let mut response = self.get(url, 0).await?;
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(bytes),
                Err(error) => return Err((FetchError::transport(url, error), None)),
            }
            if bytes.len() as u64 > limit {
                return Err((FetchError::TooLarge { url: url.without_credentials(), limit }, None));
            }
        }
    }

    /// Sends one request for what follows `from`, with the host's credentials. An error comes with the time that the
    /// server asks to wait.
    pub(crate) async fn get(
        &self,
        url: &SafeUrl,
        from: u64,
    ) -> Result<Response, (FetchError, Option<Duration>)> {
        if self.offline() {
            return Err((FetchError::Offline { url: url.without_credentials() }, None));
        }
        let mut request = self.http.get(url.without_credentials().expose().clone());
        if let Some((user, password)) = self.credentials(url) {
            request = request.basic_auth(user, password.as_ref().map(Secret::expose));
        }
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        let response = request.send().await.map_err(|error| (FetchError::transport(url, error), None))?;
        let status = response.status();
        let resumed_past_end = from > 0 && status == StatusCode::RANGE_NOT_SATISFIABLE;
        if status.is_success() || resumed_past_end {
            return Ok(response);
        }
        let wait = retry_after(response.headers());
        Err((FetchError::Status { url: url.without_credentials(), status: status.as_u16(), wait }, wait))
    }

    fn credentials(&self, url: &SafeUrl) -> Option<(String, Option<Secret>)> {
        let known = || {
            self.shared.netrc.get(url.host()?).map(|(user, password)| (user.clone(), Some(password.clone())))
        };
        url.credentials().or_else(known)
    }

    pub(crate) fn may_retry(&self, attempt: u32, error: &FetchError) -> bool {
        error.is_transient() && attempt < self.shared.settings.retries
    }

    /// Waits before another attempt: as long as the server asks, else twice as long each time.
    pub(crate) async fn pause(&self, attempt: &mut u32, asked: Option<Duration>) {
        let own = Duration::from_millis(250) * 2u32.saturating_pow(*attempt);
        *attempt += 1;
        tokio::time::sleep(asked.unwrap_or(own).min(LONGEST_WAIT)).await;
    }
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3); a date counts as no wish.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// The path of a `file:` address.
pub(crate) fn file(url: &SafeUrl) -> Option<PathBuf> {
    (url.expose().scheme() == "file").then(|| url.expose().to_file_path().ok()).flatten()
}

async fn file_bytes(path: &std::path::Path, url: &SafeUrl, limit: u64) -> Result<Vec<u8>, FetchError> {
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(FetchError::Status { url: url.clone(), status: 404, wait: None });
        }
        Err(error) => return Err(FetchError::io(path)(error)),
    };
    if bytes.len() as u64 > limit {
        return Err(FetchError::TooLarge { url: url.clone(), limit });
    }
    Ok(bytes)
}
