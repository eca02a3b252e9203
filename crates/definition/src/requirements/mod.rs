//! pip's requirements file format, with a place for everything that is read
//! (<https://pip.pypa.io/en/stable/reference/requirements-file-format/>).

pub(crate) mod lines;
mod options;
#[cfg(test)]
mod pip;

use crate::{FindLinks, chars::Chars, collect::Collected, requirement};
use envwright_diagnosis::{Finding, Severity, Span, nearest};
use envwright_redact::SafeUrl;
use options::{Given, OptionFault};
use std::path::{Path, PathBuf};

/// Files that one definition may include; more is a mistake.
const MOST_FILES: usize = 500;
/// How deep they may include each other.
const DEEPEST: usize = 50;
const HASHES: [&str; 3] = ["sha256", "sha384", "sha512"];

/// Reads requirements files and what they include.
pub(crate) struct Reader<'a> {
    pub(crate) collected: &'a mut Collected,
    /// Files that are being read, the outermost first.
    open: Vec<PathBuf>,
    read: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(collected: &'a mut Collected) -> Self {
        Self { collected, open: Vec::new(), read: 0 }
    }

    /// Reads a text whose paths are relative to `dir`. `path` is the file it comes from, if any.
    pub(crate) fn text(&mut self, text: &Chars, dir: &Path, path: Option<&Path>, constraint: bool) {
        let identity = path.and_then(|path| fs_err::canonicalize(path).ok()).unwrap_or_default();
        self.open.push(identity);
        for line in lines::logical(text, &|name| std::env::var(name).ok()) {
            self.line(&line, dir, constraint);
        }
        self.open.pop();
    }

    fn line(&mut self, line: &Chars, dir: &Path, constraint: bool) {
        let (words, rest) = options::split(line);
        let given = match options::parse(&rest) {
            Ok(given) => given,
            Err(fault) => return self.collected.push(explain(&fault)),
        };
        if !words.is_empty() {
            return self.requirement(&words, &given, dir, constraint);
        }
        let first = |name: &str| given.iter().find(|one| one.name == name);
        if let Some(editable) = first("--editable") {
            let line = format!("-e {}", editable.value.text());
            return self.collected.unbuilt("an editable install (`-e`)", line, &editable.value.span());
        }
        if let Some(file) = first("--requirement") {
            return self.include(file, dir, false);
        }
        if let Some(file) = first("--constraint") {
            return self.include(file, dir, true);
        }
        self.settings(&given, dir);
    }

    fn requirement(&mut self, words: &Chars, given: &[Given], dir: &Path, constraint: bool) {
        let mut hashes = Vec::new();
        for option in given {
            match option.name {
                "--hash" => hashes.extend(self.hash(&option.value)),
                _ => self.ignored(option),
            }
        }
        let Some(mut parsed) = requirement::parse(words, dir, self.collected) else { return };
        hashes.sort_unstable();
        hashes.dedup();
        parsed.requirement.hashes = hashes;
        if !constraint {
            return self.collected.requirements.push(parsed.requirement);
        }
        if !parsed.extras.is_empty() {
            let span = words.span();
            return self.collected.push(
                Finding::new("pip-invalid-requirement")
                    .fact("requirement", words.text())
                    .at(&span, "a constraint cannot have extras"),
            );
        }
        self.collected.constraints.push(parsed.requirement);
    }

    fn hash(&mut self, value: &Chars) -> Option<String> {
        let text = value.text();
        if text.split_once(':').is_some_and(|(algorithm, _)| HASHES.contains(&algorithm)) {
            return Some(text);
        }
        self.collected.invalid_value(
            "--hash",
            "`sha256:`, `sha384:` or `sha512:` with a digest",
            &value.span(),
        );
        None
    }

    fn ignored(&mut self, option: &Given) {
        let finding = Finding::new("definition-option-ignored").severity(Severity::Note);
        self.collected.push(finding.fact("key", option.name).at(&option.word.span(), "not used"));
    }

    /// Reads the file that a `-r` or `-c` names.
    fn include(&mut self, option: &Given, dir: &Path, constraint: bool) {
        let name = option.value.text();
        let span = option.value.span();
        if ["http:", "https:", "file:"].iter().any(|scheme| name.to_ascii_lowercase().starts_with(scheme)) {
            if let Ok(url) = SafeUrl::parse(&name) {
                self.collected.check_credentials(&url, &span);
            }
            let line = format!("{} {name}", if constraint { "-c" } else { "-r" });
            return self.collected.unbuilt("a requirements file at a URL", line, &span);
        }
        self.file(&dir.join(&name), &name, &span, constraint);
    }

    /// Reads a file that stands in the definition as `name`.
    pub(crate) fn file(&mut self, path: &Path, name: &str, span: &Span, constraint: bool) {
        const MISSING: &str = "pip-requirements-file-missing";
        let identity = match fs_err::canonicalize(path) {
            Ok(identity) if identity.is_file() => identity,
            _ => return self.collected.missing(MISSING, name, path, span),
        };
        self.read += 1;
        if self.open.contains(&identity) || self.open.len() > DEEPEST || self.read > MOST_FILES {
            let finding = Finding::new("definition-invalid-value").fact("key", "-r").fact("path", name);
            let finding = finding
                .at(span, "expected a file that does not include itself")
                .detail(format!(
                    "{name} is being read already: it includes itself, by way of others perhaps."
                ))
                .remedy("Remove the line shown");
            return self.collected.push(finding);
        }
        let Some(source) = self.collected.file(MISSING, path, name, span) else { return };
        let chars = Chars::of(&source, 0..source.text.len());
        let dir = path.parent().unwrap_or(Path::new("")).to_owned();
        self.text(&chars, &dir, Some(path), constraint);
    }

    /// A line of options alone, in pip's order of effect.
    fn settings(&mut self, given: &[Given], dir: &Path) {
        let has = |name: &str| given.iter().any(|one| one.name == name);
        let last = |name: &str| given.iter().rev().find(|one| one.name == name);
        if has("--no-index") {
            let indexes = &mut self.collected.indexes;
            indexes.no_index = true;
            indexes.index = None;
            indexes.extra.clear();
        }
        if let Some(url) = last("--index-url").and_then(|one| self.index(one)) {
            // pip: an index replaces all that were named before, the extra ones too.
            self.collected.indexes.index = Some(url);
            self.collected.indexes.extra.clear();
        }
        for option in given.iter().filter(|one| one.name == "--extra-index-url") {
            let url = self.index(option);
            self.collected.indexes.extra.extend(url);
        }
        if let Some(place) = given.iter().find(|one| one.name == "--find-links") {
            self.find_links(place, dir);
        }
        self.collected.indexes.prerelease |= has("--pre");
        self.collected.require_hashes |= has("--require-hashes");
        for option in given {
            match option.name {
                "--no-binary" if option.value.text() != ":none:" => {
                    let line = format!("--no-binary {}", option.value.text());
                    self.collected.unbuilt("a source build (`--no-binary`)", line, &option.word.span());
                }
                "--trusted-host" | "--use-feature" | "--hash" | "--global-option" | "--config-settings" => {
                    self.ignored(option);
                }
                _ => {}
            }
        }
    }

    /// The index that an option names; none once `--no-index` was said.
    fn index(&mut self, option: &Given) -> Option<SafeUrl> {
        let url = self.collected.url(option.name, &option.value.text(), &option.value.span());
        url.filter(|_| !self.collected.indexes.no_index)
    }

    fn find_links(&mut self, option: &Given, dir: &Path) {
        let text = option.value.text();
        let span = option.value.span();
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if matches!(scheme.as_deref(), Some("http" | "https" | "file")) {
            let url = self.collected.url(option.name, &text, &span);
            self.collected.indexes.find_links.extend(url.map(FindLinks::Url));
            return;
        }
        // As pip: beside the file, else in the current folder.
        let beside = dir.join(&text);
        let path = if beside.exists() { beside } else { PathBuf::from(&text) };
        match std::path::absolute(&path) {
            Ok(path) if path.exists() => self.collected.indexes.find_links.push(FindLinks::Path(path)),
            _ => {
                let finding = Finding::new("definition-file-missing").fact("path", &text);
                self.collected.push(finding.at(&span, "no such folder"));
            }
        }
    }
}

fn explain(fault: &OptionFault) -> Finding {
    let wrong = |word: &Chars, label: &str| {
        let finding = Finding::new("definition-invalid-value").fact("key", word.text());
        finding.fact("expected", label).at(&word.span(), format!("expected {label}"))
    };
    match fault {
        OptionFault::Unknown(word) => {
            let text = word.text();
            let finding =
                Finding::new("definition-unknown-key").fact("key", &text).at(&word.span(), "no such option");
            match nearest(&text, options::long_names()) {
                Some(meant) => finding.fact("nearest", meant),
                None => finding,
            }
        }
        OptionFault::Ambiguous(word) => wrong(word, "the whole name of an option"),
        OptionFault::NoValue(word) => wrong(word, "a value after the option"),
        OptionFault::Unwanted(word) => wrong(word, "no value"),
        OptionFault::Quoting(word) => {
            let finding = Finding::new("definition-invalid-value").fact("expected", "a closed quotation");
            finding.at(&word.span(), "a quotation or backslash is not closed")
        }
    }
}
