//! The packages as resolvo asks for them.

use super::{relation::groups, universe::Universe};
use resolvo::{
    Candidates, Condition, ConditionId, Dependencies, DependencyProvider, Interner, KnownDependencies,
    NameId, Requirement, SolvableId, SolverCache, StringId, VersionSetId, VersionSetUnionId,
    utils::{Pool, VersionSet},
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Display,
};

/// Exactly these packages of one name, by their place in the universe.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Set {
    packages: BTreeSet<usize>,
    /// The relationship as it is written.
    text: String,
}

impl VersionSet for Set {
    type V = usize;
}

/// Answers from a universe.
pub(super) struct Provider<'a> {
    universe: &'a Universe,
    /// Names of which the best version is wanted, where others stay as they are installed.
    newest: BTreeSet<&'a str>,
    pool: Pool<Set>,
    solvables: RefCell<HashMap<usize, SolvableId>>,
}

impl<'a> Provider<'a> {
    pub(super) fn new(universe: &'a Universe, newest: BTreeSet<&'a str>) -> Self {
        Self { universe, newest, pool: Pool::new(), solvables: RefCell::default() }
    }

    /// The package that a solvable is.
    pub(super) fn package(&self, solvable: SolvableId) -> usize {
        self.pool.resolve_solvable(solvable).record
    }

    /// What needs one of `packages`, the first of which is liked best.
    pub(super) fn one_of(&self, packages: &[usize], text: &str) -> Option<Requirement> {
        let mut order: Vec<&str> = Vec::new();
        let mut names: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for at in packages {
            let name = self.universe.packages[*at].name.as_str();
            if names.entry(name).or_default().insert(*at) && !order.contains(&name) {
                order.push(name);
            }
        }
        let sets = order.iter().filter_map(|name| Some(self.set(name, names.remove(name)?, text)));
        let mut sets = sets.collect::<Vec<_>>().into_iter();
        let first = sets.next()?;
        Some(match sets.len() {
            0 => first.into(),
            _ => self.pool.intern_version_set_union(first, sets).into(),
        })
    }

    fn set(&self, name: &str, packages: BTreeSet<usize>, text: &str) -> VersionSetId {
        let name = self.pool.intern_package_name(name);
        self.pool.intern_version_set(name, Set { packages, text: text.to_owned() })
    }

    fn solvable(&self, name: NameId, package: usize) -> SolvableId {
        *self
            .solvables
            .borrow_mut()
            .entry(package)
            .or_insert_with(|| self.pool.intern_solvable(name, package))
    }

    fn dependencies(&self, at: usize) -> Result<KnownDependencies, String> {
        let package = &self.universe.packages[at];
        let mut known = KnownDependencies::default();
        for field in &package.depends {
            for group in groups(field) {
                let group = group?;
                let found: Vec<usize> = group.iter().flat_map(|atom| self.universe.matches(atom)).collect();
                // What is installed may have been left without what it needs; that is not ours to mend.
                if self.universe.is_installed(at) && !found.iter().any(|at| self.universe.is_installed(*at)) {
                    continue;
                }
                let text = group.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
                let requirement = self.one_of(&found, &text).ok_or_else(|| self.lacking(&group, &text))?;
                known.requirements.push(requirement.into());
            }
        }
        for field in &package.conflicts {
            for atom in groups(field) {
                for atom in atom? {
                    known.constrains.extend(self.excluded(&atom, at));
                }
            }
        }
        Ok(known)
    }

    /// Why nothing meets a relationship.
    fn lacking(&self, group: &[super::relation::Atom<'_>], text: &str) -> String {
        let there = group.iter().find_map(|atom| self.universe.installed_as(atom.name));
        match there.map(|at| &self.universe.packages[at]) {
            Some(there) => {
                format!("{text} is not to be had: the base has {} {}", there.name, there.version)
            }
            None => format!("{text} is not to be had"),
        }
    }

    /// For each package that a conflict names, the versions that it leaves. No package conflicts with itself.
    fn excluded(&self, atom: &super::relation::Atom<'_>, at: usize) -> Vec<VersionSetId> {
        let own = self.universe.packages[at].name.as_str();
        let mut names: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let both_there = |other: usize| self.universe.is_installed(at) && self.universe.is_installed(other);
        for at in self.universe.matches(atom).into_iter().filter(|other| !both_there(*other)) {
            names.entry(&self.universe.packages[at].name).or_default().insert(at);
        }
        names.remove(own);
        let left = |name: &str, refused: &BTreeSet<usize>| {
            self.universe.named(name).iter().copied().filter(|at| !refused.contains(at)).collect()
        };
        let text = format!("not {atom}");
        names.iter().map(|(name, refused)| self.set(name, left(name, refused), &text)).collect()
    }
}

impl Interner for Provider<'_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    /// Without the name, which the solver's words put before it.
    fn display_solvable(&self, solvable: SolvableId) -> impl Display + '_ {
        let at = self.package(solvable);
        let of_base = if self.universe.is_installed(at) { " of the base" } else { "" };
        format!("{}{of_base}", self.universe.packages[at].version)
    }

    fn display_name(&self, name: NameId) -> impl Display + '_ {
        self.pool.resolve_package_name(name)
    }

    fn display_version_set(&self, version_set: VersionSetId) -> impl Display + '_ {
        let Set { text, .. } = self.pool.resolve_version_set(version_set);
        let name = self.pool.resolve_package_name(self.version_set_name(version_set));
        // The solver's words put the name before it.
        text.strip_prefix(name.as_str())
            .filter(|rest| !rest.starts_with(char::is_alphanumeric))
            .unwrap_or(text)
    }

    fn display_string(&self, string: StringId) -> impl Display + '_ {
        self.pool.resolve_string(string)
    }

    fn version_set_name(&self, version_set: VersionSetId) -> NameId {
        self.pool.resolve_version_set_package_name(version_set)
    }

    fn solvable_name(&self, solvable: SolvableId) -> NameId {
        self.pool.resolve_solvable(solvable).name
    }

    fn version_sets_in_union(&self, union: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> {
        self.pool.resolve_version_set_union(union)
    }

    fn resolve_condition(&self, condition: ConditionId) -> Condition {
        self.pool.resolve_condition(condition).clone()
    }
}

impl DependencyProvider for Provider<'_> {
    async fn filter_candidates(
        &self,
        candidates: &[SolvableId],
        version_set: VersionSetId,
        inverse: bool,
    ) -> Vec<SolvableId> {
        let set = &self.pool.resolve_version_set(version_set).packages;
        let fits = |solvable: &SolvableId| set.contains(&self.package(*solvable)) != inverse;
        candidates.iter().copied().filter(fits).collect()
    }

    async fn get_candidates(&self, name: NameId) -> Option<Candidates> {
        let text = self.pool.resolve_package_name(name);
        let packages = self.universe.named(text);
        let candidates = packages.iter().map(|package| self.solvable(name, *package)).collect();
        let there = self.universe.installed_as(text).filter(|_| !self.newest.contains(text.as_str()));
        let favored = there.map(|package| self.solvable(name, package));
        Some(Candidates { candidates, favored, ..Candidates::default() })
    }

    async fn sort_candidates(&self, _: &SolverCache<Self>, solvables: &mut [SolvableId]) {
        solvables.sort_by(|a, b| {
            let rank = |solvable: &SolvableId| self.universe.rank(self.package(*solvable));
            rank(b).cmp(&rank(a))
        });
    }

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        match self.dependencies(self.package(solvable)) {
            Ok(known) => Dependencies::Known(known),
            Err(reason) => Dependencies::Unknown(self.pool.intern_string(reason)),
        }
    }
}
