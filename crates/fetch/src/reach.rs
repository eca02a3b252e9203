//! Whether a file can be had, found out without its bytes.

use crate::{
    Client, Download, FetchError,
    client::{file, is_left},
};
use envwright_redact::SafeUrl;

impl Client {
    /// Asks for the last byte of a file, at one of its places after the other, as a download would: with the same
    /// credentials, tried again as often. The error is that of all places where no place has it.
    pub async fn reach(&self, request: &Download) -> Result<(), FetchError> {
        let mut places = self.places(&request.url, &request.mirrors);
        while let Some((place, more)) = places.next() {
            match self.reach_at(&place, request, more).await {
                Ok(()) => return Ok(()),
                Err(error) => places.failed(error)?,
            }
        }
        Err(places.error())
    }

    async fn reach_at(&self, url: &SafeUrl, request: &Download, more: bool) -> Result<(), FetchError> {
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
                Err(error) if self.may_retry(url, attempt, &error) && !is_left(&error, more) => {
                    self.pause(&mut attempt, &error).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
