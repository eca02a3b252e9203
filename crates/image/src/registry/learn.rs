//! What the layers of an image change, where the image stays in its registry: each is fetched to a file, read, and
//! gone.

use super::{
    PushListener, Registries, RegistryError, Repository,
    pull::{DOWNLOADS, layers},
};
use crate::{
    ImageError, ImageReference, Layout,
    base::oci_type,
    layer_index::{LayerIndex, LayerIndexes},
    layout::descriptor,
};
use envwright_fetch::Client;
use envwright_store::Digest;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::io;

/// A layer that nothing is known of.
struct Unknown {
    digest: Digest,
    size: u64,
    media_type: String,
}

/// Reads the layers of an image that no index has and the layout lacks, and keeps their indexes, not their bytes. The
/// manifest must be in the layout.
pub async fn learn(
    client: &Client,
    layout: &Layout,
    image: &ImageReference,
    registries: &Registries,
    manifest: &Digest,
    indexes: &LayerIndexes,
    listener: PushListener<'_>,
) -> Result<(), RegistryError> {
    let unknown = unknown(layout, manifest, indexes)?;
    if unknown.is_empty() {
        return Ok(());
    }
    let from = async |place: &ImageReference| {
        let repository = Repository::open(client, place, registries, None).await?;
        stream::iter(&unknown)
            .map(|layer| repository.learn(layer, indexes, listener))
            .buffer_unordered(DOWNLOADS)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(())
    };
    registries.ask(image, from).await
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
    /// Fetches a layer, and reads it. The file is gone where another process read it meanwhile: then its index is
    /// there.
    async fn learn(
        &self,
        layer: &Unknown,
        indexes: &LayerIndexes,
        listener: PushListener<'_>,
    ) -> Result<(), RegistryError> {
        let path = indexes.spooled(&layer.digest);
        // A mirror may have failed after this layer.
        while !indexes.has(&layer.digest) {
            self.fetch_to(&path, (layer.digest, layer.size), listener).await?;
            let (path, indexes, digest) = (path.clone(), indexes.clone(), layer.digest);
            let (media_type, base) = (layer.media_type.clone(), self.image.clone());
            let reading = tokio::task::spawn_blocking(move || {
                let read = fs_err::File::open(&path).and_then(|file| LayerIndex::read(file, &media_type));
                let kept = match read {
                    Ok((_, index)) => indexes.keep(&digest, &index),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                    Err(error) => Err(ImageError::Base {
                        base,
                        reason: format!("its layer {digest} cannot be read: {error}"),
                    }),
                };
                remove(&path).and(kept)
            });
            let kept = reading.await.map_err(|error| self.wrong("a layer", &error.to_string()))?;
            kept.map_err(|error| RegistryError::Keep(Box::new(error)))?;
        }
        Ok(())
    }
}

/// Removes a file that another process may have removed.
fn remove(path: &std::path::Path) -> Result<(), ImageError> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ImageError::io(path)(error)),
        _ => Ok(()),
    }
}
