//! What all who speak to a registry have in common: how it is reached, and what it asks for first.

use crate::{Body, Client, Method, Request};
use envwright_redact::{SafeUrl, UrlError};
use http_auth::parse_challenges;
use reqwest::header::HeaderMap;
use std::net::IpAddr;

/// What a registry asks for before it answers (RFC 9110, section 11.6.1; distribution, token authentication).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// The user's name and password.
    Basic,
    /// A token.
    Bearer {
        /// Address of the service that gives it.
        realm: Option<String>,
        /// What the service calls the registry.
        service: Option<String>,
    },
}

impl Challenge {
    /// The first one that is understood, of the values of `WWW-Authenticate`.
    pub fn first<'a>(fields: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let lists = fields.into_iter().filter_map(|field| parse_challenges(field).ok());
        lists.flatten().find_map(|challenge| {
            let parameter = |wanted: &str| {
                let found = challenge.params.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                found.map(|(_, value)| value.to_unescaped())
            };
            match challenge.scheme.to_ascii_lowercase().as_str() {
                "bearer" => Some(Self::Bearer { realm: parameter("realm"), service: parameter("service") }),
                "basic" => Some(Self::Basic),
                _ => None,
            }
        })
    }
}

impl Client {
    /// The root of the API of the registry at `host`, which may have a port. Plain HTTP is spoken only to this machine
    /// and to those that the settings name, where a request finds out whether they do.
    pub async fn registry(&self, host: &str) -> Result<SafeUrl, UrlError> {
        let https = SafeUrl::parse(&format!("https://{host}/v2/"))?;
        let plain = https.host().is_some_and(is_loopback) || self.settings().insecure.contains(host);
        if plain && !self.offline() {
            let http = SafeUrl::parse(&format!("http://{host}/v2/"))?;
            if self.speaks_plainly(&http).await {
                return Ok(http);
            }
        }
        Ok(https)
    }

    /// Whether a plain HTTP server answers. One that wants TLS says 400.
    async fn speaks_plainly(&self, http: &SafeUrl) -> bool {
        let request =
            Request { method: Method::GET, url: http.clone(), headers: HeaderMap::new(), body: Body::Empty };
        self.ask(request).await.is_ok_and(|answer| answer.status() != 400)
    }
}

/// Whether a token service may be shown a password: it speaks HTTPS, or is on this machine.
pub fn may_see_password(service: &SafeUrl) -> bool {
    service.expose().scheme() == "https" || service.host().is_some_and(is_loopback)
}

/// Whether a host is this machine.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
