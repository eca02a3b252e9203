//! What the indexes have of packages that nothing is solved for.

use super::{
    PypiError, Request,
    fate::near,
    known::{Known, certain},
    meant::{meant, of_module},
    session::Session,
};
use envwright_diagnosis::{Asked, Had};
use futures::{StreamExt as _, stream};
use std::str::FromStr as _;
use tokio::time::{Instant, timeout_at};
use uv_normalize::PackageName;
use uv_pep440::{Version, VersionSpecifiers};

/// Packages that are asked for at once.
const AT_ONCE: usize = 8;

/// Asks for all of them within the time limit; those that take longer are not known.
pub(super) async fn run(request: &Request, asked: &[Asked]) -> Result<Vec<Option<Had>>, PypiError> {
    let deadline = Instant::now() + request.time_limit;
    let timeout = |_| PypiError::Timeout { limit: request.time_limit };
    let session = timeout_at(deadline, Session::open(request)).await.map_err(timeout)??;
    let answers = stream::iter(asked).map(|asked| timeout_at(deadline, one(&session, asked)));
    Ok(answers.buffered(AT_ONCE).map(|answer| answer.ok().flatten()).collect().await)
}

async fn one(session: &Session<'_>, asked: &Asked) -> Option<Had> {
    let name = PackageName::from_str(&asked.name).ok()?;
    let known = certain(session, &name).await?;
    // Such a name is at best that of a package which says so.
    if known.versions.is_empty() || of_module(name.as_ref()).is_some() {
        let nearest = meant(session, &name).await.map(|name| name.to_string());
        if nearest.is_some() || known.versions.is_empty() {
            return Some(Had { nearest, ..Had::default() });
        }
    }
    Some(had(&known, &VersionSpecifiers::from_str(&asked.wanted).unwrap_or_default()))
}

/// Of the versions that are not withdrawn.
fn had(known: &Known, wanted: &VersionSpecifiers) -> Had {
    let offered = known.versions.iter().filter(|(_, files)| files.iter().any(|file| file.yanked.is_none()));
    let versions: Vec<&Version> = offered.map(|(version, _)| version).collect();
    let wanted_ones = versions.iter().copied().filter(|version| wanted.contains(version)).collect();
    let matching = near(wanted_ones, &VersionSpecifiers::empty()).map(ToString::to_string);
    Had {
        versions: versions.iter().rev().map(ToString::to_string).collect(),
        nearest_version: match matching {
            Some(_) => None,
            None => near(versions, wanted).map(ToString::to_string),
        },
        matching,
        nearest: None,
    }
}
