//! What can go wrong between here and a registry.

use crate::ImageError;
use envwright_diagnosis::{Explain, Finding};
use envwright_fetch::{FetchError, Transport, Way};
use envwright_store::Digest;
use std::{fmt, time::Duration};

/// Why an image did not reach a registry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The registry was not reached, or not to the end.
    #[error("reaching {host} for {image}")]
    Fetch {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// Why.
        source: FetchError,
    },
    /// The registry answered, and refused.
    #[error("{host} refused to {action} {image}: {status}")]
    Refused {
        /// The registry.
        host: String,
        /// The image.
        image: String,
        /// What was being done.
        action: Action,
        /// HTTP status code.
        status: u16,
        /// Code of the error (distribution specification, error codes), where the registry gave one.
        code: Option<String>,
        /// The registry's words.
        reason: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },
    /// The registry's answer is not what the specification says.
    #[error("{host}: {reason}")]
    Protocol {
        /// The registry.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// Credentials are configured and cannot be had.
    #[error("credentials for {host}: {reason}")]
    Credentials {
        /// The registry.
        host: String,
        /// Why not.
        reason: String,
    },
    /// An image of several platforms lacks the one that is asked for.
    #[error("{image} has no image for {platform}")]
    Platform {
        /// The image.
        image: String,
        /// The platform.
        platform: String,
        /// Those that it has, where they are known.
        available: Vec<String>,
    },
    /// The image has a manifest of Docker's first schema, which names no configuration.
    #[error("{image} has a manifest of schema 1")]
    Schema1 {
        /// The image.
        image: String,
    },
    /// What came cannot be kept.
    #[error("keeping what came")]
    Keep(#[source] Box<ImageError>),
    /// What is to be pushed is not there.
    #[error("blob {0} is missing")]
    Missing(Digest),
    /// No image of the store is called so.
    #[error("no image is called {0}")]
    UnknownImage(String),
}

impl RegistryError {
    /// A part of an image that is not there, or cannot be read.
    pub(crate) fn of_layout(error: ImageError) -> Self {
        match error {
            ImageError::Missing(digest) => Self::Missing(digest),
            other => Self::Keep(Box::new(other)),
        }
    }
}

/// What a registry was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// To say what it has.
    Look,
    /// To give a manifest or a blob.
    Pull,
    /// To take a blob.
    Upload,
    /// To take a manifest.
    Publish,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Look => "look for",
            Self::Pull => "give",
            Self::Upload => "take a layer of",
            Self::Publish => "take the manifest of",
        })
    }
}

/// The problem that an answer stands for: by the registry's own code, else by the status.
fn refusal(code: Option<&str>, status: u16, action: Action) -> &'static str {
    match (code, status) {
        (Some("TOOMANYREQUESTS"), _) | (_, 429) => "registry-rate-limited",
        (_, 401) => "registry-unauthorized",
        (Some("DENIED"), _) | (_, 403) if action == Action::Pull => "registry-unauthorized",
        (_, 407) => "net-proxy",
        (Some("DIGEST_INVALID" | "SIZE_INVALID"), _) => "net-io",
        (Some("BLOB_UNKNOWN" | "MANIFEST_BLOB_UNKNOWN"), _) => "registry-blob-unknown",
        (_, 403 | 405) => "registry-push-denied",
        (_, 413 | 507) => "registry-quota",
        (Some("NAME_UNKNOWN" | "MANIFEST_UNKNOWN"), _) | (_, 404) => "registry-not-found",
        (Some("DENIED"), _) => "registry-push-denied",
        (_, 500..) => "net-server-error",
        _ if matches!(action, Action::Look | Action::Pull) => "net-io",
        _ => "registry-push-denied",
    }
}

impl Explain for RegistryError {
    fn findings(&self) -> Vec<Finding> {
        vec![match self {
            Self::Fetch { host, image, source } => return unreached(host, image, source),
            Self::Refused { host, image, action, status, code, reason, wait } => {
                let mut finding = Finding::new(refusal(code.as_deref(), *status, *action))
                    .fact("host", host)
                    .fact("image", image)
                    .fact("status", status)
                    .detail(format!("{host} was asked to {action} {image}, and answered {status}."));
                if let Some(wait) = wait {
                    finding = finding.fact("wait", seconds(*wait));
                }
                if reason.is_empty() {
                    finding
                } else {
                    finding.fact("reason", reason).detail(format!("Its words: {reason}"))
                }
            }
            Self::Protocol { host, reason } => {
                Finding::new("net-io").fact("host", host).fact("reason", reason).detail(reason.clone())
            }
            Self::Credentials { host, reason } => Finding::new("registry-unauthorized")
                .fact("host", host)
                .fact("reason", reason)
                .detail(reason.clone()),
            Self::Platform { image, platform, available } => {
                let finding = Finding::new("registry-platform-mismatch")
                    .fact("image", image)
                    .fact("platform", platform);
                match available.as_slice() {
                    [] => finding,
                    some => finding.fact("available", some.join(", ")),
                }
            }
            Self::Schema1 { image } => Finding::new("image-schema1-unsupported").fact("image", image),
            Self::Keep(error) => return error.findings(),
            Self::Missing(digest) => Finding::new("archive-invalid")
                .fact("file", format!("images/blobs/sha256/{}", digest.hex()))
                .remedy("build the image again"),
            Self::UnknownImage(name) => Finding::new("image-not-found").fact("image", name),
        }]
    }
}

/// What kept a request from an answer: the registry's own problems first, then the network's.
fn unreached(host: &str, image: &str, source: &FetchError) -> Vec<Finding> {
    let problem = match source.root() {
        FetchError::Transport { kind: Transport::Dns, .. } => "registry-dns",
        FetchError::Transport { kind, .. } if kind.is_certificate() => "registry-tls",
        FetchError::Transport { kind: Transport::NotTls, .. } => "registry-http-vs-https",
        FetchError::Transport { way: Way { private: Some(_), .. }, .. } => "registry-private-network",
        FetchError::Status { status: 429, .. } => "registry-rate-limited",
        FetchError::Status { status: 401 | 403, .. } => "registry-unauthorized",
        FetchError::Status { status: 404, .. } => "registry-blob-unknown",
        _ => return source.findings().into_iter().map(|finding| finding.fact("image", image)).collect(),
    };
    // What was found out about the way stays; only the name is the registry's own.
    let own = |finding: Finding| {
        let own = Finding { problem: Finding::new(problem).problem, ..finding };
        own.fact("host", host).fact("image", image)
    };
    source.findings().into_iter().map(own).collect()
}

/// Sample: `120 s`.
fn seconds(wait: Duration) -> String {
    format!("{} s", wait.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrys_own_code_says_more_than_the_status() {
        for (code, status, action, problem) in [
            (None, 401, Action::Look, "registry-unauthorized"),
            (Some("DENIED"), 403, Action::Pull, "registry-unauthorized"),
            (None, 403, Action::Look, "registry-push-denied"),
            (Some("DENIED"), 403, Action::Upload, "registry-push-denied"),
            (Some("NAME_UNKNOWN"), 404, Action::Upload, "registry-not-found"),
            (Some("MANIFEST_BLOB_UNKNOWN"), 404, Action::Publish, "registry-blob-unknown"),
            (Some("TOOMANYREQUESTS"), 403, Action::Look, "registry-rate-limited"),
            (None, 407, Action::Upload, "net-proxy"),
            (None, 507, Action::Upload, "registry-quota"),
            (None, 503, Action::Upload, "net-server-error"),
        ] {
            assert_eq!(refusal(code, status, action), problem, "{code:?} {status}");
        }
    }
}
