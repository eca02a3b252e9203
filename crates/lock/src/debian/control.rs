//! Debian control files: stanzas of fields (Debian policy, section 5.1).

use std::io::{self, BufRead};

/// One stanza: its fields in their order, continuation lines joined by a newline.
#[derive(Debug, Default)]
pub(super) struct Stanza {
    fields: Vec<(String, String)>,
}

impl Stanza {
    /// The value of a field; names are told apart without regard to case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Takes the value of a field out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let found = self.fields.iter_mut().find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| std::mem::take(value))
    }
}

/// Reads stanza by stanza; fields that `keep` refuses are skipped.
pub(super) struct Stanzas<R> {
    input: R,
    keep: fn(&str) -> bool,
    line: String,
}

impl<R: BufRead> Stanzas<R> {
    pub(super) fn new(input: R, keep: fn(&str) -> bool) -> Self {
        Self { input, keep, line: String::new() }
    }

    /// The next stanza; `None` at the end.
    pub(super) fn read(&mut self) -> io::Result<Option<Stanza>> {
        let mut stanza = Stanza::default();
        let mut seen = false;
        let mut kept = false;
        loop {
            self.line.clear();
            if self.input.read_line(&mut self.line)? == 0 {
                return Ok(seen.then_some(stanza));
            }
            let line = self.line.trim_end();
            match line.as_bytes().first() {
                None if seen => return Ok(Some(stanza)),
                None | Some(b'#') => continue,
                Some(b' ' | b'\t') if kept => {
                    if let Some((_, value)) = stanza.fields.last_mut() {
                        value.push('\n');
                        value.push_str(line.trim_start());
                    }
                }
                Some(b' ' | b'\t') => {}
                Some(_) => {
                    let (name, value) = line.split_once(':').ok_or_else(|| not_a_field(line))?;
                    kept = (self.keep)(name);
                    if kept {
                        stanza.fields.push((name.to_owned(), value.trim_start().to_owned()));
                    }
                }
            }
            seen = true;
        }
    }
}

fn not_a_field(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("`{line}` is not a field"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continuations_comments_and_blank_lines_are_read_as_policy_says() {
        let text = "\n# note\nPackage: a\nDescription: one\n two\n\tthree\n\n\nPackage: b\n";
        let mut stanzas = Stanzas::new(text.as_bytes(), |_| true);
        let first = stanzas.read().unwrap().unwrap();
        assert_eq!(first.get("package"), Some("a"));
        assert_eq!(first.get("Description"), Some("one\ntwo\nthree"));
        assert_eq!(stanzas.read().unwrap().unwrap().get("Package"), Some("b"));
        assert!(stanzas.read().unwrap().is_none());
    }

    #[test]
    fn a_line_without_a_colon_is_refused() {
        assert!(Stanzas::new("nonsense\n".as_bytes(), |_| true).read().is_err());
    }
}
