//! A text seen through an encoding, with the way back to where each byte came from.

use std::ops::Range;

/// Decoded bytes; `starts[i]` is where byte `i` begins in the original text, and one more entry is its length.
pub(crate) struct View {
    pub(crate) bytes: Vec<u8>,
    starts: Vec<usize>,
}

/// How many ways there are to read a text.
pub(crate) const READINGS: usize = 5;

/// A text as it stands, and as each encoding reads it. Twice percent-encoded values occur in redirects.
pub(crate) struct Views {
    /// Those that differ.
    pub(crate) distinct: Vec<View>,
    /// Which of them each reading is.
    pub(crate) readings: [usize; READINGS],
}

impl Views {
    pub(crate) fn of(text: &str) -> Self {
        let mut views = Self { distinct: vec![View::plain(text)], readings: [0; READINGS] };
        let json = views.add(0, View::json_unescaped);
        let percent = views.add(0, View::percent_decoded);
        let twice = views.add(percent, View::percent_decoded);
        // Where JSON has no escape, what is percent-encoded in it is so in the text.
        let both = if json == 0 { percent } else { views.add(json, View::percent_decoded) };
        views.readings = [0, json, percent, twice, both];
        views
    }

    /// What an encoding makes of a view; the view itself where it makes nothing else of it.
    fn add(&mut self, of: usize, read: impl Fn(&View) -> Option<View>) -> usize {
        let Some(view) = read(&self.distinct[of]) else { return of };
        self.distinct.push(view);
        self.distinct.len() - 1
    }
}

impl View {
    /// The text as it stands.
    pub(crate) fn plain(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec(), starts: (0..=text.len()).collect() }
    }

    /// Place in the original text of a range of decoded bytes.
    pub(crate) fn original(&self, range: &Range<usize>) -> Range<usize> {
        self.starts[range.start]..self.starts[range.end]
    }

    /// With `%41` read as `A` (RFC 3986, section 2.1); `None` when nothing is encoded.
    pub(crate) fn percent_decoded(&self) -> Option<Self> {
        self.decoded(b'%', |rest| {
            let digits = [hex_digit(*rest.get(1)?)?, hex_digit(*rest.get(2)?)?];
            Some((vec![digits[0] << 4 | digits[1]], 3))
        })
    }

    /// With JSON's string escapes read (RFC 8259, section 7); `None` when nothing is escaped.
    pub(crate) fn json_unescaped(&self) -> Option<Self> {
        self.decoded(b'\\', json_escape)
    }

    /// Reads what `escape` understands of each `mark`: it returns the decoded bytes and the length read.
    fn decoded(&self, mark: u8, escape: impl Fn(&[u8]) -> Option<(Vec<u8>, usize)>) -> Option<Self> {
        if !self.bytes.contains(&mark) {
            return None;
        }
        let mut view = Self { bytes: Vec::with_capacity(self.bytes.len()), starts: Vec::new() };
        let mut changed = false;
        let mut at = 0;
        while at < self.bytes.len() {
            let found = if self.bytes[at] == mark { escape(&self.bytes[at..]) } else { None };
            changed |= found.is_some();
            let (bytes, length) = found.unwrap_or_else(|| (vec![self.bytes[at]], 1));
            view.starts.extend(bytes.iter().map(|_| self.starts[at]));
            view.bytes.extend(bytes);
            at += length;
        }
        view.starts.push(self.starts[self.bytes.len()]);
        changed.then_some(view)
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// One escape at the start of `rest`: its UTF-8 bytes and its length in the text.
fn json_escape(rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let plain = match rest.get(1)? {
        b'"' => b'"',
        b'\\' => b'\\',
        b'/' => b'/',
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unicode_escape(rest),
        _ => return None,
    };
    Some((vec![plain], 2))
}

fn unicode_escape(rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let unit = |at: usize| {
        let digits = std::str::from_utf8(rest.get(at + 2..at + 6)?).ok()?;
        rest[at..].starts_with(b"\\u").then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let first = unit(0)?;
    let (units, length) = match first {
        0xD800..=0xDBFF => (vec![first, unit(6)?], 12),
        _ => (vec![first], 6),
    };
    Some((String::from_utf16(&units).ok()?.into_bytes(), length))
}
