//! One blob into a repository: looked for, mounted, or sent in chunks (distribution specification, pushing blobs).

use super::{Action, Call, RegistryError, Repository, fetch_blobs};
use crate::{ImageReference, Layout};
use envwright_fetch::{
    Attempts, Body, FetchError, Method,
    header::{CONTENT_RANGE, CONTENT_TYPE, HeaderValue},
};
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use std::path::PathBuf;

/// Size of a chunk in bytes: what is lost at most when a connection breaks.
const CHUNK: u64 = 16 << 20;
/// Some registries and proxies take no more at once.
const SMALL_CHUNK: u64 = 4 << 20;
/// And none is known that takes less than this.
const SMALLEST_CHUNK: u64 = 1 << 20;

/// Bytes that an image needs.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) file: PathBuf,
    /// A repository of the same registry that has it, as far as is known.
    pub(super) source: Option<String>,
    /// Where it can be had, where it is not here.
    pub(super) origin: Option<ImageReference>,
}

/// How a blob came to be where it was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    There,
    Mounted,
    Sent,
}

/// An upload that has begun.
struct Session {
    location: SafeUrl,
    offset: u64,
    chunk: u64,
    /// How far any session of this blob came.
    furthest: u64,
}

/// What comes after a chunk.
enum Next {
    Chunk,
    /// The registry lost the upload.
    Restart,
    /// The registry takes no chunks.
    Whole,
}

/// Told of bytes that left.
pub(super) type Progress<'p> = &'p (dyn Fn(u64) + Sync);

impl Repository<'_> {
    /// Brings one blob to the repository.
    pub(super) async fn upload(
        &self,
        layout: &Layout,
        blob: &Blob,
        progress: Progress<'_>,
    ) -> Result<Way, RegistryError> {
        if self.has(blob).await? {
            return Ok(Way::There);
        }
        let mut attempts = self.client.attempts(&self.root);
        let (mut chunk, mut furthest) = (CHUNK, 0);
        let mut source = blob.source.as_deref().filter(|source| *source != self.name);
        loop {
            let Some(location) = self.begin(blob, source).await? else { return Ok(Way::Mounted) };
            source = None;
            self.bring(layout, blob, progress).await?;
            if blob.size <= SMALLEST_CHUNK {
                self.whole(blob, location, &mut attempts).await?;
                progress(blob.size);
                return Ok(Way::Sent);
            }
            let mut session = Session { location, offset: 0, chunk, furthest };
            let next = self.chunks(blob, &mut session, &mut attempts, progress).await?;
            (chunk, furthest) = (session.chunk, session.furthest);
            match next {
                Next::Chunk => {
                    if self.finish(blob, session.location, &mut attempts).await? {
                        return Ok(Way::Sent);
                    }
                }
                Next::Restart => {}
                Next::Whole => {
                    // What was begun by chunks is left to the registry to forget.
                    if let Some(location) = self.begin(blob, None).await? {
                        self.whole(blob, location, &mut attempts).await?;
                    }
                    progress(blob.size);
                    return Ok(Way::Sent);
                }
            }
        }
    }

    /// Fetches a blob that is not here from where it can be had.
    async fn bring(&self, layout: &Layout, blob: &Blob, progress: Progress<'_>) -> Result<(), RegistryError> {
        let Some(origin) = &blob.origin else { return Ok(()) };
        let wanted = [(blob.digest, blob.size)];
        fetch_blobs(self.client, layout, origin, self.registries, &wanted, progress).await
    }

    async fn has(&self, blob: &Blob) -> Result<bool, RegistryError> {
        let url = self.url(&format!("blobs/{}", blob.digest))?;
        let answer = self.call(&Call::new(Action::Upload, Method::HEAD, url)).await?;
        match answer.status() {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(self.refused(Action::Upload, answer).await),
        }
    }

    /// Begins an upload; nothing where the registry took the blob from `source` in its place.
    async fn begin(&self, blob: &Blob, source: Option<&str>) -> Result<Option<SafeUrl>, RegistryError> {
        let mut address = self.url("blobs/uploads/")?.expose().clone();
        if let Some(source) = source {
            let digest = blob.digest.to_string();
            address.query_pairs_mut().append_pair("mount", &digest).append_pair("from", source);
        }
        let call = Call::new(Action::Upload, Method::POST, address.into());
        let answer = self.call(&call).await?;
        match answer.status() {
            201 if source.is_some() => Ok(None),
            200..300 => self.location(&answer, &call.url).map(Some),
            // A mount may be refused as a whole, where an upload is not.
            400..500 if source.is_some() => Box::pin(self.begin(blob, None)).await,
            _ => Err(self.refused(Action::Upload, answer).await),
        }
    }

    /// Sends chunk after chunk from where the session is.
    async fn chunks(
        &self,
        blob: &Blob,
        session: &mut Session,
        attempts: &mut Attempts<'_>,
        progress: Progress<'_>,
    ) -> Result<Next, RegistryError> {
        let mut refusals = 0;
        while session.offset < blob.size {
            let size = session.chunk.min(blob.size - session.offset);
            // What was not waited for yet.
            let mut refused = None;
            match self.authorized(&session.call(blob, size)).await {
                Ok(answer) if answer.is_success() => {
                    session.location = self.location(&answer, &session.location)?;
                    session.offset += size;
                    progress(size);
                    // What is only sent again is no way forward: it would never end.
                    if session.offset > session.furthest {
                        session.furthest = session.offset;
                        attempts.moved();
                    }
                    continue;
                }
                Ok(answer) if answer.status() == 413 && session.chunk > SMALLEST_CHUNK => {
                    session.shrink();
                    refused = Some(answer.as_error());
                }
                Ok(answer) if answer.status() == 416 && refusals == 0 => {
                    refusals += 1;
                    refused = Some(answer.as_error());
                }
                Ok(answer) if matches!(answer.status(), 404 | 405 | 415 | 501) && session.offset == 0 => {
                    return Ok(Next::Whole);
                }
                Ok(answer) if answer.is_transient() => {
                    if !attempts.again(&answer.as_error()).await {
                        return Err(self.refused(Action::Upload, answer).await);
                    }
                }
                Ok(answer) if answer.status() == 404 || answer.status() == 416 => {
                    return self.lost(attempts, answer.as_error()).await;
                }
                Ok(answer) => return Err(self.refused(Action::Upload, answer).await),
                Err(error) => {
                    // A server that takes no more than it likes may cut the connection and say nothing.
                    if refusals > 1 {
                        session.shrink();
                    }
                    refusals += 1;
                    self.again(attempts, error).await?;
                }
            }
            if !self.resume(session).await? {
                return match refused {
                    Some(error) => self.lost(attempts, error).await,
                    None => Ok(Next::Restart),
                };
            }
        }
        Ok(Next::Chunk)
    }

    /// An upload that the registry does not know any more begins anew, as long as anything may be tried again.
    async fn lost(&self, attempts: &mut Attempts<'_>, error: FetchError) -> Result<Next, RegistryError> {
        // Another session may well be kept, whatever was said of this one.
        if attempts.once_more().await { Ok(Next::Restart) } else { Err(self.unreached(error)) }
    }

    /// Asks how far the upload is. False where the registry does not know it any more.
    async fn resume(&self, session: &mut Session) -> Result<bool, RegistryError> {
        let call = Call::new(Action::Upload, Method::GET, session.location.clone());
        let answer = self.call(&call).await?;
        if !answer.is_success() {
            return Ok(false);
        }
        // Nothing and one byte look alike; no chunk is so small.
        let range = answer.header("range").unwrap_or("0-0").trim_start_matches("bytes=");
        let last = range.rsplit('-').next().and_then(|last| last.parse::<u64>().ok()).unwrap_or_default();
        session.offset = if last == 0 { 0 } else { last + 1 };
        if answer.header("location").is_some() {
            session.location = self.location(&answer, &session.location)?;
        }
        Ok(true)
    }

    /// Ends an upload. False where the registry lost it.
    async fn finish(
        &self,
        blob: &Blob,
        location: SafeUrl,
        attempts: &mut Attempts<'_>,
    ) -> Result<bool, RegistryError> {
        let call = Call::new(Action::Upload, Method::PUT, with_digest(&location, &blob.digest));
        loop {
            match self.authorized(&call).await {
                Ok(answer) if answer.is_success() => return Ok(true),
                Ok(answer) if answer.is_transient() => {
                    if !attempts.again(&answer.as_error()).await {
                        return Err(self.refused(Action::Upload, answer).await);
                    }
                }
                Ok(answer) if matches!(answer.status(), 404 | 416) => {
                    if self.has(blob).await? {
                        return Ok(true);
                    }
                    return self.lost(attempts, answer.as_error()).await.map(|_| false);
                }
                Ok(answer) => return Err(self.refused(Action::Upload, answer).await),
                Err(error) => self.again(attempts, error).await?,
            }
            // It may have been carried out although its answer was lost.
            if self.has(blob).await? {
                return Ok(true);
            }
        }
    }

    /// Sends all of a blob in one request.
    async fn whole(
        &self,
        blob: &Blob,
        mut location: SafeUrl,
        attempts: &mut Attempts<'_>,
    ) -> Result<(), RegistryError> {
        loop {
            let mut call = Call::new(Action::Upload, Method::PUT, with_digest(&location, &blob.digest));
            call.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            call.body = Body::File { path: blob.file.clone(), start: 0, size: blob.size };
            match self.authorized(&call).await {
                Ok(answer) if answer.is_success() => return Ok(()),
                Ok(answer) if answer.is_transient() => {
                    if !attempts.again(&answer.as_error()).await {
                        return Err(self.refused(Action::Upload, answer).await);
                    }
                }
                Ok(answer) => return Err(self.refused(Action::Upload, answer).await),
                Err(error) => self.again(attempts, error).await?,
            }
            if self.has(blob).await? {
                return Ok(());
            }
            match self.begin(blob, None).await? {
                Some(begun) => location = begun,
                None => return Ok(()),
            }
        }
    }
}

impl Session {
    fn call(&self, blob: &Blob, size: u64) -> Call {
        let mut call = Call::new(Action::Upload, Method::PATCH, self.location.clone());
        let range = format!("{}-{}", self.offset, self.offset + size - 1);
        if let Ok(range) = HeaderValue::from_str(&range) {
            call.headers.insert(CONTENT_RANGE, range);
        }
        call.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        call.body = Body::File { path: blob.file.clone(), start: self.offset, size };
        call
    }

    fn shrink(&mut self) {
        self.chunk = if self.chunk > SMALL_CHUNK { SMALL_CHUNK } else { SMALLEST_CHUNK };
    }
}

/// The address that ends an upload.
fn with_digest(location: &SafeUrl, digest: &Digest) -> SafeUrl {
    let mut url = location.expose().clone();
    url.query_pairs_mut().append_pair("digest", &digest.to_string());
    url.into()
}
