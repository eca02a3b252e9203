//! What conda's activation would do in the image: the variables that packages set, found without running anything.

use crate::{
    BuildError,
    distributions::Described,
    settings::{CondaSettings, PostLink},
};
use envwright_diagnosis::{Finding, Severity};
use envwright_package::PREFIX;
use serde_json::Value;
use std::collections::BTreeMap;

const PROBLEM: &str = "conda-script-not-run";

/// What activation comes to.
#[derive(Debug, Default)]
pub(crate) struct Activation {
    /// Variables, sorted by name.
    pub(crate) variables: Vec<(String, String)>,
    /// Scripts that set something else, or that cannot be understood.
    pub(crate) findings: Vec<Finding>,
    /// Scripts that conda would run once, when it links packages.
    linked: Vec<Finding>,
}

/// Reads the scripts of conda packages. conda sources those of `activate.d` in the order of their names, and sets the
/// variables of `env_vars.d` before (conda's manual, "Managing environments", section "Saving environment variables").
pub(crate) fn of(packages: &[Described<'_>]) -> Activation {
    let mut activation = Activation::default();
    let mut scripts: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for Described { package, metadata } in packages {
        for (path, text) in *metadata {
            if path.starts_with("etc/conda/") {
                scripts.insert(path, (package, text));
            } else if path.ends_with("-link.sh") {
                let finding = told(package, path).detail("It would run once, when the package is linked.");
                activation.linked.push(finding);
            }
        }
    }
    let mut set: BTreeMap<String, String> = BTreeMap::new();
    let (files, sourced): (Vec<_>, Vec<_>) =
        scripts.into_iter().partition(|(path, _)| path.starts_with("etc/conda/env_vars.d/"));
    for (path, (package, text)) in files {
        let Ok(values) = serde_json::from_str::<BTreeMap<String, Value>>(text) else {
            let finding = told(package, path).detail("It is no JSON of names and texts.");
            activation.findings.push(finding);
            continue;
        };
        set.extend(values.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))));
    }
    for (path, (package, text)) in sourced.into_iter().filter(|(path, _)| is_script(path)) {
        match exports(text, &set) {
            Ok(values) => set.extend(values),
            Err(line) => {
                let finding =
                    told(package, path).detail(format!("What it does at activation is not known: `{line}`."));
                activation.findings.push(
                    finding.remedy("Set what it sets below `env`, or source it where the image starts"),
                );
            }
        }
    }
    activation.variables = set.into_iter().collect();
    activation
}

/// Tells of the scripts that would have run when packages were linked, or refuses them.
pub(crate) fn check_scripts(activation: &mut Activation, settings: &CondaSettings) -> Result<(), BuildError> {
    let linked = std::mem::take(&mut activation.linked);
    match settings.post_link {
        PostLink::Ignore => {}
        PostLink::Warn => activation.findings.extend(linked),
        PostLink::Refuse if linked.is_empty() => {}
        PostLink::Refuse => {
            let findings = linked.into_iter().map(|finding| finding.severity(Severity::Error)).collect();
            return Err(BuildError::Refused { findings });
        }
    }
    Ok(())
}

/// What of the scripts that conda would run once is to be said; an error where they are refused.
pub(crate) fn link_scripts(
    packages: &[Described<'_>],
    settings: &CondaSettings,
) -> Result<Vec<Finding>, BuildError> {
    let mut activation = of(packages);
    activation.findings.clear();
    check_scripts(&mut activation, settings)?;
    Ok(activation.findings)
}

fn told(package: &str, path: &str) -> Finding {
    Finding::new(PROBLEM)
        .severity(Severity::Warning)
        .fact("package", package)
        .fact("path", format!("/{PREFIX}/{path}"))
}

/// The variables that a script exports, where it does nothing else; else the first line that does.
fn exports(text: &str, known: &BTreeMap<String, String>) -> Result<Vec<(String, String)>, String> {
    let mut set = known.clone();
    set.insert("CONDA_PREFIX".to_owned(), format!("/{PREFIX}"));
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let line = line.trim_end_matches(';');
        let pair = line.strip_prefix("export ").and_then(|rest| rest.trim_start().split_once('='));
        let value = pair.and_then(|(name, value)| Some((variable(name)?, expanded(value, &set)?)));
        let (name, value) = value.ok_or_else(|| line.to_owned())?;
        set.insert(name.to_owned(), value.clone());
        found.push((name.to_owned(), value));
    }
    Ok(found)
}

/// conda takes those of `sh` alone, by their name.
fn is_script(path: &str) -> bool {
    path.strip_suffix(".sh").is_some()
}

fn variable(name: &str) -> Option<&str> {
    let first = name.bytes().next()?;
    let valid = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (valid && !first.is_ascii_digit()).then_some(name)
}

/// A word of the shell without anything but known variables in it. Samples: `1`, `"$CONDA_PREFIX/share/x"`, `'a b'`.
fn expanded(word: &str, known: &BTreeMap<String, String>) -> Option<String> {
    if let Some(literal) = word.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return (!literal.contains('\'')).then(|| literal.to_owned());
    }
    let quoted = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let text = quoted.unwrap_or(word);
    let special = |c: char| "\"'`\\;&|<>(){}*?[]#~!".contains(c) || quoted.is_none() && c.is_whitespace();
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(Some(before).filter(|before| !before.contains(special))?);
        let (name, tail) = if let Some(braced) = after.strip_prefix('{') {
            braced.split_once('}')?
        } else {
            let is_end = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
            after.split_at(after.find(is_end).unwrap_or(after.len()))
        };
        out.push_str(known.get(variable(name)?)?);
        rest = tail;
    }
    out.push_str(Some(rest).filter(|rest| !rest.contains(special))?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        exports(text, &BTreeMap::new())
    }

    #[test]
    fn a_script_that_only_exports_is_understood() {
        let text = "#!/bin/sh\n# why\nexport A=1\nexport B=\"$CONDA_PREFIX/share/b\";\nexport C='x $A'\nexport D=${B}/d\n";
        let expected = [("A", "1"), ("B", "/opt/env/share/b"), ("C", "x $A"), ("D", "/opt/env/share/b/d")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read(text).unwrap(), expected);
    }

    #[test]
    fn anything_else_is_told_with_its_line() {
        for line in [
            "export A=$(uname)",
            "export A=`uname`",
            "export A=$UNKNOWN",
            "if [ -z \"$A\" ]; then",
            "A=1",
            "export 1A=1",
            "export A=a b",
            "export A",
            "export A=\"a\"b\"",
        ] {
            assert_eq!(read(line), Err(line.to_owned()), "{line}");
        }
    }
}
