//! What `COPY` and `ADD` take from the build context.

use super::{File, ignored::Ignored, variables};
use envwright_diagnosis::{Finding, nearest};
use globset::GlobBuilder;
use parse_dockerfile::{Flag, Instruction, Source, UnescapedString};
use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

/// Files of a context that are looked at for a pattern.
const MOST_FILES: usize = 100_000;

pub(super) fn findings(file: &File<'_, '_>, folder: &Path) -> Vec<Finding> {
    let ignored = Ignored::read(folder, &file.source.name);
    let mut values: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut findings = Vec::new();
    for instruction in file.instructions {
        let (options, sources) = match instruction {
            Instruction::Copy(copy) => (&copy.options, &copy.src),
            Instruction::Add(add) => (&add.options, &add.src),
            Instruction::Arg(arg) => {
                values.extend(variables::declared(&arg.arguments.value));
                continue;
            }
            Instruction::Env(env) => {
                values.extend(variables::declared(&env.arguments.value));
                continue;
            }
            _ => continue,
        };
        if options.iter().any(|flag: &Flag<'_>| flag.name.value == "from") {
            continue;
        }
        for source in sources {
            if let Source::Path(path) = source {
                findings.extend(missing(file, folder, &ignored, path, &values, sources.len() == 1));
            }
        }
    }
    findings
}

fn missing(
    file: &File<'_, '_>,
    folder: &Path,
    ignored: &Ignored,
    path: &UnescapedString<'_>,
    values: &BTreeMap<String, Option<String>>,
    is_only: bool,
) -> Option<Finding> {
    let is_known = |used: variables::Used| values.get(&used.name).is_some_and(Option::is_some);
    if path.value.contains("://")
        || path.value.starts_with("git@")
        || !variables::used(&path.value).into_iter().all(is_known)
    {
        return None;
    }
    let text = variables::expanded(&path.value, values);
    let text = text.trim_matches(['"', '\'']);
    let relative = normal(text);
    let span = file.span(path.span.clone());
    let not_found = |label: &str| {
        let finding = Finding::new("dockerfile-copy-not-found").fact("path", text).at(&span, label);
        match near(folder, &relative) {
            Some(near) => finding.remedy(format!("Write `{near}`")),
            None => finding,
        }
    };
    if text.contains(['*', '?', '[']) {
        let matched = matching(folder, ignored, &relative);
        // Docker wants some source to be there, not each that has a pattern.
        return (!matched && is_only).then(|| not_found("nothing in the build context matches"));
    }
    if relative.as_os_str().is_empty() {
        return None;
    }
    if fs_err::symlink_metadata(folder.join(&relative)).is_err() {
        return Some(not_found("not in the build context"));
    }
    let is_folder = folder.join(&relative).is_dir();
    (ignored.leaves_out(&relative) && !(is_folder && ignored.has_exceptions())).then(|| {
        let finding = Finding::new("dockerfile-copy-ignored").fact("path", text);
        finding.at(&span, "left out by `.dockerignore`")
    })
}

/// A path below the context: `/a` and `../a` are taken from its root, as Docker does.
fn normal(text: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in Path::new(text).components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::ParentDir => drop(path.pop()),
            _ => {}
        }
    }
    path
}

fn matching(folder: &Path, ignored: &Ignored, pattern: &Path) -> bool {
    let glob = GlobBuilder::new(&pattern.to_string_lossy()).literal_separator(true).build();
    let Ok(glob) = glob.map(|glob| glob.compile_matcher()) else { return true };
    let mut open = vec![PathBuf::new()];
    let mut seen = 0;
    while let Some(at) = open.pop() {
        for entry in fs_err::read_dir(folder.join(&at)).into_iter().flatten().flatten() {
            seen += 1;
            let path = at.join(entry.file_name());
            if seen > MOST_FILES || glob.is_match(&path) && !ignored.leaves_out(&path) {
                return true;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(path);
            }
        }
    }
    false
}

/// The name beside it that was probably meant.
fn near(folder: &Path, path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let parent = path.parent().unwrap_or(Path::new(""));
    let entries = fs_err::read_dir(folder.join(parent)).ok()?;
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    let near = nearest(name, names.iter().map(String::as_str))?;
    Some(parent.join(near).display().to_string())
}
