//! The indexes and certificates of this machine, for the installers in peers' containers.

use super::peers::Installer;
use crate::shell;
use fs_err as fs;
use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// Where the certificates are in the container.
const CERTIFICATES: &str = "/bench/certificates.pem";
/// Settings of pip, and the variable in which uv takes the same.
const SHARED: [(&str, &str); 5] = [
    ("index-url", "UV_DEFAULT_INDEX"),
    ("extra-index-url", "UV_INDEX"),
    ("find-links", "UV_FIND_LINKS"),
    ("trusted-host", "UV_INSECURE_HOST"),
    ("default-timeout", "UV_HTTP_TIMEOUT"),
];
/// Variables of uv that have no setting of pip beside them.
const OF_UV: [&str; 3] = ["UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX_STRATEGY"];

/// What an installer must be told.
pub(super) struct Settings {
    /// Environment variables.
    pub(super) variables: BTreeMap<String, String>,
    /// Folders of wheels on this machine, to be seen at the same path.
    pub(super) folders: Vec<String>,
    certificates: Option<PathBuf>,
}

impl Settings {
    /// As pip's configuration files and the environment have it; nothing is set that is not set here.
    pub(super) fn of_this_machine(installer: Installer) -> Result<Self, String> {
        let pip = pip_settings(&shell::output(Command::new("pip").args(["config", "list"]))?);
        let mut variables = BTreeMap::new();
        for (setting, of_uv) in SHARED {
            let Some(value) = pip.get(setting) else { continue };
            match installer {
                Installer::Pip => variables.insert(variable_of_pip(setting), value.clone()),
                // The one list that uv separates by commas.
                Installer::Uv if setting == "find-links" => {
                    variables.insert(of_uv.to_owned(), value.replace(' ', ","))
                }
                Installer::Uv => variables.insert(of_uv.to_owned(), value.clone()),
            };
        }
        if installer == Installer::Uv {
            let names = SHARED.iter().map(|(_, name)| *name).chain(OF_UV);
            variables.extend(names.filter_map(|name| Some((name.to_owned(), env::var(name).ok()?))));
        }
        let certificates = certificates(pip.get("cert"));
        if certificates.is_some() {
            let name = if installer == Installer::Uv { "SSL_CERT_FILE" } else { "PIP_CERT" };
            variables.insert(name.to_owned(), CERTIFICATES.to_owned());
        }
        let folders = pip.get("find-links").map(|links| folders(links)).unwrap_or_default();
        Ok(Self { variables, folders, certificates })
    }

    /// Puts the certificates into the folder that is mounted as `/bench`.
    pub(super) fn copy_certificates(&self, tools: &Path) -> Result<(), String> {
        let Some(file) = &self.certificates else { return Ok(()) };
        let name = CERTIFICATES.trim_start_matches("/bench/");
        fs::copy(file, tools.join(name)).map(drop).map_err(|error| error.to_string())
    }
}

fn certificates(of_pip: Option<&String>) -> Option<PathBuf> {
    let of_debian = PathBuf::from("/etc/ssl/certs/ca-certificates.crt");
    let set = env::var_os("SSL_CERT_FILE").map(PathBuf::from).or(of_pip.map(PathBuf::from));
    [set, Some(of_debian)].into_iter().flatten().find(|file| file.is_file())
}

fn folders(links: &str) -> Vec<String> {
    links
        .split(' ')
        .filter(|link| Path::new(link).is_absolute() && Path::new(link).is_dir())
        .map(Into::into)
        .collect()
}

fn variable_of_pip(setting: &str) -> String {
    format!("PIP_{}", setting.to_uppercase().replace('-', "_"))
}

/// What `pip config list` prints, the environment above all:
/// `global.index-url='https://wheels.example/simple'`, `:env:.find-links='/srv/wheels'`.
fn pip_settings(list: &str) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    for section in ["global.", "install.", ":env:."] {
        let lines = list.lines().filter_map(|line| line.strip_prefix(section)?.split_once('='));
        for (name, value) in lines {
            let value = value.trim_matches('\'').replace("\\n", " ").trim().to_owned();
            settings.insert(name.to_owned(), value);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_over_pips_files() {
        let list = ":env:.index-url='https://b.example/simple'\nglobal.index-url='https://a.example/simple'\n\
                    global.extra-index-url='\\nhttps://c.example\\nhttps://d.example'\ndownload.cert='x'\n";
        let settings = pip_settings(list);
        assert_eq!(settings["index-url"], "https://b.example/simple");
        assert_eq!(settings["extra-index-url"], "https://c.example https://d.example");
        assert!(!settings.contains_key("cert"));
    }
}
