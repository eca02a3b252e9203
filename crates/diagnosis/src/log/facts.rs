//! Facts of a message, in the form in which all problems share them.

use super::matcher::Pattern;
use crate::Facts;

/// What the message means without spelling it.
pub(super) fn constants(pattern: &Pattern) -> Facts {
    let mut facts = Facts::default();
    for (name, value) in &pattern.facts {
        facts.set(name, value);
    }
    facts
}

/// Named groups become facts; what is known already stays.
pub(super) fn read_facts(regex: &regex::Regex, captures: &regex::Captures<'_>, facts: &mut Facts) {
    for name in regex.capture_names().flatten() {
        let Some(value) = captures.name(name) else { continue };
        let value = value.as_str().trim().trim_matches(['\'', '"', '`', '‘', '’', '“', '”']);
        let value = value.trim_end_matches(['.', ',', ':', ';']).trim();
        if !value.is_empty() && facts.get(name).is_none() {
            facts.set(name, value);
        }
    }
}

/// Facts that follow from others, in the form in which they are shared.
pub(super) fn finish_facts(facts: &mut Facts, tool: Option<&str>, problem: &str) {
    if facts.get("host").is_none()
        && let Some(host) = facts.get("url").and_then(host)
    {
        facts.set("host", host);
    }
    for name in ["path", "file", "command"] {
        // As Python writes a path of Windows in a message.
        if let Some(path) = facts.get(name).filter(|path| path.contains(":\\\\")) {
            facts.set(name, path.replace("\\\\", "\\"));
        }
    }
    if let Some(version) = facts.get("requires_python").and_then(at_least) {
        facts.set("requires_python", version);
    }
    let python = problem.starts_with("pip-") || matches!(tool, Some("pip" | "uv" | "poetry" | "setuptools"));
    if python && let Some(package) = facts.get("package") {
        let package = super::package::normalised(package);
        facts.set("package", package);
    }
}

/// `3.6 or later` as a specifier.
fn at_least(text: &str) -> Option<String> {
    let (version, rest) = text.trim().split_once(' ')?;
    let more = ["or later", "or newer", "or higher", "or above", "or greater", "and above", "and newer"];
    (more.contains(&rest.trim()) && version.starts_with(|first: char| first.is_ascii_digit()))
        .then(|| format!(">={}", version.trim_end_matches('+')))
}

/// The host of an address, without credentials and port.
fn host(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = if host.starts_with('[') {
        host.split(']').next()?.trim_start_matches('[')
    } else {
        host.split(':').next()?
    };
    (!host.is_empty()).then(|| host.to_owned())
}
