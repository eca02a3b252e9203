//! What is gathered while a definition and the files it names are read.

use crate::{Indexes, MaskedText, PackageName, Requirement, Spanned, advice, decode::decode, hash, lines};
use envwright_diagnosis::{Finding, Fix, Severity, Source, Span, nearest};
use envwright_redact::{SafeUrl, Secret};
use envwright_store::refused;
use std::{collections::BTreeMap, io, path::Path, sync::Arc};

/// Findings, sources and requirements so far.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) unbuilt: Vec<Spanned<MaskedText>>,
    pub(crate) constraints: Vec<Requirement>,
    pub(crate) indexes: Indexes,
    pub(crate) require_hashes: bool,
    pub(crate) sources: Vec<Arc<Source>>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) remarks: Vec<Finding>,
    pub(crate) unsupported: Vec<Finding>,
    /// Texts in the place of what files have, by their names.
    pub(crate) instead: BTreeMap<String, String>,
    /// Passwords and tokens that no pattern recognises.
    pub(crate) secrets: Vec<Secret>,
}

impl Collected {
    pub(crate) fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Something valid that cannot be built yet.
    pub(crate) fn unsupported(&mut self, feature: &str, span: &Span) {
        let finding = Finding::new("not-supported-yet").fact("feature", feature).at(span, "used here");
        self.unsupported.push(match advice::instead(feature) {
            Some(other) => finding.remedy(other),
            None => finding,
        });
    }

    /// A line that pip would build from source.
    pub(crate) fn unbuilt(&mut self, feature: &str, line: impl Into<String>, span: &Span) {
        self.unbuilt.push(Spanned { value: MaskedText::from(line.into()), span: Some(span.clone()) });
        self.unsupported(feature, span);
    }

    /// A value that its key does not take.
    pub(crate) fn invalid_value(&mut self, key: &str, expected: &str, span: &Span) {
        let finding = Finding::new("definition-invalid-value").fact("key", key).fact("expected", expected);
        self.push(finding.at(span, format!("expected {expected}")));
    }

    /// A file that is not there, with the name beside it that was probably meant. `written` is how the definition
    /// names `path`.
    pub(crate) fn missing(&mut self, problem: &'static str, written: &str, path: &Path, span: &Span) {
        let finding = Finding::new(problem).fact("path", written).at(span, "no such file");
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        let mut names: Vec<String> = fs_err::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        let own = Path::new(&span.source().name).file_name().and_then(|name| name.to_str());
        let others = names.iter().map(String::as_str).filter(|other| Some(*other) != own);
        self.push(match nearest(name, others).and_then(|near| Some((written.strip_suffix(name)?, near))) {
            Some((folders, near)) => finding.fact("nearest", format!("{folders}{near}")),
            None => finding,
        });
    }

    /// The text of a file that the definition names as `written`; says why there is none.
    pub(crate) fn file(
        &mut self,
        missing: &'static str,
        path: &Path,
        written: &str,
        span: &Span,
    ) -> Option<Arc<Source>> {
        let bytes = match fs_err::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.missing(missing, written, path, span);
                return None;
            }
            Err(error) => {
                self.push(refused(path.display(), &error).at(span, "this file"));
                return None;
            }
        };
        let name = path.strip_prefix(".").unwrap_or(path).display().to_string();
        let Some(text) = self.instead.get(&name).cloned().or_else(|| decode(&bytes)) else {
            self.push(Finding::new("definition-encoding").fact("path", written).at(span, "this file"));
            return None;
        };
        let source = Source::new(name, text);
        self.sources.push(Arc::clone(&source));
        Some(source)
    }

    /// Warns of a token in the path of a channel's URL, which conda has there. Sample:
    /// `https://channel.example/t/me-0123-abcd/team`.
    pub(crate) fn check_token(&mut self, text: &str, span: &Span) {
        if let Some(token) = hash::channel_token(text) {
            self.secrets.push(Secret::new(token));
            let finding = Finding::new("definition-secret-in-url").severity(Severity::Warning);
            self.push(finding.at(span, "a token stands here"));
        }
    }

    /// Warns of a password in the text of a URL.
    pub(crate) fn check_credentials(&mut self, url: &SafeUrl, span: &Span) {
        let Some((user, password)) = url.credentials() else { return };
        // `git@host` and a variable that is not set are no secrets.
        if (password.is_some() || !user.is_empty()) && !span.text().contains("${") && user != "git" {
            let finding = Finding::new("definition-secret-in-url").severity(Severity::Warning);
            self.push(finding.at(span, "credentials stand here"));
        }
    }

    /// Checks the URL of a channel, which may be in a registry.
    pub(crate) fn check_channel(&mut self, text: &str, span: &Span) {
        let schemes = ["http", "https", "file", "oci"];
        self.url_of("channels", text, span, &schemes, "an http, https, file or oci URL");
        self.check_token(text, span);
    }

    /// Reads a URL that an option or key names.
    pub(crate) fn url(&mut self, key: &str, text: &str, span: &Span) -> Option<SafeUrl> {
        self.url_of(key, text, span, &["http", "https", "file"], "an http, https or file URL")
    }

    fn url_of(
        &mut self,
        key: &str,
        text: &str,
        span: &Span,
        schemes: &[&str],
        expected: &str,
    ) -> Option<SafeUrl> {
        let Ok(url) = SafeUrl::parse(text) else {
            self.invalid_value(key, "an absolute URL", span);
            return None;
        };
        if !schemes.contains(&url.expose().scheme()) {
            self.invalid_value(key, expected, span);
            return None;
        }
        self.check_credentials(&url, span);
        Some(url)
    }

    /// Warns of packages that are required in several lines, unless their markers tell them apart.
    pub(crate) fn check_duplicates(&mut self) {
        let mut first: BTreeMap<&PackageName, &Requirement> = BTreeMap::new();
        let mut found = Vec::new();
        for requirement in self.requirements.iter().filter(|one| !one.text.contains(" ; ")) {
            let Some(earlier) = first.get(&requirement.name) else {
                first.insert(&requirement.name, requirement);
                continue;
            };
            let mut finding = Finding::new("definition-duplicate-package")
                .severity(Severity::Warning)
                .fact("package", &requirement.name);
            for (span, label) in [(&requirement.span, "again here"), (&earlier.span, "first here")] {
                if let Some(span) = span {
                    finding = finding.at(span, label);
                }
            }
            let span = requirement.span.as_ref().filter(|_| requirement.text == earlier.text);
            if let Some((place, left)) = span.and_then(lines::without_line) {
                finding = finding.fix(Fix::new("Remove the second line", place, left));
            }
            found.push(finding);
        }
        self.findings.extend(found);
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}
