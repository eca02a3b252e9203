//! The alternatives system, from literal `update-alternatives --install` calls (update-alternatives(1)).

use super::{script::literal_calls, view::View};
use envwright_package::OwnFile;
use std::{collections::BTreeMap, fmt::Write as _};

const FOLDER: &str = "var/lib/dpkg/alternatives";

/// One choice of a group: its file, its priority, and the files behind the slave links.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    path: String,
    priority: i64,
    /// Name of the slave, to its link and file.
    slaves: BTreeMap<String, (String, String)>,
}

/// A generic name with its link and all its choices.
#[derive(Debug, Default)]
struct Group {
    /// Whether a person chose; then the links stay.
    is_manual: bool,
    link: String,
    choices: BTreeMap<String, Choice>,
}

pub(super) fn files(view: &View<'_>) -> Vec<OwnFile> {
    let mut groups = BTreeMap::<String, Group>::new();
    for package in &view.packages {
        for words in literal_calls(package.control("postinst"), "update-alternatives") {
            let Some((name, link, choice)) = install(&words) else { continue };
            if view.has(&choice.path) {
                let group = groups.entry(name).or_insert_with_key(|name| Group::known(name, view));
                group.link = link;
                group.choices.insert(choice.path.clone(), choice);
            }
        }
    }
    groups.iter().flat_map(|(name, group)| group.files(name, view)).collect()
}

/// Sample: `--install /usr/bin/awk awk /usr/bin/mawk 5 --slave /usr/bin/nawk nawk /usr/bin/mawk`.
fn install(words: &[String]) -> Option<(String, String, Choice)> {
    let start = words.iter().position(|word| word == "--install")?;
    let [link, name, path, priority, rest @ ..] = words.get(start + 1..)? else { return None };
    let mut slaves = BTreeMap::new();
    let mut rest = rest;
    while let [flag, link, name, path, more @ ..] = rest {
        if flag == "--slave" {
            slaves.insert(name.clone(), (link.clone(), path.clone()));
        }
        rest = more;
    }
    Some((
        name.clone(),
        link.clone(),
        Choice { path: path.clone(), priority: priority.parse().ok()?, slaves },
    ))
}

impl Group {
    /// What the base knows of it.
    fn known(name: &str, view: &View<'_>) -> Self {
        let base = view.base.as_ref();
        let text = base.map(|base| base.text(&format!("{FOLDER}/{name}"))).unwrap_or_default();
        Self::read(&text).unwrap_or_default()
    }

    /// Reads what [`Group::state`] writes.
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (mode, link) = (lines.next()?, lines.next()?);
        let mut group = Self { is_manual: mode == "manual", link: link.to_owned(), choices: BTreeMap::new() };
        let mut slaves = Vec::new();
        while let Some(name) = lines.next().filter(|name| !name.is_empty()) {
            slaves.push((name, lines.next()?));
        }
        while let Some(path) = lines.next().filter(|path| !path.is_empty()) {
            let mut choice = Choice {
                path: path.to_owned(),
                priority: lines.next()?.parse().ok()?,
                slaves: BTreeMap::new(),
            };
            for (name, link) in &slaves {
                let file = lines.next()?;
                if !file.is_empty() {
                    choice.slaves.insert((*name).to_owned(), ((*link).to_owned(), file.to_owned()));
                }
            }
            group.choices.insert(path.to_owned(), choice);
        }
        Some(group)
    }

    /// The best choice: the highest priority, then the first path.
    fn best(&self) -> Option<&Choice> {
        self.choices.values().max_by(|a, b| (a.priority, &b.path).cmp(&(b.priority, &a.path)))
    }

    fn files(&self, name: &str, view: &View<'_>) -> Vec<OwnFile> {
        let mut files = vec![view.file(format!("{FOLDER}/{name}"), self.state())];
        let Some(best) = self.best().filter(|_| !self.is_manual) else { return files };
        let mut links = |name: &str, link: &str, path: &str| {
            let alternative = format!("etc/alternatives/{name}");
            files.push(view.link(view.place(link), format!("/{alternative}")));
            files.push(view.link(alternative, path));
        };
        links(name, &self.link, &best.path);
        for (slave, (link, path)) in best.slaves.iter().filter(|(_, (_, path))| view.has(path)) {
            links(slave, link, path);
        }
        files
    }

    /// The file of `/var/lib/dpkg/alternatives`: mode, link, slave names and links, then each choice.
    fn state(&self) -> String {
        let slaves: BTreeMap<_, _> = self.choices.values().flat_map(|choice| &choice.slaves).collect();
        let slaves: BTreeMap<_, _> = slaves.into_iter().map(|(name, (link, _))| (name, link)).collect();
        let mode = if self.is_manual { "manual" } else { "auto" };
        let mut text = format!("{mode}\n{}\n", self.link);
        for (name, link) in &slaves {
            let _ = writeln!(text, "{name}\n{link}");
        }
        text.push('\n');
        for choice in self.choices.values() {
            let _ = writeln!(text, "{}\n{}", choice.path, choice.priority);
            for name in slaves.keys() {
                let _ = writeln!(text, "{}", choice.slaves.get(*name).map_or("", |(_, path)| path));
            }
        }
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_group_is_read_as_it_was_written() {
        let text = "manual\n/usr/bin/awk\nawk.1.gz\n/usr/share/man/man1/awk.1.gz\nnawk\n/usr/bin/nawk\n\n\
                    /usr/bin/gawk\n10\n\n/usr/bin/gawk\n/usr/bin/mawk\n5\n/usr/share/man/man1/mawk.1.gz\n\
                    /usr/bin/mawk\n\n";
        let group = Group::read(text).unwrap();
        assert_eq!(group.state(), text);
        assert_eq!(group.best().unwrap().path, "/usr/bin/gawk");
        assert!(Group::read("auto\n/usr/bin/awk\n\n/usr/bin/mawk\nhigh\n").is_none());
    }
}
