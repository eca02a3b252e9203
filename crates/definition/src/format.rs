//! Which format a definition is in.

use crate::yaml;
use envwright_diagnosis::Source;
use std::{
    fmt, io,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

/// Names that are looked for in a folder, after envwright's own YAML.
const NAMES: [&str; 17] = [
    "requirements.txt",
    "pixi.toml",
    "pyproject.toml",
    "environment.yml",
    "environment.yaml",
    "azureml-environment.yml",
    "azureml-environment.yaml",
    "azureml_environment.json",
    "conda.yml",
    "conda.yaml",
    "python_env.yaml",
    "pixi.lock",
    "conda-lock.yml",
    "pylock.toml",
    "uv.lock",
    "Dockerfile",
    "Containerfile",
];

/// A format of definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// pip's requirements file.
    Requirements,
    /// A project's `pyproject.toml` (PEP 621), with its dependency groups and pixi's tables.
    Pyproject,
    /// Azure ML's environment YAML (v2), with or without envwright's own keys.
    Azure,
    /// Azure ML's `azureml_environment.json` (v1).
    AzureV1,
    /// conda's `environment.yml`.
    Conda,
    /// `MLflow`'s `python_env.yaml`.
    Mlflow,
    /// pixi's manifest, `pixi.toml`.
    Pixi,
    /// pixi's lock file, `pixi.lock`.
    PixiLock,
    /// conda-lock's `conda-lock.yml`.
    CondaLock,
    /// conda's list of URLs, `@EXPLICIT`.
    Explicit,
    /// The lock file of PEP 751, `pylock.toml`.
    Pylock,
    /// uv's lock file, `uv.lock`.
    UvLock,
    /// A Dockerfile.
    Dockerfile,
}

impl Format {
    /// Every format with its name on the command line.
    pub const ALL: [(Self, &str); 13] = [
        (Self::Requirements, "requirements"),
        (Self::Pyproject, "pyproject"),
        (Self::Azure, "azureml"),
        (Self::AzureV1, "azureml-v1"),
        (Self::Conda, "conda"),
        (Self::Mlflow, "mlflow"),
        (Self::Pixi, "pixi"),
        (Self::PixiLock, "pixi-lock"),
        (Self::CondaLock, "conda-lock"),
        (Self::Explicit, "explicit"),
        (Self::Pylock, "pylock"),
        (Self::UvLock, "uv-lock"),
        (Self::Dockerfile, "dockerfile"),
    ];

    /// Its name on the command line, such as `azureml-v1`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(format, _)| *format == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text).map(|(format, _)| *format);
        found.ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// A name that no format has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no format `{0}`")]
pub struct UnknownFormat(String);

/// How a text is written, before it is known what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    Requirements,
    Toml,
    Yaml,
    Dockerfile,
    Explicit,
}

/// The syntax by the content where that is telling, else by the name of the file.
pub(crate) fn detect(source: &Arc<Source>) -> Syntax {
    let name = Path::new(&source.name).file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_dockerfile = ["dockerfile", "containerfile"].iter().any(|known| name.starts_with(known));
    let content = by_content(&source.text);
    match extension {
        _ if content == Some(Syntax::Explicit) => Syntax::Explicit,
        "toml" => Syntax::Toml,
        "yml" | "yaml" | "json" => Syntax::Yaml,
        "dockerfile" | "containerfile" => Syntax::Dockerfile,
        _ if name == "uv.lock" => Syntax::Toml,
        _ if is_dockerfile => Syntax::Dockerfile,
        // A list of requirements has no sign of its own.
        _ => content.unwrap_or(Syntax::Requirements),
    }
}

fn by_content(text: &str) -> Option<Syntax> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines().next()?;
    let word = first.split_whitespace().next().unwrap_or_default();
    if lines().any(|line| line == "@EXPLICIT") {
        Some(Syntax::Explicit)
    } else if matches!(word.to_ascii_uppercase().as_str(), "FROM" | "ARG") && first.len() > word.len() {
        Some(Syntax::Dockerfile)
    } else if first == "---" || first.starts_with('{') || is_key(first) {
        Some(Syntax::Yaml)
    } else if lines().any(is_table) {
        Some(Syntax::Toml)
    } else {
        None
    }
}

/// Samples: `[project]`, `[[package]]`, `[tool.pixi.dependencies]`.
fn is_table(line: &str) -> bool {
    let name = line.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    name.is_some_and(|(name, _)| {
        let name = name.trim_start_matches('[');
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_. \"".contains(c))
    })
}

/// Samples: `image: scratch`, `apt:`; none is `six @ https://mirror.example/six.whl`.
fn is_key(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, rest)| {
        (rest.is_empty() || rest.starts_with([' ', '\t']))
            && !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-$".contains(c))
    })
}

/// What a YAML is, by its keys; a lock file that has lost them, by its name.
pub(crate) fn of_yaml(source: &Source, root: &yaml::node::Node) -> Format {
    let has = |key: &str| root.get(key).is_some();
    let is_list = |key: &str| root.get(key).is_some_and(|value| value.as_sequence().is_some());
    let named = |name: &str| Path::new(&source.name).ends_with(name);
    if named("pixi.lock") || has("environments") && (has("packages") || has("version")) {
        Format::PixiLock
    } else if named("conda-lock.yml") || is_list("package") && has("metadata") {
        Format::CondaLock
    } else if has("build_dependencies") && !has("channels") {
        Format::Mlflow
    } else if crate::azure_v1::is_azure_v1(root) {
        Format::AzureV1
    } else if crate::conda::is_conda(root) {
        Format::Conda
    } else {
        Format::Azure
    }
}

/// What a TOML is, by its tables; pixi's manifest of a package, by its name.
pub(crate) fn of_toml(source: &Source, root: &toml_edit::Table) -> Format {
    let has = |key: &str| root.contains_key(key);
    if has("lock-version") {
        Format::Pylock
    } else if root.get("package").is_some_and(toml_edit::Item::is_array_of_tables) && has("version") {
        Format::UvLock
    } else if Path::new(&source.name).ends_with("pixi.toml") || crate::pixi::is_pixi(root) {
        Format::Pixi
    } else {
        Format::Pyproject
    }
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
        for (text, syntax) in [
            ("# c\nsix==1.16\n", Syntax::Requirements),
            ("six @ https://mirror.example/six-1.16-py3-none-any.whl", Syntax::Requirements),
            ("# c\n\n[project]\nname = 'a'\n", Syntax::Toml),
            ("version = 1\n\n[[package]]\nname = 'a'\n", Syntax::Toml),
            ("image: scratch\n", Syntax::Yaml),
            ("apt:\n- curl\n", Syntax::Yaml),
            ("{\"name\": \"a\"}", Syntax::Yaml),
            ("FROM scratch\n", Syntax::Dockerfile),
            ("from scratch as a\n", Syntax::Dockerfile),
            ("# platform: linux-64\n@EXPLICIT\n", Syntax::Explicit),
            ("", Syntax::Requirements),
        ] {
            assert_eq!(detect(&Source::new("<stdin>", text)), syntax, "{text}");
        }
    }

    #[test]
    fn every_format_has_a_name_of_its_own() {
        for (format, name) in Format::ALL {
            assert_eq!((name.parse(), format.name()), (Ok(format), name));
        }
        assert!("yaml".parse::<Format>().is_err());
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
