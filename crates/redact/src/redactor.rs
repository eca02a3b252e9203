//! Takes secrets out of text that others wrote.

use crate::{
    Secret, Stream,
    patterns::{Patterns, pem_end},
    view::{READINGS, Views},
};
use aho_corasick::AhoCorasick;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use std::{borrow::Cow, collections::BTreeSet, fmt, ops::Range};

/// What stands in place of a secret.
pub(crate) const MASK: &str = "****";
/// Shorter values are not looked for: they stand in too much harmless text. Bytes.
const SHORTEST: usize = 4;

/// Masks known secrets, and whatever looks like one, as `****`.
///
/// Known secrets are found as they are and percent-encoded, JSON-escaped, in base64 (standard and URL-safe,
/// on their own or inside a longer value such as `user:password`) and in hexadecimal, in any ASCII case;
/// each long line of a secret with several lines as well. Independently of them, `Authorization` and
/// `Bearer` values, URL credentials, signed query values and private PEM blocks are masked. Secrets
/// under 4 bytes are only masked where such a pattern holds them. Line breaks within a secret are kept, so
/// that a text has as many lines as before.
///
/// The cost is one pass over the text, and another for each encoding that it uses; about 50 bytes of memory for
/// each byte of text. [`Redactor::stream`] is for texts of any length.
pub struct Redactor {
    known: Option<AhoCorasick>,
    /// Most line breaks in a known secret.
    breaks: usize,
    patterns: Patterns,
}

impl Default for Redactor {
    /// Knows no secret, only the patterns.
    fn default() -> Self {
        Self::new([])
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// Knows these secrets, and the patterns.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut needles = BTreeSet::new();
        for secret in secrets {
            add_forms(secret.expose(), &mut needles);
        }
        needles.retain(|needle| needle.len() >= SHORTEST);
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&needles).ok();
        let breaks = |needle: &Vec<u8>| needle.iter().filter(|byte| is_break(**byte)).count();
        Self {
            known: automaton.filter(|_| !needles.is_empty()),
            breaks: needles.iter().map(breaks).max().unwrap_or(0),
            patterns: Patterns::new(),
        }
    }

    /// For a text that comes in chunks.
    pub fn stream(&self) -> Stream<'_> {
        Stream::new(self)
    }

    /// How many whole lines must follow a line before all secrets that begin in it are known.
    pub(crate) fn lines_ahead(&self) -> usize {
        self.breaks
    }

    /// The text with `****` in place of every secret; the text itself when it holds none.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let places = self.places(text);
        if places.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut clean = String::with_capacity(text.len());
        let mut done = 0;
        for place in places {
            clean.push_str(&text[done..place.start]);
            clean.push_str(MASK);
            done = place.end;
        }
        clean.push_str(&text[done..]);
        Cow::Owned(clean)
    }

    /// Like [`Redactor::redact`], and moves byte positions in the text to where they are afterwards; a
    /// position within a secret moves to the mask's start.
    pub fn redact_at<'a>(&self, text: &'a str, positions: &mut [usize]) -> Cow<'a, str> {
        let places = self.places(text);
        // How many bytes are masked before each place, and before the end.
        let masked: Vec<usize> = std::iter::once(0)
            .chain(places.iter().scan(0, |sum, place| {
                *sum += place.len();
                Some(*sum)
            }))
            .collect();
        for position in positions {
            let before = places.partition_point(|place| place.end <= *position);
            let inside = places.get(before).filter(|place| place.start < *position);
            let start = inside.map_or(*position, |place| place.start);
            *position = start + before * MASK.len() - masked[before];
        }
        self.redact(text)
    }

    /// Places of secrets, in order and apart from each other, on character boundaries and within a line each.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        self.places_after(&Before::default(), text, text.len()).0
    }

    /// The same of a text that goes on from another one, at the start of a line; and what goes on from `cut`, which
    /// must be the start of a line too. Secrets that begin in the last [`Redactor::lines_ahead`] lines may be missed.
    pub(crate) fn places_after(
        &self,
        before: &Before,
        text: &str,
        cut: usize,
    ) -> (Vec<Range<usize>>, Before) {
        let views = Views::of(text);
        let mut after = Before::default();
        let mut found = Vec::new();
        for (index, view) in views.distinct.iter().enumerate() {
            for known in self.known.iter().flat_map(|known| known.find_overlapping_iter(&view.bytes)) {
                let place = view.original(&known.range());
                if place.start < cut {
                    after.known = after.known.max(place.end.saturating_sub(cut));
                }
                found.push(place);
            }
            for secret in self.patterns.find(&view.bytes) {
                let place = view.original(&secret.place);
                if secret.is_pem && (place.start..=place.end).contains(&cut) {
                    for (reading, open) in after.pem.iter_mut().enumerate() {
                        *open |= views.readings[reading] == index;
                    }
                }
                found.push(place);
            }
        }
        found.retain(|place| !text.as_bytes()[place.clone()].iter().all(|byte| *byte == b'*'));
        found.push(0..before.known);
        for (reading, _) in before.pem.iter().enumerate().filter(|(_, open)| **open) {
            let view = &views.distinct[views.readings[reading]];
            let place = view.original(&(0..pem_end(&view.bytes, 0)));
            after.pem[reading] |= cut <= place.end;
            found.push(place);
        }
        (within_lines(text, merge(text, found)), after)
    }
}

/// What of the text so far goes on in what follows.
#[derive(Default)]
pub(crate) struct Before {
    /// So many bytes of a known secret.
    known: usize,
    /// The body of a PEM block, in each reading of the text.
    pem: [bool; READINGS],
}

pub(crate) fn is_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// The parts of places between line breaks.
fn within_lines(text: &str, places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut parts = Vec::with_capacity(places.len());
    for place in places {
        let mut start = place.start;
        for line in text.as_bytes()[place].split(|byte| is_break(*byte)) {
            parts.push(start..start + line.len());
            start += line.len() + 1;
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Sorts and joins ranges that touch, moved out to character boundaries.
fn merge(text: &str, mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for mut range in ranges {
        while !text.is_char_boundary(range.start) {
            range.start -= 1;
        }
        while !text.is_char_boundary(range.end) {
            range.end += 1;
        }
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Every form in which a secret may stand in a text that is not percent-encoded or JSON-escaped.
fn add_forms(secret: &str, needles: &mut BTreeSet<Vec<u8>>) {
    let decoded = percent_encoding::percent_decode_str(secret).decode_utf8().ok();
    let mut forms: Vec<String> = decoded.into_iter().map(Cow::into_owned).collect();
    forms.push(secret.to_owned());
    forms.push(secret.trim().to_owned());
    forms.extend(secret.lines().map(str::trim).filter(|line| line.len() >= 8).map(str::to_owned));
    for form in forms.into_iter().filter(|form| form.len() >= SHORTEST) {
        needles.insert(form.replace(' ', "+").into_bytes());
        needles.insert(hex::encode(&form).into_bytes());
        add_base64(form.as_bytes(), needles);
        needles.insert(form.into_bytes());
    }
}

/// Base64 of the secret alone, and the characters of it that stand inside a longer value, which depend
/// on how far (modulo 3) the secret is from its start.
fn add_base64(secret: &[u8], needles: &mut BTreeSet<Vec<u8>>) {
    for engine in [&STANDARD, &URL_SAFE] {
        needles.insert(engine.encode(secret).into_bytes());
        for offset in 0..3 {
            let mut padded = vec![0; offset];
            padded.extend_from_slice(secret);
            let encoded = engine.encode(&padded);
            let whole = (offset * 8).div_ceil(6)..padded.len() * 8 / 6;
            needles.insert(encoded.as_bytes()[whole].to_vec());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    fn knowing(secret: &str) -> Redactor {
        Redactor::new([Secret::new(secret)])
    }

    #[test]
    fn a_text_without_secrets_is_returned_as_it_is() {
        assert!(matches!(knowing("hunter2").redact("installing six 1.16.0"), Cow::Borrowed(_)));
    }

    #[test]
    fn secrets_that_overlap_leave_nothing_between_them() {
        let redactor = Redactor::new([Secret::new("abcdef"), Secret::new("defghi")]);
        assert_eq!(redactor.redact("x abcdefghi y"), "x **** y");
    }

    #[test]
    fn a_password_from_a_url_is_found_decoded_too() {
        assert_eq!(knowing("p%2Fw%40rd").redact("password is p/w@rd"), "password is ****");
    }

    #[test]
    fn a_password_inside_basic_credentials_is_masked() {
        let encoded = STANDARD.encode("someone:hunter2-long");
        assert!(!knowing("hunter2-long").redact(&encoded).contains(&encoded[12..20]));
    }

    #[test]
    fn each_line_of_a_key_is_masked_on_its_own() {
        let redactor = knowing("first-line-of-key\nsecond-line-of-key\n");
        assert_eq!(redactor.redact("#7 0.1 second-line-of-key"), "#7 0.1 ****");
    }

    #[test]
    fn positions_follow_the_text() {
        let text = "a https://user:password@mirror.example/ b";
        let mut positions = [0, 15, text.find("mirror").unwrap(), text.len()];
        let clean = Redactor::default().redact_at(text, &mut positions);
        assert_eq!(clean, "a https://****@mirror.example/ b");
        assert_eq!(positions, [0, 10, clean.find("mirror").unwrap(), clean.len()]);
    }

    fn secret() -> impl Strategy<Value = String> {
        "[a-zA-Z0-9!\"#$%&'()+,/:;<=>?@\\[\\]^_`{|}~ äß€😀\\\\-]{4,40}"
            .prop_filter("spaces around it are not part of a secret", |s| {
                s.trim() == s && s.len() >= SHORTEST
            })
    }

    fn surroundings() -> impl Strategy<Value = String> {
        "[a-zA-Z0-9:/@&=?. \"\\\\%ä€\n-]{0,40}"
    }

    proptest! {
        #[test]
        fn no_form_of_a_secret_survives(secret in secret(), before in surroundings(), after in surroundings()) {
            let json = serde_json::to_string(&secret).unwrap();
            let units: Vec<String> = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let escaped = units.concat();
            let forms = [
                secret.clone(),
                secret.to_ascii_uppercase(),
                secret.to_ascii_lowercase(),
                utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string(),
                utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string().to_ascii_lowercase(),
                json[1..json.len() - 1].to_owned(),
                escaped,
                STANDARD.encode(&secret),
                URL_SAFE.encode(&secret),
                hex::encode(&secret),
                hex::encode_upper(&secret),
            ];
            let redactor = knowing(&secret);
            for form in forms {
                let text = format!("{before} {form} {after}");
                let clean = redactor.redact(&text);
                prop_assert!(!clean.contains(&form), "{form:?} in {clean:?}");
            }
        }

        #[test]
        fn any_text_is_redacted_without_panic_and_positions_stay_within_it(text in "\\PC{0,200}", secret in secret()) {
            let redactor = knowing(&secret);
            let once = redactor.redact(&text).into_owned();
            let mut positions: Vec<usize> = (0..=text.len()).collect();
            let moved = redactor.redact_at(&text, &mut positions);
            prop_assert_eq!(&moved, &once);
            prop_assert!(positions.iter().all(|at| *at <= once.len()));
            prop_assert_eq!(positions[text.len()], once.len());
        }

        #[test]
        fn url_credentials_never_survive(user in "[a-zA-Z0-9._-]{1,20}", password in "[a-zA-Z0-9:!$%._-]{5,30}") {
            let url = format!("https://{user}Q:{password}Q@mirror.example/simple");
            let clean = Redactor::default().redact(&url).into_owned();
            prop_assert_eq!(clean, "https://****@mirror.example/simple");
        }
    }
}
