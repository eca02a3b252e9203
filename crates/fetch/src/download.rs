//! Downloads that resume and are verified.

use crate::{
    Client, FetchError, Transport,
    client::{file, is_left},
    oci,
    partial::{Found, Partial, whole},
    speed::Speed,
};
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use fs_err::File;
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_RANGE, HeaderValue},
};
use std::{
    io::{self, Read},
    path::Path,
};

/// A file to download.
#[derive(Debug, Clone)]
pub struct Download {
    /// Where it is.
    pub url: SafeUrl,
    /// Where else it is, in order.
    pub mirrors: Vec<SafeUrl>,
    /// Size in bytes that it must have.
    pub size: Option<u64>,
    /// Digest that it must have.
    pub sha256: Option<Digest>,
    /// What is sent as `Authorization`, in the place of the host's own credentials.
    pub authorization: Option<HeaderValue>,
}

/// A file that was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Size in bytes.
    pub size: u64,
    /// Digest.
    pub sha256: Digest,
}

type Progress<'a> = &'a (dyn Fn(u64) + Send + Sync);

impl Client {
    /// Downloads into a file; `progress` is told of bytes as they come. What an attempt leaves in
    /// `<into>.partial` is continued by the next; the file appears under its name whole and verified, or not at all.
    /// Of several processes one downloads, and the others wait for it.
    pub async fn download(
        &self,
        request: &Download,
        into: &Path,
        progress: Progress<'_>,
    ) -> Result<Downloaded, FetchError> {
        let place = into.to_owned();
        let opened = tokio::task::spawn_blocking(move || Partial::open(&place)).await;
        let mut partial = match opened.map_err(|error| FetchError::Setup(error.to_string()))?? {
            Found::Whole(downloaded) => {
                verify(&request.url, request, downloaded.size, downloaded.sha256)?;
                return Ok(downloaded);
            }
            Found::Part(partial) => partial,
        };
        if let Some(expected) = request.sha256.filter(|_| partial.size() == 0)
            && let Some(found) = whole(into)?.filter(|found| found.sha256 == expected)
        {
            // It was finished after this one looked for it, and before this one began another part.
            partial.leave()?;
            return Ok(found);
        }
        if request.sha256.is_none() {
            // What was left may be of another file, and nothing would tell.
            partial.clear()?;
        }
        let mut places = self.places(&request.url, &request.mirrors);
        while let Some((place, more)) = places.next() {
            match self.verified(&place, request, &mut partial, progress, more).await {
                Ok(()) => return finished(partial, into).await,
                Err(error) => places.failed(error)?,
            }
        }
        partial.leave()?;
        Err(places.error())
    }

    /// Gets all from one address. Wrong bytes that came in parts may be parts of two files: they are fetched anew once.
    async fn verified(
        &self,
        url: &SafeUrl,
        request: &Download,
        partial: &mut Partial,
        progress: Progress<'_>,
        more: bool,
    ) -> Result<(), FetchError> {
        let (mut anew, mut promised) = (false, None);
        loop {
            match file(url) {
                Some(path) => copy(&path, url, partial, progress)?,
                None => promised = self.continued(url, request, partial, progress, more).await?,
            }
            let exact = Download { sha256: request.sha256.or(promised), ..request.clone() };
            let verified = verify(url, &exact, partial.size(), partial.digest());
            let Err(error) = verified else { return Ok(()) };
            let joined = partial.joined();
            partial.clear()?;
            if anew || !joined {
                return Err(error);
            }
            anew = true;
        }
    }

    /// Continues from one address until all is there, and gives the digest that the place promises, if it does.
    async fn continued(
        &self,
        url: &SafeUrl,
        request: &Download,
        partial: &mut Partial,
        progress: Progress<'_>,
        more: bool,
    ) -> Result<Option<Digest>, FetchError> {
        let mut attempt = 0;
        loop {
            if request.size.is_some_and(|size| partial.size() == size) {
                return Ok(None);
            }
            if request.size.is_some_and(|size| partial.size() > size) {
                partial.clear()?;
            }
            let before = partial.size();
            match self.once(url, request, partial, progress).await {
                Ok(promised) => return Ok(promised),
                Err(error) => {
                    // An attempt that brought something is no failure of the same place; one at least is left.
                    if partial.size() > before {
                        attempt = attempt.min(1).min(self.limits(url).retries.saturating_sub(1));
                    }
                    let nothing = partial.size() == before;
                    if !self.may_retry(url, attempt, &error) || nothing && is_left(&error, more) {
                        return Err(error);
                    }
                    self.pause(&mut attempt, &error).await;
                }
            }
        }
    }

    async fn once(
        &self,
        url: &SafeUrl,
        request: &Download,
        partial: &mut Partial,
        progress: Progress<'_>,
    ) -> Result<Option<Digest>, FetchError> {
        let mut response = self.get(url, partial.size(), request.authorization.as_ref()).await?;
        if continues(&response, partial.size()) {
            partial.join();
        } else {
            partial.clear()?;
            // No range where the file ends, or one from elsewhere: of use to nobody.
            if response.status() != StatusCode::OK {
                response = self.get(url, 0, request.authorization.as_ref()).await?;
            }
        }
        let promised = response.content_length().map(|rest| partial.size() + rest).or(request.size);
        let mut speed = Speed::new(self.limits(url));
        loop {
            let came = response.chunk().await.map_err(|error| self.transport(url, error));
            let Some(chunk) = came.map_err(|error| broken(error, promised, partial.size()))? else { break };
            partial.write(&chunk)?;
            progress(chunk.len() as u64);
            if let Some(limit) = request.size.filter(|size| partial.size() > *size) {
                partial.clear()?;
                return Err(FetchError::TooLarge { url: url.without_credentials(), limit });
            }
            speed.came(chunk.len()).map_err(|slow| slow.at(url))?;
        }
        match promised.filter(|promised| *promised > partial.size()) {
            Some(expected) => {
                let got = partial.size();
                Err(FetchError::Truncated { url: url.without_credentials(), expected, got })
            }
            None => Ok(oci::promised(&response)),
        }
    }
}

/// On a thread that may wait for the disk: other downloads, and what becomes of them, go on meanwhile.
async fn finished(partial: Partial, into: &Path) -> Result<Downloaded, FetchError> {
    let place = into.to_owned();
    let finished = tokio::task::spawn_blocking(move || partial.finish(&place)).await;
    finished.map_err(|error| FetchError::io(into)(io::Error::other(error)))?
}

/// A body that did not come to its end.
fn broken(error: FetchError, promised: Option<u64>, got: u64) -> FetchError {
    match (error, promised) {
        (FetchError::Transport { url, kind: Transport::Truncated, .. }, Some(expected)) => {
            FetchError::Truncated { url, expected, got }
        }
        (error, _) => error,
    }
}

/// Whether a response goes on where the file ends (RFC 9110, section 14.4).
fn continues(response: &Response, from: u64) -> bool {
    if from == 0 {
        return true;
    }
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse::<u64>().ok());
    response.status() == StatusCode::PARTIAL_CONTENT && start == Some(from)
}

fn copy(path: &Path, url: &SafeUrl, partial: &mut Partial, progress: Progress<'_>) -> Result<(), FetchError> {
    partial.clear()?;
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(FetchError::Status { url: url.clone(), status: 404, wait: None });
        }
        Err(error) => return Err(FetchError::io(path)(error)),
    };
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(FetchError::io(path))?;
        if read == 0 {
            return Ok(());
        }
        partial.write(&buffer[..read])?;
        progress(read as u64);
    }
}

/// Whether what came is what was asked for. All that was announced has come, so that another size is another file.
fn verify(url: &SafeUrl, request: &Download, size: u64, digest: Digest) -> Result<(), FetchError> {
    if let Some(expected) = request.sha256.filter(|expected| *expected != digest) {
        return Err(FetchError::Digest { url: url.without_credentials(), expected, got: digest });
    }
    match request.size.filter(|expected| *expected != size) {
        Some(expected) => Err(FetchError::Truncated { url: url.without_credentials(), expected, got: size }),
        None => Ok(()),
    }
}
