//! The one HTTP client.

use crate::{
    FetchError, Limits, Settings, Transport,
    logins::{Login, Logins},
    netrc::Netrc,
    oci::{self, Known},
    resolver::Resolver,
    speed::Speed,
    stores::{self, Refusal, Signer},
};
use envwright_redact::{SafeUrl, Secret};
use envwright_store::Digest;
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use reqwest::{
    Method, Response, StatusCode, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, RANGE, RETRY_AFTER},
    redirect,
};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Waits no longer than this, whatever a server asks for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Fetches over HTTP and from files. Trusts what the system trusts (and `SSL_CERT_FILE`), and uses the proxies that
/// the usual variables name. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// Addresses whose credentials open other addresses of their hosts.
    known: Arc<Vec<SafeUrl>>,
    /// Whether the logins of conda's tools open what is asked for.
    for_conda: bool,
}

struct Shared {
    http: BTreeMap<Limits, Http>,
    settings: Settings,
    netrc: Netrc,
    logins: Logins,
    signers: Vec<Signer>,
    resolver: Arc<Resolver>,
    proxies: Matcher,
    /// Hosts with their ports that could not be reached.
    unreached: Mutex<HashSet<String>>,
    /// Registries by host and port.
    registries: Mutex<HashMap<String, Known>>,
}

/// Connections with the same limits.
pub(crate) struct Http {
    pub(crate) asking: reqwest::Client,
    /// Without the limit on the time to an answer: what is sent may take longer.
    pub(crate) uploading: reqwest::Client,
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
        let builder = |limits: Limits| {
            reqwest::Client::builder()
                .dns_resolver(Arc::clone(&resolver))
                .user_agent(concat!("envwright/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(limits.connect_timeout)
                .redirect(redirect::Policy::limited(10))
                // An address can hold a signature, which is for its own host alone.
                .referer(false)
        };
        let unusable = |error: reqwest::Error| FetchError::Setup(error.to_string());
        let mut http = BTreeMap::new();
        for limits in [&settings.limits].into_iter().chain(settings.hosts.values()) {
            if !http.contains_key(limits) {
                let asking = builder(*limits).read_timeout(limits.read_timeout).build().map_err(unusable)?;
                let uploading = builder(*limits).build().map_err(unusable)?;
                http.insert(*limits, Http { asking, uploading });
            }
        }
        let (netrc, logins) = (Netrc::load(settings.netrc.as_deref()), Logins::load());
        let signers = settings.stores.iter().cloned().map(Signer::new).collect();
        let (proxies, unreached, registries) = (Matcher::from_system(), Mutex::default(), Mutex::default());
        let shared =
            Shared { http, settings, netrc, logins, signers, resolver, proxies, unreached, registries };
        Ok(Self { shared: Arc::new(shared), known: Arc::default(), for_conda: false })
    }

    /// The same client, which opens what is on the hosts of these addresses with the credentials in them.
    #[must_use]
    pub fn knowing(&self, addresses: Vec<SafeUrl>) -> Self {
        Self { known: Arc::new(addresses), ..self.clone() }
    }

    /// The same client, which opens what it asks for with the logins of conda's tools, too. They are for channels and
    /// their packages: a host that serves other things as well gets none for these.
    #[must_use]
    pub fn for_conda(&self) -> Self {
        Self { for_conda: true, ..self.clone() }
    }

    pub(crate) fn http(&self, url: &SafeUrl) -> &Http {
        // There is one for all limits that the settings name.
        &self.shared.http[&self.limits(url)]
    }

    /// The connections with the general limits, for a library that has them sent by [`Client::respond`].
    pub fn plain(&self) -> reqwest::Client {
        self.shared.http[&self.shared.settings.limits].asking.clone()
    }

    /// How the network is used.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// How long the host of an address is waited for.
    pub fn limits(&self, url: &SafeUrl) -> Limits {
        self.shared.settings.limits_of(url)
    }

    /// Whether the network may not be used.
    pub fn offline(&self) -> bool {
        self.shared.settings.offline
    }

    /// The body at an address, at most `limit` bytes.
    pub async fn bytes(&self, url: &SafeUrl, limit: u64) -> Result<Vec<u8>, FetchError> {
        let mut places = self.places(url, &[]);
        while let Some((place, more)) = places.next() {
            let outcome = match file(&place) {
                Some(path) => file_bytes(&path, &place, limit).await,
                None => self.bytes_of(&place, limit, more).await,
            };
            match outcome {
                Ok(bytes) => return Ok(bytes),
                Err(error) => places.failed(error)?,
            }
        }
        Err(places.error())
    }

    async fn bytes_of(&self, url: &SafeUrl, limit: u64, more: bool) -> Result<Vec<u8>, FetchError> {
        let mut attempt = 0;
        loop {
            match self.bytes_once(url, limit).await {
                Err(error) if self.may_retry(url, attempt, &error) && !is_left(&error, more) => {
                    self.pause(&mut attempt, &error).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn bytes_once(&self, url: &SafeUrl, limit: u64) -> Result<Vec<u8>, FetchError> {
        let response = self.get(url, 0, None).await?;
        let promised = oci::promised(&response);
        let bytes = self.body(url, response, limit).await?;
        match promised.map(|expected| (expected, Digest::of(&bytes))) {
            Some((expected, got)) if got != expected => {
                Err(FetchError::Digest { url: url.without_credentials(), expected, got })
            }
            _ => Ok(bytes),
        }
    }

    /// The body of a response, at most `limit` bytes.
    pub(crate) async fn body(
        &self,
        url: &SafeUrl,
        mut response: Response,
        limit: u64,
    ) -> Result<Vec<u8>, FetchError> {
        let mut speed = Speed::new(self.limits(url));
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.transport(url, error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > limit {
                return Err(FetchError::TooLarge { url: url.without_credentials(), limit });
            }
            speed.came(chunk.len()).map_err(|slow| slow.at(url))?;
        }
        Ok(bytes)
    }

    /// Sends one request for what follows `from`, with the host's credentials.
    pub(crate) async fn get(
        &self,
        url: &SafeUrl,
        from: u64,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response, FetchError> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, value.clone());
        }
        if from > 0 {
            headers.insert(
                RANGE,
                HeaderValue::from_str(&format!("bytes={from}-")).unwrap_or(HeaderValue::from_static("")),
            );
        }
        let response = self.send(Method::GET, url, headers).await?;
        let status = response.status();
        let resumed_past_end = from > 0 && status == StatusCode::RANGE_NOT_SATISFIABLE;
        if status.is_success() || resumed_past_end {
            Ok(response)
        } else {
            Err(self.refused(url, response).await)
        }
    }

    /// Sends one request without a body, with what opens the address, and gives the answer whatever its status.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &SafeUrl,
        mut headers: HeaderMap,
    ) -> Result<Response, FetchError> {
        if self.offline() {
            return Err(FetchError::Offline { url: url.without_credentials() });
        }
        if oci::is_in_registry(url) {
            return self.send_to_registry(method, url, headers).await;
        }
        let mut address = without_user(url);
        if let Some(signer) = self.shared.signers.iter().find(|signer| signer.has(url)) {
            if address.path().ends_with('/') {
                address.set_path(&format!("{}index.html", address.path()));
            }
            headers = signer.sign(&method, &address, &headers).await?;
        }
        let has_header = headers.contains_key(AUTHORIZATION);
        let own = if has_header { None } else { self.credentials(url) };
        let has_none = !has_header && own.is_none() && !self.is_of_store(url);
        let login = self.login(url).filter(|_| has_none);
        if let Some(Login::Path(token)) = login
            && !address.path().starts_with("/t/")
        {
            address.set_path(&format!("/t/{}{}", token.expose(), address.path()));
        }
        let mut request = self.http(url).asking.request(method, address);
        if let Some((user, password)) = own {
            request = request.basic_auth(user, password.as_ref().map(Secret::expose));
        }
        request = match login {
            Some(Login::Bearer(token)) => request.bearer_auth(token.expose()),
            Some(Login::Basic(user, password)) => request.basic_auth(user, Some(password.expose())),
            Some(Login::Path(_)) | None => request,
        };
        request.headers(headers).send().await.map_err(|error| self.transport(url, error))
    }

    pub(crate) fn is_of_store(&self, url: &SafeUrl) -> bool {
        self.shared.signers.iter().any(|signer| signer.has(url))
    }

    /// Whether a store does not let in; one shows itself too where the settings do not name it.
    pub(crate) fn is_refusal_of_store(&self, url: &SafeUrl, response: &Response) -> bool {
        matches!(response.status(), StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED)
            && (self.is_of_store(url) || stores::answers(url, response))
    }

    /// An answer as an error.
    pub(crate) async fn refused(&self, url: &SafeUrl, response: Response) -> FetchError {
        let (status, wait) = (response.status(), retry_after(response.headers()));
        if self.is_refusal_of_store(url, &response) {
            let (refusal, code) = Refusal::read(url, response).await;
            return FetchError::Store {
                url: url.without_credentials(),
                status: status.as_u16(),
                refusal,
                code,
            };
        }
        FetchError::Status { url: url.without_credentials(), status: status.as_u16(), wait }
    }

    /// The address's own, else those known for its host, else those of the netrc file.
    pub(crate) fn credentials(&self, url: &SafeUrl) -> Option<(String, Option<Secret>)> {
        let known = || {
            let origin = url.expose().origin();
            let mut same = self.known.iter().filter(|known| known.expose().origin() == origin);
            same.find_map(SafeUrl::credentials)
        };
        let of_netrc = || {
            self.shared.netrc.get(url.host()?).map(|(user, password)| (user.clone(), Some(password.clone())))
        };
        url.credentials().or_else(known).map(decoded).or_else(of_netrc)
    }

    /// The login of conda's tools for an address, where it is asked for with these.
    pub(crate) fn login(&self, url: &SafeUrl) -> Option<&Login> {
        url.host().filter(|_| self.for_conda).and_then(|host| self.shared.logins.get(host))
    }

    /// The places to ask one after the other until one gives what is wanted: the mirrors of `url`, itself, and the
    /// others. What could not be reached is asked last from then on.
    pub(crate) fn places(&self, url: &SafeUrl, others: &[SafeUrl]) -> Places<'_> {
        let mirrors = &self.settings().mirrors;
        let mut places: Vec<SafeUrl> =
            [url].into_iter().chain(others).flat_map(|url| mirrors.places(url)).collect();
        places.sort_by_key(|place| self.is_unreached(place));
        let origin = mirrors.origin(url).without_credentials();
        Places { client: self, origin, left: places.into(), asked: None, failures: Vec::new() }
    }

    fn unreached(&self) -> MutexGuard<'_, HashSet<String>> {
        self.shared.unreached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn registries(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.shared.registries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_unreached(&self, place: &SafeUrl) -> bool {
        self.unreached().contains(&host_and_port(place))
    }

    pub(crate) fn may_retry(&self, url: &SafeUrl, attempt: u32, error: &FetchError) -> bool {
        error.is_transient() && attempt < self.limits(url).retries
    }

    /// Waits before another attempt.
    pub(crate) async fn pause(&self, attempt: &mut u32, error: &FetchError) {
        let wait = self.wait(*attempt, error.asked_wait());
        *attempt += 1;
        tokio::time::sleep(wait).await;
    }

    /// As long as the server asks, else about twice as long each time; never the same for all who wait.
    pub(crate) fn wait(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let own = || {
            let full = self.shared.settings.retry_wait.saturating_mul(2u32.saturating_pow(attempt));
            full.mul_f64(fastrand::f64().mul_add(0.5, 0.75))
        };
        asked.unwrap_or_else(own).min(LONGEST_WAIT)
    }

    /// What kept a request from an answer, with what is known of the way.
    pub(crate) fn transport(&self, url: &SafeUrl, error: reqwest::Error) -> FetchError {
        let connecting = error.is_connect();
        let mut error = FetchError::transport(url, error);
        if let FetchError::Transport { kind, way, .. } = &mut error {
            let proxy =
                url.expose().as_str().parse().ok().and_then(|uri| self.shared.proxies.intercept(&uri));
            way.proxy = proxy.and_then(|proxy| proxy.uri().authority().map(|name| host_of(name.as_str())));
            if connecting
                && way.proxy.is_some()
                && matches!(kind, Transport::Dns | Transport::Unreachable | Transport::Timeout)
            {
                *kind = Transport::NoProxy;
            }
            way.store = self.is_of_store(url);
            if way.proxy.is_none() && connecting {
                way.private = url.host().and_then(|host| self.shared.resolver.private(host));
            }
        }
        error
    }
}

/// Places that are asked one after the other.
pub(crate) struct Places<'c> {
    client: &'c Client,
    origin: SafeUrl,
    left: VecDeque<SafeUrl>,
    asked: Option<SafeUrl>,
    failures: Vec<(bool, FetchError)>,
}

impl Places<'_> {
    /// The next place, and whether another is left then.
    pub(crate) fn next(&mut self) -> Option<(SafeUrl, bool)> {
        let place = self.left.pop_front()?;
        self.asked = Some(place.clone());
        Some((place, !self.left.is_empty()))
    }

    /// The place did not give it. Gives back what no other place can mend.
    pub(crate) fn failed(&mut self, error: FetchError) -> Result<(), FetchError> {
        let Some(place) = self.asked.take() else { return Err(error) };
        if matches!(error, FetchError::Io { .. } | FetchError::Keep(_)) {
            return Err(error);
        }
        if matches!(error, FetchError::Transport { .. }) {
            self.client.unreached().insert(host_and_port(&place));
        }
        self.failures.push((place.without_credentials() == self.origin, error));
        Ok(())
    }

    /// Why none gave it.
    pub(crate) fn error(self) -> FetchError {
        FetchError::of_places(self.failures)
    }
}

/// User and password of a proxy are not told.
fn host_of(authority: &str) -> String {
    authority.rsplit('@').next().unwrap_or(authority).to_owned()
}

fn host_and_port(url: &SafeUrl) -> String {
    format!("{}:{}", url.host().unwrap_or_default(), url.expose().port_or_known_default().unwrap_or_default())
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

/// `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = || value.parse().ok().map(Duration::from_secs);
    let until_date = || {
        let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
        Some(date.duration_since(jiff::Timestamp::now()).try_into().unwrap_or_default())
    };
    seconds().or_else(until_date)
}

/// The path of a `file:` address.
pub(crate) fn file(url: &SafeUrl) -> Option<PathBuf> {
    (url.expose().scheme() == "file").then(|| url.expose().to_file_path().ok()).flatten()
}

/// The bytes of a file; of a folder, its `index.html`.
pub(crate) async fn file_bytes(path: &Path, url: &SafeUrl, limit: u64) -> Result<Vec<u8>, FetchError> {
    let page = url.expose().path().ends_with('/').then(|| path.join("index.html"));
    let path = page.as_deref().unwrap_or(path);
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(FetchError::Status { url: url.clone(), status: 404, wait: None });
        }
        Err(error) => return Err(FetchError::io(path)(error)),
    };
    if bytes.len() as u64 > limit {
        return Err(FetchError::TooLarge { url: url.clone(), limit });
    }
    Ok(bytes)
}

/// Whether a place is left for the next one: what it does not even begin to answer is not waited for while there is
/// another.
pub(crate) fn is_left(error: &FetchError, more: bool) -> bool {
    more && matches!(
        error,
        FetchError::Transport { kind: Transport::Timeout | Transport::Unreachable | Transport::Proxy, .. }
    )
}
