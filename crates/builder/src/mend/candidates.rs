//! What might mend a finding: changes of the definition's text that are then tried.

use super::lines;
use crate::{attempt::Locked, headless, settings::Settings};
use envwright_definition::{CondaSpec, Environment, Format, Requirement};
use envwright_diagnosis::{Finding, Fix, Span};
use std::cmp::Reverse;

/// Channels that are looked at where those of a definition lack a package.
const CHANNELS: [&str; 2] = ["conda-forge", "bioconda"];
/// At most so many other versions are tried.
const VERSIONS: usize = 4;
/// Minor versions of Python 3 that wheels and packages are published for, the newest first.
const PYTHONS: [u8; 6] = [13, 12, 11, 10, 9, 8];

/// Makes a change exact by what was chosen with it.
pub(crate) type Settle = Box<dyn FnOnce(&Locked) -> Option<Fix>>;

/// A change that is to be tried.
pub(crate) struct Candidate {
    pub(crate) fix: Fix,
    /// Whether it is of another kind than those before: it is tried even where one of them mends.
    pub(crate) is_another_way: bool,
    pub(crate) settle: Option<Settle>,
}

impl From<Fix> for Candidate {
    fn from(fix: Fix) -> Self {
        Self { fix, is_another_way: false, settle: None }
    }
}

fn another(fix: Fix) -> Candidate {
    Candidate { is_another_way: true, ..Candidate::from(fix) }
}

/// Candidates for a finding, the one that changes least first.
pub(crate) fn of(
    finding: &Finding,
    environment: Option<&Environment>,
    settings: &Settings,
) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = finding.fix.iter().cloned().map(Candidate::from).collect();
    let Some(environment) = environment else { return all };
    let about = About { finding, environment };
    match finding.problem.as_str() {
        "conda-package-not-found" => {
            all.extend(about.spec_renamed().map(Candidate::from));
            all.extend(about.spec_versions().into_iter().map(Candidate::from));
            all.extend(about.channels(settings).into_iter().map(another));
            all.extend(about.moved_to_pip().map(another));
        }
        "conda-unsatisfiable" => all.extend(about.relaxed()),
        "conda-virtual-package-missing" => all.extend(about.cuda().map(Candidate::from)),
        "conda-bad-spec" => all.extend(about.respelled().map(Candidate::from)),
        "pip-no-matching-distribution" => {
            all.extend(about.requirement_renamed().map(Candidate::from));
            all.extend(about.requirement_versions().into_iter().map(Candidate::from));
        }
        "pip-requires-python" | "pip-no-wheel-for-platform" => {
            all.extend(about.pythons().into_iter().map(Candidate::from));
            all.extend(about.requirement_versions().into_iter().map(another));
        }
        "pip-resolution-impossible" => all.extend(about.requirements_relaxed().into_iter().map(another)),
        headless::PROBLEM => all.extend(about.headless().map(Candidate::from)),
        "pip-cannot-uninstall-distutils" => all.extend(about.dropped_from_pip().map(Candidate::from)),
        _ => {}
    }
    all
}

struct About<'a> {
    finding: &'a Finding,
    environment: &'a Environment,
}

impl About<'_> {
    fn fact(&self, name: &str) -> Option<&str> {
        self.finding.facts.get(name)
    }

    /// The specifications that the finding shows.
    fn specs(&self) -> impl Iterator<Item = &CondaSpec> {
        let shown =
            |spec: &&CondaSpec| self.finding.evidence.iter().any(|evidence| evidence.span == spec.span);
        self.environment.conda.iter().flat_map(|conda| &conda.specs).filter(shown)
    }

    /// The requirement of pip's that the finding is about.
    fn requirement(&self) -> Option<(&Requirement, &Span)> {
        let mut all = self.environment.requirements.iter().filter_map(|one| Some((one, one.span.as_ref()?)));
        all.find(|(_, span)| self.finding.evidence.iter().any(|evidence| evidence.span == **span))
    }

    fn spec_renamed(&self) -> Option<Fix> {
        let (nearest, spec) = (self.fact("nearest")?, self.specs().next()?);
        let at = spec.text.to_lowercase().find(&spec.name)?;
        let within = spec.span.text().find(&spec.text)?;
        let start = spec.span.range().start + within + at;
        let place = Span::new(spec.span.source(), start..start + spec.name.len());
        Some(Fix::new(format!("Write `{nearest}` in the place of `{}`", spec.name), place, nearest))
    }

    fn spec_versions(&self) -> Vec<Fix> {
        let Some(spec) = self.specs().next() else { return Vec::new() };
        let asked = spec.version.as_deref().unwrap_or_default();
        let versions = closest(asked, self.fact("available").unwrap_or_default());
        let fix = |version: String| {
            Fix::new(
                format!("Ask for {} {version}, the nearest version that there is", spec.name),
                spec.span.clone(),
                respelled(spec, Some(&format!("={version}"))),
            )
        };
        versions.into_iter().map(fix).collect()
    }

    /// Another channel, behind those of the definition.
    fn channels(&self, settings: &Settings) -> Vec<Fix> {
        let Some(conda) = &self.environment.conda else { return Vec::new() };
        let Some(last) = conda.channels.last().and_then(|channel| channel.span.as_ref()) else {
            return Vec::new();
        };
        let Some(indent) = lines::indent(last) else { return Vec::new() };
        let custom = settings.conda.channels.custom.keys().map(String::as_str);
        let names = custom.chain(CHANNELS.into_iter().filter(|_| settings.conda.channels.custom.is_empty()));
        let new = names.filter(|name| !conda.channels.iter().any(|channel| channel.value.expose() == *name));
        let fix = |name: &str| {
            lines::behind(format!("Add the channel `{name}`"), last, &format!("{indent}- {name}\n"))
        };
        new.map(fix).collect()
    }

    /// The package below pip's list, without what only conda understands.
    fn moved_to_pip(&self) -> Option<Fix> {
        let (conda, spec) = (self.environment.conda.as_ref()?, self.specs().next()?);
        let indent = lines::indent(&spec.span)?;
        let requirement = requirement_of(spec)?;
        let title = format!("Take {} from PyPI", spec.name);
        let moved = lines::without(title, &spec.span);
        if let Some(list) = &conda.pip_list {
            let inner = lines::indent(list)?;
            let at = lines::of(list).end;
            return Some(moved.and(lines::at(list.source(), at), format!("{inner}  - {requirement}\n")));
        }
        let last = conda.specs.last()?;
        let pip = if conda.spec("pip").is_some() { String::new() } else { format!("{indent}- pip\n") };
        let end = lines::of(&last.span).end;
        let text = &last.span.source().text;
        let open = if text[..end].ends_with('\n') { "" } else { "\n" };
        let added = format!("{open}{pip}{indent}- pip:\n{indent}  - {requirement}\n");
        if last.span == spec.span {
            // The line itself is what the list takes the place of.
            let line = Span::new(spec.span.source(), lines::of(&spec.span));
            return Some(Fix::new(moved.title, line, added.trim_start_matches('\n')));
        }
        Some(moved.and(lines::at(last.span.source(), end), added))
    }

    /// One specification after the other without its version, which then is the one that was chosen.
    fn relaxed(&self) -> Vec<Candidate> {
        let pinned = self.specs().filter(|spec| spec.version.is_some() || spec.build.is_some());
        let candidate = |spec: &CondaSpec| {
            let title = format!("Ask for {} in a version that goes with the others", spec.name);
            let (spec, name) = (spec.clone(), spec.name.clone());
            Candidate {
                fix: Fix::new(title, spec.span.clone(), respelled(&spec, None)),
                is_another_way: true,
                settle: Some(Box::new(move |locked: &Locked| {
                    let mut all = locked.lock.platforms.values().flat_map(|lock| &lock.conda);
                    let version = &all.find(|package| package.name == name)?.version;
                    let title = format!("Ask for {name} {version}, which goes with the others");
                    Some(Fix::new(title, spec.span.clone(), respelled(&spec, Some(&format!("={version}")))))
                })),
            }
        };
        pinned.map(candidate).collect()
    }

    /// The key `cuda`, with the least version that is needed.
    fn cuda(&self) -> Option<Fix> {
        if self.fact("package") != Some("__cuda") || self.environment.format != Format::Azure {
            return None;
        }
        let needed = self.fact("needed")?;
        let digits = needed.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = digits.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(digits.len());
        let version = digits[..end].trim_end_matches('.');
        let version = if version.contains('.') { version.to_owned() } else { format!("{version}.0") };
        let title = format!("Say that the image is for CUDA {version}");
        let source = self.environment.sources.first()?;
        let key = source
            .text
            .match_indices("cuda:")
            .find(|(at, _)| source.text[..*at].is_empty() || source.text[..*at].ends_with('\n'));
        if let Some((at, _)) = key {
            let (start, line) = (at + "cuda:".len(), lines::of(&lines::at(source, at)));
            // A comment behind the value stays.
            let written = &source.text[start..line.end];
            let value = written.find(" #").map_or(written, |end| &written[..end]).trim_end();
            let place = Span::new(source, start..start + value.len());
            return Some(Fix::new(title, place, format!(" \"{version}\"")));
        }
        let open = if source.text.ends_with('\n') { "" } else { "\n" };
        Some(Fix::new(title, lines::at(source, source.text.len()), format!("{open}cuda: \"{version}\"\n")))
    }

    /// A specification that cannot be read, as it was probably meant.
    fn respelled(&self) -> Option<Fix> {
        let span = &self.finding.evidence.first()?.span;
        let name: String =
            span.text().chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        (!name.is_empty()).then(|| Fix::new(format!("Ask for `{name}` alone"), span.clone(), name.clone()))
    }

    fn requirement_renamed(&self) -> Option<Fix> {
        let (nearest, (_, span)) = (self.fact("nearest")?, self.requirement()?);
        let name = name_in(span)?;
        Some(Fix::new(format!("Write `{nearest}` in the place of `{}`", name.text()), name, nearest))
    }

    /// The same package without windows.
    fn headless(&self) -> Option<Fix> {
        let (requirement, span) = self.requirement()?;
        let (variant, name) = (headless::variant(requirement.name.as_str())?, name_in(span)?);
        Some(Fix::new(format!("Ask for `{variant}`, which draws no windows"), name, variant))
    }

    fn requirement_versions(&self) -> Vec<Fix> {
        let Some((requirement, span)) = self.requirement() else { return Vec::new() };
        let Some(rest) = versions_in(span) else { return Vec::new() };
        let asked = rest.text().trim_start_matches(['=', '~', '>', '<', ' ', '!']);
        let versions = closest(asked, self.fact("available").unwrap_or_default());
        let fix = |version: String| {
            let title = format!("Ask for {} {version}, the nearest version that there is", requirement.name);
            Fix::new(title, rest.clone(), format!("=={version}"))
        };
        versions.into_iter().map(fix).collect()
    }

    fn requirements_relaxed(&self) -> Vec<Fix> {
        let shown = |span: &Span| self.finding.evidence.iter().any(|evidence| evidence.span == *span);
        let all = self.environment.requirements.iter().filter_map(|one| Some((one, one.span.as_ref()?)));
        let fix = |(one, span): (&Requirement, &Span)| {
            let rest = versions_in(span).filter(|rest| !rest.text().is_empty())?;
            Some(Fix::new(format!("Let any version of {} be taken", one.name), rest, ""))
        };
        all.filter(|(_, span)| shown(span)).filter_map(fix).collect()
    }

    /// Other Pythons, where the definition says which one it wants.
    fn pythons(&self) -> Vec<Fix> {
        let spec = self.environment.conda.as_ref().and_then(|conda| conda.spec("python"));
        let python = self.environment.python.as_ref().and_then(|python| python.span.as_ref());
        let fix = |minor: u8| {
            let title = format!("Take Python 3.{minor}");
            if let Some(spec) = spec {
                return Some(Fix::new(
                    title,
                    spec.span.clone(),
                    respelled(spec, Some(&format!("=3.{minor}"))),
                ));
            }
            let (span, text) = (python?, python?.text());
            let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
            // A comment behind the value stays.
            let end = match quote {
                Some(quote) => text[1..].find(quote).map_or(text.len(), |at| at + 2),
                None => text.find(" #").map_or(text.len(), |at| text[..at].trim_end().len()),
            };
            let start = span.range().start;
            let place = Span::new(span.source(), start..start + end);
            let quote = quote.map(String::from).unwrap_or_default();
            Some(Fix::new(title, place, format!("{quote}3.{minor}{quote}")))
        };
        PYTHONS.into_iter().filter_map(fix).collect()
    }

    fn dropped_from_pip(&self) -> Option<Fix> {
        let (requirement, span) = self.requirement()?;
        lines::indent(span)?;
        Some(lines::without(format!("Take {} from conda alone", requirement.name), span))
    }
}

/// The name that a requirement begins with.
fn name_in(span: &Span) -> Option<Span> {
    let text = span.text();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
    (end > 0).then(|| Span::new(span.source(), span.range().start..span.range().start + end))
}

/// The versions that a requirement asks for, all behind its name; none where that holds what is not to be lost: extras,
/// markers, hashes, an address.
fn versions_in(span: &Span) -> Option<Span> {
    let name = name_in(span)?.range();
    let written = span.text()[name.len()..].trim_end();
    let is_plain = !written.contains(['[', ';', '@']) && !written.contains("--hash");
    is_plain.then(|| Span::new(span.source(), name.end..name.end + written.len()))
}

/// A specification with another version, quoted as it was.
fn respelled(spec: &CondaSpec, version: Option<&str>) -> String {
    let channel = spec.channel.as_ref().map(|channel| format!("{channel}::")).unwrap_or_default();
    let written = spec.span.text();
    let quote =
        written.chars().next().filter(|c| matches!(c, '"' | '\'')).map(String::from).unwrap_or_default();
    format!("{quote}{channel}{}{}{quote}", spec.name, version.unwrap_or_default())
}

/// A specification as pip reads it; none where it has more than a name and versions.
fn requirement_of(spec: &CondaSpec) -> Option<String> {
    if spec.build.is_some() || spec.name.contains('*') {
        return None;
    }
    let version = spec.version.as_deref().unwrap_or_default();
    let version = match version {
        "" | "*" => String::new(),
        text if text.contains('|') => return None,
        text if text.starts_with(|c: char| c.is_ascii_digit()) => format!("=={text}"),
        text => text.to_owned(),
    };
    Some(format!("{}{version}", spec.name))
}

/// Versions of a list, those that share most with the one that is asked for first.
fn closest(asked: &str, available: &str) -> Vec<String> {
    let parts = |text: &str| -> Vec<String> {
        let plain = text.trim_start_matches(['=', '>', '<', '~', '!', ' ']).trim_end_matches(".*");
        plain.split('.').map(str::to_owned).collect()
    };
    let asked = parts(asked.split([',', '|']).next().unwrap_or_default());
    let is_version = |text: &&str| text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(' ');
    let mut versions: Vec<&str> = available.split(", ").filter(is_version).collect();
    let shared =
        |version: &str| parts(version).iter().zip(&asked).take_while(|(one, other)| one == other).count();
    versions.sort_by_key(|version| Reverse(shared(version)));
    versions.into_iter().take(VERSIONS).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_share_most_come_first() {
        assert_eq!(closest("1.24.*", "2.1.0, 1.26.4, 1.25.2"), ["1.26.4", "1.25.2", "2.1.0"]);
        assert_eq!(closest("==2.1.5", "2.1.4, 2.1.0, 2.0.1"), ["2.1.4", "2.1.0", "2.0.1"]);
        assert_eq!(closest("", "1.0, 12 more"), ["1.0"]);
    }

    #[test]
    fn the_name_is_what_a_requirement_begins_with() {
        let source = envwright_diagnosis::Source::new("r", "scikit-learn[x]>=1");
        let span = Span::new(&source, 0..source.text.len());
        assert_eq!(name_in(&span).unwrap().text(), "scikit-learn");
        assert_eq!(versions_in(&span), None);
    }
}
