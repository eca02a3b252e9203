//! uv's requests, sent by the one HTTP client: with its certificates, proxies, mirrors, credentials, limits and retries.

use envwright_fetch::{Client, FetchError, Response};
use envwright_redact::SafeUrl;
use reqwest_middleware::{Middleware, Next};

/// Takes the place of everything that uv would do to send a request.
pub(super) struct Through(pub(super) Client);

/// A request that was not answered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unanswered(#[source] FetchError);

#[async_trait::async_trait]
impl Middleware for Through {
    async fn handle(
        &self,
        request: reqwest_middleware::reqwest::Request,
        _: &mut http::Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let url = SafeUrl::from(request.url().clone());
        let answer = self.0.respond(request.method(), &url, request.headers()).await;
        answer.map_err(|error| reqwest_middleware::Error::middleware(Unanswered(error)))
    }
}
