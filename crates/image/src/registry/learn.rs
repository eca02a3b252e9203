//! What the layers of an image change, where the image stays in its registry: each is fetched to a file, read, and
//! gone.

use super::{
    PushListener, RegistryError, Repository,
    places::Place,
    pull::{DOWNLOADS, Wanted, layers},
};
use crate::{
    ImageError, Layout,
    base::oci_type,
    layer_index::{LayerIndex, LayerIndexes},
    layout::descriptor,
};
use envwright_fetch::Client;
use envwright_store::Digest;
use envwright_target::Platform;
use fs_err::File;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::{io, path::Path};

/// A layer that nothing is known of.
#[derive(Clone)]
struct Unknown {
    digest: Digest,
    size: u64,
    media_type: String,
}

/// Finds the image for a platform, and reads the layers that no index has and the layout lacks: their indexes are kept,
/// their bytes are not. Gives the digest of its manifest, which is then in the layout with the configuration. Sends
/// nothing where all of a pinned image is known.
pub async fn learn(
    client: &Client,
    layout: &Layout,
    wanted: Wanted<'_>,
    platform: Platform,
    indexes: &LayerIndexes,
    listener: PushListener<'_>,
) -> Result<Digest, RegistryError> {
    if let Some(digest) = wanted.pinned.filter(|digest| layout.describes(digest))
        && unknown(layout, &digest, indexes)?.is_empty()
    {
        return Ok(digest);
    }
    let from = async |place: &Place| {
        let repository = Repository::at(client, place, wanted.registries).await?;
        let manifest = repository.look(layout, &wanted, platform, listener).await?;
        let unknown = unknown(layout, &manifest, indexes)?;
        stream::iter(&unknown)
            .map(|layer| repository.learn(layer, indexes, listener))
            .buffer_unordered(DOWNLOADS)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(manifest)
    };
    wanted.registries.ask(wanted.image.name(), from).await
}

fn unknown(
    layout: &Layout,
    manifest: &Digest,
    indexes: &LayerIndexes,
) -> Result<Vec<Unknown>, RegistryError> {
    let mut unknown: Vec<Unknown> = Vec::new();
    for layer in layers(layout, manifest)? {
        let (digest, size) = descriptor(&layer).ok_or(RegistryError::Missing(*manifest))?;
        let is_new = unknown.iter().all(|other| other.digest != digest);
        if is_new && !layout.has_whole(&digest, size) && !indexes.has(&digest) {
            let media_type = oci_type(layer["mediaType"].as_str().unwrap_or_default()).to_owned();
            unknown.push(Unknown { digest, size, media_type });
        }
    }
    Ok(unknown)
}

impl Repository<'_> {
    /// Fetches a layer, and reads it. Another process may read it meanwhile, and remove the file: then its index is
    /// there.
    async fn learn(
        &self,
        layer: &Unknown,
        indexes: &LayerIndexes,
        listener: PushListener<'_>,
    ) -> Result<(), RegistryError> {
        // Or a mirror brought it before it failed.
        while !indexes.has(&layer.digest) {
            let path = indexes.spooled(&layer.digest);
            self.fetch_to(&path, (layer.digest, layer.size), listener).await?;
            let (layer, indexes, base) = (layer.clone(), indexes.clone(), self.image.clone());
            let reading = tokio::task::spawn_blocking(move || layer.read(&path, &indexes, base)).await;
            let read = reading.map_err(|error| self.wrong("a layer", &error.to_string()))?;
            if read.map_err(|error| RegistryError::Keep(Box::new(error)))? {
                break;
            }
        }
        Ok(())
    }
}

impl Unknown {
    /// Keeps the index of what lies in a file, and removes the file. False where it has gone.
    fn read(&self, path: &Path, indexes: &LayerIndexes, base: String) -> Result<bool, ImageError> {
        let read = match File::open(path) {
            Ok(file) => LayerIndex::read(file, self.size, &self.media_type),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => Err(error),
        };
        let kept = match read {
            Ok((_, index)) => indexes.keep(&self.digest, &index),
            Err(error) => {
                let reason = format!("its layer {} cannot be read: {error}", self.digest);
                Err(ImageError::Base { base, reason })
            }
        };
        remove(path)?;
        kept.map(|()| true)
    }
}

/// Removes a file that another process may have removed.
fn remove(path: &Path) -> Result<(), ImageError> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ImageError::io(path)(error)),
        _ => Ok(()),
    }
}
