//! Requests of libraries, sent by the one HTTP client: with its certificates, proxies, mirrors, credentials, limits and
//! retries.

use crate::conda::Channel;
use envwright_fetch::{Client, FetchError, Response};
use envwright_redact::SafeUrl;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use std::sync::Arc;

/// Takes the place of everything that a library would do to send a request.
pub(crate) struct Through {
    client: Client,
    /// What opens addresses below these channels.
    channels: Vec<Channel>,
}

/// A request that was not answered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unanswered(#[source] FetchError);

impl Through {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, channels: Vec::new() }
    }

    /// A client for libraries that read channels, whose addresses they get without what opens them.
    pub(crate) fn of_channels(client: Client, channels: &[Channel]) -> ClientWithMiddleware {
        let plain = client.plain();
        ClientBuilder::new(plain).with_arc(Arc::new(Self { client, channels: channels.to_owned() })).build()
    }
}

#[async_trait::async_trait]
impl Middleware for Through {
    async fn handle(
        &self,
        request: reqwest_middleware::reqwest::Request,
        _: &mut http::Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let plain = SafeUrl::from(request.url().clone());
        let opened = Channel::opened(&self.channels, &plain);
        let answer = self.client.respond_as(request.method(), &plain, &opened, request.headers()).await;
        answer.map_err(|error| reqwest_middleware::Error::middleware(Unanswered(error)))
    }
}
