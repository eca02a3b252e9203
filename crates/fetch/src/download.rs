//! Downloads that resume and are verified.

use crate::{Client, FetchError, client::file};
use envwright_redact::SafeUrl;
use envwright_store::{Digest, DigestWriter};
use fs_err::{File, OpenOptions};
use reqwest::{Response, StatusCode, header::CONTENT_RANGE};
use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
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
}

/// A file that was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Size in bytes.
    pub size: u64,
    /// Digest.
    pub sha256: Digest,
}

/// What is on disk of a download.
struct Partial {
    path: PathBuf,
    writer: DigestWriter<File>,
}

impl Partial {
    /// Opens what an earlier attempt left, and hashes it.
    fn open(path: PathBuf) -> Result<Self, FetchError> {
        let failed = |error| FetchError::io(&path)(error);
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(failed)?;
        let mut hashed = DigestWriter::new(io::sink());
        io::copy(&mut file, &mut hashed).map_err(failed)?;
        Ok(Self { writer: hashed.replace(file), path })
    }

    /// Starts anew.
    fn clear(&mut self) -> Result<(), FetchError> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&self.path);
        self.writer = DigestWriter::new(file.map_err(FetchError::io(&self.path))?);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.writer.write_all(bytes).map_err(FetchError::io(&self.path))
    }

    /// Makes the file durable under its final name.
    fn finish(self, into: &Path) -> Result<Downloaded, FetchError> {
        let (file, sha256, size) = self.writer.finish();
        file.sync_all().map_err(FetchError::io(&self.path))?;
        fs_err::rename(&self.path, into).map_err(FetchError::io(into))?;
        Ok(Downloaded { size, sha256 })
    }
}

impl Client {
    /// Downloads into a file; `progress` is told of bytes as they come. What an attempt leaves in
    /// `<into>.partial` is continued by the next; the file appears under its name whole and verified, or not at all.
    pub async fn download(
        &self,
        request: &Download,
        into: &Path,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Downloaded, FetchError> {
        let mut name = into.as_os_str().to_owned();
        name.push(".partial");
        let mut partial = Partial::open(PathBuf::from(name))?;
        let mut last = None;
        for url in [&request.url].into_iter().chain(&request.mirrors) {
            let done = match file(url) {
                Some(path) => copy(&path, url, &mut partial, progress),
                None => self.from(url, request, &mut partial, progress).await,
            };
            match done.and_then(|()| verify(url, request, &mut partial)) {
                Ok(()) => return partial.finish(into),
                Err(error @ (FetchError::Io { .. } | FetchError::Store(_))) => return Err(error),
                Err(error) => last = last.or(Some(error)),
            }
        }
        Err(last.unwrap_or_else(|| FetchError::Offline { url: request.url.without_credentials() }))
    }

    /// Continues from one address until all is there.
    async fn from(
        &self,
        url: &SafeUrl,
        request: &Download,
        partial: &mut Partial,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), FetchError> {
        let mut attempt = 0;
        loop {
            if request.size.is_some_and(|size| partial.writer.size() == size) {
                return Ok(());
            }
            if request.size.is_some_and(|size| partial.writer.size() > size) {
                partial.clear()?;
            }
            let before = partial.writer.size();
            match self.once(url, request, partial, progress).await {
                Ok(()) => return Ok(()),
                Err((error, wait)) => {
                    // An attempt that brought something is no failure of the same place.
                    if partial.writer.size() > before {
                        attempt = attempt.min(1);
                    }
                    if !self.may_retry(attempt, &error) {
                        return Err(error);
                    }
                    self.pause(&mut attempt, wait).await;
                }
            }
        }
    }

    async fn once(
        &self,
        url: &SafeUrl,
        request: &Download,
        partial: &mut Partial,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), (FetchError, Option<Duration>)> {
        let mut response = self.get(url, partial.writer.size()).await?;
        if !continues(&response, partial.writer.size()) {
            partial.clear().map_err(|error| (error, None))?;
            if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
                response = self.get(url, 0).await?;
            }
        }
        let promised = response.content_length().map(|rest| partial.writer.size() + rest).or(request.size);
        while let Some(chunk) =
            response.chunk().await.map_err(|error| (FetchError::transport(url, error), None))?
        {
            partial.write(&chunk).map_err(|error| (error, None))?;
            progress(chunk.len() as u64);
            if let Some(limit) = request.size.filter(|size| partial.writer.size() > *size) {
                return Err((FetchError::TooLarge { url: url.without_credentials(), limit }, None));
            }
        }
        match promised.filter(|promised| *promised > partial.writer.size()) {
            Some(expected) => {
                let got = partial.writer.size();
                Err((FetchError::Truncated { url: url.without_credentials(), expected, got }, None))
            }
            None => Ok(()),
        }
    }
}

/// Whether a response goes on where the file ends (RFC 9110, section 14.4).
fn continues(response: &Response, from: u64) -> bool {
    if from == 0 {
        return response.status() != StatusCode::RANGE_NOT_SATISFIABLE;
    }
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse::<u64>().ok());
    response.status() == StatusCode::PARTIAL_CONTENT && start == Some(from)
}

fn copy(
    path: &Path,
    url: &SafeUrl,
    partial: &mut Partial,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<(), FetchError> {
    partial.clear()?;
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(FetchError::Status { url: url.clone(), status: 404 });
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

/// What is not what was asked for is removed, so that the next attempt starts anew.
fn verify(url: &SafeUrl, request: &Download, partial: &mut Partial) -> Result<(), FetchError> {
    let (got_size, got) = (partial.writer.size(), partial.writer.digest());
    if let Some(expected) = request.size.filter(|size| *size != got_size) {
        partial.clear()?;
        return Err(FetchError::Truncated { url: url.without_credentials(), expected, got: got_size });
    }
    match request.sha256.filter(|expected| *expected != got) {
        Some(expected) => {
            partial.clear()?;
            Err(FetchError::Digest { url: url.without_credentials(), expected, got })
        }
        None => Ok(()),
    }
}
