//! A repository of a registry, spoken to as the OCI distribution specification says.

mod allowed;
mod auth;
mod error;
mod learn;
mod places;
mod pull;
mod push;
mod stored;
mod upload;

pub use allowed::may_push;
pub use envwright_fetch::Challenge;
pub use error::{Action, RegistryError};
pub use learn::learn;
pub use places::{Registries, RegistryMirror};
pub use pull::{Wanted, fetch_blobs, look, pull, pull_all};
pub use push::{PushListener, Pushed, push};

use crate::ImageReference;
use envwright_fetch::{
    Answer, Attempts, Body, Client, FetchError, Method, Request,
    header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue},
};
use envwright_redact::SafeUrl;
use serde_json::Value;
use tokio::sync::Mutex;

/// The registry that Docker puts before names without one.
const DOCKER_HUB: &str = "docker.io";
/// A token that another request got may come to its end before this one uses it.
const RENEWALS: u32 = 2;
/// Error bodies are small.
const LARGEST_ERROR: u64 = 1 << 16;
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

/// One repository, with what its registry lets us do there.
struct Repository<'c> {
    client: &'c Client,
    registries: &'c Registries,
    host: String,
    name: String,
    /// As the user calls the image.
    image: String,
    root: SafeUrl,
    /// Whether the root is no registry's, but that of an OCI image layout.
    is_layout: bool,
    scopes: Vec<String>,
    /// What is sent as `Authorization`, and how often it was renewed.
    authorization: Mutex<(Option<HeaderValue>, u64)>,
}

/// A request to a repository.
struct Call {
    action: Action,
    method: Method,
    url: SafeUrl,
    headers: HeaderMap,
    body: Body,
}

impl Call {
    fn new(action: Action, method: Method, url: SafeUrl) -> Self {
        Self { action, method, url, headers: HeaderMap::new(), body: Body::Empty }
    }
}

impl<'c> Repository<'c> {
    /// Finds out how the registry is spoken to: to push with `sources`, the repositories to mount from, and to pull
    /// without.
    async fn open(
        client: &'c Client,
        image: &ImageReference,
        registries: &'c Registries,
        sources: Option<&[String]>,
    ) -> Result<Self, RegistryError> {
        let full = image.full();
        let (host, rest) = full.split_once('/').unwrap_or((DOCKER_HUB, &full));
        let name = rest.rsplit_once(':').map_or(rest, |(name, _)| name).to_owned();
        let address = if host == DOCKER_HUB { "registry-1.docker.io" } else { host };
        let wrong = |_| RegistryError::Protocol {
            host: host.to_owned(),
            reason: format!("`{address}` is no address of a registry"),
        };
        let root = client.registry(address).await.map_err(wrong)?;
        let rights = if sources.is_some() { "pull,push" } else { "pull" };
        let mut scopes = vec![format!("repository:{name}:{rights}")];
        scopes.extend(
            sources
                .unwrap_or_default()
                .iter()
                .filter(|source| **source != name)
                .map(|source| format!("repository:{source}:pull")),
        );
        Ok(Self {
            client,
            registries,
            host: host.to_owned(),
            name,
            image: image.to_string(),
            root,
            is_layout: false,
            scopes,
            authorization: Mutex::default(),
        })
    }

    /// An address below the repository.
    fn url(&self, rest: &str) -> Result<SafeUrl, RegistryError> {
        self.root.join(&format!("{}/{rest}", self.name)).map_err(|_| self.wrong(rest, "is no address"))
    }

    /// Where an answer leads to.
    fn location(&self, answer: &Answer, from: &SafeUrl) -> Result<SafeUrl, RegistryError> {
        let location = answer.header("location").ok_or_else(|| self.wrong("an upload", "has no location"))?;
        from.join(location).map_err(|_| self.wrong("the location of an upload", "is no address"))
    }

    fn wrong(&self, what: &str, reason: &str) -> RegistryError {
        RegistryError::Protocol { host: self.host.clone(), reason: format!("{what} {reason}") }
    }

    fn unreached(&self, source: FetchError) -> RegistryError {
        RegistryError::Fetch { host: self.host.clone(), image: self.image.clone(), source }
    }

    /// Sends once, with the credentials that there are.
    async fn once(&self, call: &Call) -> Result<Answer, FetchError> {
        // The lock is not held while the request runs.
        let value = self.authorization.lock().await.0.clone();
        let mut headers = call.headers.clone();
        if let Some(value) = value.filter(|_| self.is_own(&call.url)) {
            headers.insert(AUTHORIZATION, value);
        }
        let request =
            Request { method: call.method.clone(), url: call.url.clone(), headers, body: call.body.clone() };
        self.client.ask(request).await
    }

    /// What a registry sends elsewhere, to an object store, goes there without its token.
    fn is_own(&self, url: &SafeUrl) -> bool {
        url.expose().origin() == self.root.expose().origin()
    }

    /// Sends, and sends again with new credentials where those it had are refused.
    async fn authorized(&self, call: &Call) -> Result<Answer, Unanswered> {
        for _ in 0..RENEWALS {
            let known = self.authorization.lock().await.1;
            let answer = self.once(call).await?;
            let refused = answer.status() == 401 && self.is_own(&call.url);
            if !refused || !self.renew(&answer, known).await? {
                return Ok(answer);
            }
        }
        Ok(self.once(call).await?)
    }

    /// New credentials, unless another request got some meanwhile. False where there are none.
    async fn renew(&self, answer: &Answer, known: u64) -> Result<bool, RegistryError> {
        let mut authorization = self.authorization.lock().await;
        if authorization.1 > known {
            return Ok(true);
        }
        let challenges: Vec<String> = answer.headers("www-authenticate").map(str::to_owned).collect();
        match auth::answer(self.client, &self.host, &challenges, &self.scopes).await? {
            Some(value) => {
                *authorization = (Some(value), authorization.1 + 1);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Sends what may be sent again until it is answered.
    async fn call(&self, call: &Call) -> Result<Answer, RegistryError> {
        let mut attempts = self.client.attempts(&self.root);
        loop {
            match self.authorized(call).await {
                Ok(answer) if answer.is_transient() => {
                    if !attempts.again(&answer.as_error()).await {
                        return Err(self.refused(call.action, answer).await);
                    }
                }
                Ok(answer) => return Ok(answer),
                Err(error) => self.again(&mut attempts, error).await?,
            }
        }
    }

    /// Waits, where trying again can help.
    async fn again(&self, attempts: &mut Attempts<'_>, error: Unanswered) -> Result<(), RegistryError> {
        match error {
            Unanswered::Fetch(error) if attempts.again(&error).await => Ok(()),
            Unanswered::Fetch(error) => Err(self.unreached(error)),
            Unanswered::Registry(error) => Err(error),
        }
    }

    /// What a registry says against a request (distribution specification, error codes).
    async fn refused(&self, action: Action, answer: Answer) -> RegistryError {
        let (status, wait) = (answer.status(), answer.wait());
        let body = answer.bytes(LARGEST_ERROR).await.unwrap_or_default();
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        let first = &value["errors"][0];
        RegistryError::Refused {
            host: self.host.clone(),
            image: self.image.clone(),
            action,
            status,
            code: first["code"].as_str().map(str::to_owned),
            reason: first["message"].as_str().unwrap_or_default().to_owned(),
            wait,
        }
    }

    /// The digest that a tag or digest stands for, where it is there.
    async fn manifest_digest(&self, reference: &str) -> Result<Option<String>, RegistryError> {
        let mut call = Call::new(Action::Look, Method::HEAD, self.url(&format!("manifests/{reference}"))?);
        call.headers.insert(ACCEPT, HeaderValue::from_static(MANIFESTS));
        let answer = self.call(&call).await?;
        match answer.status() {
            200 => Ok(Some(answer.header("docker-content-digest").unwrap_or_default().to_owned())),
            404 => Ok(None),
            _ => Err(self.refused(Action::Look, answer).await),
        }
    }
}

/// Why a request has no answer.
enum Unanswered {
    Fetch(FetchError),
    Registry(RegistryError),
}

impl From<FetchError> for Unanswered {
    fn from(error: FetchError) -> Self {
        Self::Fetch(error)
    }
}

impl From<RegistryError> for Unanswered {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}
