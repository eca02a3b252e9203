//! Layers of bases that stayed in their registries, fetched when an output needs them.

use crate::{BuildError, event::Step, record::Record, request::Request, settings::Settings};
use envwright_fetch::Client;
use envwright_image::{Layout, Origins, fetch_blobs};
use envwright_store::Digest;

/// Fetches what the outputs of a request need of an image and the store lacks.
pub(crate) async fn fetch(
    settings: &Settings,
    request: &Request,
    layout: &Layout,
    image: &Digest,
    record: &Record<'_>,
) -> Result<(), BuildError> {
    if request.outputs.is_empty() {
        return Ok(());
    }
    fetch_from(layout.absent(image)?, settings, request.offline, layout, record).await
}

/// Fetches layers from where they are into the store.
pub(crate) async fn fetch_from(
    absent: Origins,
    settings: &Settings,
    offline: bool,
    layout: &Layout,
    record: &Record<'_>,
) -> Result<(), BuildError> {
    if absent.is_empty() {
        return Ok(());
    }
    let mut network = settings.network.clone();
    network.offline |= offline;
    let client = Client::new(network)?;
    let progress = |bytes: u64| record.progress(Step::Fetch, bytes);
    for (origin, blobs) in absent {
        let name = origin.to_string();
        record.event(Step::Fetch, "pulling", &[("image", name.into())]);
        fetch_blobs(&client, layout, &origin, &settings.registries, &blobs, &progress).await?;
    }
    Ok(())
}
