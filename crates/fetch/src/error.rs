//! What can go wrong between here and a server, told apart.

use envwright_diagnosis::{Explain, Finding};
use envwright_redact::SafeUrl;
use envwright_store::{Digest, StoreError, refused};
use std::{error::Error, io, path::PathBuf, time::Duration};

/// Why something could not be fetched. Addresses are kept without their credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// `--offline` was given, and this is not here yet.
    #[error("{url} is not here, and the network may not be used")]
    Offline {
        /// What was wanted.
        url: SafeUrl,
    },
    /// The server was not reached, or went away.
    #[error("{url}: {reason}")]
    Transport {
        /// What was wanted.
        url: SafeUrl,
        /// How far it got.
        kind: Transport,
        /// The words of the network library.
        reason: String,
    },
    /// The server answered with an error.
    #[error("{url}: the server answered {status}")]
    Status {
        /// What was wanted.
        url: SafeUrl,
        /// HTTP status code.
        status: u16,
        /// How long the server asks to wait before the next request.
        wait: Option<Duration>,
    },
    /// Less came than was promised.
    #[error("{url}: {got} of {expected} bytes came")]
    Truncated {
        /// What was wanted.
        url: SafeUrl,
        /// Size in bytes that was promised.
        expected: u64,
        /// Size in bytes of what came.
        got: u64,
    },
    /// What came is not what was asked for.
    #[error("{url}: expected {expected}, got {got}")]
    Digest {
        /// What was wanted.
        url: SafeUrl,
        /// Digest that it must have.
        expected: Digest,
        /// Digest that it has.
        got: Digest,
    },
    /// More came than can be right.
    #[error("{url}: larger than {limit} bytes")]
    TooLarge {
        /// What was wanted.
        url: SafeUrl,
        /// Limit in bytes.
        limit: u64,
    },
    /// A file of this machine cannot be read or written.
    #[error("{path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A download cannot be kept.
    #[error("keeping a download")]
    Store(#[from] StoreError),
    /// The TLS library, the proxy's address or the address itself is unusable.
    #[error("setting up the network: {0}")]
    Setup(String),
}

/// How far a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// The name has no address.
    Dns,
    /// Nothing listens there, or no way leads there.
    Unreachable,
    /// Nothing came for too long.
    Timeout,
    /// The certificate is not trusted.
    Tls,
    /// What answered speaks no TLS.
    NotTls,
    /// The proxy refused.
    Proxy,
    /// The connection was cut.
    Reset,
    /// The body ended before its announced end.
    Truncated,
    /// Redirects lead in a circle.
    Redirects,
    /// Anything else.
    Other,
}

impl FetchError {
    /// Whether the same request may succeed a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Transport { kind, .. } => {
                matches!(
                    kind,
                    Transport::Timeout
                        | Transport::Reset
                        | Transport::Truncated
                        | Transport::Unreachable
                        | Transport::Other
                )
            }
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Truncated { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// An error of the HTTP library.
    pub(crate) fn transport(url: &SafeUrl, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let kind = Transport::of(&error);
        let mut reason = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            reason = error.to_string();
            cause = error.source();
        }
        if error.is_builder() {
            return Self::Setup(format!("{}: {reason}", url.without_credentials()));
        }
        Self::Transport { url: url.without_credentials(), kind, reason }
    }
}

impl Transport {
    /// Classifies an error of the HTTP library by the types in its chain of causes.
    pub fn of(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Timeout;
        }
        if error.is_redirect() {
            return Self::Redirects;
        }
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        let mut found = Self::Other;
        while let Some(error) = cause {
            found = of_cause(error).unwrap_or(found);
            cause = error.source();
        }
        // Both are an end of file: of a body that was promised to be longer, and of a connection before any answer.
        if found == Self::Reset && (error.is_body() || error.is_decode()) && ends_early(error) {
            return Self::Truncated;
        }
        found
    }

    /// The problem of the catalog that it is.
    pub fn problem(self) -> &'static str {
        match self {
            Self::Dns => "net-dns",
            Self::Unreachable => "net-unreachable",
            Self::Timeout => "net-timeout",
            Self::Tls | Self::NotTls => "net-tls-verify",
            Self::Proxy => "net-proxy",
            Self::Reset => "net-connection-reset",
            Self::Truncated => "net-truncated-download",
            Self::Redirects => "net-redirect-loop",
            Self::Other => "net-io",
        }
    }
}

fn of_cause(error: &(dyn Error + 'static)) -> Option<Transport> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        let strange = matches!(error, rustls::Error::InvalidMessage(_));
        return Some(if strange { Transport::NotTls } else { Transport::Tls });
    }
    if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message) {
        return Some(Transport::Reset);
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // What it wraps is not its source: that is the source of what it wraps.
        let wrapped = error.get_ref().and_then(|inner| of_cause(inner));
        return wrapped.or_else(|| io_kind(error));
    }
    // These types of the HTTP library are private: their names are all that there is to tell them by.
    match error.to_string() {
        text if text.contains("dns error") => Some(Transport::Dns),
        text if text.contains("tunnel error: unsuccessful")
            || text.contains("proxy authorization required") =>
        {
            Some(Transport::Proxy)
        }
        _ => None,
    }
}

fn ends_early(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let end = |error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof;
        if error.downcast_ref::<io::Error>().is_some_and(end) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn io_kind(error: &io::Error) -> Option<Transport> {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, NetworkDown,
        NetworkUnreachable, TimedOut, UnexpectedEof,
    };
    match error.kind() {
        ConnectionRefused | HostUnreachable | NetworkUnreachable | NetworkDown => {
            Some(Transport::Unreachable)
        }
        ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof => Some(Transport::Reset),
        TimedOut => Some(Transport::Timeout),
        _ => None,
    }
}

impl Explain for FetchError {
    fn findings(&self) -> Vec<Finding> {
        vec![match self {
            Self::Offline { url } => at("offline-miss", url),
            Self::Transport { url, kind, reason } => at(kind.problem(), url).fact("reason", reason),
            Self::Status { url, status, wait } => {
                let finding = at(status_problem(*status), url).fact("status", status);
                wait.iter()
                    .fold(finding, |finding, wait| finding.fact("wait", format!("{} s", wait.as_secs())))
            }
            Self::Truncated { url, expected, got } => {
                at("net-truncated-download", url).fact("expected", expected).fact("got", got)
            }
            Self::Digest { url, expected, got } => {
                at("net-truncated-download", url).fact("expected", expected).fact("got", got)
            }
            Self::TooLarge { url, limit } => {
                at("net-io", url).fact("reason", format!("more than {limit} bytes came"))
            }
            Self::Io { path, source } => refused(path.display(), source),
            Self::Store(error) => return error.findings(),
            Self::Setup(reason) => Finding::new("net-io").fact("reason", reason),
        }]
    }
}

fn at(problem: &'static str, url: &SafeUrl) -> Finding {
    let finding = Finding::new(problem).fact("url", url);
    match url.host() {
        Some(host) => finding.fact("host", host),
        None => finding,
    }
}

/// The problem of the catalog that a status of a server stands for.
pub fn status_problem(status: u16) -> &'static str {
    match status {
        401 => "net-unauthorized",
        403 => "net-forbidden",
        404 | 410 => "net-not-found",
        407 => "net-proxy",
        429 => "net-rate-limited",
        500.. => "net-server-error",
        _ => "net-io",
    }
}
