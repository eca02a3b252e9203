//! The alternatives system, from literal `update-alternatives --install` calls (update-alternatives(1)).

use super::{script::literal_calls, view::View};
use envwright_package::OwnFile;
use std::{collections::BTreeMap, fmt::Write as _};

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
    link: String,
    choices: BTreeMap<String, Choice>,
}

pub(super) fn files(view: &View<'_>) -> Vec<OwnFile> {
    let mut groups = BTreeMap::<String, Group>::new();
    for package in &view.packages {
        for words in literal_calls(package.control("postinst"), "update-alternatives") {
            let Some((name, link, choice)) = install(&words) else { continue };
            if view.has(&choice.path) {
                let group = groups.entry(name).or_default();
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
    /// The best choice: the highest priority, then the first path.
    fn best(&self) -> Option<&Choice> {
        self.choices.values().max_by(|a, b| (a.priority, &b.path).cmp(&(b.priority, &a.path)))
    }

    fn files(&self, name: &str, view: &View<'_>) -> Vec<OwnFile> {
        let mut files = vec![view.file(format!("var/lib/dpkg/alternatives/{name}"), self.state())];
        let Some(best) = self.best() else { return files };
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
        let mut text = format!("auto\n{}\n", self.link);
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
