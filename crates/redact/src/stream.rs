//! Takes secrets out of a text that comes in chunks.

use crate::redactor::{Before, MASK, Redactor, is_break};

/// Longer lines are masked whole: nothing of them can be let go before their end. Bytes.
const LONGEST: usize = 1 << 20;

/// Masks like [`Redactor::redact`], wherever the text is cut into chunks, as long as its lines are under 1 MiB; a longer
/// line is masked whole.
///
/// What is held back are the last line, until it ends, and where a known secret has several lines, up to twice as many
/// lines as it has. Each byte is read as often as by [`Redactor::redact`], at most twice where lines are held back.
///
/// ```
/// use envwright_redact::{Redactor, Secret};
///
/// let redactor = Redactor::new([Secret::new("hunter2")]);
/// let mut stream = redactor.stream();
/// assert_eq!(stream.push("login with hun"), "");
/// assert_eq!(stream.push("ter2 failed\nbye"), "login with **** failed\n");
/// assert_eq!(stream.finish(), "bye");
/// ```
pub struct Stream<'r> {
    redactor: &'r Redactor,
    held: String,
    /// Line breaks in what is held.
    breaks: usize,
    /// Bytes of it after the last one.
    line: usize,
    /// Within a line that is too long, of which nothing is held.
    skips: bool,
    before: Before,
}

impl<'r> Stream<'r> {
    pub(crate) fn new(redactor: &'r Redactor) -> Self {
        Self { redactor, held: String::new(), breaks: 0, line: 0, skips: false, before: Before::default() }
    }

    /// Takes the next chunk, and returns what is known to be clean by now.
    pub fn push(&mut self, chunk: &str) -> String {
        let mut clean = String::new();
        for part in chunk.split_inclusive(['\r', '\n']) {
            self.take(part, &mut clean);
        }
        let ahead = self.redactor.lines_ahead();
        if self.breaks >= ahead + ahead.max(1) {
            let last = self.held.rmatch_indices(['\r', '\n']).nth(ahead);
            self.release(last.map_or(0, |(at, _)| at + 1), &mut clean);
            self.breaks = ahead;
        }
        clean
    }

    /// The rest, at the end of the text.
    pub fn finish(mut self) -> String {
        let mut clean = String::new();
        self.release(self.held.len(), &mut clean);
        clean
    }

    /// Part of one line, or its end.
    fn take(&mut self, part: &str, clean: &mut String) {
        let ends = part.bytes().last().is_some_and(is_break);
        let text = part.len() - usize::from(ends);
        if !self.skips && self.line + text > LONGEST {
            self.held.push_str(&part[..part.floor_char_boundary(LONGEST - self.line)]);
            let start = self.held.len() - self.held.bytes().rev().take_while(|byte| !is_break(*byte)).count();
            self.release(start, clean);
            self.held.clear();
            clean.push_str(MASK);
            self.breaks = 0;
            self.skips = true;
        }
        let kept = if self.skips { &part[text..] } else { part };
        self.held.push_str(kept);
        self.line = if ends { 0 } else { self.line + kept.len() };
        self.breaks += usize::from(ends);
        self.skips &= !ends;
    }

    /// Gives what is held, up to the start of a line.
    fn release(&mut self, cut: usize, clean: &mut String) {
        let (places, after) = self.redactor.places_after(&self.before, &self.held, cut);
        let mut done = 0;
        for place in places.into_iter().take_while(|place| place.start < cut) {
            clean.push_str(&self.held[done..place.start]);
            clean.push_str(MASK);
            done = place.end;
        }
        clean.push_str(&self.held[done..cut]);
        self.held.drain(..cut);
        self.before = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use proptest::prelude::*;

    /// Pushed in chunks that end at these places, as far as they are character boundaries.
    fn pushed(redactor: &Redactor, text: &str, cuts: &[usize]) -> String {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| text.floor_char_boundary(*cut)).collect();
        cuts.sort_unstable();
        let mut stream = redactor.stream();
        let mut clean = String::new();
        let mut done = 0;
        for cut in cuts {
            clean += &stream.push(&text[done..cut]);
            done = cut;
        }
        clean += &stream.push(&text[done..]);
        clean + &stream.finish()
    }

    /// Pieces of text that begin, hold or end secrets, in several encodings.
    fn piece() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "\n",
            "\r\n",
            "\r",
            " ",
            "****",
            "first-line",
            "first-line\nsecond-line\nx",
            "first%2Dline%0Asecond-line\nx",
            "first-line\\nsecond-line\\nx",
            "hunter2",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN%20PRIVATE%20KEY-----",
            "-----BEGIN\\u0020PRIVATE KEY-----",
            "MIIE",
            "-----END PRIVATE KEY-----",
            "-----END%20PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "https://me:pw@mirror.example/",
            "https%3A%2F%2Fme%3Apw%40mirror.example",
            "Authorization: ",
            "Bearer ",
            "abc",
            "\"",
            "password=",
            "\\",
            "%",
            "äß€😀",
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn chunks_make_no_difference(
            pieces in prop::collection::vec(piece(), 0..24),
            cuts in prop::collection::vec(0usize..400, 0..12),
        ) {
            let text = pieces.concat();
            let redactor = Redactor::new([Secret::new("first-line\nsecond-line\nx"), Secret::new("hunter2")]);
            prop_assert_eq!(pushed(&redactor, &text, &cuts), redactor.redact(&text).into_owned());
            let each: Vec<usize> = (0..text.len()).collect();
            prop_assert_eq!(pushed(&redactor, &text, &each), redactor.redact(&text).into_owned());
        }

        #[test]
        fn as_many_lines_come_out_as_went_in(pieces in prop::collection::vec(piece(), 0..24)) {
            let text = pieces.concat();
            let clean = Redactor::new([Secret::new("first-line\nsecond-line\nx")]).redact(&text).into_owned();
            prop_assert_eq!(clean.matches(['\r', '\n']).count(), text.matches(['\r', '\n']).count());
        }
    }

    #[test]
    fn little_is_held_back() {
        let redactor = Redactor::new([Secret::new("first-line\nsecond-line\nthird-line")]);
        let mut stream = redactor.stream();
        for number in 0..10_000 {
            stream.push(&format!("line {number}\n"));
            assert!(stream.held.len() <= 5 * "line 10000\n".len(), "{}", stream.held.len());
        }
    }

    #[test]
    fn a_line_without_end_is_masked_and_not_held() {
        let redactor = Redactor::new([Secret::new("hunter2")]);
        let mut stream = redactor.stream();
        let mut clean = stream.push("before\n");
        for _ in 0..40 {
            clean += &stream.push(&"progress ".repeat(10_000));
            assert!(stream.held.len() <= LONGEST);
        }
        clean += &stream.push("hunter2\nafter hunter2");
        assert_eq!(clean + &stream.finish(), "before\n****\nafter ****");
    }

    /// Ten times the text takes ten times the time, not a hundred: else this would take hours.
    #[test]
    fn a_text_of_nothing_but_marks_is_read_in_one_pass() {
        let begin = concat!("-----BEGIN PRIV", "ATE KEY-----");
        for mark in ["authorization:", "password=", "ghp_", "://", "bearer ", "basic ", begin, "%", "\\"] {
            let text = mark.repeat(4_000_000 / mark.len());
            assert!(!Redactor::default().redact(&text).is_empty());
        }
    }
}
