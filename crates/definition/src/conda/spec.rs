//! One dependency of conda's: a match specification.

use envwright_diagnosis::{Finding, Span, nearest};
use envwright_redact::Redactor;
use rattler_conda_types::{MatchSpec, ParseMatchSpecOptions, ParseStrictness};
use std::fmt;

/// A match specification (CEP 29): which package, and which of its builds.
#[derive(Clone, PartialEq, Eq)]
pub struct CondaSpec {
    /// As written, without white space at its ends. May hold the credentials of a channel's URL.
    pub text: String,
    /// The package, in lower case. A pattern such as `py*` stays as it is.
    pub name: String,
    /// The channel that it must come from (`channel::name`).
    pub channel: Option<String>,
    /// Which versions, such as `1.26.*` or `>=3.10,<3.12`.
    pub version: Option<String>,
    /// Which builds, such as `py311h*`.
    pub build: Option<String>,
    /// The platforms that conda-lock takes it for, from a comment behind it, such as `linux64`.
    pub selector: Option<&'static str>,
    /// The same in one spelling.
    pub(crate) canonical: String,
    /// Where it was written.
    pub span: Span,
}

impl fmt::Debug for CondaSpec {
    /// Without the credentials that a channel may hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Redactor::default().redact(&self.text).into_owned();
        f.debug_struct("CondaSpec")
            .field("text", &text)
            .field("selector", &self.selector)
            .finish_non_exhaustive()
    }
}

impl CondaSpec {
    /// Whether one version is asked for: `=1.2`, `==1.2.3`, or a file at a URL.
    pub fn is_pinned(&self) -> bool {
        let exact = |version: &str| !version.contains([',', '|', '>', '<', '!', '~']) && version != "*";
        self.version.as_deref().is_some_and(exact) || self.text.contains("://")
    }

    /// The same in one spelling, whatever way it was written; without what opens its channel.
    pub fn canonical(&self) -> String {
        Redactor::default().redact(&self.canonical).into_owned()
    }

    /// What is asked of the package besides its name, as key and value of the bracket form.
    pub(crate) fn brackets(&self) -> Vec<(&'static str, String)> {
        let Ok(spec) = MatchSpec::from_str(&self.text, options()) else { return Vec::new() };
        let values = [
            ("version", self.version.clone()),
            ("build", self.build.clone()),
            ("build-number", spec.build_number.as_ref().map(ToString::to_string)),
            ("file-name", spec.file_name.clone()),
            ("channel", self.channel.clone()),
            ("subdir", spec.subdir.as_ref().map(ToString::to_string)),
            ("md5", spec.md5.map(hex::encode)),
            ("sha256", spec.sha256.map(hex::encode)),
            ("url", spec.url.as_ref().map(ToString::to_string)),
        ];
        values.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// Reads a specification; where it cannot be read, what is wrong with it.
    pub(crate) fn parse(text: &str, span: &Span) -> Result<Self, Finding> {
        let text = text.trim();
        let spec =
            MatchSpec::from_str(text, options()).map_err(|error| invalid(text, &error.to_string(), span))?;
        let written = spec.name.to_string();
        let name = written.to_lowercase();
        Ok(Self {
            text: text.to_owned(),
            canonical: spec.to_string().replacen(&written, &name, 1),
            name,
            channel: channel(text, &spec),
            version: spec.version.as_ref().map(ToString::to_string),
            build: spec.build.as_ref().map(ToString::to_string),
            selector: None,
            span: span.clone(),
        })
    }
}

fn options() -> ParseMatchSpecOptions {
    ParseMatchSpecOptions::new(ParseStrictness::Lenient).with_exact_names_only(false)
}

/// The channel as written before `::`, since its URL depends on the user's settings.
fn channel(text: &str, spec: &MatchSpec) -> Option<String> {
    let channel = spec.channel.as_ref()?;
    let written = text.split_once("::").map(|(before, _)| before.trim().to_owned());
    written.or_else(|| channel.name.clone()).filter(|name| !name.is_empty())
}

fn invalid(text: &str, reason: &str, span: &Span) -> Finding {
    let shown = Redactor::default().redact(text).into_owned();
    let finding =
        Finding::new("conda-bad-spec").fact("requirement", shown).fact("reason", reason).at(span, reason);
    // Sample: `git+https://git.example/team/app.git`, which only pip takes.
    if text.split_once("://").is_some_and(|(scheme, _)| scheme.contains('+')) {
        return finding.remedy("Write it below `pip:`, as conda installs nothing from version control");
    }
    match repaired(text) {
        Some(other) => finding.remedy(format!("Write `{other}`")),
        None => finding,
    }
}

/// What was probably meant. Samples: `numpy===1.26`, `numpy 1.26 # why`, `pandas[all]`, `numpy @ https://…`.
fn repaired(text: &str) -> Option<String> {
    let candidates = [
        text.replace("===", "=="),
        text.split('#').next().unwrap_or_default().trim().to_owned(),
        text.split('[').next().unwrap_or_default().trim().to_owned(),
        text.replace("= =", "=="),
        text.trim_end_matches([',', '=', '<', '>', '|', '!']).to_owned(),
    ];
    let known = |one: &String| one != text && !one.is_empty() && MatchSpec::from_str(one, options()).is_ok();
    let found = candidates.into_iter().find(known);
    found.filter(|one| nearest(one, [text]).is_some() || one.len() < text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_diagnosis::Source;

    fn parse(text: &str) -> Result<CondaSpec, Finding> {
        let source = Source::new("environment.yml", text);
        CondaSpec::parse(text, &Span::new(&source, 0..text.len()))
    }

    #[test]
    fn every_form_is_read() {
        for (text, name, version, build) in [
            ("numpy", "numpy", None, None),
            ("numpy=1.26", "numpy", Some("1.26.*"), None),
            ("numpy==1.26.4", "numpy", Some("==1.26.4"), None),
            ("numpy 1.26.*", "numpy", Some("1.26.*"), None),
            ("python >=3.10,<3.12", "python", Some(">=3.10,<3.12"), None),
            ("python=3.11.2=h955ad1f_0", "python", Some("==3.11.2"), Some("h955ad1f_0")),
            ("conda-forge::numpy[version='>=1.2',build=py311*]", "numpy", Some(">=1.2"), Some("py311*")),
            ("Pillow~=9.1", "pillow", Some("~=9.1"), None),
        ] {
            let spec = parse(text).unwrap_or_else(|finding| panic!("{text}: {finding:?}"));
            assert_eq!(
                (spec.name.as_str(), spec.version.as_deref(), spec.build.as_deref()),
                (name, version, build),
                "{text}"
            );
            let again = parse(&spec.canonical).unwrap_or_else(|finding| panic!("{text}: {finding:?}"));
            assert_eq!(again.canonical, spec.canonical, "{text}");
        }
        assert_eq!(
            parse("conda-forge::numpy").ok().and_then(|spec| spec.channel).as_deref(),
            Some("conda-forge")
        );
    }

    #[test]
    fn what_cannot_be_read_is_a_finding() {
        for text in ["numpy>=", "=1.2", "numpy[version=", "numpy 1.26 h0 extra=]"] {
            let finding = parse(text).expect_err(text);
            assert_eq!(finding.problem.as_str(), "conda-bad-spec", "{text}");
        }
    }
}
