//! One solve from request to lock.

use super::{
    CondaError, LockedConda, Priority, Request, Solution, Undigested,
    conflict::{self, Task},
    explain,
    gateway::{self, Channels},
    virtual_packages,
};
use rattler_conda_types::{GenericVirtualPackage, MatchSpec, RepoDataRecord};
use rattler_repodata_gateway::RepoData;
use rattler_solve::{CancellationToken, ChannelPriority};
use std::time::SystemTime;
use tokio::time::Instant;

/// Everything that the attempts of one solve share.
pub(super) struct Universe {
    pub(super) repodata: Vec<RepoData>,
    pub(super) virtual_packages: Vec<GenericVirtualPackage>,
    pub(super) specs: Vec<MatchSpec>,
    pub(super) preferences: Vec<RepoDataRecord>,
    pub(super) priority: ChannelPriority,
    /// When the solver gives up.
    pub(super) stop: SystemTime,
    pub(super) cancelled: CancellationToken,
}

/// Ends the solver where nobody waits for it any more.
struct Waiting(CancellationToken);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Finds packages that together are what the request wants. Dropping the future ends the solve.
pub async fn solve(request: &Request) -> Result<Solution, CondaError> {
    let deadline = Instant::now() + request.time_limit;
    let stop = SystemTime::now() + request.time_limit;
    let channels = Channels::open(request)?;
    let specs = gateway::parsed(request)?;
    let repodata = channels.records(&specs, deadline).await?;
    explain::check_names(request, &channels, &specs, &repodata, deadline).await?;
    let waiting = Waiting(CancellationToken::new());
    let universe = Universe {
        repodata,
        virtual_packages: virtual_packages::of(request),
        specs,
        preferences: request.preferences.iter().filter_map(LockedConda::record).collect(),
        priority: match request.priority {
            Priority::Strict => ChannelPriority::Strict,
            Priority::Flexible => ChannelPriority::Flexible,
            Priority::Disabled => ChannelPriority::Disabled,
        },
        stop,
        cancelled: waiting.0.clone(),
    };
    let (asked, limit) = (request.specs.clone(), request.time_limit);
    let platform = request.platform;
    let work = move || match Task::new(&universe, &universe.specs).run() {
        conflict::Outcome::Solved(records) => lock(&records, &universe.specs),
        conflict::Outcome::Unsolvable(_) => Err(explain::conflict(&universe, &asked, platform)),
        conflict::Outcome::Cancelled => Err(CondaError::Timeout { limit }),
        conflict::Outcome::Failed(reason) => Err(CondaError::internal(reason)),
    };
    let outcome = tokio::task::spawn_blocking(work).await;
    drop(waiting);
    outcome.map_err(CondaError::internal)?
}

fn lock(records: &[RepoDataRecord], specs: &[MatchSpec]) -> Result<Solution, CondaError> {
    let named = |record: &RepoDataRecord| {
        specs.iter().any(|spec| spec.name.as_exact() == Some(&record.package_record.name))
    };
    let mut solution = Solution::default();
    for record in records {
        match LockedConda::new(record, named(record)) {
            Some(locked) => solution.packages.push(locked),
            None => solution.undigested.push(Undigested::new(record, named(record))),
        }
    }
    solution.packages.sort_by(|one, other| one.name.cmp(&other.name));
    solution.packages = crate::pixi::settled(solution.packages).map_err(CondaError::internal)?;
    Ok(solution)
}
