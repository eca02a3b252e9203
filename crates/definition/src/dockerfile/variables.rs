//! Variables: which are declared, and which are used.

use super::File;
use envwright_diagnosis::{Finding, nearest};
use parse_dockerfile::{Instruction, Source};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// Arguments that BuildKit sets for the name of an image (Dockerfile reference, "Automatic platform ARGs").
pub(super) const PLATFORM: [&str; 8] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
];

/// A variable that a text uses.
pub(super) struct Used {
    pub(super) name: String,
    /// Whether the text says what stands there where it is not set: `${NAME:-value}`.
    pub(super) has_default: bool,
}

/// Names with values, as `ARG` and `ENV` have them: `A=1 B="2 3"`, `A`, and the old form `A value`.
pub(super) fn declared(text: &str) -> Vec<(String, Option<String>)> {
    let mut all = Vec::new();
    for word in words(text) {
        match word.split_once('=') {
            Some((name, value)) => {
                let value = value.trim_matches(['"', '\'']).to_owned();
                all.push((name.to_owned(), Some(value)));
            }
            None if all.is_empty() => all.push((word, None)),
            // The rest is a value in the old form.
            None => break,
        }
    }
    all.retain(|(name, _)| !name.is_empty());
    all
}

/// Words, with quotations in them whole.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars() {
        match c {
            '"' | '\'' if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(c),
            c if c.is_whitespace() && quote.is_none() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            _ => {}
        }
        word.push(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The variables of a text: `$NAME`, `${NAME}`, `${NAME:-value}`.
pub(super) fn used(text: &str) -> Vec<Used> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let is_escaped = rest[..at].ends_with('\\');
        rest = &rest[at + 1..];
        let (braced, body) = rest.strip_prefix('{').map_or((false, rest), |body| (true, body));
        let name: String = body.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if name.is_empty() || is_escaped || name.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let has_default = braced && body[name.len()..].starts_with([':', '-', '+', '?']);
        all.push(Used { name, has_default });
    }
    all
}

/// A text with the values that are known; a variable without one stands for nothing.
pub(super) fn expanded(text: &str, values: &BTreeMap<String, Option<String>>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out += &rest[..at];
        rest = &rest[at + 1..];
        let (body, is_braced) = rest.strip_prefix('{').map_or((rest, false), |body| (body, true));
        let name: String = body.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let value = values.get(&name).cloned().flatten();
        let after = &body[name.len()..];
        let (inner, after) =
            if is_braced { after.split_once('}').unwrap_or((after, "")) } else { ("", after) };
        let default = inner.strip_prefix(":-").or_else(|| inner.strip_prefix('-')).map(str::to_owned);
        // What BuildKit sets is known to have a value.
        let known = PLATFORM.contains(&name.as_str()).then(|| name.clone());
        out += &value.or(default).or(known).unwrap_or_default();
        rest = after;
    }
    out + rest
}

/// Variables that are used and not declared, where one that is declared has nearly the same name: what the base declares
/// is not known here.
pub(super) fn findings(file: &File<'_, '_>) -> Vec<Finding> {
    let mut declared_here: BTreeSet<String> = BTreeSet::new();
    let mut findings = Vec::new();
    for instruction in file.instructions {
        match instruction {
            Instruction::From(_) => declared_here.clear(),
            Instruction::Arg(arg) => {
                declared_here.extend(declared(&arg.arguments.value).into_iter().map(|(name, _)| name));
            }
            Instruction::Env(env) => {
                findings.extend(misspelled(
                    file,
                    &env.arguments.value,
                    env.arguments.span.clone(),
                    &declared_here,
                ));
                declared_here.extend(declared(&env.arguments.value).into_iter().map(|(name, _)| name));
            }
            Instruction::Workdir(one) => {
                findings.extend(misspelled(
                    file,
                    &one.arguments.value,
                    one.arguments.span.clone(),
                    &declared_here,
                ));
            }
            Instruction::User(one) => {
                findings.extend(misspelled(
                    file,
                    &one.arguments.value,
                    one.arguments.span.clone(),
                    &declared_here,
                ));
            }
            Instruction::Copy(copy) => {
                for source in &copy.src {
                    if let Source::Path(path) = source {
                        findings.extend(misspelled(file, &path.value, path.span.clone(), &declared_here));
                    }
                }
                findings.extend(misspelled(file, &copy.dest.value, copy.dest.span.clone(), &declared_here));
            }
            _ => {}
        }
    }
    findings
}

fn misspelled(
    file: &File<'_, '_>,
    text: &str,
    range: Range<usize>,
    declared: &BTreeSet<String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for used in used(text) {
        if declared.contains(&used.name) || used.has_default || is_common(&used.name) {
            continue;
        }
        if let Some(meant) = nearest(&used.name, declared.iter().map(String::as_str)) {
            let finding =
                file.warned("dockerfile-undefined-var", range.clone(), "not declared in this stage");
            findings.push(finding.fact("name", &used.name).fact("nearest", meant));
        }
    }
    findings
}

/// Variables that bases have.
fn is_common(name: &str) -> bool {
    matches!(
        name,
        "PATH" | "HOME" | "USER" | "PWD" | "LANG" | "SHELL" | "HOSTNAME" | "PYTHONPATH" | "LD_LIBRARY_PATH"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_read_in_every_form() {
        let names = |text: &str| declared(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("A=1 B=\"2 3\" C='x'"), ["A", "B", "C"]);
        assert_eq!(names("A some value = x"), ["A"]);
        assert_eq!(declared("A=\"x y\""), [("A".to_owned(), Some("x y".to_owned()))]);
    }

    #[test]
    fn variables_are_found_and_put_in() {
        let names = |text: &str| used(text).into_iter().map(|used| used.name).collect::<Vec<_>>();
        assert_eq!(names("$A/${B}:${C:-d} \\$E $1 $"), ["A", "B", "C"]);
        let values = BTreeMap::from([("A".to_owned(), Some("x".to_owned())), ("B".to_owned(), None)]);
        assert_eq!(expanded("${A}:$B-${C:-d}/$A", &values), "x:-d/x");
    }
}
