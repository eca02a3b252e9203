//! Lines as the tools wrote them: without terminal escapes, rewritten progress and the prefixes that platforms add.

use regex::Regex;
use std::{borrow::Cow, ops::Range, sync::LazyLock};

/// Bytes of a line that are looked at.
pub(super) const LONGEST: usize = 64 * 1024;

/// Bytes within which a command that the terminal is given must end; longer ones are none.
const LONGEST_COMMAND: usize = 4096;
/// Parameters of a control sequence. Bytes.
const MOST_PARAMETERS: usize = 64;

/// Removes terminal escapes (ECMA-48 control sequences, operating system commands) and NULs; keeps every line break.
pub(crate) fn clean(block: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(0x1b, 0, block).is_none() {
        return Cow::Borrowed(block);
    }
    let mut out = Vec::with_capacity(block.len());
    let open = clean_into(block, &mut out);
    out.extend_from_slice(&block[block.len() - open..][unfinished(&block[block.len() - open..])..]);
    Cow::Owned(out)
}

/// The same, up to an escape at the end that is not yet whole, whose length is returned.
pub(super) fn clean_into(block: &[u8], out: &mut Vec<u8>) -> usize {
    let mut rest = block;
    while let Some(at) = memchr::memchr2(0x1b, 0, rest) {
        out.extend_from_slice(&rest[..at]);
        let Some(length) = escape(&rest[at..]) else { return rest.len() - at };
        rest = &rest[at + length..];
    }
    out.extend_from_slice(rest);
    0
}

/// Length of the escape (or NUL) that a text begins with. None where the text is too short to tell.
fn escape(text: &[u8]) -> Option<usize> {
    if text[0] == 0 {
        return Some(1);
    }
    match text.get(1)? {
        b'[' => {
            let parameters = text[2..].iter().take(MOST_PARAMETERS);
            let parameters = parameters.take_while(|byte| (0x20..0x40).contains(*byte)).count();
            let last = text.get(2 + parameters)?;
            Some(2 + parameters + usize::from(*last >= 0x40))
        }
        b']' | b'P' | b'_' | b'^' => {
            let command = &text[2..text.len().min(LONGEST_COMMAND)];
            let end = command.iter().position(|byte| matches!(byte, 7 | b'\n'));
            let string = command.windows(2).position(|pair| pair == b"\x1b\\");
            match (end, string) {
                (end, Some(string)) if end.is_none_or(|end| string < end) => Some(2 + string + 2),
                (Some(end), _) => Some(2 + end + usize::from(command[end] == 7)),
                _ => (text.len() >= LONGEST_COMMAND).then_some(2),
            }
        }
        b'(' | b')' | b'#' => Some(2 + usize::from(*text.get(2)? != b'\n')),
        b'\n' | 0x1b => Some(1),
        _ => Some(2),
    }
}

/// How much of an escape that the text's end cut off is not shown.
fn unfinished(text: &[u8]) -> usize {
    match text.get(1) {
        Some(b']' | b'P' | b'_' | b'^') => 2,
        _ => text.len(),
    }
}

/// A line as text: what a carriage return rewrote is gone, what is not UTF-8 replaced, and cut where it is too long.
pub(super) fn text(raw: &[u8]) -> Cow<'_, str> {
    let raw = &raw[..raw.len().min(LONGEST)];
    let end = raw.iter().rposition(|byte| *byte != b'\r').map_or(0, |at| at + 1);
    let start = memchr::memrchr(b'\r', &raw[..end]).map_or(0, |at| at + 1);
    // Most lines are valid, which is sooner known without looking for what is not.
    str::from_utf8(&raw[start..end]).map_or_else(|_| String::from_utf8_lossy(&raw[start..end]), Cow::Borrowed)
}

/// A line without the prefixes of platforms.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unwrapped<'a> {
    /// What the tool wrote.
    pub(super) text: Cow<'a, str>,
    /// Where it begins in the line; the whole line where it is written otherwise there (JSON). Bytes.
    pub(super) start: usize,
    /// BuildKit's number of the step that the line belongs to.
    pub(super) vertex: Option<u32>,
    /// Whether BuildKit wrote a time before it: output of the step, not a word on the step.
    pub(super) timed: bool,
}

macro_rules! regex {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a valid pattern"));
    };
}

// Docker's `time=`-less forms, GitHub, GitLab, Azure, Kubernetes and journals.
regex!(
    TIMESTAMP,
    r"^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?\]?(?:[ \t]+|: |$)(?:\d\d[OE][ +]?|(?:stdout|stderr) [FP] )?"
);
regex!(CLOCK, r"^\[?\d\d:\d\d:\d\d(?:[.,]\d+)?\]?[ \t]+");
regex!(SYSLOG, r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [\w./-]+(?:\[\d+\])?: ");
regex!(COMPOSE, r"^[A-Za-z0-9][A-Za-z0-9_.-]*(?:[ \t]+)\| ?");
regex!(POD, r"^\[pod/[^\]\s]+\] ");
regex!(GH_RUN, r"^[^\t]{1,120}\t[^\t]{1,160}\t\u{feff}?");
regex!(VERTEX, r"^#(\d+) (?:(\d+(?:\.\d+)?)(?: |$))?");
regex!(BUILDKIT_BLOCK, r"^(?:=> => # |\d+\.\d{1,3} )");
regex!(
    COMMAND,
    r"^(?:##\[(?:error|warning|debug|section|command|group|notice)\]|::(?:error|warning|notice|debug)(?: [^:]*)?::)"
);
regex!(KANIKO, r"^(?:INFO|ERRO|WARN|DEBU|FATA)\[\d{4}\] ");

/// Removes prefixes until none is left.
pub(super) fn unwrap(line: &str) -> Unwrapped<'_> {
    let mut start = 0;
    let mut vertex = None;
    let mut timed = false;
    for _ in 0..6 {
        let rest = &line[start..];
        let Some(first) = rest.bytes().next() else { break };
        let found = match first {
            b'0'..=b'9' => TIMESTAMP
                .find(rest)
                .or_else(|| CLOCK.find(rest))
                .or_else(|| BUILDKIT_BLOCK.find(rest))
                .or_else(|| compose(rest)),
            b'[' => TIMESTAMP.find(rest).or_else(|| CLOCK.find(rest)).or_else(|| POD.find(rest)),
            b'#' | b':' => match VERTEX.captures(rest) {
                Some(captures) if vertex.is_none() => {
                    vertex = captures[1].parse().ok();
                    timed = captures.get(2).is_some();
                    captures.get(0)
                }
                _ => COMMAND.find(rest),
            },
            b'=' => BUILDKIT_BLOCK.find(rest),
            b'{' => return json(line, start, vertex),
            _ => named(rest),
        };
        match found {
            Some(found) if !found.is_empty() => start += found.end(),
            _ => break,
        }
    }
    Unwrapped { text: Cow::Borrowed(&line[start..]), start, vertex, timed }
}

/// A prefix that begins with a word. Most lines have none, which their bytes tell sooner than the patterns.
fn named(rest: &str) -> Option<regex::Match<'_>> {
    let bytes = rest.as_bytes();
    let sooner = |pattern: &'static Regex, may: bool| may.then(|| pattern.find(rest)).flatten();
    sooner(&KANIKO, bytes.get(4) == Some(&b'['))
        .or_else(|| sooner(&SYSLOG, bytes.get(3) == Some(&b' ')))
        .or_else(|| {
            let found = sooner(&GH_RUN, memchr::memchr(b'\t', bytes).is_some())?;
            TIMESTAMP.is_match(&rest[found.end()..]).then_some(found)
        })
        .or_else(|| compose(rest))
}

/// `service-1  | `; pip and Cargo draw frames with bars too, which stand at the line's start or after a number.
fn compose(rest: &str) -> Option<regex::Match<'_>> {
    memchr::memchr(b'|', rest.as_bytes())?;
    let found = COMPOSE.find(rest)?;
    let name = rest[..found.end()].split_whitespace().next()?;
    (!name.bytes().all(|byte| byte.is_ascii_digit())).then_some(found)
}

/// The message of a line of structured logs.
fn json(line: &str, start: usize, vertex: Option<u32>) -> Unwrapped<'_> {
    let whole = Unwrapped { text: Cow::Borrowed(&line[start..]), start, vertex, timed: false };
    let Ok(value) = serde_json::from_str::<serde_json::Value>(line[start..].trim_end()) else { return whole };
    let members = ["log", "message", "msg", "stream", "error", "textPayload", "MESSAGE"];
    let Some(text) = members.iter().find_map(|member| value.get(member).and_then(|value| value.as_str()))
    else {
        return whole;
    };
    let text = text.trim_end_matches(['\n', '\r']);
    let last = text.rsplit('\n').next().unwrap_or(text);
    let last = String::from_utf8_lossy(&clean(last.as_bytes())).into_owned();
    let inner = unwrap(&last);
    let vertex = vertex.or(inner.vertex);
    Unwrapped { timed: inner.timed, text: Cow::Owned(inner.text.into_owned()), start, vertex }
}

/// Where a place in the unwrapped text lies in the line.
pub(super) fn place(line: &str, unwrapped: &Unwrapped<'_>, range: Range<usize>) -> Range<usize> {
    match unwrapped.text {
        Cow::Borrowed(_) => unwrapped.start + range.start..unwrapped.start + range.end,
        Cow::Owned(_) => unwrapped.start..line.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        String::from_utf8(clean(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn escapes_and_nuls_are_removed_and_line_breaks_are_kept() {
        assert_eq!(cleaned("\u{1b}[0m\u{1b}[91mERROR: \u{1b}[1;31mno\u{1b}[K\nx\0y"), "ERROR: no\nxy");
        assert_eq!(cleaned("\u{1b}]8;;http://a\u{7}link\u{1b}]8;;\u{1b}\\ end"), "link end");
        assert_eq!(cleaned("\u{1b}[\n\u{1b}\n\u{1b}]x\ny\u{1b}"), "\n\n\ny");
        assert_eq!(cleaned("plain"), "plain");
    }

    #[test]
    fn of_rewritten_progress_the_last_state_is_left() {
        assert_eq!(text(b"10%\r50%\rdone\r\n".trim_ascii_end()), "done");
        assert_eq!(text(b"one\r"), "one");
        assert_eq!(text(b"\r\r"), "");
        assert_eq!(text(b"\xff!"), "\u{fffd}!");
        assert_eq!(text(&vec![b'x'; 3 * LONGEST]).len(), LONGEST);
    }

    #[test]
    fn prefixes_of_platforms_are_removed() {
        let cases = [
            ("#12 3.456 ERROR: x", "ERROR: x"),
            ("#12 ERROR: process", "ERROR: process"),
            ("2024-05-06T07:08:09.1234567Z ERROR: x", "ERROR: x"),
            ("2024-05-06T07:08:09.1234567Z ##[error]x", "x"),
            ("2024-05-06T07:08:09.123456Z 01O ERROR: x", "ERROR: x"),
            ("2024-05-06T07:08:09.123Z stdout F #5 1.2 ERROR: x", "ERROR: x"),
            ("[2024-05-06T07:08:09.123Z] ERROR: x", "ERROR: x"),
            ("2024-05-06 07:08:09,123 ERROR: x", "ERROR: x"),
            ("07:08:09 ERROR: x", "ERROR: x"),
            ("web-1  | ERROR: x", "ERROR: x"),
            ("[pod/app-1/build] ERROR: x", "ERROR: x"),
            ("build\tBuild image\t2024-05-06T07:08:09.1Z ERROR: x", "ERROR: x"),
            ("May  6 07:08:09 host dockerd[12]: ERROR: x", "ERROR: x"),
            (r#"{"log":"ERROR: \"x\"\n","stream":"stderr"}"#, "ERROR: \"x\""),
            ("::error file=a,line=1::ERROR: x", "ERROR: x"),
            ("12.34 ERROR: x", "ERROR: x"),
            ("INFO[0012] ERROR: x", "ERROR: x"),
            ("=> => # ERROR: x", "ERROR: x"),
            ("12 | >>> RUN x", "12 | >>> RUN x"),
            ("    indented", "    indented"),
            ("{not json", "{not json"),
        ];
        for (line, expected) in cases {
            assert_eq!(unwrap(line).text, expected, "{line}");
        }
        assert_eq!(unwrap("#12 3.456 x").vertex, Some(12));
    }
}
