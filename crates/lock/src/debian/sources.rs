//! Which mirrors there are: the configured ones, else those of an apt's sources: the host's, or a base's own.

use super::{DebianError, Keyring, control::Stanzas, keyring};
use envwright_redact::SafeUrl;
use envwright_target::{Files, Platform, resolve};
use std::path::Path;

/// A suite on a mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Address of the archive: the folder that has `dists/` and `pool/`.
    pub base: SafeUrl,
    /// Suite, such as `bookworm-security`. One that ends with `/` is the folder of a flat repository: it has its lists
    /// itself, and no components (sources.list(5)).
    pub suite: String,
    /// Components, such as `main`.
    pub components: Vec<String>,
    /// The keys that may sign it.
    pub keyring: Keyring,
    /// Whether lists end at their `Valid-Until`.
    pub valid_until: bool,
}

impl Mirror {
    /// Whether it is a flat repository.
    pub(super) fn is_flat(&self) -> bool {
        self.suite.ends_with('/')
    }
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
            valid_until: true,
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
    let text = |path: &Path| fs_err::read_to_string(path).unwrap_or_default();
    let entries = paths.iter().flat_map(|path| entries(path, &text(path)));
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

/// The mirrors of a base's own apt sources, with the keys that they name, else those that its apt trusts. None where the
/// base has no sources.
pub fn base_sources(files: &dyn Files, platform: Platform) -> Result<Vec<Mirror>, DebianError> {
    const FOLDER: &str = "etc/apt/sources.list.d";
    let mut paths = vec!["etc/apt/sources.list".to_owned()];
    let folder = resolve(files, FOLDER).unwrap_or_else(|| FOLDER.to_owned());
    paths.extend(files.list(&folder).iter().map(|name| format!("{folder}/{name}")));
    let arch = platform.arch.oci();
    let mut mirrors: Vec<Mirror> = Vec::new();
    for path in paths {
        let bytes = resolve(files, &path).and_then(|place| files.read(&place)).unwrap_or_default();
        for entry in entries(Path::new(&path), &String::from_utf8_lossy(&bytes)) {
            if !entry.architectures.is_empty() && !entry.architectures.iter().any(|named| named == arch) {
                continue;
            }
            let mirror = entry.of_base(files, &path, arch)?;
            let known =
                mirrors.iter_mut().find(|known| known.base == mirror.base && known.suite == mirror.suite);
            match known {
                Some(known) => {
                    let more = mirror.components.into_iter().filter(|name| !known.components.contains(name));
                    let more: Vec<String> = more.collect();
                    known.components.extend(more);
                }
                None => mirrors.push(mirror),
            }
        }
    }
    Ok(mirrors)
}

/// One address with one suite, as apt's sources name it.
struct Entry {
    base: String,
    suite: String,
    components: Vec<String>,
    signed_by: Option<String>,
    /// None for all.
    architectures: Vec<String>,
    trusted: bool,
    valid_until: bool,
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
        let components = vec!["main".to_owned()];
        Some(Mirror { base, suite: format!("{suite}{rest}"), components, keyring, valid_until: true })
    }

    /// As it stands in the sources of a base, below `path`.
    fn of_base(self, files: &dyn Files, path: &str, arch: &str) -> Result<Mirror, DebianError> {
        let with_arch = |text: &str| text.replace("$(ARCH)", arch);
        let base = with_arch(&self.base);
        let invalid = |_| DebianError::Source { path: path.to_owned(), url: base.clone() };
        Ok(Mirror {
            base: SafeUrl::parse(&base).map_err(invalid)?,
            suite: with_arch(&self.suite),
            components: self.components,
            keyring: match self.signed_by {
                _ if self.trusted => Keyring::Unsigned,
                Some(text) if text.contains("BEGIN PGP") => Keyring::Text(text),
                Some(named) => keyring::named(files, &named),
                None => keyring::trusted(files),
            },
            valid_until: self.valid_until,
        })
    }
}

fn entries(path: &Path, text: &str) -> Vec<Entry> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("list") => text.lines().filter_map(one_line).collect(),
        Some("sources") => deb822(text),
        _ => Vec::new(),
    }
}

/// `deb [signed-by=/path arch=amd64] http://mirror/debian bookworm main` (sources.list(5), "one-line-style format").
fn one_line(line: &str) -> Option<Entry> {
    let rest = line.split('#').next()?.trim().strip_prefix("deb")?;
    let rest = rest.strip_prefix(char::is_whitespace)?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    let (base, suite) = (words.next()?, words.next()?);
    let option = |name: &str| {
        let mut options = options.split_whitespace();
        options.find_map(|option| option.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    let architectures = option("arch").unwrap_or_default();
    Some(Entry {
        base,
        suite,
        components: words.collect(),
        signed_by: option("signed-by"),
        architectures: architectures.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        trusted: option("trusted").is_some_and(|value| is_yes(&value)),
        valid_until: option("check-valid-until").is_none_or(|value| is_yes(&value)),
    })
}

/// How apt writes what is on (apt.conf(5)).
fn is_yes(value: &str) -> bool {
    matches!(value.trim(), "yes" | "true" | "with" | "on" | "enable" | "1")
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
                architectures: words("Architectures"),
                trusted: stanza.get("Trusted").is_some_and(is_yes),
                valid_until: stanza.get("Check-Valid-Until").is_none_or(is_yes),
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
    #[test]
    fn the_sources_of_a_base_are_read_with_their_keys() {
        let old = "deb [arch=amd64,i386 signed-by=/usr/share/keyrings/one.gpg] http://one.example/debian bookworm main\n\
                   deb http://one.example/debian bookworm contrib\ndeb [arch=riscv64] http://no.example/ bookworm main\n\
                   deb [trusted=yes check-valid-until=no] http://flat.example/$(ARCH) ./\n";
        let new = "Types: deb\nURIs: http://two.example/ubuntu\nSuites: jammy jammy-updates\nComponents: main universe\n\
                   Signed-By: 0123456789ABCDEF0123456789ABCDEF01234567\n";
        let mut files = envwright_target::MapFiles::default();
        files.file("etc/apt/sources.list", old).file("etc/apt/sources.list.d/ubuntu.sources", new);
        files.file("usr/share/keyrings/one.gpg", "1").file("etc/apt/trusted.gpg.d/two.asc", "2");
        let mirrors = base_sources(&files, Platform::AMD64).unwrap();
        let expected = [
            ("http://one.example/debian".to_owned(), "bookworm"),
            ("http://flat.example/amd64".to_owned(), "./"),
            ("http://two.example/ubuntu".to_owned(), "jammy"),
            ("http://two.example/ubuntu".to_owned(), "jammy-updates"),
        ];
        assert_eq!(found(&mirrors), expected);
        let [first, flat, ubuntu, _] = mirrors.as_slice() else { unreachable!() };
        assert_eq!(first.components, ["main", "contrib"]);
        let of = |path: &str, text: &str| keyring::KeyFile { path: path.to_owned(), bytes: text.into() };
        let one = vec![of("/usr/share/keyrings/one.gpg", "1")];
        assert_eq!(first.keyring, Keyring::Base { files: one, only: Vec::new() });
        assert!(flat.is_flat() && flat.keyring == Keyring::Unsigned && !flat.valid_until);
        let only = vec!["0123456789ABCDEF0123456789ABCDEF01234567".to_owned()];
        let trusted = vec![of("/etc/apt/trusted.gpg.d/two.asc", "2")];
        assert_eq!(ubuntu.keyring, Keyring::Base { files: trusted, only });
    }

    #[test]
    fn a_base_without_sources_has_none() {
        assert_eq!(base_sources(&envwright_target::MapFiles::default(), Platform::AMD64).unwrap(), []);
    }
}
