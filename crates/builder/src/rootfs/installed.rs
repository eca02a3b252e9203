//! The package database of a base.

use envwright_target::Files;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const STATUS: &str = "var/lib/dpkg/status";
const INFO: &str = "var/lib/dpkg/info";

/// What a base has.
pub(super) struct Installed<'a> {
    pub(super) files: &'a dyn Files,
    /// In the order of its `/var/lib/dpkg/status`.
    pub(super) paragraphs: Vec<Paragraph>,
}

/// A package as `/var/lib/dpkg/status` has it.
pub(super) struct Paragraph {
    pub(super) name: String,
    pub(super) architecture: String,
    /// Whether its files are there.
    is_unpacked: bool,
    /// Without the empty line behind it.
    pub(super) text: String,
}

impl<'a> Installed<'a> {
    pub(super) fn read(files: &'a dyn Files) -> Self {
        let text = files.read(STATUS).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let paragraphs = text.split("\n\n").filter_map(Paragraph::read).collect();
        Self { files, paragraphs }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.paragraphs.iter().any(|paragraph| paragraph.is_unpacked && paragraph.name == name)
    }

    /// A package that another version takes the place of.
    pub(super) fn replaced(&self, name: &str, architecture: &str) -> Option<&Paragraph> {
        let mut found = self.paragraphs.iter();
        found.find(|paragraph| paragraph.is_unpacked && paragraph.is_same(name, architecture))
    }

    /// The text of a file; empty where there is none.
    pub(super) fn text(&self, path: &str) -> String {
        String::from_utf8_lossy(&self.files.read(path).unwrap_or_default()).into_owned()
    }

    /// What dpkg's lists say that packages brought, by the list's stem, such as `libc6:amd64`.
    pub(super) fn lists(&self) -> BTreeMap<String, BTreeSet<String>> {
        let stem = |name: &str| name.strip_suffix(".list").map(str::to_owned);
        let stems = self.files.list(INFO).into_iter().filter_map(|name| stem(&name));
        let paths = |stem: &String| {
            let text = self.text(&format!("{INFO}/{stem}.list"));
            text.lines().map(|line| line.trim_start_matches('/').to_owned()).collect()
        };
        stems.map(|stem| (stem.clone(), paths(&stem))).collect()
    }

    /// Paths of dpkg's own files about a package.
    pub(super) fn info(&self, stem: &str) -> Vec<String> {
        let about = |name: &String| {
            let rest = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('.'));
            rest.is_some_and(|rest| !rest.contains('.'))
        };
        let names = self.files.list(INFO).into_iter().filter(about);
        names.map(|name| format!("{INFO}/{name}")).collect()
    }
}

impl Paragraph {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim_matches('\n');
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let state = value("Status").unwrap_or_default().split_whitespace().nth(2).unwrap_or_default();
        Some(Self {
            name: value("Package")?.to_owned(),
            architecture: value("Architecture").unwrap_or_default().to_owned(),
            is_unpacked: !matches!(state, "not-installed" | "config-files" | ""),
            text: text.to_owned(),
        })
    }

    /// Whether it is the same package, perhaps in another version. One may become independent of the architecture.
    pub(super) fn is_same(&self, name: &str, architecture: &str) -> bool {
        self.name == name
            && (self.architecture == architecture || self.architecture == "all" || architecture == "all")
    }

    /// Names under which dpkg may keep its files about the package.
    pub(super) fn stems(&self) -> [String; 2] {
        [self.name.clone(), format!("{}:{}", self.name, self.architecture)]
    }

    /// MD5 of each configuration file as the package brought it, by its path without a leading `/`.
    pub(super) fn conffiles(&self) -> BTreeMap<&str, &str> {
        let lines = self.text.lines().skip_while(|line| !line.starts_with("Conffiles:")).skip(1);
        let lines = lines.take_while(|line| line.starts_with(' '));
        lines
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                Some((words.next()?.trim_start_matches('/'), words.next()?))
            })
            .collect()
    }
}
