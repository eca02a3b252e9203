//! The package lists of the mirrors: fetched when they changed, verified, kept.

use super::{DebianError, Keyring, Mirror, release::Release};
use envwright_fetch::{Client, Download, FetchError};
use envwright_redact::SafeUrl;
use envwright_store::{Digest, write_atomic};
use envwright_target::{Arch, Platform};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use tokio::task::JoinSet;

/// The largest `InRelease` that is read, in bytes; Debian's has about 200 kB.
const RELEASE_LIMIT: u64 = 16 << 20;

/// Verified lists on disk.
#[derive(Debug)]
pub(super) struct Lists {
    /// In the order of the mirrors.
    pub(super) lists: Vec<List>,
    /// Date of each suite's release.
    pub(super) releases: BTreeMap<String, String>,
}

/// One `Packages` file.
#[derive(Debug)]
pub(super) struct List {
    pub(super) path: PathBuf,
    /// `.xz`, `.gz`, or nothing.
    pub(super) suffix: &'static str,
    /// Address of the archive, which the names of files are below.
    pub(super) base: SafeUrl,
    /// Whether its packages are taken only where nothing else has them.
    pub(super) reluctant: bool,
}

/// Fetches the lists of all mirrors at once.
pub(super) async fn fetch(
    client: &Client,
    cache: &Path,
    mirrors: &[Mirror],
    platform: Platform,
) -> Result<Lists, DebianError> {
    let mut tasks = JoinSet::new();
    for (at, mirror) in mirrors.iter().cloned().enumerate() {
        let (client, cache) = (client.clone(), cache.to_owned());
        tasks.spawn(async move { (at, suite(&client, &cache, &mirror, platform).await) });
    }
    let mut found = BTreeMap::new();
    while let Some(joined) = tasks.join_next().await {
        let (at, outcome) = joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        // The first mirror's failure is told, whichever came first.
        found.insert(at, outcome);
    }
    let mut lists = Lists { lists: Vec::new(), releases: BTreeMap::new() };
    for (mirror, outcome) in mirrors.iter().zip(found.into_values()) {
        let (date, more) = outcome?;
        lists.releases.insert(mirror.suite.clone(), date);
        lists.lists.extend(more);
    }
    Ok(lists)
}

async fn suite(
    client: &Client,
    cache: &Path,
    mirror: &Mirror,
    platform: Platform,
) -> Result<(String, Vec<List>), DebianError> {
    let dists = match mirror.suite.trim_matches('/') {
        flat if mirror.is_flat() => directory(&mirror.base, flat),
        suite => directory(&mirror.base, &format!("dists/{suite}")),
    };
    let release = release(client, cache, mirror, &dists).await?;
    let arch = debian_name(platform.arch);
    // Folders, and what stands in them; those without a name may be absent.
    let mut folders = Vec::new();
    for component in &mirror.components {
        folders.push((format!("{component}/binary-{arch}/"), Some(component)));
        if release.all_apart {
            folders.push((format!("{component}/binary-all/"), None));
        }
    }
    if mirror.is_flat() {
        folders.push((String::new(), Some(&mirror.suite)));
    }
    let mut lists = Vec::new();
    for (folder, wanted) in folders {
        let known = ["xz", "gz", ""].iter().find_map(|suffix| {
            let name = if suffix.is_empty() { "Packages".to_owned() } else { format!("Packages.{suffix}") };
            // A flat repository may name its files with `./`.
            let places = [format!("{folder}{name}"), format!("./{folder}{name}")];
            let (digest, size) = places.iter().find_map(|place| release.files.get(place))?;
            Some((*suffix, name, *digest, *size))
        });
        let Some((suffix, name, digest, size)) = known else {
            let Some(wanted) = wanted else { continue };
            let reason = format!("It has no packages of {wanted} for {arch}.");
            return Err(DebianError::NoRelease {
                url: dists.to_string(),
                suite: mirror.suite.clone(),
                reason,
            });
        };
        let file = if release.by_hash { format!("by-hash/SHA256/{}", digest.hex()) } else { name };
        let path = list(client, cache, &join(&dists, &format!("{folder}{file}")), digest, size).await?;
        lists.push(List { path, suffix, base: mirror.base.clone(), reluctant: release.reluctant });
    }
    Ok((release.date, lists))
}

/// The mirror's `InRelease`, verified before it is kept; the kept one where nothing may be asked.
async fn release(
    client: &Client,
    cache: &Path,
    mirror: &Mirror,
    dists: &SafeUrl,
) -> Result<Release, DebianError> {
    let url = join(dists, "InRelease");
    let shown = url.without_credentials().to_string();
    let kept = cache.join(format!("{}.InRelease", Digest::of(shown.as_bytes()).hex()));
    let kept_bytes = || {
        fs_err::read(&kept)
            .map_err(|_| DebianError::Fetch(FetchError::Offline { url: url.without_credentials() }))
    };
    if client.offline() && url.expose().scheme() != "file" {
        // What was valid when it was kept is as good as it can be without asking.
        return Release::read(&kept_bytes()?, &shown, mirror, Timestamp::MIN);
    }
    let bytes = match client.bytes(&url, RELEASE_LIMIT).await {
        Err(error) if is_absent(&error) && mirror.keyring == Keyring::Unsigned => {
            client.bytes(&join(dists, "Release"), RELEASE_LIMIT).await?
        }
        Err(error) if is_absent(&error) => {
            let reason = "The mirror answers that it does not exist.".to_owned();
            return Err(DebianError::NoRelease { url: shown, suite: mirror.suite.clone(), reason });
        }
        other => other?,
    };
    let release = Release::read(&bytes, &shown, mirror, Timestamp::now())?;
    write_atomic(&kept, &bytes)?;
    Ok(release)
}

async fn list(
    client: &Client,
    cache: &Path,
    url: &SafeUrl,
    digest: Digest,
    size: u64,
) -> Result<PathBuf, DebianError> {
    let path = cache.join(format!("{}.Packages", digest.hex()));
    if path.exists() {
        return Ok(path);
    }
    let download = Download {
        url: url.clone(),
        mirrors: Vec::new(),
        size: Some(size),
        sha256: Some(digest),
        authorization: None,
    };
    match client.download(&download, &path, &|_| {}).await {
        Err(error) if matches!(error.root(), FetchError::Digest { .. } | FetchError::TooLarge { .. }) => {
            Err(DebianError::Lists {
                url: url.without_credentials().to_string(),
                reason: "Its digest or size is not the one that InRelease names.".to_owned(),
            })
        }
        other => Ok(other.map(|_| path)?),
    }
}

fn is_absent(error: &FetchError) -> bool {
    matches!(error.root(), FetchError::Status { status: 404, .. })
}

/// A folder below another address; a query, such as a signature, stays.
fn directory(base: &SafeUrl, path: &str) -> SafeUrl {
    join(base, &if path.is_empty() { String::new() } else { format!("{path}/") })
}

/// A path below an address that may lack its last slash.
pub(super) fn join(base: &SafeUrl, path: &str) -> SafeUrl {
    let mut url = base.expose().clone();
    let joined = format!("{}/{path}", url.path().trim_end_matches('/'));
    url.set_path(&joined);
    SafeUrl::from(url)
}

/// The architecture as Debian names it.
fn debian_name(arch: Arch) -> &'static str {
    arch.oci()
}
