//! Requests of libraries, sent by the one HTTP client: with its certificates, proxies, mirrors, credentials, limits and
//! retries.

use crate::conda::Channel;
use envwright_fetch::{Client, FetchError, Response};
use envwright_redact::SafeUrl;
use http::{
    HeaderMap, StatusCode,
    header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use std::{error::Error, iter, sync::Arc};

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
        let mut answer = answer.map_err(|error| reqwest_middleware::Error::middleware(Unanswered(error)))?;
        if answer.status() == StatusCode::NOT_MODIFIED {
            repeat_validators(request.headers(), answer.headers_mut());
        }
        Ok(answer)
    }
}

/// What was asked about is what has not changed: some servers leave that out (RFC 9110, section 15.4.5), and libraries
/// then take the answer for one to another question.
fn repeat_validators(asked: &HeaderMap, answered: &mut HeaderMap) {
    if answered.contains_key(ETAG) || answered.contains_key(LAST_MODIFIED) {
        return;
    }
    for (condition, validator) in [(IF_NONE_MATCH, ETAG), (IF_MODIFIED_SINCE, LAST_MODIFIED)] {
        if let Some(value) = asked.get(condition) {
            answered.insert(validator, value.clone());
        }
    }
}

/// What an error of a library goes back to, in its words.
pub(crate) fn innermost(error: &dyn Error) -> String {
    let causes = iter::successors(error.source(), |error| (**error).source());
    causes.last().map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn an_answer_without_validators_has_those_that_were_asked_about() {
        let value = |text: &'static str| HeaderValue::from_static(text);
        let asked =
            HeaderMap::from_iter([(IF_NONE_MATCH, value("\"a\"")), (IF_MODIFIED_SINCE, value("then"))]);
        let mut bare = HeaderMap::new();
        repeat_validators(&asked, &mut bare);
        assert_eq!((bare.get(ETAG), bare.get(LAST_MODIFIED)), (Some(&value("\"a\"")), Some(&value("then"))));
        let mut whole = HeaderMap::from_iter([(ETAG, value("\"b\""))]);
        repeat_validators(&asked, &mut whole);
        assert_eq!((whole.get(ETAG), whole.get(LAST_MODIFIED)), (Some(&value("\"b\"")), None));
    }
}
