//! One run of the solver, and the smallest set of the user's own specifications that still has no solution.

use super::solve::Universe;
use rattler_conda_types::{MatchSpec, NamelessMatchSpec, PackageNameMatcher, RepoDataRecord};
use rattler_solve::{
    ChannelPriority, SolveStrategy,
    resolvo::{CondaDependencyProvider, NameType, RepoData as Records, SolverMatchSpec, SolverPackageRecord},
};
use resolvo::{Problem, Solver, UnsolvableOrCancelled};
use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

/// Kept for putting the answer into words.
const RESERVE: Duration = Duration::from_millis(500);
/// Most time for making a set smaller: nobody waits for long after a failure.
const MINIMISING: Duration = Duration::from_secs(20);

/// Some specifications, to be solved.
pub(super) struct Task<'u> {
    universe: &'u Universe,
    specs: Vec<&'u MatchSpec>,
    stop: SystemTime,
}

/// What came of a run.
pub(super) enum Outcome {
    Solved(Vec<RepoDataRecord>),
    /// Why not, as resolvo draws it.
    Unsolvable(String),
    Cancelled,
    Failed(String),
}

impl<'u> Task<'u> {
    pub(super) fn new(universe: &'u Universe, specs: impl IntoIterator<Item = &'u MatchSpec>) -> Self {
        Self { universe, specs: specs.into_iter().collect(), stop: universe.stop }
    }

    /// Drives rattler's provider with resolvo.
    pub(super) fn run(&self) -> Outcome {
        let universe = self.universe;
        let repodata = universe.repodata.iter().map(|repodata| Records {
            records: repodata.iter().collect(),
            multi_channel: repodata.multi_channel(),
        });
        let preferences: Vec<&RepoDataRecord> = universe.preferences.iter().collect();
        let specs: Vec<MatchSpec> = self.specs.iter().map(|spec| (*spec).clone()).collect();
        let provider = CondaDependencyProvider::new(
            repodata,
            &preferences,
            &[],
            &universe.virtual_packages,
            &specs,
            Some(self.stop),
            Some(universe.cancelled.clone()),
            universe.priority,
            None,
            SolveStrategy::Highest,
            Vec::new(),
            &HashMap::new(),
        );
        let provider = match provider {
            Ok(provider) => provider,
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        let mut requirements = Vec::new();
        for virtual_package in &universe.virtual_packages {
            let name = provider.pool.intern_package_name(NameType::from(&virtual_package.name));
            requirements.push(provider.pool.intern_version_set(name, NamelessMatchSpec::default().into()));
        }
        for spec in specs {
            // Others were refused when they were read.
            let (PackageNameMatcher::Exact(name), spec) = spec.into_nameless() else { continue };
            let name = provider.pool.intern_package_name(NameType::from(&name));
            requirements.push(provider.pool.intern_version_set(name, SolverMatchSpec::from(spec)));
        }
        let problem = Problem::new().requirements(requirements.into_iter().map(Into::into).collect());
        let mut solver = Solver::new(provider);
        match solver.solve(problem) {
            Ok(chosen) => {
                let record = |id| match &solver.provider().pool.resolve_solvable(id).record {
                    SolverPackageRecord::Record(record) => Some((*record).clone()),
                    _ => None,
                };
                Outcome::Solved(chosen.into_iter().filter_map(record).collect())
            }
            Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
                Outcome::Unsolvable(conflict.display_user_friendly(&solver).to_string())
            }
            Err(UnsolvableOrCancelled::Cancelled(_)) => Outcome::Cancelled,
        }
    }
}

/// The positions of a smallest set of specifications without a solution, and why it has none. Leaves out one after the
/// other for good when the rest still has no solution, the last first: what was written first is the likelier intent.
/// Ends early, with a larger set, when the time is nearly over.
pub(super) fn minimal(universe: &Universe) -> (Vec<usize>, String) {
    let end = universe.stop.checked_sub(RESERVE).unwrap_or(universe.stop);
    let end = end.min(SystemTime::now() + MINIMISING);
    let mut kept: Vec<usize> = (0..universe.specs.len()).collect();
    let mut told = String::new();
    let run = |positions: &[usize]| {
        let specs = positions.iter().filter_map(|position| universe.specs.get(*position));
        Task { stop: end, ..Task::new(universe, specs) }.run()
    };
    for candidate in (0..universe.specs.len()).rev() {
        let rest: Vec<usize> = kept.iter().copied().filter(|position| *position != candidate).collect();
        match run(&rest) {
            Outcome::Unsolvable(reason) => (kept, told) = (rest, reason),
            Outcome::Solved(_) | Outcome::Failed(_) => {}
            Outcome::Cancelled => break,
        }
    }
    if told.is_empty()
        && let Outcome::Unsolvable(reason) =
            Task::new(universe, kept.iter().filter_map(|at| universe.specs.get(*at))).run()
    {
        told = reason;
    }
    (kept, told)
}

/// Whether the same specifications have a solution where the order of channels does not count so much.
pub(super) fn is_of_priority(universe: &Universe, positions: &[usize]) -> bool {
    if universe.priority != ChannelPriority::Strict {
        return false;
    }
    let other = Universe {
        repodata: universe.repodata.clone(),
        virtual_packages: universe.virtual_packages.clone(),
        specs: positions.iter().filter_map(|position| universe.specs.get(*position)).cloned().collect(),
        preferences: Vec::new(),
        priority: ChannelPriority::Disabled,
        stop: universe.stop.min(SystemTime::now() + MINIMISING),
        cancelled: universe.cancelled.clone(),
    };
    matches!(Task::new(&other, &other.specs).run(), Outcome::Solved(_))
}
