//! Whether a file can be had, found out without its bytes.

use crate::{Client, Download, FetchError, client::file};
use envwright_redact::SafeUrl;

impl Client {
    /// Asks for the last byte of a file, at one of its places after the other, as a download would: with the same
    /// credentials, tried again as often. The error is that of the first place where no place has it.
    pub async fn reach(&self, request: &Download) -> Result<(), FetchError> {
        let mut first = None;
        for url in [&request.url].into_iter().chain(&request.mirrors) {
            match self.reach_at(url, request).await {
                Ok(()) => return Ok(()),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| FetchError::Offline { url: request.url.without_credentials() }))
    }

    async fn reach_at(&self, url: &SafeUrl, request: &Download) -> Result<(), FetchError> {
        if let Some(path) = file(url) {
            let found = tokio::fs::metadata(&path).await;
            let missing = || FetchError::Status { url: url.without_credentials(), status: 404, wait: None };
            return found.map(drop).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => missing(),
                _ => FetchError::io(&path)(error),
            });
        }
        let last = request.size.unwrap_or_default().saturating_sub(1);
        let mut attempt = 0;
        loop {
            match self.get(url, last, request.authorization.as_ref()).await {
                Ok(_) => return Ok(()),
                Err((error, wait)) if self.may_retry(attempt, &error) => self.pause(&mut attempt, wait).await,
                Err((error, _)) => return Err(error),
            }
        }
    }
}
