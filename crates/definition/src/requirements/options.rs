//! The options of a line, as Python's `shlex` and `optparse` read them.

use crate::chars::{Char, Chars};

/// Whether an option takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Value,
    Nothing,
}

/// Spellings of each option that pip knows in a requirements file, the first one its name here.
const KNOWN: &[(&[&str], Takes)] = &[
    (&["--requirement", "-r"], Takes::Value),
    (&["--constraint", "-c"], Takes::Value),
    (&["--editable", "-e"], Takes::Value),
    (&["--index-url", "-i", "--pypi-url"], Takes::Value),
    (&["--extra-index-url"], Takes::Value),
    (&["--find-links", "-f"], Takes::Value),
    (&["--no-index"], Takes::Nothing),
    (&["--pre"], Takes::Nothing),
    (&["--require-hashes"], Takes::Nothing),
    (&["--no-binary"], Takes::Value),
    (&["--only-binary"], Takes::Value),
    (&["--prefer-binary"], Takes::Nothing),
    (&["--trusted-host"], Takes::Value),
    (&["--use-feature"], Takes::Value),
    (&["--hash"], Takes::Value),
    (&["--global-option"], Takes::Value),
    (&["--config-settings", "--config-setting", "-C"], Takes::Value),
];

/// An option with its value.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// Its name: the first spelling of [`KNOWN`].
    pub(crate) name: &'static str,
    /// Empty for one that takes none.
    pub(crate) value: Chars,
    /// The option as written.
    pub(crate) word: Chars,
}

/// Why options cannot be read.
#[derive(Debug, Clone)]
pub(crate) enum OptionFault {
    /// No such option.
    Unknown(Chars),
    /// Several options start so.
    Ambiguous(Chars),
    /// The line ends where the value should stand.
    NoValue(Chars),
    /// A value stands where none belongs.
    Unwanted(Chars),
    /// A quotation is not closed, or a backslash ends the line.
    Quoting(Chars),
}

/// All spellings that start with `--`, for suggestions.
pub(crate) fn long_names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().flat_map(|(names, _)| names.iter().copied()).filter(|name| name.starts_with("--"))
}

/// Splits a line before its first word that starts with `-` (words are separated by single spaces).
pub(crate) fn split(line: &Chars) -> (Chars, Chars) {
    let chars = &line.all;
    let first = (0..chars.len())
        .find(|at| chars[*at].value == '-' && (*at == 0 || chars[*at - 1].value == ' '))
        .unwrap_or(chars.len());
    (line.part(0..first).trim(), line.part(first..chars.len()))
}

/// Reads options; words that belong to none are left out, as pip does.
pub(crate) fn parse(text: &Chars) -> Result<Vec<Given>, OptionFault> {
    let mut words = words(text)?.into_iter();
    let mut given = Vec::new();
    while let Some(word) = words.next() {
        let spelled = word.text();
        if spelled == "--" {
            break;
        }
        if spelled.starts_with("--") {
            given.push(long(&word, &mut words)?);
        } else if spelled.starts_with('-') && spelled.len() > 1 {
            given.push(short(&word, &mut words)?);
        }
    }
    Ok(given)
}

/// `--name value`, `--name=value`, or an abbreviation of the name.
fn long(word: &Chars, rest: &mut impl Iterator<Item = Chars>) -> Result<Given, OptionFault> {
    let equals = word.all.iter().position(|char| char.value == '=');
    let spelled = word.part(0..equals.unwrap_or(word.all.len()));
    let (name, takes) = meant(&spelled)?;
    let attached = equals.map(|at| word.part(at + 1..word.all.len()));
    let value = match (takes, attached) {
        (Takes::Value, Some(value)) => value,
        (Takes::Value, None) => rest.next().ok_or_else(|| OptionFault::NoValue(spelled.clone()))?,
        (Takes::Nothing, Some(value)) => return Err(OptionFault::Unwanted(value)),
        (Takes::Nothing, None) => spelled.part(0..0),
    };
    Ok(Given { name, value, word: spelled })
}

fn meant(spelled: &Chars) -> Result<(&'static str, Takes), OptionFault> {
    let text = spelled.text();
    let spellings =
        || KNOWN.iter().flat_map(|(names, takes)| names.iter().map(move |name| (*name, names[0], *takes)));
    if let Some((_, name, takes)) = spellings().find(|(spelling, ..)| *spelling == text) {
        return Ok((name, takes));
    }
    let mut abbreviated = spellings().filter(|(spelling, ..)| spelling.starts_with(&text));
    match (abbreviated.next(), abbreviated.next()) {
        (Some((_, name, takes)), None) => Ok((name, takes)),
        (Some(_), Some(_)) => Err(OptionFault::Ambiguous(spelled.clone())),
        (None, _) => Err(OptionFault::Unknown(spelled.clone())),
    }
}

/// `-x value` or `-xvalue`; every short option takes a value.
fn short(word: &Chars, rest: &mut impl Iterator<Item = Chars>) -> Result<Given, OptionFault> {
    let spelled = word.part(0..2);
    let text = spelled.text();
    let known = KNOWN.iter().find(|(names, _)| names.contains(&text.as_str()));
    let (names, _) = known.ok_or_else(|| OptionFault::Unknown(spelled.clone()))?;
    let attached = word.part(2..word.all.len());
    let value = if attached.is_empty() {
        rest.next().ok_or_else(|| OptionFault::NoValue(spelled.clone()))?
    } else {
        attached
    };
    Ok(Given { name: names[0], value, word: spelled })
}

/// Words as `shlex.split` makes them: `'…'` as it is, `"…"` with `\"` and `\\`, `\` before any character.
fn words(text: &Chars) -> Result<Vec<Chars>, OptionFault> {
    let mut words = Vec::new();
    let mut word: Option<Vec<Char>> = None;
    let mut chars = text.all.iter().copied();
    while let Some(char) = chars.next() {
        match char.value {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take().map(|word| text.with(word))),
            quote @ ('\'' | '"') => {
                let begun = word.get_or_insert_default();
                quoted(quote, &mut chars, begun).ok_or_else(|| OptionFault::Quoting(text.clone()))?;
            }
            '\\' => {
                let next = chars.next().ok_or_else(|| OptionFault::Quoting(text.clone()))?;
                word.get_or_insert_default().push(next);
            }
            _ => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word.map(|word| text.with(word)));
    Ok(words)
}

fn quoted(quote: char, chars: &mut impl Iterator<Item = Char>, word: &mut Vec<Char>) -> Option<()> {
    loop {
        let char = chars.next()?;
        if char.value == quote {
            return Some(());
        }
        if char.value == '\\' && quote == '"' {
            let next = chars.next()?;
            if !matches!(next.value, '"' | '\\') {
                word.push(char);
            }
            word.push(next);
        } else {
            word.push(char);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_diagnosis::Source;

    fn read(line: &str) -> Result<Vec<(&'static str, String)>, OptionFault> {
        let source = Source::new("r", line);
        let given = parse(&Chars::of(&source, 0..line.len()))?;
        Ok(given.into_iter().map(|one| (one.name, one.value.text())).collect())
    }

    #[test]
    fn every_spelling_of_a_value_is_read() {
        for line in
            ["-r a.txt", "-ra.txt", "--requirement a.txt", "--requirement=a.txt", "--requirem 'a.txt' x"]
        {
            assert_eq!(read(line).unwrap(), [("--requirement", "a.txt".to_owned())], "{line}");
        }
        assert_eq!(read(r#"-f "a \"b\\ c""#).unwrap()[0].1, r#"a "b\ c"#);
        assert_eq!(read("--pre --no-index").unwrap().len(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        assert!(matches!(read("--frobnicate"), Err(OptionFault::Unknown(_))));
        assert!(matches!(read("-x"), Err(OptionFault::Unknown(_))));
        assert!(matches!(read("--pr"), Err(OptionFault::Ambiguous(_))));
        assert!(matches!(read("-r"), Err(OptionFault::NoValue(_))));
        assert!(matches!(read("--pre=1"), Err(OptionFault::Unwanted(_))));
        assert!(matches!(read("-r 'a"), Err(OptionFault::Quoting(_))));
    }
}
