//! The indexes that this machine's pip and uv are set up with: their variables, then pip's configuration files.

use configparser::ini::Ini;
use envwright_definition::Indexes;
use envwright_redact::SafeUrl;
use std::{
    env,
    path::{Path, PathBuf},
};

/// Sections that count for `pip install`, the more special one first (pip's documentation, "Configuration").
const SECTIONS: [&str; 2] = ["install", "global"];

/// What the variables and files of this process's user say.
pub(crate) fn configured() -> Indexes {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    from(&variable, &files(&variable))
}

/// Variables win over files, and later files over earlier ones.
fn from(variable: &dyn Fn(&str) -> Option<String>, files: &[PathBuf]) -> Indexes {
    let first_of = |names: &[&str]| names.iter().find_map(|name| variable(name));
    let written = |key: &str| files.iter().rev().find_map(|file| value(file, key));
    let index =
        first_of(&["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"]).or_else(|| written("index-url"));
    let extra =
        first_of(&["UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"]).or_else(|| written("extra-index-url"));
    Indexes {
        index: index.iter().flat_map(|text| urls(text)).next(),
        extra: extra.iter().flat_map(|text| urls(text)).collect(),
        ..Indexes::default()
    }
}

fn urls(text: &str) -> impl Iterator<Item = SafeUrl> {
    text.split_whitespace().filter_map(|url| SafeUrl::parse(url).ok())
}

/// pip's files in the order in which it reads them on Linux: global, user, virtual environment, `PIP_CONFIG_FILE`
/// (which is read alone where it is the null device).
fn files(variable: &dyn Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let named = variable("PIP_CONFIG_FILE").map(PathBuf::from);
    if named.as_deref() == Some(Path::new("/dev/null")) {
        return Vec::new();
    }
    let home = variable("HOME").map(PathBuf::from);
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.or_else(|| home.as_ref().map(|home| home.join(".config")));
    let mut files = vec![PathBuf::from("/etc/xdg/pip/pip.conf"), PathBuf::from("/etc/pip.conf")];
    files.extend(home.map(|home| home.join(".pip/pip.conf")));
    files.extend(config.map(|config| config.join("pip/pip.conf")));
    files.extend(variable("VIRTUAL_ENV").map(|folder| PathBuf::from(folder).join("pip.conf")));
    files.extend(named);
    files
}

/// The value of a key. A file that is not there or cannot be read says nothing, as for pip's own other commands.
fn value(file: &Path, key: &str) -> Option<String> {
    let text = fs_err::read_to_string(file).ok()?;
    let mut ini = Ini::new();
    ini.set_multiline(true);
    ini.read(text).ok()?;
    SECTIONS
        .iter()
        .find_map(|section| ini.get(section, key).or_else(|| ini.get(section, &key.replace('-', "_"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)], files: &[&str]) -> (Option<String>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        for (at, text) in files.iter().enumerate() {
            let path = dir.path().join(at.to_string());
            fs_err::write(&path, text).unwrap();
            paths.push(path);
        }
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let found = from(&variable, &paths);
        let text = |url: SafeUrl| url.expose().to_string();
        (found.index.map(text), found.extra.into_iter().map(text).collect())
    }

    #[test]
    fn files_give_indexes_and_the_later_and_more_special_one_wins() {
        let global = "[global]\nindex-url = https://one.example/simple/\nextra-index-url =\n    https://a.example/\n    https://b.example/\n";
        let user = "[global]\nindex-url = https://two.example/simple/\n[install]\nindex_url = https://three.example/simple/\n";
        let (index, extra) = read(&[], &[global, user]);
        assert_eq!(index.unwrap(), "https://three.example/simple/");
        assert_eq!(extra, ["https://a.example/", "https://b.example/"]);
    }

    #[test]
    fn variables_win_over_files() {
        let file = "[global]\nindex-url = https://one.example/simple/\n";
        let variables = [
            ("PIP_INDEX_URL", "https://user:secret@pip.example/"),
            ("UV_EXTRA_INDEX_URL", "https://a.example/ https://b.example/"),
        ];
        let (index, extra) = read(&variables, &[file]);
        assert_eq!(index.unwrap(), "https://user:secret@pip.example/");
        assert_eq!(extra.len(), 2);
    }

    #[test]
    fn what_is_no_configuration_says_nothing() {
        assert_eq!(read(&[], &["index-url without a section", "[global\n"]), (None, Vec::new()));
        assert_eq!(read(&[], &[]), (None, Vec::new()));
    }

    #[test]
    fn the_files_of_pip_are_looked_for_where_pip_does() {
        let variable = |name: &str| match name {
            "HOME" => Some("/home/x".to_owned()),
            "PIP_CONFIG_FILE" => Some("/srv/pip.conf".to_owned()),
            _ => None,
        };
        let found: Vec<String> = files(&variable).iter().map(|file| file.display().to_string()).collect();
        let of_user = ["/home/x/.pip/pip.conf", "/home/x/.config/pip/pip.conf", "/srv/pip.conf"];
        assert_eq!(found[2..], of_user);
        assert!(files(&|name| (name == "PIP_CONFIG_FILE").then(|| "/dev/null".to_owned())).is_empty());
    }
}
