//! The problems known here, and those that a team adds.

use crate::{Explain, Finding, Page, Problem, ProblemId, words};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// The files of `catalog/`, as (path below it, text), in the order of their paths.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// Every problem that has words.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    problems: BTreeMap<String, Problem>,
}

/// A catalog folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A folder or file cannot be read.
    #[error("cannot read the catalog")]
    Read(#[source] io::Error),
    /// A file is not an entry.
    #[error("{} is not a catalog entry: {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Explain for CatalogError {
    fn findings(&self) -> Vec<Finding> {
        let finding = Finding::new("catalog-invalid");
        vec![match self {
            Self::Read(error) => finding.detail(format!("Reading the catalog failed: {error}.")),
            Self::Invalid { path, reason } => finding.fact("path", path.display()).detail(reason.trim()),
        }]
    }
}

impl Catalog {
    /// The catalog that is part of the program. Reads its texts anew: keep it.
    pub fn builtin() -> Self {
        // A test proves that each file is an entry.
        let problems = FILES.iter().filter_map(|(path, text)| entry(Path::new(path), text).ok());
        Self { problems: problems.map(|problem| (problem.id.clone(), problem)).collect() }
    }

    /// Adds the entries of a folder, `<tool>/<id>.toml` each; one with a known id replaces it.
    pub fn with_folder(mut self, dir: &Path) -> Result<Self, CatalogError> {
        for tool in folder(dir)? {
            for path in if tool.is_dir() { folder(&tool)? } else { Vec::new() } {
                if path.extension().is_some_and(|extension| extension == "toml") {
                    self = self.with_file(&path)?;
                }
            }
        }
        self.check(dir)?;
        Ok(self)
    }

    /// Adds one file; an entry with a known id is replaced.
    pub fn with_file(mut self, path: &Path) -> Result<Self, CatalogError> {
        let text = fs_err::read_to_string(path).map_err(CatalogError::Read)?;
        let problem = entry(path, &text)?;
        self.problems.insert(problem.id.clone(), problem);
        Ok(self)
    }

    /// What is wrong with the texts of an entry, a sentence each.
    pub fn words(&self, problem: &Problem) -> Vec<String> {
        words::wrong(problem)
    }

    /// The entry of this id.
    pub fn get(&self, id: &str) -> Option<&Problem> {
        self.problems.get(id)
    }

    /// All entries in the order of their ids.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.problems.values()
    }

    /// What `envwright explain ID` prints, and what stands in the reference.
    pub fn page(&self, id: &str) -> Option<Page<'_>> {
        let problem = self.get(id)?;
        let variants = self.problems().filter(|other| other.parent.as_deref() == Some(id));
        Some(Page::new(problem, variants.map(|variant| variant.id.as_str()).collect()))
    }

    /// The id and those of the problems that it is a variant of, nearest first.
    pub(crate) fn ancestry<'a>(&'a self, id: &'a ProblemId) -> Vec<&'a str> {
        let mut line = vec![id.as_str()];
        while let Some(parent) = line.last().and_then(|id| self.get(id)).and_then(|p| p.parent.as_deref()) {
            if line.contains(&parent) {
                break;
            }
            line.push(parent);
        }
        line
    }

    /// Every problem that an entry names must exist.
    fn check(&self, dir: &Path) -> Result<(), CatalogError> {
        for problem in self.problems() {
            let mut named = problem.explains.iter().chain(&problem.mistaken).chain(&problem.parent);
            if let Some(other) = named.find(|other| self.get(other).is_none()) {
                let reason = format!("`{}` names the problem `{other}`, which does not exist", problem.id);
                return Err(CatalogError::Invalid { path: dir.to_owned(), reason });
            }
        }
        Ok(())
    }
}

/// Paths in a folder, sorted.
fn folder(dir: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let entries = fs_err::read_dir(dir).map_err(CatalogError::Read)?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(CatalogError::Read)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Reads one file, whose name must be its id.
fn entry(path: &Path, text: &str) -> Result<Problem, CatalogError> {
    let invalid = |reason: String| CatalogError::Invalid { path: path.to_owned(), reason };
    let problem: Problem = toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
    if path.file_stem().is_none_or(|stem| *stem != *problem.id) {
        return Err(invalid(format!("its id `{}` is not the name of the file", problem.id)));
    }
    Ok(problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_is_an_entry_whose_id_is_its_path() {
        for (path, text) in FILES {
            let problem = entry(Path::new(path), text).unwrap();
            assert_eq!(path.rsplit_once('/').unwrap().1, format!("{}.toml", problem.id));
            assert!(!problem.cause.is_empty() && !problem.remedy.is_empty(), "{path}: cause and remedy");
        }
        let ids: BTreeSet<&str> = FILES.iter().map(|(path, _)| path.rsplit_once('/').unwrap().1).collect();
        assert_eq!(ids.len(), FILES.len(), "an id belongs to one folder");
        assert_eq!(Catalog::builtin().problems().count(), FILES.len());
    }

    #[test]
    fn every_problem_that_an_entry_names_exists() {
        Catalog::builtin().check(Path::new("catalog")).unwrap();
    }

    #[test]
    fn no_problem_explains_itself_by_way_of_others() {
        let catalog = Catalog::builtin();
        for problem in catalog.problems() {
            let mut reached: Vec<&str> = problem.explains.iter().map(String::as_str).collect();
            let mut at = 0;
            while at < reached.len() {
                assert_ne!(reached[at], problem.id, "{reached:?}");
                for next in &catalog.get(reached[at]).unwrap().explains {
                    if !reached.contains(&next.as_str()) {
                        reached.push(next);
                    }
                }
                at += 1;
            }
        }
    }

    #[test]
    fn the_texts_of_every_entry_read_well() {
        let catalog = Catalog::builtin();
        for problem in catalog.problems() {
            assert_eq!(catalog.words(problem), [""; 0], "{}", problem.id);
        }
    }

    #[test]
    fn a_folder_adds_entries_and_replaces_known_ones() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::create_dir(dir.path().join("team")).unwrap();
        let own = "id = 'team-proxy'\ntitle = 'no proxy'\nstage = 'fetch'\nfault = 'network'\ntransient = false\n\
                   explains = ['net-timeout']\n";
        fs_err::write(dir.path().join("team/team-proxy.toml"), own).unwrap();
        let known = own.replace("team-proxy", "net-proxy").replace("no proxy", "call the help desk");
        fs_err::write(dir.path().join("team/net-proxy.toml"), known).unwrap();
        let catalog = Catalog::builtin().with_folder(dir.path()).unwrap();
        assert_eq!(catalog.get("team-proxy").unwrap().title, "no proxy");
        assert_eq!(catalog.get("net-proxy").unwrap().title, "call the help desk");
    }

    #[test]
    fn a_folder_with_a_wrong_entry_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::create_dir(dir.path().join("team")).unwrap();
        let file = dir.path().join("team/team-proxy.toml");
        let entry = "title = 'x'\nstage = 'fetch'\nfault = 'network'\ntransient = false\n";
        for wrong in
            ["id = 'other'\n", "id = 'team-proxy'\nexplains = ['nothing']\n", "id = 'team-proxy'\nwhat = 1\n"]
        {
            fs_err::write(&file, format!("{wrong}{entry}")).unwrap();
            let error = Catalog::builtin().with_folder(dir.path()).unwrap_err();
            assert_eq!(error.findings()[0].problem.as_str(), "catalog-invalid");
        }
    }
}
