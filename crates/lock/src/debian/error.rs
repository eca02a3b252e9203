//! Why Debian packages could not be locked.

use super::{KeyFile, Keyring};
use envwright_diagnosis::{Explain, Finding, Span, nearest};
use envwright_fetch::FetchError;
use envwright_store::{StoreError, refused};
use std::path::PathBuf;

/// Names of Debian's releases that mirrors have (Debian's list of releases).
const SUITES: [&str; 9] =
    ["bookworm", "trixie", "bullseye", "buster", "forky", "sid", "stable", "testing", "unstable"];

/// A Debian lock that failed.
#[derive(Debug, thiserror::Error)]
pub enum DebianError {
    /// Neither the configuration nor the host's apt sources name a mirror.
    #[error("no Debian mirror is known for {suite}")]
    NoMirror {
        /// The suite that was asked for.
        suite: String,
    },
    /// A mirror has no `InRelease` of the suite.
    #[error("{url} has no signed package lists for {suite}")]
    NoRelease {
        /// Where it was looked for.
        url: String,
        /// The suite.
        suite: String,
        /// What is there instead.
        reason: String,
    },
    /// No key of the keyring made a signature of `InRelease`.
    #[error("the signature of {suite} was made by an unknown key")]
    UnknownKey {
        /// Where the file is.
        url: String,
        /// The suite.
        suite: String,
        /// Key that signed, where the signature names it.
        key: Option<String>,
        /// The keys that would have been accepted.
        keyring: Keyring,
    },
    /// A known key made the signature, but not of this text.
    #[error("the signature of {suite} does not match its text")]
    BadSignature {
        /// Where the file is.
        url: String,
        /// The suite.
        suite: String,
    },
    /// The lists were valid until a time that has passed.
    #[error("the package lists of {suite} were valid until {until}")]
    Expired {
        /// Where the file is.
        url: String,
        /// The suite.
        suite: String,
        /// `Valid-Until`.
        until: String,
    },
    /// A keyring that cannot be read.
    #[error("the keyring {path} could not be read: {reason}")]
    Keyring {
        /// The keyring.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A line of a base's apt sources that is no address.
    #[error("/{path} of the base names {url}, which is no address")]
    Source {
        /// The file of the base.
        path: String,
        /// The address as it stands there.
        url: String,
    },
    /// A base whose `/var/lib/dpkg/status` cannot be read.
    #[error("the list of the base's packages is not valid: {reason}")]
    Status {
        /// What is wrong.
        reason: String,
    },
    /// Package lists that are not in their form.
    #[error("the package lists at {url} are not valid: {reason}")]
    Lists {
        /// Where they are.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A package that no suite has.
    #[error("the system package {package} does not exist in {suite}")]
    NotFound {
        /// The package.
        package: String,
        /// The suite.
        suite: String,
        /// Names that are near.
        nearest: Vec<String>,
        /// The versions that there are, where it is only the one asked for that does not exist.
        available: Vec<String>,
        /// Where it was asked for.
        span: Option<Span>,
    },
    /// A package whose dependencies cannot be met.
    #[error("the system package {package} cannot be installed")]
    Unmet {
        /// The package.
        package: String,
        /// Why, a step a line.
        reason: String,
        /// Where it was asked for.
        span: Option<Span>,
        /// Where the one was asked for that excludes it.
        other: Option<Span>,
    },
    /// The network.
    #[error("the package lists could not be fetched")]
    Fetch(#[from] FetchError),
    /// The disk.
    #[error("the package lists could not be kept")]
    Store(#[from] StoreError),
    /// A list that was kept could not be read.
    #[error("the package list {path} could not be read")]
    Io {
        /// The list.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Explain for DebianError {
    fn findings(&self) -> Vec<Finding> {
        vec![self.finding()]
    }
}

impl DebianError {
    fn finding(&self) -> Finding {
        match self {
            Self::NoMirror { suite } => Finding::new("apt-no-release-file")
                .fact("url", "this machine")
                .fact("suite", suite)
                .detail(
                    "Neither its apt sources nor `[debian] mirror` of config.toml name a mirror of Debian.",
                )
                .remedy("Set `mirror` in the table `[debian]` of config.toml"),
            Self::NoRelease { url, suite, reason } => {
                let finding =
                    Finding::new("apt-no-release-file").fact("url", url).fact("suite", suite).detail(reason);
                match nearest(suite, SUITES).filter(|near| *near != suite.as_str()) {
                    Some(near) => finding.fact("nearest", near).remedy(format!("Write `{near}`")),
                    None => finding,
                }
            }
            Self::UnknownKey { url, suite, key, keyring } => {
                let finding = Finding::new("apt-no-pubkey").fact("suite", suite).fact("url", url);
                let finding = key.iter().fold(finding, |finding, key| finding.fact("key", key));
                match keyring {
                    Keyring::File(path) => finding.fact("path", path.display()),
                    Keyring::Archive => finding
                        .detail(format!(
                            "{url} is signed, but with no key of the Debian archive; only those are accepted."
                        ))
                        .detail(
                            "The repository is another one than meant, or newer than this envwright knows.",
                        )
                        .remedy("Name a mirror of Debian as `mirror` in the table `[debian]` of config.toml"),
                    Keyring::Base { files, .. } => {
                        files.iter().fold(finding.detail(of_base(files)), |finding, file| {
                            finding.fact("path", &file.path)
                        })
                    }
                    Keyring::Text(_) => {
                        finding.detail("Only the key that stands in the source of apt itself is accepted.")
                    }
                    Keyring::Unsigned => finding,
                }
            }
            Self::BadSignature { url, suite } => {
                Finding::new("signature-invalid").fact("url", url).fact("suite", suite).fact("file", url)
            }
            Self::Expired { url, suite, until } => Finding::new("apt-release-expired")
                .fact("suite", suite)
                .fact("url", url)
                .fact("expected", until),
            Self::Keyring { path, reason } => {
                Finding::new("store-io").fact("path", path.display()).fact("reason", reason)
            }
            Self::Source { url, .. } => {
                Finding::new("apt-no-release-file").fact("url", url).detail(capitalised(&self.to_string()))
            }
            Self::Status { .. } => Finding::new("base-invalid").detail(capitalised(&self.to_string())),
            Self::Lists { url, reason } => {
                Finding::new("apt-hash-mismatch").fact("file", url).fact("url", url).detail(reason)
            }
            Self::NotFound { package, suite, nearest, available, span } => {
                let finding =
                    Finding::new("apt-unable-to-locate").fact("package", package).fact("suite", suite);
                at(instead(finding, package, nearest, available), span.as_ref(), "not a package")
            }
            Self::Unmet { package, reason, span, other } => {
                let finding = Finding::new("apt-unmet-dependencies").fact("package", package);
                let finding = reason.lines().fold(finding, Finding::detail);
                let finding = at(finding, span.as_ref(), "cannot be installed");
                at(finding, other.as_ref(), "beside this")
            }
            Self::Fetch(error) => error.findings().remove(0),
            Self::Store(error) => error.findings().remove(0),
            Self::Io { path, source } => refused(path.display(), source),
        }
    }
}

/// What to ask for in the place of a package that does not exist.
fn instead(finding: Finding, package: &str, nearest: &[String], available: &[String]) -> Finding {
    let name = package.split('=').next().unwrap_or(package);
    let quoted = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    if let Some(version) = available.first() {
        return finding
            .fact("available", available.join(", "))
            .remedy(format!("Write `{name}={version}`, or `{name}` for the newest one"));
    }
    match nearest {
        [] => finding,
        names => finding
            .fact("nearest", names.join(", "))
            .remedy(format!("Write {}, if that is meant", quoted(names).join(" or "))),
    }
}

fn at(finding: Finding, span: Option<&Span>, label: &str) -> Finding {
    match span {
        Some(span) => finding.at(span, label),
        None => finding,
    }
}

/// Which keys of a base were looked at.
fn of_base(files: &[KeyFile]) -> String {
    let missing = |file: &KeyFile| if file.bytes.is_empty() { " (which is not there)" } else { "" };
    let shown = |file: &KeyFile| format!("{}{}", file.path, missing(file));
    let paths = files.iter().map(shown).collect::<Vec<_>>().join(", ");
    match paths.as_str() {
        "" => "The base has no keys that its apt trusts.".to_owned(),
        paths => format!("Only the base's own keys are accepted: {paths}."),
    }
}

/// A clause as a sentence.
fn capitalised(clause: &str) -> String {
    let mut letters = clause.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}
