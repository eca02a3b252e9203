//! A case of the corpus, and a run of the binary on it.

use crate::support::{
    Envwright, Ran, base, tool,
    tree::{self, Kind, Tree},
    write,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Most memory that a run may take, in bytes: what it allocates beyond that fails, and then the test.
const MEMORY: u64 = 1 << 30;
/// When a run counts as one that hangs, in seconds.
const HANGS: &str = "150";
/// Where archives with absolute paths point to.
const OUTSIDE: [&str; 2] = ["/tmp/envwright-canary", "/tmp/canary"];

/// What becomes of an archive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Taken,
    /// This problem.
    Refused(&'static str),
    /// There is no such thing to try.
    Untried,
}

pub(crate) const TAKEN: Verdict = Verdict::Taken;
pub(crate) const LAYER: Verdict = Verdict::Refused("base-invalid");
pub(crate) const UNSAFE: Verdict = Verdict::Refused("archive-unsafe");
pub(crate) const INVALID: Verdict = Verdict::Refused("archive-invalid");

/// An archive, and what is to become of it.
#[derive(Clone)]
pub(crate) struct Case {
    /// Its name, which is a package's, too.
    pub(crate) name: &'static str,
    /// What is odd about it.
    pub(crate) what: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// One for each way in which it is tried.
    pub(crate) verdicts: Vec<Verdict>,
    /// What a package of it brings: `path=text`, `path->target`, with the mode behind it where it is an odd one.
    pub(crate) brings: Vec<String>,
    /// Version of the Python that a base with it has.
    pub(crate) python: &'static str,
    /// Why others take it where we do not, or the other way round.
    pub(crate) why: &'static str,
}

/// A case that is tried in one way.
pub(crate) fn case(name: &'static str, what: &'static str, bytes: Vec<u8>, verdict: Verdict) -> Case {
    Case { name, what, bytes, verdicts: vec![verdict], brings: Vec::new(), python: "3.11.2", why: "" }
}

/// A tar archive, as a layer and as the data of a package.
pub(crate) fn tar(
    name: &'static str,
    what: &'static str,
    bytes: Vec<u8>,
    layer: Verdict,
    package: Verdict,
) -> Case {
    Case { verdicts: vec![layer, package], ..case(name, what, bytes, layer) }
}

impl Case {
    pub(crate) fn why(mut self, why: &'static str) -> Self {
        self.why = why;
        self
    }

    pub(crate) fn python(mut self, version: &'static str) -> Self {
        self.python = version;
        self
    }

    pub(crate) fn brings(mut self, brings: &[&str]) -> Self {
        self.brings = brings.iter().map(|path| (*path).to_owned()).collect();
        self
    }
}

/// A home, a folder and a canary beside them.
pub(crate) fn place(definition: &str) -> Envwright {
    let envwright = Envwright::new().file("environment.yml", definition).config("[network]\nretries = 0\n");
    write(&root(&envwright).join("outside/canary"), b"alive");
    envwright
}

/// The same, on a base of a Debian 12.
pub(crate) fn on_debian(definition: &str, files: &[(&str, &str)]) -> Envwright {
    let envwright = place(definition);
    base::write_base(&envwright.folder().join("base"), &[&base::BOOKWORM[..], files].concat());
    envwright
}

fn root(envwright: &Envwright) -> PathBuf {
    envwright.folder().parent().unwrap().to_owned()
}

/// Builds to an output with bounded memory and time, and gives the run's problem; nothing for an image. Whatever comes
/// out, there is no crash, nothing outside was touched, and nothing unfinished is left.
#[track_caller]
pub(crate) fn build(name: &str, envwright: &Envwright, output: &str) -> (Ran, Option<String>) {
    let own = envwright.command();
    let mut command = tool("timeout", "coreutils");
    command.args(["--signal=KILL", HANGS, "prlimit", &format!("--data={MEMORY}")]);
    command.arg(own.get_program()).args(["build", "--json", "-o", output]).current_dir(envwright.folder());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let ran = envwright.run_command(command, "");
    assert!(matches!(ran.code, Some(0 | 1 | 3)), "{name}: {ran}");
    assert!(!ran.stderr.contains("panicked"), "{name}: {ran}");
    check_outside(name, &root(envwright));
    let problem = (ran.code != Some(0)).then(|| ran.json()["root"]["problem"].as_str().unwrap().to_owned());
    (ran, problem)
}

/// Nothing came to be where archives point to, and nothing unfinished stays in the home.
fn check_outside(name: &str, root: &Path) {
    for path in OUTSIDE {
        assert!(!Path::new(path).exists(), "{name} made {path}");
    }
    let mut paths = Vec::new();
    walk(root, &mut paths);
    let named =
        |part: &str| paths.iter().filter(|path| path.to_string_lossy().contains(part)).collect::<Vec<_>>();
    let canary = root.join("outside/canary");
    assert_eq!(named("canary"), [&canary], "{name}");
    assert_eq!(fs_err::read(&canary).unwrap(), b"alive", "{name}");
    assert_eq!(
        named("/home/").iter().filter(|path| path.to_string_lossy().contains("/.tmp")).count(),
        0,
        "{name}"
    );
    let beside = fs_err::read_dir(root).unwrap().count();
    assert_eq!(beside, 4, "{name}: home, definition, user and outside");
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        paths.push(entry.path());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), paths);
        }
    }
}

/// Whether what came out is what was to come out; else what is wrong.
pub(crate) fn compared(case: &Case, expected: Verdict, problem: Option<&str>, ran: &Ran) -> Option<String> {
    let is_so = match expected {
        Verdict::Taken => problem.is_none(),
        Verdict::Untried => false,
        Verdict::Refused(expected) => problem == Some(expected),
    };
    let reason = || ran.json()["root"]["facts"].to_string();
    (!is_so).then(|| {
        format!(
            "{}: {} {}",
            case.name,
            problem.unwrap_or("taken"),
            problem.map_or(String::new(), |_| reason())
        )
    })
}

/// What an image has that another lacks, without folders and what describes packages.
pub(crate) fn brought(image: &Path, without: &Tree) -> Vec<String> {
    let mut texts = BTreeMap::new();
    let tree = tree::of_docker_archive(image, |_, bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        texts.insert(envwright_store::Digest::of(bytes), text);
    });
    let is_description = |path: &str| path.starts_with("var/lib/") || path.contains(".dist-info/");
    let new = tree.iter().filter(|(path, node)| without.get(*path) != Some(node) && !is_description(path));
    let text = |(path, node): (&String, &tree::Node)| {
        let special = if node.mode & 0o7000 == 0 { String::new() } else { format!(" {:o}", node.mode) };
        match &node.kind {
            Kind::Folder => None,
            Kind::File(digest) => Some(format!("{path}={}{special}", texts[digest])),
            Kind::Link(target) => Some(format!("{path}->{target}")),
            Kind::Special => Some(format!("{path} is special")),
        }
    };
    new.filter_map(text).collect()
}
