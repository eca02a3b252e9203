//! Secrets that are recognised by what stands around them.

use crate::names::{is_signature, is_unmistakable};
use aho_corasick::AhoCorasick;
use base64::Engine as _;
use std::ops::Range;

const PEM: &str = "-----begin ";

/// What announces a secret. Each is looked for without regard to case.
const MARKS: &[(&str, Scan)] = &[
    ("://", url_credentials),
    ("authorization", header_value),
    ("bearer ", bearer_token),
    ("basic ", basic_credentials),
    ("=", named_value),
    (PEM, pem_body),
    ("ghp_", known_token),
    ("gho_", known_token),
    ("ghs_", known_token),
    ("github_pat_", known_token),
    ("glpat-", known_token),
    ("pypi-age", known_token),
];

/// From a text and the place of a mark in it: the place of the secret.
type Scan = fn(&[u8], Range<usize>, &mut Ends) -> Option<Range<usize>>;

/// Where the values ended that were read last. A mark within a value has the same end as it, so that a text of nothing
/// but marks is read in one pass too.
#[derive(Default)]
struct Ends {
    header: End,
    value: End,
    token: End,
    pem: End,
}

/// From where it was looked for, and where it is.
#[derive(Default)]
struct End(Option<Range<usize>>);

impl End {
    fn from(&mut self, start: usize, find: impl FnOnce() -> usize) -> usize {
        match &self.0 {
            Some(last) if last.start <= start && start <= last.end => last.end,
            _ => {
                let end = find();
                self.0 = Some(start..end);
                end
            }
        }
    }
}

/// A secret that stands in a text.
pub(crate) struct Found {
    pub(crate) place: Range<usize>,
    /// Whether it goes on over the following lines until [`pem_end`].
    pub(crate) is_pem: bool,
}

/// All marks in one automaton, so that a text without any is read once and quickly.
pub(crate) struct Patterns(Option<AhoCorasick>);

impl Patterns {
    pub(crate) fn new() -> Self {
        let marks = MARKS.iter().map(|(mark, _)| mark);
        Self(AhoCorasick::builder().ascii_case_insensitive(true).build(marks).ok())
    }

    /// Places of secrets, in no order; they may overlap.
    pub(crate) fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Found> + 'a {
        let marks = self.0.iter().flat_map(move |marks| marks.find_overlapping_iter(text));
        let mut ends = Ends::default();
        marks.filter_map(move |mark| {
            let (sign, scan) = MARKS[mark.pattern().as_usize()];
            let place = scan(text, mark.range(), &mut ends).filter(|place| !place.is_empty())?;
            Some(Found { place, is_pem: sign == PEM })
        })
    }
}

/// Where, from `from` on, the first byte stands that `stop` accepts; the text's length when none does.
fn until(text: &[u8], from: usize, stop: impl Fn(u8) -> bool) -> usize {
    text[from..].iter().position(|byte| stop(*byte)).map_or(text.len(), |at| from + at)
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// RFC 6750, section 2.1: `b64token`, without its trailing `=`.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
}

/// `https://user:password@host/`: the part up to the last `@` of the authority.
fn url_credentials(text: &[u8], mark: Range<usize>, _: &mut Ends) -> Option<Range<usize>> {
    let stop = |byte: u8| byte.is_ascii_whitespace() || is_quote(byte) || b"/?#<>\\".contains(&byte);
    let authority = &text[mark.end..until(text, mark.end, stop)];
    let at = authority.iter().rposition(|byte| *byte == b'@')?;
    Some(mark.end..mark.end + at)
}

/// `Authorization: Bearer abc`, `"authorization": "Basic abc"`, `Proxy-Authorization=abc`: all after the scheme.
fn header_value(text: &[u8], mark: Range<usize>, ends: &mut Ends) -> Option<Range<usize>> {
    let filler = |byte: u8| is_quote(byte) || matches!(byte, b'\\' | b' ' | b'\t');
    let colon = until(text, mark.end, |byte| !filler(byte));
    if !matches!(text.get(colon), Some(b':' | b'=')) {
        return None;
    }
    let start = until(text, colon + 1, |byte| !filler(byte));
    let stop = |byte| is_quote(byte) || matches!(byte, b'\r' | b'\n');
    let end = ends.header.from(start, || until(text, start, stop));
    let word_end = until(text, start, |byte| !byte.is_ascii_alphanumeric() && byte != b'-').min(end);
    let scheme = text[start..word_end].to_ascii_lowercase();
    let known: [&[u8]; 6] = [b"basic", b"bearer", b"digest", b"negotiate", b"ntlm", b"token"];
    if known.contains(&scheme.as_slice()) && text.get(word_end) == Some(&b' ') {
        return Some(until(text, word_end, |byte| byte != b' ').min(end)..end);
    }
    Some(start..end)
}

/// `Bearer eyJ…`, but neither the challenge `Bearer realm="…"` nor prose such as "bearer token".
fn bearer_token(text: &[u8], mark: Range<usize>, _: &mut Ends) -> Option<Range<usize>> {
    let word_end = until(text, mark.end, |byte| !is_token(byte));
    let end = until(text, word_end, |byte| byte != b'=');
    let follower = text.get(end).copied().unwrap_or(b' ');
    if end > word_end && (is_quote(follower) || follower.is_ascii_alphanumeric()) {
        return None;
    }
    let prose =
        ["auth", "authentication", "authorization", "challenge", "is", "scheme", "token", "tokens", "was"];
    let word = String::from_utf8_lossy(&text[mark.end..word_end]).to_ascii_lowercase();
    (!prose.contains(&word.trim_end_matches('.'))).then_some(mark.end..end)
}

/// `Basic dXNlcjpwYXNzd29yZA==`: only what decodes to `user:password`.
fn basic_credentials(text: &[u8], mark: Range<usize>, _: &mut Ends) -> Option<Range<usize>> {
    let word_end = until(text, mark.end, |byte| !is_token(byte));
    let decoded = base64::engine::general_purpose::STANDARD_NO_PAD.decode(&text[mark.end..word_end]).ok()?;
    let end = until(text, word_end, |byte| byte != b'=');
    decoded.contains(&b':').then_some(mark.end..end)
}

/// `?sv=2024&sig=abc`, `AccountKey=abc;`, `--password=abc`: the value.
fn named_value(text: &[u8], mark: Range<usize>, ends: &mut Ends) -> Option<Range<usize>> {
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let name_start = text[..mark.start].iter().rposition(|byte| !in_name(byte)).map_or(0, |at| at + 1);
    let name = std::str::from_utf8(&text[name_start..mark.start]).ok()?.to_ascii_lowercase();
    let in_query = name_start > 0 && matches!(text[name_start - 1], b'?' | b'&' | b';');
    let secret = is_unmistakable(name.trim_start_matches('-')) || in_query && is_signature(&name);
    if !secret {
        return None;
    }
    let start = mark.end + usize::from(text.get(mark.end).is_some_and(|byte| is_quote(*byte)));
    let stop = |byte: u8| byte.is_ascii_whitespace() || is_quote(byte) || b"&#<>;,)]}".contains(&byte);
    Some(start..ends.value.from(start, || until(text, start, stop)))
}

/// `-----BEGIN RSA PRIVATE KEY-----` up to its end; certificates and public keys are no secrets.
fn pem_body(text: &[u8], mark: Range<usize>, ends: &mut Ends) -> Option<Range<usize>> {
    let label_end = until(text, mark.end, |byte| matches!(byte, b'-' | b'\r' | b'\n'));
    let label = String::from_utf8_lossy(&text[mark.end..label_end]).to_ascii_uppercase();
    if !text[label_end..].starts_with(b"-----")
        || ["CERTIFICATE", "PUBLIC KEY"].iter().any(|l| label.contains(l))
    {
        return None;
    }
    let start = label_end + "-----".len();
    Some(start..ends.pem.from(start, || pem_end(text, start)))
}

/// Where the body of a PEM block ends that goes on at `from`; the text's length when it does not end in it.
pub(crate) fn pem_end(text: &[u8], from: usize) -> usize {
    let end = text[from..].windows(9).position(|window| window == b"-----END ");
    end.map_or(text.len(), |at| from + at)
}

/// Tokens that name their kind, `ghp_…`: at least 16 characters after it.
fn known_token(text: &[u8], mark: Range<usize>, ends: &mut Ends) -> Option<Range<usize>> {
    let stop = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b'_' && byte != b'-';
    let end = ends.token.from(mark.end, || until(text, mark.end, stop));
    (end - mark.end >= 16).then_some(mark.start..end)
}

#[cfg(test)]
mod tests {
    use crate::Redactor;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Redactor::default().redact(text), expected);
    }

    #[test]
    fn url_credentials_are_masked_and_the_host_is_kept() {
        check("get https://u:p@mirror.example/a@b", "get https://****@mirror.example/a@b");
        check("https://u:p@ss@mirror.example", "https://****@mirror.example");
        check(r#"{"url":"https:\/\/u:p@mirror.example\/"}"#, r#"{"url":"https:\/\/****@mirror.example\/"}"#);
        check("u=https%3A%2F%2Fme%3Apw%40mirror.example", "u=https%3A%2F%2F****%40mirror.example");
        check("https://mirror.example/x.git@v1", "https://mirror.example/x.git@v1");
    }

    #[test]
    fn authorization_values_are_masked() {
        check("Authorization: Basic dTpw\r\nHost: a", "Authorization: Basic ****\r\nHost: a");
        check("-H 'Authorization: token abc' x", "-H 'Authorization: token ****' x");
        check(r#"{"authorization": "Bearer abc"}"#, r#"{"authorization": "Bearer ****"}"#);
        check("proxy-authorization=abc def", "proxy-authorization=****");
        check("authorization failed: no rights", "authorization failed: no rights");
    }

    #[test]
    fn bearer_tokens_are_masked_and_challenges_are_not() {
        check("sent Bearer eyJh.bGci.x-_= to a", "sent Bearer **** to a");
        check(r#"Bearer realm="https://index.example""#, r#"Bearer realm="https://index.example""#);
        check("the bearer token was refused", "the bearer token was refused");
        check("basic authentication", "basic authentication");
        check("header basic dXNlcjpwYXNzd29yZA==", "header basic ****");
    }

    #[test]
    fn signed_query_values_are_masked() {
        check("https://s.example/x?sv=1&sig=a%2Fb%3D&se=2 y", "https://s.example/x?sv=1&sig=****&se=2 y");
        check("https://s.example/x?X-Amz-Signature=ff", "https://s.example/x?X-Amz-Signature=****");
        check("AccountName=a;AccountKey=abc;End=c", "AccountName=a;AccountKey=****;End=c");
        check("tool --password='a b'", "tool --password='**** b'");
        check("key=value", "key=value");
    }

    #[test]
    fn pem_bodies_are_masked_unless_public() {
        let begin = concat!("-----BEGIN RSA PRIV", "ATE KEY-----");
        check(&format!("{begin}\nMIIE\n-----END X-----\n"), &format!("{begin}\n****\n-----END X-----\n"));
        check(&format!("{begin}\r\nMIIE\r\nAB"), &format!("{begin}\r\n****\r\n****"));
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----";
        check(certificate, certificate);
    }

    #[test]
    fn tokens_that_name_their_kind_are_masked() {
        check("a ghp_0123456789abcdefABCD b", "a **** b");
        check("ghp_short", "ghp_short");
    }
}
