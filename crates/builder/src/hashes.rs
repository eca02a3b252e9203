//! Digests and credentials of packages: every one that is packed has a known digest.

use crate::{BuildError, context::Context, event::Step};
use envwright_definition::Environment;
use envwright_fetch::{Client, Download};
use envwright_lock::pypi::{LockedWheel, WheelLocation};
use envwright_redact::{SafeUrl, Secret};
use envwright_store::{Digest, DigestWriter, StoreError};
use std::{io, path::PathBuf};

/// The locked SHA-256 of a wheel.
pub(crate) fn sha256(wheel: &LockedWheel) -> Option<Digest> {
    wheel.hashes.iter().find_map(|hash| hash.strip_prefix("sha256:")?.parse().ok())
}

/// Gives a digest to the wheels whose index tells none, by reading or downloading them.
pub(crate) async fn complete(
    context: &Context<'_>,
    environment: &Environment,
    wheels: &mut [LockedWheel],
) -> Result<(), BuildError> {
    for wheel in wheels.iter_mut().filter(|wheel| sha256(wheel).is_none()) {
        let digest = match &wheel.location {
            WheelLocation::Path(path) => {
                let mut file = fs_err::File::open(path).map_err(StoreError::io("read", path))?;
                let mut writer = DigestWriter::new(io::sink());
                io::copy(&mut file, &mut writer).map_err(StoreError::io("read", path))?;
                let (_, digest, size) = writer.finish();
                wheel.size = Some(size);
                digest
            }
            WheelLocation::Url(url) => {
                let url = with_credentials(url, environment);
                fetch(context, &context.client, url, wheel.size).await?.0
            }
        };
        wheel.hashes.push(digest.to_string());
    }
    Ok(())
}

/// Downloads a package of unknown digest, and keeps it under the digest that it has.
pub(crate) async fn fetch(
    context: &Context<'_>,
    client: &Client,
    url: SafeUrl,
    size: Option<u64>,
) -> Result<(Digest, PathBuf), BuildError> {
    let folder = context.home.packages();
    let waiting = folder
        .join(format!("unknown-{}", Digest::of(url.without_credentials().to_string().as_bytes()).hex()));
    let download = Download { url, mirrors: Vec::new(), size, sha256: None, authorization: None };
    let progress = |bytes: u64| context.record.progress(Step::Fetch, bytes);
    let done = client.download(&download, &waiting, &progress).await?;
    let kept = folder.join(done.sha256.hex());
    fs_err::rename(&waiting, &kept).map_err(StoreError::io("write", &waiting))?;
    Ok((done.sha256, kept))
}

/// The address of a wheel with the credentials of the index of the same origin, which no lock keeps.
pub(crate) fn with_credentials(url: &SafeUrl, environment: &Environment) -> SafeUrl {
    let indexes = environment.indexes.index.iter().chain(&environment.indexes.extra);
    let mut known = indexes.filter(|index| index.expose().origin() == url.expose().origin());
    let Some((user, password)) = known.find_map(SafeUrl::credentials) else { return url.clone() };
    let mut open = url.expose().clone();
    let set =
        open.set_username(&user).and_then(|()| open.set_password(password.as_ref().map(Secret::expose)));
    match set {
        Ok(()) => SafeUrl::from(open),
        Err(()) => url.clone(),
    }
}
