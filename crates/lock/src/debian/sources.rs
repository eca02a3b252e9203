//! Which mirrors there are: the configured ones, else those of the host's apt.

use super::control::Stanzas;
use envwright_redact::SafeUrl;
use std::path::{Path, PathBuf};

/// A suite on a mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Address of the archive: the folder that has `dists/` and `pool/`.
    pub base: SafeUrl,
    /// Suite, such as `bookworm-security`.
    pub suite: String,
    /// Components, such as `main`.
    pub components: Vec<String>,
    /// The keys that may sign it.
    pub keyring: Keyring,
}

/// Keys that may sign package lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keyring {
    /// Those of the Debian archive, which envwright brings.
    Archive,
    /// Those of a file, binary or armored.
    File(PathBuf),
    /// Armored text.
    Text(String),
}

impl Mirror {
    /// The suites of a configured mirror: the release and its updates, and its security updates where an address for
    /// them is given. `sid` has neither.
    pub fn configured(
        mirror: &SafeUrl,
        security: Option<&SafeUrl>,
        suite: &str,
        keyring: &Keyring,
    ) -> Vec<Self> {
        let make = |base: &SafeUrl, suite: String| Self {
            base: base.clone(),
            suite,
            components: vec!["main".to_owned()],
            keyring: keyring.clone(),
        };
        let mut mirrors = vec![make(mirror, suite.to_owned())];
        if !is_unstable(suite) {
            mirrors.push(make(mirror, format!("{suite}-updates")));
            mirrors.extend(security.map(|security| make(security, format!("{suite}-security"))));
        }
        mirrors
    }
}

fn is_unstable(suite: &str) -> bool {
    matches!(suite, "sid" | "unstable" | "experimental")
}

/// The mirrors of the host's own apt sources, for `suite` in place of the host's release. None where the host is not a
/// Debian. `root` is `/` but for tests.
pub fn host_sources(root: &Path, suite: &str) -> Vec<Mirror> {
    let Some(codename) = debian_codename(root) else { return Vec::new() };
    let apt = root.join("etc/apt");
    let mut paths = vec![apt.join("sources.list")];
    let more = fs_err::read_dir(apt.join("sources.list.d")).into_iter().flatten().flatten();
    paths.extend(more.map(|entry| entry.path()));
    paths.sort();
    let entries = paths.iter().flat_map(|path| entries(path));
    let mut mirrors: Vec<Mirror> = Vec::new();
    for mirror in entries.filter_map(|entry| entry.moved(&codename, suite)) {
        if !mirrors.iter().any(|known| known.base == mirror.base && known.suite == mirror.suite) {
            mirrors.push(mirror);
        }
    }
    mirrors
}

fn debian_codename(root: &Path) -> Option<String> {
    let text = fs_err::read_to_string(root.join("etc/os-release")).ok()?;
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim_matches(['"', '\'']).to_owned())
    };
    (value("ID")? == "debian").then(|| value("VERSION_CODENAME").unwrap_or_else(|| "sid".to_owned()))
}

/// One address with one suite, as apt's sources name it.
struct Entry {
    base: String,
    suite: String,
    components: Vec<String>,
    signed_by: Option<String>,
}

impl Entry {
    /// The same for another release; `None` where it is not the host's release, or no archive of `main`.
    fn moved(self, codename: &str, suite: &str) -> Option<Mirror> {
        const ALIASES: &[&str] = &["stable", "oldstable", "oldoldstable", "testing", "unstable", "sid"];
        let (release, rest) = match self.suite.find(['-', '/']) {
            Some(at) => self.suite.split_at(at),
            None => (self.suite.as_str(), ""),
        };
        if release != codename && !ALIASES.contains(&release) || !rest.is_empty() && is_unstable(suite) {
            return None;
        }
        if !matches!(rest, "" | "-updates" | "-security" | "/updates")
            || !self.components.iter().any(|name| name == "main")
        {
            return None;
        }
        let keyring = match self.signed_by {
            Some(text) if text.contains("BEGIN PGP") => Keyring::Text(text),
            Some(path) if release == suite && Path::new(&path).is_file() => Keyring::File(path.into()),
            _ => Keyring::Archive,
        };
        let base = SafeUrl::parse(&self.base).ok()?;
        Some(Mirror { base, suite: format!("{suite}{rest}"), components: vec!["main".to_owned()], keyring })
    }
}

fn entries(path: &Path) -> Vec<Entry> {
    let Ok(text) = fs_err::read_to_string(path) else { return Vec::new() };
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("list") => text.lines().filter_map(one_line).flatten().collect(),
        Some("sources") => deb822(&text),
        _ => Vec::new(),
    }
}

/// `deb [signed-by=/path arch=amd64] http://mirror/debian bookworm main` (sources.list(5), "one-line-style format").
fn one_line(line: &str) -> Option<Vec<Entry>> {
    let rest = line.split('#').next()?.trim().strip_prefix("deb")?;
    let rest = rest.strip_prefix(char::is_whitespace)?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    let (base, suite) = (words.next()?, words.next()?);
    let signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
    Some(vec![Entry { base, suite, components: words.collect(), signed_by: signed_by.map(str::to_owned) }])
}

/// sources.list(5), "deb822-style format".
fn deb822(text: &str) -> Vec<Entry> {
    let mut stanzas = Stanzas::new(text.as_bytes(), |_| true);
    let mut entries = Vec::new();
    while let Ok(Some(stanza)) = stanzas.read() {
        let words = |name: &str| -> Vec<String> {
            stanza.get(name).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
        };
        let enabled = stanza.get("Enabled").is_none_or(|value| !matches!(value.trim(), "no" | "false" | "0"));
        if !enabled || !words("Types").iter().any(|kind| kind == "deb") {
            continue;
        }
        for base in words("URIs") {
            entries.extend(words("Suites").into_iter().map(|suite| Entry {
                base: base.clone(),
                suite,
                components: words("Components"),
                signed_by: stanza.get("Signed-By").map(armored),
            }));
        }
    }
    entries
}

/// A key that stands in the file itself has ` .` for its empty lines.
fn armored(text: &str) -> String {
    let lines = text.trim().lines().map(|line| if line == "." { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(id: &str, files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(root.path().join("etc/apt/sources.list.d")).unwrap();
        let release = format!("ID={id}\nVERSION_CODENAME=\"bookworm\"\n");
        fs_err::write(root.path().join("etc/os-release"), release).unwrap();
        for (name, text) in files {
            fs_err::write(root.path().join("etc/apt").join(name), text).unwrap();
        }
        root
    }

    fn found(mirrors: &[Mirror]) -> Vec<(String, &str)> {
        mirrors.iter().map(|mirror| (mirror.base.to_string(), mirror.suite.as_str())).collect()
    }

    #[test]
    fn both_forms_of_the_hosts_sources_are_read_and_moved_to_the_suite() {
        let old = "deb http://one.example/debian bookworm main contrib # note\ndeb-src http://no.example/ bookworm main\n\
                   deb [arch=amd64 signed-by=/nowhere] http://sec.example/debian-security bookworm-security main\n";
        let new = "Types: deb deb-src\nURIs: http://two.example/debian\nSuites: bookworm bookworm-updates bookworm-backports\n\
                   Components: main\n\nTypes: deb\nEnabled: no\nURIs: http://off.example\nSuites: bookworm\nComponents: main\n";
        let root = host("debian", &[("sources.list", old), ("sources.list.d/debian.sources", new)]);
        let mirrors = host_sources(root.path(), "trixie");
        let expected = [
            ("http://one.example/debian".to_owned(), "trixie"),
            ("http://sec.example/debian-security".to_owned(), "trixie-security"),
            ("http://two.example/debian".to_owned(), "trixie"),
            ("http://two.example/debian".to_owned(), "trixie-updates"),
        ];
        assert_eq!(found(&mirrors), expected);
        assert!(mirrors.iter().all(|mirror| mirror.keyring == Keyring::Archive));
    }

    #[test]
    fn a_host_of_another_distribution_or_a_foreign_repository_gives_none() {
        let line = [("sources.list", "deb http://one.example/ubuntu bookworm main\n")];
        assert_eq!(host_sources(host("ubuntu", &line).path(), "bookworm"), []);
        let line = [("sources.list", "deb http://node.example/ nodistro main\n")];
        assert_eq!(host_sources(host("debian", &line).path(), "bookworm"), []);
    }

    #[test]
    fn a_configured_mirror_has_updates_and_security_but_for_sid() {
        let base = SafeUrl::parse("https://mirror.example/debian").unwrap();
        let suites = |suite: &str| -> Vec<String> {
            let mirrors = Mirror::configured(&base, Some(&base), suite, &Keyring::Archive);
            mirrors.into_iter().map(|mirror| mirror.suite).collect()
        };
        assert_eq!(suites("trixie"), ["trixie", "trixie-updates", "trixie-security"]);
        assert_eq!(suites("sid"), ["sid"]);
    }
}
