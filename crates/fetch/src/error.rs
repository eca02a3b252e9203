//! What can go wrong between here and a server, told apart.

use crate::Refusal;
use envwright_diagnosis::{Explain, Finding};
use envwright_redact::SafeUrl;
use envwright_store::{Digest, StoreError, refused};
use std::{error::Error, io, net::IpAddr, path::PathBuf, time::Duration};

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
        /// What is known of the way there.
        way: Way,
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
    /// A store of blobs refused.
    #[error("{url}: the store answered {status} {code}")]
    Store {
        /// What was wanted.
        url: SafeUrl,
        /// HTTP status code.
        status: u16,
        /// Why, as the store's own code says.
        refusal: Refusal,
        /// That code; empty where it gave none.
        code: String,
    },
    /// None of several places gave it.
    #[error("{error}, as did the other places")]
    Places {
        /// What the place said that counts most.
        error: Box<FetchError>,
        /// What the others said.
        others: Vec<FetchError>,
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
    /// What a server says makes no sense.
    #[error("{url}: {reason}")]
    Protocol {
        /// What was wanted.
        url: SafeUrl,
        /// What is wrong with it.
        reason: String,
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
    Keep(#[from] StoreError),
    /// The TLS library, the proxy's address or the address itself is unusable.
    #[error("setting up the network: {0}")]
    Setup(String),
}

/// What is known of the way to a host that was not reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// The proxy that the environment names for it, without credentials.
    pub proxy: Option<String>,
    /// A private address that its name, which looks like one for everybody, leads to.
    pub private: Option<IpAddr>,
    /// Whether it is a store of blobs.
    pub store: bool,
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
    /// There is no safe connection, for another reason than these.
    Tls,
    /// The certificate is of an authority that is not known here.
    TlsAuthority,
    /// The certificate is for another name.
    TlsName,
    /// The certificate was valid until a time that has passed.
    TlsExpired,
    /// The certificate is valid from a time that is yet to come.
    TlsNotYet,
    /// What answered speaks no TLS.
    NotTls,
    /// The proxy refused.
    Proxy,
    /// The proxy was not reached.
    NoProxy,
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
                        | Transport::NoProxy
                        | Transport::Other
                )
            }
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Truncated { .. } => true,
            Self::Places { error, others } => [&**error].into_iter().chain(others).any(Self::is_transient),
            _ => false,
        }
    }

    /// How long the server asks to wait.
    pub(crate) fn asked_wait(&self) -> Option<Duration> {
        match self {
            Self::Status { wait, .. } => *wait,
            _ => None,
        }
    }

    /// What went wrong at the place that counts most.
    pub fn root(&self) -> &Self {
        match self {
            Self::Places { error, .. } => error.root(),
            error => error,
        }
    }

    /// What several places said, each with whether it is the address itself. Most counts what that one answered, if it
    /// did, then the first other answer that is more than an absence.
    pub(crate) fn of_places(mut failures: Vec<(bool, Self)>) -> Self {
        let answered = |error: &Self| !matches!(error, Self::Transport { .. } | Self::Offline { .. });
        let absent = |error: &Self| matches!(error, Self::Status { status: 404 | 410, .. });
        let counts = |(own, error): &(bool, Self)| match answered(error) {
            true if *own => 0,
            true if !absent(error) => 1,
            false if *own => 2,
            _ => 3,
        };
        let first = (0..failures.len()).min_by_key(|at| counts(&failures[*at])).unwrap_or_default();
        let (_, error) = failures.remove(first);
        let others: Vec<Self> = failures.into_iter().map(|(_, error)| error).collect();
        if others.is_empty() { error } else { Self::Places { error: Box::new(error), others } }
    }

    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// What keeps a request from an answer, told of what it was sent for.
    pub(crate) fn of(self, wanted: &SafeUrl) -> Self {
        match self {
            Self::Transport { kind, reason, way, .. } => {
                Self::Transport { url: wanted.without_credentials(), kind, reason, way }
            }
            other => other,
        }
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
        Self::Transport { url: url.without_credentials(), kind, reason, way: Way::default() }
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
            Self::Tls | Self::TlsAuthority | Self::TlsName | Self::TlsExpired | Self::NotTls => {
                "net-tls-verify"
            }
            Self::TlsNotYet => "clock-skew",
            Self::Proxy | Self::NoProxy => "net-proxy",
            Self::Reset => "net-connection-reset",
            Self::Truncated => "net-truncated-download",
            Self::Redirects => "net-redirect-loop",
            Self::Other => "net-io",
        }
    }

    /// Whether the certificate stood in the way.
    pub fn is_certificate(self) -> bool {
        matches!(self, Self::Tls | Self::TlsAuthority | Self::TlsName | Self::TlsExpired)
    }

    /// What it means for the host, as a sentence, and what to do about it.
    fn meaning(self, host: &str) -> Option<(String, Option<&'static str>)> {
        Some(match self {
            Self::TlsAuthority => (
                format!(
                    "The certificate of {host} was issued by an authority that this machine does not know."
                ),
                None,
            ),
            Self::TlsName => (
                format!("The certificate that was shown is for another name than {host}."),
                Some(
                    "Use the name that the certificate is for, or ask who runs the server for one with this name",
                ),
            ),
            Self::TlsExpired => (
                format!("The certificate of {host} has expired, as the clock of this machine stands."),
                Some("Ask who runs the server to renew its certificate; check the clock of this machine"),
            ),
            Self::TlsNotYet => (
                format!("The certificate of {host} is not valid yet, as the clock of this machine stands."),
                None,
            ),
            Self::NotTls => (
                format!("What answered at {host} speaks no TLS."),
                Some(
                    "Write `http` in the address if the server is meant to be spoken to in the clear; check the port",
                ),
            ),
            _ => return None,
        })
    }
}

fn of_cause(error: &(dyn Error + 'static)) -> Option<Transport> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(of_tls(error));
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

fn of_tls(error: &rustls::Error) -> Transport {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        Other, UnknownIssuer,
    };
    match error {
        rustls::Error::InvalidMessage(_) => Transport::NotTls,
        rustls::Error::InvalidCertificate(reason) => match reason {
            // A certificate that vouches for itself is the most usual of what has no other kind.
            UnknownIssuer | Other(_) => Transport::TlsAuthority,
            NotValidForName | NotValidForNameContext { .. } => Transport::TlsName,
            Expired | ExpiredContext { .. } => Transport::TlsExpired,
            NotValidYet | NotValidYetContext { .. } => Transport::TlsNotYet,
            _ => Transport::Tls,
        },
        _ => Transport::Tls,
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
            Self::Transport { url, kind, reason, way } => {
                let problem = if way.store && way.private.is_some() {
                    "storage-private-network"
                } else {
                    kind.problem()
                };
                way.told(told(at(problem, url).fact("reason", reason), *kind, url), *kind, url)
            }
            Self::Store { url, status, refusal, code } => {
                let finding = at(refusal.problem(), url).fact("status", status);
                if code.is_empty() { finding } else { finding.fact("reason", code) }
            }
            Self::Places { error, others } => {
                let findings = error.findings();
                let told = |finding, other: &Self| {
                    Finding::detail(finding, format!("Asked as well: {}.", other.in_short()))
                };
                return findings.into_iter().map(|finding| others.iter().fold(finding, told)).collect();
            }
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
            Self::Protocol { url, reason } => at("net-io", url).fact("reason", reason),
            Self::TooLarge { url, limit } => {
                at("net-io", url).fact("reason", format!("more than {limit} bytes came"))
            }
            Self::Io { path, source } => refused(path.display(), source),
            Self::Keep(error) => return error.findings(),
            Self::Setup(reason) => Finding::new("net-io").fact("reason", reason),
        }]
    }
}

impl FetchError {
    /// In half a line: where, and what happened there.
    fn in_short(&self) -> String {
        match self {
            Self::Transport { url, kind, .. } => format!("{url} ({})", kind.in_short()),
            Self::Digest { url, .. } => format!("{url} (other bytes than were asked for)"),
            other => other.to_string(),
        }
    }
}

impl Transport {
    fn in_short(self) -> &'static str {
        match self {
            Self::Dns => "its name has no address",
            Self::Unreachable => "it cannot be reached",
            Self::Timeout => "it did not answer in time",
            Self::Tls | Self::TlsAuthority | Self::TlsName | Self::TlsExpired | Self::TlsNotYet => {
                "its certificate could not be verified"
            }
            Self::NotTls => "it speaks no TLS",
            Self::Proxy => "the proxy refused",
            Self::NoProxy => "the proxy was not reached",
            Self::Reset => "the connection was cut",
            Self::Truncated => "it ended early",
            Self::Redirects => "it redirects in a circle",
            Self::Other => "the connection failed",
        }
    }
}

fn told(finding: Finding, kind: Transport, url: &SafeUrl) -> Finding {
    match kind.meaning(url.host().unwrap_or_default()) {
        Some((meaning, remedy)) => remedy.into_iter().fold(finding.detail(meaning), Finding::remedy),
        None => finding,
    }
}

impl Way {
    /// The finding, with what is known of the way.
    fn told(&self, finding: Finding, kind: Transport, url: &SafeUrl) -> Finding {
        let host = url.host().unwrap_or_default();
        let finding = match &self.proxy {
            Some(proxy) => {
                let end = match kind {
                    Transport::NoProxy => ", which cannot be reached",
                    Transport::Proxy => ", which wants credentials or forbids this address",
                    _ => "",
                };
                finding.detail(format!("The environment names the proxy {proxy} for {host}{end}."))
            }
            None => finding,
        };
        match self.private {
            Some(address) => finding.detail(format!(
                "The name {host} leads to {address}, an address of a private network: it is reached only from inside."
            )),
            None => finding,
        }
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
