//! Single requests of a protocol that reads its answers itself, such as a registry's.

use crate::{Client, FetchError, client::retry_after, error::Way};
use envwright_redact::SafeUrl;
use fs_err::tokio as fs;
use futures::{Stream, stream};
use reqwest::{Method, Response, header::HeaderMap};
use std::{
    io::{self, SeekFrom},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// Bytes of a file that are read at once.
const PIECE: usize = 1 << 18;

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its address; credentials in it are not sent.
    pub url: SafeUrl,
    /// Its header fields.
    pub headers: HeaderMap,
    /// What it sends.
    pub body: Body,
}

/// What a request sends.
#[derive(Debug, Clone, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Some bytes.
    Bytes(Vec<u8>),
    /// A part of a file, read while it is sent.
    File {
        /// The file.
        path: PathBuf,
        /// Where the part begins, in bytes.
        start: u64,
        /// Size of the part in bytes.
        size: u64,
    },
}

/// What a server answered, whatever its status.
#[derive(Debug)]
pub struct Answer {
    url: SafeUrl,
    response: Response,
    client: Client,
}

/// How often and how long to wait before what failed is tried again; one for each thing that is to be reached.
#[derive(Debug)]
pub struct Attempts<'c> {
    client: &'c Client,
    limit: u32,
    made: u32,
}

impl Client {
    /// Sends one request, once. Ends with a timeout where neither a byte leaves nor the answer comes for the time that
    /// the settings name.
    pub async fn ask(&self, request: Request) -> Result<Answer, FetchError> {
        let Request { method, url, headers, body } = request;
        if self.offline() {
            return Err(FetchError::Offline { url: url.without_credentials() });
        }
        let sent = Arc::new(AtomicU64::new(0));
        let mut http =
            self.http(&url).uploading.request(method, crate::client::without_user(&url)).headers(headers);
        http = match body {
            Body::Empty => http,
            Body::Bytes(bytes) => http.body(bytes),
            Body::File { path, start, size } => {
                let mut file = fs::File::open(&path).await.map_err(FetchError::io(&path))?;
                file.seek(SeekFrom::Start(start)).await.map_err(FetchError::io(&path))?;
                http.header("Content-Length", size).body(reqwest::Body::wrap_stream(pieces(
                    file,
                    size,
                    Arc::clone(&sent),
                )))
            }
        };
        tokio::select! {
            answer = http.send() => {
                let response = answer.map_err(|error| self.transport(&url, error))?;
                Ok(Answer { url, response, client: self.clone() })
            }
            () = stalled(&sent, self.limits(&url).read_timeout) => Err(silent(&url)),
        }
    }

    /// Attempts at one thing, which lies on the host of an address.
    pub fn attempts(&self, at: &SafeUrl) -> Attempts<'_> {
        Attempts { client: self, limit: self.limits(at).retries, made: 0 }
    }
}

impl Attempts<'_> {
    /// Whether what ended with this error is to be tried again; waits before it says so.
    pub async fn again(&mut self, error: &FetchError) -> bool {
        let may = error.is_transient() && self.made < self.limit;
        if may {
            self.client.pause(&mut self.made, error).await;
        }
        may
    }

    /// Like [`Attempts::again`], where the caller knows that what ended may go on another way.
    pub async fn once_more(&mut self) -> bool {
        let may = self.made < self.limit;
        if may {
            tokio::time::sleep(self.client.wait(self.made, None)).await;
            self.made += 1;
        }
        may
    }

    /// Something was reached: a later failure is not one of the same place.
    pub fn moved(&mut self) {
        self.made = self.made.min(1).min(self.limit.saturating_sub(1));
    }
}

impl Answer {
    /// HTTP status code.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Whether the status is a success.
    pub fn is_success(&self) -> bool {
        self.response.status().is_success()
    }

    /// Whether the same request may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        self.as_error().is_transient()
    }

    /// A header field, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// All fields of a name.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.response.headers().get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The status as an error, with the time that the server asks to wait.
    pub fn as_error(&self) -> FetchError {
        FetchError::Status { url: self.url.without_credentials(), status: self.status(), wait: self.wait() }
    }

    /// The time that the server asks to wait.
    pub fn wait(&self) -> Option<Duration> {
        retry_after(self.response.headers())
    }

    /// The body, at most `limit` bytes.
    pub async fn bytes(mut self, limit: u64) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::new();
        // Who asks without a limit on time sees to it here.
        let longest = self.client.limits(&self.url).read_timeout;
        loop {
            let chunk = tokio::time::timeout(longest, self.response.chunk()).await;
            match chunk {
                Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
                Ok(Ok(None)) => return Ok(bytes),
                Ok(Err(error)) => return Err(self.client.transport(&self.url, error)),
                Err(_) => return Err(silent(&self.url)),
            }
            if bytes.len() as u64 > limit {
                return Err(FetchError::TooLarge { url: self.url.without_credentials(), limit });
            }
        }
    }
}

fn silent(url: &SafeUrl) -> FetchError {
    FetchError::Transport {
        url: url.without_credentials(),
        kind: crate::Transport::Timeout,
        reason: "nothing moved for too long".to_owned(),
        way: Way::default(),
    }
}

/// A part of a file, piece by piece; `sent` counts what was handed on.
fn pieces(
    file: fs::File,
    size: u64,
    sent: Arc<AtomicU64>,
) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
    stream::try_unfold((file.take(size), sent), async |(mut file, sent)| {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        sent.fetch_add(read as u64, Ordering::Relaxed);
        Ok((read > 0).then_some((piece, (file, sent))))
    })
}

/// Ends when nothing was sent for `limit`.
async fn stalled(sent: &AtomicU64, limit: Duration) {
    let mut before = None;
    loop {
        let now = sent.load(Ordering::Relaxed);
        if before == Some(now) {
            return;
        }
        before = Some(now);
        tokio::time::sleep(limit).await;
    }
}
