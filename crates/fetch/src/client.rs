//! The one HTTP client.

use crate::{FetchError, Settings, netrc::Netrc, resolver::Resolver};
use envwright_redact::{SafeUrl, Secret};
use percent_encoding::percent_decode_str;
use reqwest::{
    Response, StatusCode, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER},
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
    /// Without the limit on the time to an answer: what is sent may take longer.
    uploading: reqwest::Client,
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    netrc: Netrc,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with these settings.
    pub fn new(settings: Settings) -> Result<Self, FetchError> {
        let resolver = Arc::new(Resolver::default());
        let builder = || {
            reqwest::Client::builder()
                .dns_resolver(Arc::clone(&resolver))
                .user_agent(concat!("envwright/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(settings.connect_timeout)
                .redirect(redirect::Policy::limited(10))
                // An address can hold a signature, which is for its own host alone.
                .referer(false)
        };
        let unusable = |error: reqwest::Error| FetchError::Setup(error.to_string());
        let http = builder().read_timeout(settings.read_timeout).build().map_err(unusable)?;
        let uploading = builder().build().map_err(unusable)?;
        let netrc = Netrc::load(settings.netrc.as_deref());
        Ok(Self { http, uploading, shared: Arc::new(Shared { settings, netrc }) })
    }

    pub(crate) fn uploading(&self) -> &reqwest::Client {
        &self.uploading
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
        let mut response = self.get(url, 0, None).await?;
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
        authorization: Option<&HeaderValue>,
    ) -> Result<Response, (FetchError, Option<Duration>)> {
        if self.offline() {
            return Err((FetchError::Offline { url: url.without_credentials() }, None));
        }
        let mut request = self.http.get(without_user(url));
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        } else if let Some((user, password)) = self.credentials(url) {
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
        url.credentials().map(decoded).or_else(known)
    }

    pub(crate) fn may_retry(&self, attempt: u32, error: &FetchError) -> bool {
        error.is_transient() && attempt < self.shared.settings.retries
    }

    /// Waits before another attempt.
    pub(crate) async fn pause(&self, attempt: &mut u32, asked: Option<Duration>) {
        let wait = self.wait(*attempt, asked);
        *attempt += 1;
        tokio::time::sleep(wait).await;
    }

    /// As long as the server asks, else twice as long each time.
    pub(crate) fn wait(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let own = || self.shared.settings.retry_wait.saturating_mul(2u32.saturating_pow(attempt));
        asked.unwrap_or_else(own).min(LONGEST_WAIT)
    }
}

/// The address as it is sent: user and password go into a header, a signature in the query stays.
pub(crate) fn without_user(url: &SafeUrl) -> Url {
    let mut url = url.expose().clone();
    // These fail only for addresses that cannot have credentials at all.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// User and password of an address as they are meant (RFC 3986, section 2.1).
fn decoded((user, password): (String, Option<Secret>)) -> (String, Option<Secret>) {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    (decode(&user), password.map(|password| Secret::new(decode(password.expose()))))
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3); a date counts as no wish.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
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
