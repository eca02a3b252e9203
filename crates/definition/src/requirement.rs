//! One requirement: its kind, its grammar, and what of it can be built.

use crate::{PackageName, Requirement, chars::Chars, collect::Collected, placeholder};
use envwright_diagnosis::{Finding, Span};
use envwright_redact::{Redactor, SafeUrl};
use std::path::Path;
use url::Url;
use uv_pep508::VersionOrUrl;

/// Version control systems that pip knows as `<system>+<url>`.
const VERSION_CONTROL: [&str; 4] = ["git", "hg", "svn", "bzr"];
/// How source distributions and other archives end.
const ARCHIVES: [&str; 11] = [
    ".zip",
    ".tar.gz",
    ".tgz",
    ".tar",
    ".tar.bz2",
    ".tbz",
    ".tar.xz",
    ".txz",
    ".tlz",
    ".tar.lz",
    ".tar.lzma",
];

/// What most markers ask for (dependency specifiers, environment markers).
const MARKERS: [&str; 5] = [
    "`python_version`",
    "`sys_platform`",
    "`platform_machine`",
    "`platform_system`",
    "`implementation_name`",
];

/// A requirement with the extras that it asks for.
pub(crate) struct Parsed {
    pub(crate) requirement: Requirement,
    pub(crate) extras: Vec<String>,
}

/// Reads a requirement; says what is wrong with it, or not supported, in `collected`. `dir` is the folder that
/// relative paths start from.
pub(crate) fn parse(line: &Chars, dir: &Path, collected: &mut Collected) -> Option<Parsed> {
    let text = line.text();
    if let Some(finding) = placeholder::finding(&text, &line.span()) {
        collected.push(finding);
        return None;
    }
    let (target, marker) = split_marker(&text);
    if is_version_control(target) {
        collected.unbuilt("a source build from version control", text, &line.span());
        return None;
    }
    if let Some(scheme) = scheme(target) {
        if !matches!(scheme, "http" | "https" | "ftp" | "file") {
            return grammar(line, &text, collected);
        }
        return wheel(line, target, marker, collected);
    }
    if text.split_once('@').is_none_or(|(name, _)| looks_like_path(name)) && is_path(target, dir) {
        return local(line, target, marker, dir, collected);
    }
    grammar(line, &text, collected)
}

/// URLs end at `; `, since they may hold a `;`.
fn split_marker(text: &str) -> (&str, &str) {
    let separator = if scheme(text).is_some() { "; " } else { ";" };
    text.split_once(separator).map_or((text, ""), |(target, marker)| (target.trim(), marker.trim()))
}

/// The scheme of a text that is a URL. Sample: `https://mirror.example/six-1.0-py3-none-any.whl`.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let is_name = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    (is_name && (rest.starts_with('/') || scheme.eq_ignore_ascii_case("file"))).then_some(scheme)
}

fn is_version_control(text: &str) -> bool {
    VERSION_CONTROL.iter().any(|system| text.strip_prefix(system).is_some_and(|rest| rest.starts_with('+')))
}

fn looks_like_path(text: &str) -> bool {
    text.contains('/') || text.starts_with('.')
}

fn is_archive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ARCHIVES.iter().any(|ending| name.ends_with(ending))
}

fn is_wheel(name: &str) -> bool {
    name.len() > ".whl".len() && name.to_ascii_lowercase().ends_with(".whl")
}

/// pip takes as a path what looks like one and is a folder, and what ends like a file that can be installed.
fn is_path(text: &str, dir: &Path) -> bool {
    let (path, _) = split_extras(text);
    is_wheel(path) || is_archive(path) || (looks_like_path(path) && dir.join(path).is_dir())
}

/// Sample: `./six-1.0-py3-none-any.whl[extra]`.
fn split_extras(text: &str) -> (&str, &str) {
    match text.rfind('[') {
        Some(at) if text.ends_with(']') => (text[..at].trim_end(), &text[at..]),
        _ => (text, ""),
    }
}

/// A wheel or archive on this machine.
fn local(line: &Chars, target: &str, marker: &str, dir: &Path, collected: &mut Collected) -> Option<Parsed> {
    let (path, extras) = split_extras(target);
    let span = line.span_of(0..path.len());
    let path = dir.join(path);
    if !is_wheel(&path.to_string_lossy()) {
        let feature =
            if path.is_dir() { "a source build from a folder" } else { "a source build from an archive" };
        if path.exists() {
            collected.unbuilt(feature, line.text(), &span);
        } else {
            let (written, _) = split_extras(target);
            collected.missing("definition-file-missing", written, &path, &span);
        }
        return None;
    }
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = wheel_name(&file, &span, collected)?;
    let path = std::path::absolute(&path).ok().filter(|path| path.is_file());
    let Some(url) = path.and_then(|path| Url::from_file_path(path).ok()) else {
        collected.missing("definition-file-missing", target, &dir.join(split_extras(target).0), &span);
        return None;
    };
    grammar(line, &named(&name, extras, url.as_str(), marker), collected)
}

/// A wheel at a URL that has no name before it.
fn wheel(line: &Chars, target: &str, marker: &str, collected: &mut Collected) -> Option<Parsed> {
    let (target, extras) = split_extras(target);
    let span = line.span_of(0..target.len());
    let Ok(url) = SafeUrl::parse(target) else {
        collected.push(invalid(target, "the URL cannot be read", &span));
        return None;
    };
    let file = url.file_name().unwrap_or_default();
    if !is_wheel(&file) {
        collected.check_credentials(&url, &span);
        collected.unbuilt("a source build from an archive", line.text(), &span);
        return None;
    }
    let name = wheel_name(&file, &span, collected)?;
    grammar(line, &named(&name, extras, target, marker), collected)
}

fn named(name: &str, extras: &str, url: &str, marker: &str) -> String {
    let marker = if marker.is_empty() { String::new() } else { format!(" ; {marker}") };
    format!("{name}{extras} @ {url}{marker}")
}

/// The package's name from a wheel's file name: `name-version(-build)?-python-abi-platform.whl`.
fn wheel_name(file: &str, span: &Span, collected: &mut Collected) -> Option<String> {
    let parts: Vec<&str> = file[..file.len() - ".whl".len()].split('-').collect();
    let name = matches!(parts.len(), 5 | 6).then(|| PackageName::parse(parts[0])).flatten();
    if name.is_none() || parts.iter().any(|part| part.is_empty()) {
        let finding = Finding::new("pip-invalid-wheel-filename").fact("file", file);
        collected.push(finding.at(span, "a wheel's name has five or six parts"));
        return None;
    }
    Some(parts[0].to_owned())
}

/// The grammar of dependency specifiers. `text` may be other words than `line` for the same requirement.
fn grammar(line: &Chars, text: &str, collected: &mut Collected) -> Option<Parsed> {
    let parsed = match uv_pep508::Requirement::<Url>::parse(text, "/") {
        Ok(parsed) => parsed,
        Err(error) => {
            let same = line.text() == text;
            let span =
                if same { line.span_of(error.start..error.start + error.len.max(1)) } else { line.span() };
            // The first line of the message; the parser's own drawing of the place would follow.
            let message = error.message.to_string();
            let reason = message.lines().next().unwrap_or_default();
            collected.push(suggested(invalid(text, reason, &span), text, reason));
            return None;
        }
    };
    if let Some(VersionOrUrl::Url(url)) = &parsed.version_or_url
        && !is_buildable(url, line, collected)
    {
        return None;
    }
    let requirement = Requirement {
        name: PackageName::parse(parsed.name.as_str())?,
        text: parsed.displayable_with_credentials().to_string(),
        hashes: Vec::new(),
        span: Some(line.span()),
    };
    let extras = parsed.extras.iter().map(ToString::to_string).collect();
    Some(Parsed { requirement, extras })
}

fn is_buildable(url: &Url, line: &Chars, collected: &mut Collected) -> bool {
    let span = line.span();
    if is_version_control(url.scheme()) {
        collected.unbuilt("a source build from version control", line.text(), &span);
        return false;
    }
    let safe = SafeUrl::from(url.clone());
    collected.check_credentials(&safe, &span);
    let file = safe.file_name().unwrap_or_default();
    if !is_wheel(&file) {
        collected.unbuilt("a source build from an archive", line.text(), &span);
        return false;
    }
    if wheel_name(&file, &span, collected).is_none() {
        return false;
    }
    if url.scheme() == "file" && !url.to_file_path().is_ok_and(|path| path.is_file()) {
        collected.missing("definition-file-missing", url.path(), Path::new(url.path()), &span);
        return false;
    }
    true
}

fn invalid(text: &str, reason: &str, span: &Span) -> Finding {
    let shown = Redactor::default().redact(text).into_owned();
    Finding::new("pip-invalid-requirement").fact("requirement", shown).fact("reason", reason).at(span, reason)
}

/// What was probably meant. Samples: `numpy=1.26`, as conda writes it; `numpy 1.26`; `scikit learn`.
fn suggested(finding: Finding, text: &str, reason: &str) -> Finding {
    let is_version = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if let Some((name, version)) = text.split_once('=')
        && PackageName::parse(name.trim()).is_some()
        && is_version(version.trim())
    {
        return finding.remedy(format!("Write `{}=={}`", name.trim(), version.trim()));
    }
    // Sample: `'six>=1.16',`, as a list of Python has it.
    let bare = text.trim_end_matches(',').trim_matches(['\'', '"']);
    if bare != text && uv_pep508::Requirement::<Url>::parse(bare, "/").is_ok() {
        return finding.remedy(format!("Write `{bare}`, without quotes and comma"));
    }
    if reason.contains("valid marker name") {
        return finding.remedy(format!("Write a name that markers know: {}", MARKERS.join(", ")));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [name, version] if PackageName::parse(name).is_some() && is_version(version) => {
            finding.remedy(format!("Write `{name}=={version}`"))
        }
        [_, _, ..] if PackageName::parse(&words.join("-")).is_some() => {
            finding.remedy(format!("Write `{}`, or each package on a line of its own", words.join("-")))
        }
        _ => finding,
    }
}
