//! What is done to a step, and how a command may answer it.

use super::{random::Random, steps::Step};
use crate::support::Ran;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// SIGKILL as the call begins.
    Kill,
    /// The call fails with this error and does nothing.
    Error(&'static str),
}

impl Fault {
    /// Errors that the kernel has for a kind of call.
    pub(super) fn error(step: &Step, random: &mut Random) -> Self {
        let errors = errors(step.kind);
        Self::Error(errors[random.below(errors.len())])
    }

    /// As `strace` spells it.
    pub(super) fn spelled(self) -> String {
        match self {
            Self::Kill => "signal=KILL".to_owned(),
            Self::Error(error) => format!("error={error}"),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Error(error) => error,
        }
    }

    /// Judges how a command ended; gives what it did in a word.
    #[track_caller]
    pub(super) fn judge(self, ran: &Ran) -> &'static str {
        match (self, ran.code) {
            (Self::Kill, code) => {
                // `strace` ends itself as what it ran was ended.
                assert!(code.is_none() || code == Some(137), "it was to be killed\n{ran}");
                "killed"
            }
            // What cannot be done may not be needed; that the result is right is found out afterwards.
            (Self::Error(_), Some(0)) => "went on",
            (Self::Error(error), Some(1)) => {
                assert_named(error, ran);
                "refused"
            }
            _ => panic!("no failure of the disk ends like this\n{ran}"),
        }
    }
}

/// Whether an error can be put in the place of such a call alone. `write` without a file that it is counted by may
/// hit the runtime's own pipes; a file system that is really full does that (`machine.rs`).
pub(super) fn is_refusable(step: &Step) -> bool {
    !errors(step.kind).is_empty() && (step.kind != "write" || step.has_place())
}

/// Whether a kill there differs from one somewhere else: the step leaves something.
pub(super) fn is_durable(step: &Step) -> bool {
    !["open", "read"].contains(&step.kind)
}

fn errors(kind: &str) -> &'static [&'static str] {
    match kind {
        "create" => &["ENOSPC", "EIO", "EMFILE", "EROFS", "EDQUOT"],
        "open" => &["EMFILE", "EIO"],
        "write" | "fsync" => &["ENOSPC", "EIO", "EDQUOT"],
        "rename" | "mkdir" => &["ENOSPC", "EIO", "EROFS", "EDQUOT"],
        "unlink" => &["EIO", "EROFS"],
        "lock" => &["ENOLCK"],
        "read" | "truncate" => &["EIO"],
        "link" => &["ENOSPC", "EIO"],
        _ => &[],
    }
}

#[track_caller]
fn assert_named(error: &str, ran: &Ran) {
    let root = &ran.json()["root"];
    let full = ["ENOSPC", "EDQUOT"].contains(&error);
    // Another place would do.
    if error == "EROFS" && root["problem"] == "output-invalid" {
        return;
    }
    let expected = if full { "disk-full" } else { "store-io" };
    assert_eq!(root["problem"], expected, "{root:#}");
    assert!(root["facts"]["path"].is_string(), "no path: {root:#}");
    assert!(full || root["facts"]["reason"].is_string(), "no reason: {root:#}");
}
