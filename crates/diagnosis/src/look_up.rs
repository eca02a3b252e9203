//! Real names and versions in the place of those that a log says do not exist.

use crate::{Diagnosed, Diagnosis, Remedy};

/// At most so many packages of one log are asked for.
const MOST: usize = 8;
/// At most so many versions are named.
const NAMED: usize = 10;

/// A Python package that a log speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its name, as the log has it.
    pub name: String,
    /// Its version specifiers (PEP 440); empty where any version will do, or where they are not known.
    pub wanted: String,
}

/// What the indexes have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Had {
    /// All versions, newest first; none where there is no such package.
    pub versions: Vec<String>,
    /// The newest of them that is wanted; a pre-release only where there is nothing else.
    pub matching: Option<String>,
    /// The version nearest to what is wanted, where none is as wanted.
    pub nearest_version: Option<String>,
    /// A package of another name that is likely meant.
    pub nearest: Option<String>,
}

/// Who can be asked for what the indexes have. Implemented where indexes can be reached.
pub trait LookUp {
    /// An answer for each that is asked for, in their order; `None` where it cannot be found out.
    fn look_up(&self, asked: &[Asked]) -> Vec<Option<Had>>;
}

/// The list that a package is missing from.
#[derive(Clone, Copy)]
enum Missing {
    FromPip,
    FromConda,
}

impl Diagnosis {
    /// Adds what the indexes have where a root is that a package or a version does not exist. Asks nothing where no root
    /// is; what cannot be found out changes nothing.
    pub fn look_up(&mut self, indexes: &dyn LookUp) {
        let roots = self.roots_mut().iter_mut();
        let mut missing: Vec<(&mut Diagnosed, Missing, Asked)> = roots.filter_map(asked).take(MOST).collect();
        if missing.is_empty() {
            return;
        }
        let asked: Vec<Asked> = missing.iter().map(|(.., asked)| asked.clone()).collect();
        for ((root, from, asked), had) in missing.iter_mut().zip(indexes.look_up(&asked)) {
            let Some(had) = had else { continue };
            match from {
                Missing::FromPip => tell_pip(root, asked, &had),
                Missing::FromConda => tell_conda(root, asked, &had),
            }
        }
    }
}

/// What to ask for a root, if it is of this kind.
fn asked(root: &mut Diagnosed) -> Option<(&mut Diagnosed, Missing, Asked)> {
    let from = match root.finding.problem.as_str() {
        "pip-no-matching-distribution" => Missing::FromPip,
        "conda-package-not-found" => Missing::FromConda,
        _ => return None,
    };
    let facts = &root.finding.facts;
    let name = facts.get("package")?.to_owned();
    let wanted = match from {
        Missing::FromPip => facts.get("version").unwrap_or_default().to_owned(),
        Missing::FromConda => String::new(),
    };
    Some((root, from, Asked { name, wanted }))
}

fn tell_pip(root: &mut Diagnosed, asked: &Asked, had: &Had) {
    let name = &asked.name;
    if let Some(nearest) = &had.nearest {
        root.finding.facts.set("nearest", nearest);
        root.say(format!(
            "The index has no package {name}; there is one called {nearest}, which may be meant."
        ));
        root.advise(format!("Write `{nearest}` in its place, if that is meant"), None);
    } else if had.versions.is_empty() {
        root.say(format!("The index that is used here has no package {name} either."));
    } else if let Some(version) = &had.matching {
        root.say(format!(
            "The index that is used here has {name} {version}: the build asked another one, or its Python or platform \
             has no file of it."
        ));
    } else {
        let newest = had.versions.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        root.say(format!("The index has these versions of {name}, the newest first: {newest}."));
        if let Some(near) = &had.nearest_version {
            root.advise(format!("Write `{name}=={near}`, the nearest version that exists"), None);
        }
    }
}

fn tell_conda(root: &mut Diagnosed, asked: &Asked, had: &Had) {
    let name = &asked.name;
    if let Some(nearest) = &had.nearest {
        root.finding.facts.set("nearest", nearest);
        let title = format!(
            "Write `{nearest}` in its place, if that is meant: the Python index has a package of this name"
        );
        root.advise(title, Some(format!("conda search --channel conda-forge '{nearest}'")));
    } else if let Some(newest) = &had.matching {
        root.advise(
            format!("Move {name} to the `pip:` list: the Python index has it, the newest is {newest}"),
            None,
        );
    }
}

impl Diagnosed {
    /// In the place of what could only be guessed.
    fn say(&mut self, sentence: String) {
        self.causes = vec![sentence];
    }

    fn advise(&mut self, title: String, command: Option<String>) {
        self.remedies
            .insert(0, Remedy { title, command: command.into_iter().collect(), ..Remedy::default() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, Finding};
    use std::cell::RefCell;

    /// An index that knows one package, and notes what it is asked.
    #[derive(Default)]
    struct One {
        asked: RefCell<Vec<String>>,
        had: Option<Had>,
    }

    impl LookUp for One {
        fn look_up(&self, asked: &[Asked]) -> Vec<Option<Had>> {
            self.asked
                .borrow_mut()
                .extend(asked.iter().map(|asked| format!("{}{}", asked.name, asked.wanted)));
            asked.iter().map(|_| self.had.clone()).collect()
        }
    }

    fn told(problem: &'static str, version: &str, had: Option<Had>) -> (Diagnosis, Vec<String>) {
        let finding = Finding::new(problem).fact("package", "pandsa").fact("version", version);
        let mut diagnosis = Diagnosis::new(vec![finding], &Catalog::builtin());
        let index = One { had, ..One::default() };
        diagnosis.look_up(&index);
        (diagnosis, index.asked.into_inner())
    }

    fn first(diagnosis: &Diagnosis) -> (&str, &str) {
        let root = diagnosis.root().unwrap();
        (&root.causes[0], &root.remedies[0].title)
    }

    #[test]
    fn a_name_that_was_meant_is_told_first_and_as_a_fact() {
        let had = Had { nearest: Some("pandas".to_owned()), ..Had::default() };
        let (diagnosis, asked) = told("pip-no-matching-distribution", "==2.1", Some(had.clone()));
        assert_eq!(asked, ["pandsa==2.1"]);
        assert_eq!(diagnosis.root().unwrap().finding.facts.get("nearest"), Some("pandas"));
        assert!(first(&diagnosis).0.contains("one called pandas"));
        assert_eq!(first(&diagnosis).1, "Write `pandas` in its place, if that is meant");
        let (diagnosis, asked) = told("conda-package-not-found", "=2.1", Some(had));
        assert_eq!(asked, ["pandsa"]);
        assert!(first(&diagnosis).1.starts_with("Write `pandas` in its place"));
    }

    #[test]
    fn versions_that_exist_are_told_with_the_nearest() {
        let versions = ["2.2.0", "2.1.0"].map(str::to_owned).to_vec();
        let had = Had { versions, nearest_version: Some("2.1.0".to_owned()), ..Had::default() };
        let (diagnosis, _) = told("pip-no-matching-distribution", "==2.1.9", Some(had));
        assert!(first(&diagnosis).0.ends_with("2.2.0, 2.1.0."));
        assert_eq!(first(&diagnosis).1, "Write `pandsa==2.1.0`, the nearest version that exists");
    }

    #[test]
    fn what_is_there_after_all_is_told() {
        let version = Some("2.1.0".to_owned());
        let had = Had { versions: version.iter().cloned().collect(), matching: version, ..Had::default() };
        let (diagnosis, _) = told("pip-no-matching-distribution", "", Some(had.clone()));
        assert!(first(&diagnosis).0.contains("has pandsa 2.1.0"));
        let (diagnosis, _) = told("conda-package-not-found", "", Some(had));
        assert_eq!(
            first(&diagnosis).1,
            "Move pandsa to the `pip:` list: the Python index has it, the newest is 2.1.0"
        );
        let (diagnosis, _) = told("pip-no-matching-distribution", "", Some(Had::default()));
        assert!(first(&diagnosis).0.ends_with("has no package pandsa either."));
    }

    #[test]
    fn nothing_changes_where_nothing_is_found_out_and_nothing_is_asked_of_other_problems() {
        let (diagnosis, _) = told("pip-no-matching-distribution", "", None);
        let plain =
            Finding::new("pip-no-matching-distribution").fact("package", "pandsa").fact("version", "");
        let plain = Diagnosis::new(vec![plain], &Catalog::builtin());
        assert_eq!(first(&diagnosis), first(&plain));
        assert!(told("pip-hash-mismatch", "", Some(Had::default())).1.is_empty());
    }
}
