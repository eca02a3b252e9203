//! Which format a definition is in.

use crate::yaml;
use envwright_diagnosis::Source;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A format of definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Requirements,
    Pyproject,
    Yaml,
    Dockerfile,
    Lock,
}

/// Names that are looked for in a folder, after envwright's own YAML.
const NAMES: [&str; 9] = [
    "requirements.txt",
    "pyproject.toml",
    "environment.yml",
    "environment.yaml",
    "azureml-environment.yml",
    "azureml-environment.yaml",
    "azureml_environment.json",
    "Dockerfile",
    "Containerfile",
];

/// The format by the name of the file, else by its content.
pub(crate) fn detect(source: &Arc<Source>) -> Format {
    let name = Path::new(&source.name).file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match (name.as_str(), extension) {
        ("pixi.lock" | "uv.lock" | "pylock.toml" | "conda-lock.yml", _) => Format::Lock,
        (_, "toml") => Format::Pyproject,
        (_, "yml" | "yaml" | "json") => Format::Yaml,
        (_, "txt" | "in") => Format::Requirements,
        _ if name.starts_with("dockerfile") || name.starts_with("containerfile") => Format::Dockerfile,
        _ => by_content(&source.text),
    }
}

fn by_content(text: &str) -> Format {
    let lines = || text.lines().map(str::trim_end).filter(|line| !line.trim_start().starts_with('#'));
    let first = lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if lines().any(|line| matches!(line.trim(), "[project]" | "[build-system]" | "[dependency-groups]")) {
        Format::Pyproject
    } else if first.starts_with("FROM ") || first.starts_with("ARG ") {
        Format::Dockerfile
    } else if first == "---" || first.starts_with('{') || is_key(first) {
        Format::Yaml
    } else {
        Format::Requirements
    }
}

/// Samples: `image: scratch`, `apt:`; none is `six @ https://mirror.example/six.whl`.
fn is_key(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, rest)| {
        (rest.is_empty() || rest.starts_with([' ', '\t']))
            && !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-$".contains(c))
    })
}

/// The definition in a folder: envwright's own YAML, then the names that tools give. An error where a file that may be
/// it cannot be read, with that file: another one would be taken in its place.
pub(crate) fn find(folder: &Path) -> Result<Option<PathBuf>, (PathBuf, io::Error)> {
    let listed = fs_err::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let listed = listed.map_err(|error| (folder.to_owned(), error))?;
    let mut names: Vec<String> =
        listed.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    let yaml = |judge: fn(&yaml::node::Node) -> bool| {
        for name in &names {
            if is_yaml(folder, name, judge).map_err(|error| (folder.join(name), error))? {
                return Ok(Some(name.as_str()));
            }
        }
        Ok(None)
    };
    let known = || NAMES.iter().find(|known| names.iter().any(|name| name == *known)).copied();
    let found = match yaml(yaml::is_ours)?.or_else(known) {
        Some(name) => Some(name),
        None => yaml(yaml::is_nearly_ours)?,
    };
    Ok(found.map(|name| folder.join(name)))
}

fn is_yaml(folder: &Path, name: &str, judge: fn(&yaml::node::Node) -> bool) -> io::Result<bool> {
    let path = folder.join(name);
    let extension = path.extension().unwrap_or_default();
    if (extension != "yml" && extension != "yaml") || !path.is_file() {
        return Ok(false);
    }
    let bytes = fs_err::read(&path)?;
    let Ok(text) = String::from_utf8(bytes) else { return Ok(false) };
    let parsed = yaml::node::parse(&Source::new(name, text));
    Ok(parsed.is_ok_and(|root| root.is_some_and(|root| judge(&root))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_name_is_told_by_its_content() {
        for (text, format) in [
            ("# c\nsix==1.16\n", Format::Requirements),
            ("six @ https://mirror.example/six-1.16-py3-none-any.whl", Format::Requirements),
            ("# c\n\n[project]\nname = 'a'\n", Format::Pyproject),
            ("image: scratch\n", Format::Yaml),
            ("apt:\n- curl\n", Format::Yaml),
            ("FROM scratch\n", Format::Dockerfile),
            ("", Format::Requirements),
        ] {
            assert_eq!(detect(&Source::new("<stdin>", text)), format, "{text}");
        }
    }

    #[test]
    fn a_folder_prefers_our_own_yaml_and_passes_other_tools_by() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs_err::write(dir.path().join(name), text).unwrap();
        let found = || {
            let found = find(dir.path()).unwrap();
            found.map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        };
        assert_eq!(found(), None);
        write("compose.yml", "services:\n  a:\n    image: b\n");
        assert_eq!(found(), None);
        write("typo.yaml", "image: scratch\nrequirments: requirements.txt\n");
        assert_eq!(found().as_deref(), Some("typo.yaml"));
        write("Dockerfile", "FROM scratch\n");
        assert_eq!(found().as_deref(), Some("Dockerfile"));
        write("environment.yml", "dependencies: [numpy]\n");
        assert_eq!(found().as_deref(), Some("environment.yml"));
        write("requirements.txt", "six\n");
        assert_eq!(found().as_deref(), Some("requirements.txt"));
        write("training.yaml", "image: scratch\nrequirements: requirements.txt\n");
        assert_eq!(found().as_deref(), Some("training.yaml"));
    }
}
