//! Lines that say where in a build a log is, and whether it went well.

use super::line::Unwrapped;
use crate::Severity;
use regex::Regex;
use std::sync::LazyLock;

/// What a text may tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// A step of a Dockerfile begins.
    Step,
    /// A step of BuildKit ends.
    Vertex,
    /// A package's build begins or ends.
    Package,
    /// A command did what it should.
    Done,
    /// The whole did what it should.
    Success,
    /// A command or step failed, told by its exit code.
    Failure,
    /// Something calls itself an error.
    Complaint,
    /// The first line of one of envwright's own reports; [`report`] reads it.
    Report,
}

/// What pip, mamba and conda say at their end.
const DONE: [&str; 4] = [
    "Successfully installed ",
    "Transaction finished",
    "Executing transaction: ",
    "To activate this environment",
];

/// Texts of lines that may be signs, of which only the beginnings are looked for; [`read`] tells whether they are.
pub(super) const TEXTS: &[(&str, Sign)] = &[
    ("Step ", Sign::Step),
    ("STEP ", Sign::Step),
    (" DONE ", Sign::Vertex),
    (" CACHED", Sign::Vertex),
    (" ERROR: ", Sign::Vertex),
    ("Collecting ", Sign::Package),
    ("Processing ", Sign::Package),
    ("Building wheel", Sign::Package),
    ("Running setup.py ", Sign::Package),
    ("Failed to build `", Sign::Package),
    (DONE[0], Sign::Done),
    (DONE[1], Sign::Done),
    (DONE[2], Sign::Done),
    (DONE[3], Sign::Done),
    ("Successfully built ", Sign::Success),
    ("Successfully tagged ", Sign::Success),
    ("naming to ", Sign::Success),
    ("Writing manifest to image destination", Sign::Success),
    ("COMMIT ", Sign::Success),
    ("STATUS: SUCCESS", Sign::Success),
    ("Finished: SUCCESS", Sign::Success),
    ("Job succeeded", Sign::Success),
    ("BUILD SUCCESS", Sign::Success),
    (" digest: sha256:", Sign::Success),
    ("Pushed ", Sign::Success),
    ("returned a non-zero code: ", Sign::Failure),
    ("did not complete successfully", Sign::Failure),
    ("failed to solve", Sign::Failure),
    ("failed to build", Sign::Failure),
    ("error building at ", Sign::Failure),
    ("error building image", Sign::Failure),
    ("exit status ", Sign::Failure),
    ("exit code", Sign::Failure),
    ("Finished: FAILURE", Sign::Failure),
    ("Job failed", Sign::Failure),
    ("STATUS: FAILURE", Sign::Failure),
    ("BUILD FAILED", Sign::Failure),
    ("BUILD FAILURE", Sign::Failure),
    ("uild failed", Sign::Failure),
    ("uild Failed", Sign::Failure),
    ("make: *** ", Sign::Failure),
    ("]: *** ", Sign::Failure),
    ("npm ERR! ", Sign::Failure),
    ("npm error ", Sign::Failure),
    ("Traceback (most recent call last)", Sign::Complaint),
    ("ERROR", Sign::Complaint),
    ("Error: ", Sign::Complaint),
    ("error: ", Sign::Complaint),
    ("error[", Sign::Complaint),
    ("error[", Sign::Report),
    ("warning[", Sign::Report),
    ("fatal: ", Sign::Complaint),
    ("FATAL", Sign::Complaint),
    ("E: ", Sign::Complaint),
    ("CondaError", Sign::Complaint),
    ("Exception: ", Sign::Complaint),
    ("panic: ", Sign::Complaint),
    ("command not found", Sign::Complaint),
    ("No such file or directory", Sign::Complaint),
    ("Error response from daemon", Sign::Complaint),
    ("Killed", Sign::Complaint),
];

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// A step of this number begins; the numbers of a build rise.
    Step(u32),
    /// BuildKit's step went well, or not.
    Vertex(bool),
    /// A package's build begins.
    Package(String),
    Done,
    Success,
    Failure,
    Complaint,
}

macro_rules! regex {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a valid pattern"));
    };
}

regex!(STEP, r"^(?:Step|(?:\[\d+/\d+\] )?STEP) (\d+)(?:/\d+)?\s?: ");
regex!(
    FAILURE,
    r"(?x)
    returned\ a\ non-zero\ code:\ [1-9] | did\ not\ complete\ successfully | failed\ to\ (?:solve|build\b) | error\ building\ (?:at|image)
    | exit\ (?:status|code):?\ [1-9] | (?:Finished|STATUS):\ FAILURE | Job\ failed | BUILD\ FAIL | ^\W*[Bb]uild\ [Ff]ailed\b | ^make: | \]:\ \*\*\*\ | ^npm\ (?:ERR!|error)\ "
);
regex!(
    COMPLAINT,
    r"(?x)
    ^\s*(?:ERROR|Error|error|FATAL|Fatal|fatal|E|panic|CondaError|[A-Za-z]+Error|[A-Za-z.]+Exception|[\w.]+\.[A-Za-z]*(?:Error|Exception))\b[^:]{0,60}:
    | ^\s*(?:\[?ERROR\]?\b | error\[ | Traceback\ \(most | Killed\s*$) | (?:^|:\ )(?:command\ not\ found|No\ such\ file\ or\ directory)
    | ^[\w./-]+:\ (?:line\ \d+:|\d+:|error:|fatal\ error:) | :\ (?:fatal\ )?error:\  | not\ found\s*$ | ^[\w./-]+:\ (?:FATAL|ERROR|Fatal|Error)\b | ^Error\ response\ from\ daemon"
);
regex!(REPORT, r"^(error|warning)\[([a-z0-9]+(?:-[a-z0-9]+)*)\]: (.*\S)");
regex!(BUILT, r"^Successfully (?:built [0-9a-f]{12}\s*$|tagged )");

/// What the line tells for this sign, if anything.
pub(super) fn read(sign: Sign, line: &Unwrapped<'_>) -> Option<Told> {
    let text = line.text.trim_start_matches("=> ");
    let vertex = line.vertex.is_some();
    let trimmed = text.trim_end();
    match sign {
        Sign::Step => STEP.captures(text).and_then(|step| step[1].parse().ok()).map(Told::Step),
        Sign::Vertex if !vertex || line.timed => None,
        Sign::Vertex if text.starts_with("DONE ") || text.starts_with("CACHED") => Some(Told::Vertex(true)),
        Sign::Vertex => text.starts_with("ERROR: ").then_some(Told::Vertex(false)),
        Sign::Package => package(text).map(|package| Told::Package(package.to_owned())),
        Sign::Done => {
            let done = DONE.iter().any(|done| text.contains(done));
            (done && !trimmed.ends_with("failed")).then_some(Told::Done)
        }
        Sign::Success if text.starts_with("Successfully ") => BUILT.is_match(text).then_some(Told::Success),
        Sign::Success if text.starts_with("naming to ") => {
            (trimmed.ends_with(" done") || vertex).then_some(Told::Success)
        }
        Sign::Success => {
            let begins = [
                "COMMIT ",
                "Writing manifest",
                "Pushed ",
                "STATUS:",
                "Finished:",
                "Job succeeded",
                "BUILD SUCCESS",
            ];
            let begins = begins.iter().any(|begin| text.trim_start().starts_with(begin));
            (begins || text.contains(" digest: sha256:") && !text.contains("FROM ")).then_some(Told::Success)
        }
        Sign::Failure => FAILURE.is_match(text).then_some(Told::Failure),
        Sign::Complaint => COMPLAINT.is_match(text).then_some(Told::Complaint),
        Sign::Report => None,
    }
}

/// The package whose build or download a line begins.
fn package(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let begins = |begin: &str| text.strip_prefix(begin);
    let rest = begins("Collecting ")
        .or_else(|| begins("Building wheel for "))
        .or_else(|| begins("Processing ")?.split_once('/').map(|(_, rest)| rest))
        .or_else(|| begins("Running setup.py ")?.split_once(" for ").map(|(_, rest)| rest))
        .or_else(|| {
            let (before, rest) = text.split_once("Failed to build `")?;
            before.chars().all(|c| !c.is_alphanumeric()).then_some(rest)
        })?;
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name = &rest[..rest.find(|c| !named(c)).unwrap_or(rest.len())];
    name.starts_with(|first: char| first.is_ascii_alphanumeric()).then_some(name)
}

/// Severity, problem and title of a report's first line.
pub(super) fn report(line: &str) -> Option<(Severity, &str, &str)> {
    let captures = REPORT.captures(line)?;
    let severity = if &captures[1] == "error" { Severity::Error } else { Severity::Warning };
    Some((severity, captures.get(2)?.as_str(), captures.get(3)?.as_str()))
}
