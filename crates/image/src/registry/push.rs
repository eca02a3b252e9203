//! An image into a registry: blobs first, then manifests by digest, and its tag last.

use super::{
    Action, Call, Registries, RegistryError, Repository,
    upload::{Blob, Way},
};
use crate::{
    ImageReference, Layout,
    layout::{absent, descriptor, media_type},
};
use envwright_fetch::{
    Body, Client, Method,
    header::{CONTENT_TYPE, HeaderValue},
};
use envwright_store::Digest;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// Blobs that are sent at once.
const UPLOADS: usize = 4;

/// An image that is in a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pushed {
    /// Its name with registry and tag.
    pub name: String,
    /// Digest of its manifest or index.
    pub digest: Digest,
    /// Blobs that were sent.
    pub sent: usize,
    /// Bytes of these.
    pub bytes: u64,
    /// Blobs that another repository of the registry gave.
    pub mounted: usize,
    /// Blobs that were there.
    pub there: usize,
}

/// Told of bytes that moved. Called from several tasks.
pub type PushListener<'p> = &'p (dyn Fn(u64) + Sync);

/// Pushes an image of a layout under a name. `sources` names repositories of the same registry that have blobs;
/// mirrors are not pushed to. A layer that is not in the layout is mounted from where it was noted to be, and fetched
/// from there where the registry does not mount it. Nothing but one request
/// is sent when the name stands for the image already, besides those for credentials and, to a registry that may speak
/// plain HTTP, one to find out.
pub async fn push(
    client: &Client,
    layout: &Layout,
    digest: &Digest,
    name: &ImageReference,
    sources: &BTreeMap<Digest, String>,
    registries: &Registries,
    listener: PushListener<'_>,
) -> Result<Pushed, RegistryError> {
    let image = Contents::read(layout, digest, &name.place().0, sources)?;
    let mut origins: Vec<String> = image.blobs.iter().filter_map(|blob| blob.source.clone()).collect();
    origins.sort_unstable();
    origins.dedup();
    let repository = Repository::open(client, name, registries, Some(&origins)).await?;
    let mut pushed =
        Pushed { name: name.to_string(), digest: *digest, sent: 0, bytes: 0, mounted: 0, there: 0 };
    if repository.manifest_digest(name.tag()).await? == Some(digest.to_string()) {
        pushed.there = image.blobs.len();
        return Ok(pushed);
    }
    let ways: Vec<(Way, u64)> = stream::iter(&image.blobs)
        .map(async |blob| Ok((repository.upload(layout, blob, listener).await?, blob.size)))
        .buffer_unordered(UPLOADS)
        .try_collect()
        .await?;
    for (way, size) in ways {
        match way {
            Way::There => pushed.there += 1,
            Way::Mounted => pushed.mounted += 1,
            Way::Sent => {
                pushed.sent += 1;
                pushed.bytes += size;
            }
        }
    }
    for manifest in &image.manifests {
        repository.publish(layout, manifest, &manifest.to_string()).await?;
    }
    repository.publish(layout, digest, name.tag()).await?;
    Ok(pushed)
}

/// What an image consists of.
#[derive(Default)]
struct Contents {
    /// The largest first, so that none is waited for at the end.
    blobs: Vec<Blob>,
    /// Each after those that it names.
    manifests: Vec<Digest>,
}

impl Contents {
    fn read(
        layout: &Layout,
        digest: &Digest,
        host: &str,
        sources: &BTreeMap<Digest, String>,
    ) -> Result<Self, RegistryError> {
        let mut contents = Self::default();
        contents.add(layout, digest, &mut HashSet::new())?;
        for blob in &mut contents.blobs {
            let noted = blob.origin.as_ref().map(ImageReference::place);
            let noted = noted.filter(|(registry, _)| registry == host).map(|(_, repository)| repository);
            blob.source = noted.or_else(|| sources.get(&blob.digest).cloned());
        }
        contents.blobs.sort_by_key(|blob| (std::cmp::Reverse(blob.size), blob.digest));
        Ok(contents)
    }

    fn add(
        &mut self,
        layout: &Layout,
        digest: &Digest,
        seen: &mut HashSet<Digest>,
    ) -> Result<(), RegistryError> {
        if !seen.insert(*digest) {
            return Ok(());
        }
        let value = json(layout, digest)?;
        for inner in value["manifests"].as_array().into_iter().flatten() {
            let (inner, _) = descriptor(inner).ok_or(RegistryError::Missing(*digest))?;
            self.add(layout, &inner, seen)?;
        }
        let layers = value["layers"].as_array().into_iter().flatten();
        for part in layers.chain(value.get("config")) {
            let (part, size) = descriptor(part).ok_or(RegistryError::Missing(*digest))?;
            let file = layout.blob_path(&part);
            let origin = layout.origin(&part).filter(|_| !layout.has(&part));
            if origin.is_none() && !layout.has(&part) {
                return Err(RegistryError::Missing(part));
            }
            if seen.insert(part) {
                self.blobs.push(Blob { digest: part, size, file, source: None, origin });
            }
        }
        self.manifests.push(*digest);
        Ok(())
    }
}

fn json(layout: &Layout, digest: &Digest) -> Result<Value, RegistryError> {
    layout.json(digest).map_err(RegistryError::of_layout)
}

impl Repository<'_> {
    /// Puts a manifest under a digest or tag.
    async fn publish(&self, layout: &Layout, digest: &Digest, reference: &str) -> Result<(), RegistryError> {
        let path = layout.blob_path(digest);
        let read = fs_err::tokio::read(&path).await;
        let bytes = read.map_err(absent(*digest, &path)).map_err(RegistryError::of_layout)?;
        let kind = json(layout, digest)?;
        let kind = HeaderValue::from_str(media_type(&kind))
            .map_err(|_| self.wrong("the manifest", "has no media type"))?;
        let mut call = Call::new(Action::Publish, Method::PUT, self.url(&format!("manifests/{reference}"))?);
        call.headers.insert(CONTENT_TYPE, kind);
        call.body = Body::Bytes(bytes);
        let answer = self.call(&call).await?;
        if answer.is_success() { Ok(()) } else { Err(self.refused(Action::Publish, answer).await) }
    }
}
