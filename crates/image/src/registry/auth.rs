//! Credentials of a registry, and the tokens that it asks for (distribution, token authentication).

use super::RegistryError;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use docker_credential::{CredentialRetrievalError as NoCredential, DockerCredential};
use envwright_fetch::{
    Body, Challenge, Client, Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
    may_see_password,
};
use envwright_redact::SafeUrl;
use serde_json::Value;
use url::form_urlencoded;

/// Answers of a token service are small.
const LARGEST: u64 = 1 << 20;

/// What is known of a user of a registry.
pub(super) enum Credential {
    /// Nothing: what everybody may do.
    Anonymous,
    Password(String, String),
    /// A refresh token (OAuth 2).
    Identity(String),
}

impl Credential {
    /// From `REGISTRY_AUTH_FILE`, else Docker's configuration with its helpers, else podman's.
    pub(super) fn of(host: &str) -> Result<Self, RegistryError> {
        let key = if host == super::DOCKER_HUB { "https://index.docker.io/v1/" } else { host };
        let named = std::env::var_os("REGISTRY_AUTH_FILE").is_some();
        let docker: fn(&str) -> _ = docker_credential::get_credential;
        let podman: fn(&str) -> _ = docker_credential::get_podman_credential;
        for read in if named { [podman, docker] } else { [docker, podman] } {
            match read(key) {
                Ok(DockerCredential::UsernamePassword(user, password)) => {
                    return Ok(Self::Password(user, password));
                }
                Ok(DockerCredential::IdentityToken(token)) => return Ok(Self::Identity(token)),
                // A file that is not there and one that cannot be read are the same error.
                Err(
                    NoCredential::NoCredentialConfigured
                    | NoCredential::ConfigNotFound
                    | NoCredential::ConfigReadError,
                ) => {}
                // What every helper of Docker prints when it has none.
                Err(NoCredential::HelperFailure { stdout, .. })
                    if stdout.contains("credentials not found in native keychain") => {}
                Err(error) => return Err(refused(host, &error)),
            }
        }
        Ok(Self::Anonymous)
    }
}

/// A helper's own words can hold what it was to keep: they are left out.
fn refused(host: &str, error: &NoCredential) -> RegistryError {
    let reason = match error {
        NoCredential::HelperFailure { helper, .. } => {
            format!("The credential helper `{helper}` has none for {host}, or failed.")
        }
        other => format!("The credentials for {host} cannot be read: {other}."),
    };
    RegistryError::Credentials { host: host.to_owned(), reason }
}

/// The value of `Authorization` that answers a registry's challenge; none where nothing that is known does.
pub(super) async fn answer(
    client: &Client,
    host: &str,
    challenges: &[String],
    scopes: &[String],
) -> Result<Option<HeaderValue>, RegistryError> {
    match Challenge::first(challenges.iter().map(String::as_str)) {
        Some(Challenge::Bearer { realm, service }) => {
            token(client, host, realm.as_deref(), service.as_deref(), scopes).await.map(Some)
        }
        Some(Challenge::Basic) => {
            let Credential::Password(user, password) = Credential::of(host)? else { return Ok(None) };
            Ok(Some(basic(&user, &password)))
        }
        None => Ok(None),
    }
}

fn basic(user: &str, password: &str) -> HeaderValue {
    secret(&format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}

/// A header that is not printed. What a token service gives has no control characters, or is no token.
fn secret(value: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

async fn token(
    client: &Client,
    host: &str,
    realm: Option<&str>,
    service: Option<&str>,
    scopes: &[String],
) -> Result<HeaderValue, RegistryError> {
    let wrong = |reason: String| RegistryError::Protocol { host: host.to_owned(), reason };
    let realm = realm.ok_or_else(|| wrong("its challenge names no token service".to_owned()))?;
    let realm =
        SafeUrl::parse(realm).map_err(|_| wrong("its token service has no valid address".to_owned()))?;
    if !may_see_password(&realm) {
        return Err(wrong(format!("its token service {realm} would get the password unencrypted")));
    }
    let request = token_request(realm, service, scopes, &Credential::of(host)?);
    let mut attempts = client.attempts(&request.url);
    let unreached = |source| RegistryError::Fetch { host: host.to_owned(), image: scopes.join(" "), source };
    let answer = loop {
        let error = match client.ask(request.clone()).await {
            Ok(answer) if answer.is_success() => break answer,
            Ok(answer) if matches!(answer.status(), 400 | 401 | 403) => {
                return Err(RegistryError::Refused {
                    host: host.to_owned(),
                    image: scopes.first().map(|scope| image_of(scope)).unwrap_or_default(),
                    action: super::Action::Look,
                    status: 401,
                    code: None,
                    reason: format!("its token service answered {}", answer.status()),
                    wait: None,
                });
            }
            Ok(answer) => answer.as_error(),
            Err(error) => error,
        };
        if !attempts.again(&error).await {
            return Err(unreached(error));
        }
    };
    let body = answer.bytes(LARGEST).await.map_err(unreached)?;
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let token = value["token"].as_str().or_else(|| value["access_token"].as_str());
    let token = token.ok_or_else(|| wrong("its token service gave no token".to_owned()))?;
    Ok(secret(&format!("Bearer {token}")))
}

/// Sample: `repository:team/app:pull,push` is of `team/app`.
fn image_of(scope: &str) -> String {
    scope.split(':').nth(1).unwrap_or(scope).to_owned()
}

/// With a password by GET, with a refresh token by POST (distribution, OAuth 2 token authentication).
fn token_request(
    mut realm: SafeUrl,
    service: Option<&str>,
    scopes: &[String],
    credential: &Credential,
) -> Request {
    let mut headers = HeaderMap::new();
    let service = service.map(|service| ("service", service));
    if let Credential::Identity(refresh) = credential {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token").append_pair("client_id", "envwright");
        form.append_pair("refresh_token", refresh).append_pair("scope", &scopes.join(" "));
        form.extend_pairs(service);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let body = Body::Bytes(form.finish().into_bytes());
        return Request { method: Method::POST, url: realm, headers, body };
    }
    let mut url = realm.expose().clone();
    url.query_pairs_mut().extend_pairs(service).extend_pairs(scopes.iter().map(|scope| ("scope", scope)));
    realm = url.into();
    if let Credential::Password(user, password) = credential {
        headers.insert(AUTHORIZATION, basic(user, password));
    }
    Request { method: Method::GET, url: realm, headers, body: Body::Empty }
}
