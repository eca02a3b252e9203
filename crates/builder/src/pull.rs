//! Images out of registries.

use crate::{
    BuildError,
    event::{Listener, Step},
    pipeline::outside_a_build,
    push,
    record::Record,
    report::Failed,
    settings::Settings,
    stop::Stop,
};
use envwright_fetch::Client;
use envwright_image::{ImageReference, Layout, RemoteImage, Wanted};
use envwright_store::{Digest, Home};
use envwright_target::Platform;
use serde::Serialize;

/// An image that came from a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pulled {
    /// Its name in envwright's store.
    pub name: String,
    /// Digest of its manifest, or of its index where all platforms were asked for.
    pub digest: Digest,
    /// Sum of the compressed sizes of its layers, in bytes.
    pub size: u64,
}

/// Pulls an image for a platform, or for all that it is there for, into the store, where it gets a name.
pub fn pull(
    home: &Home,
    settings: &Settings,
    image: &RemoteImage,
    platform: Option<Platform>,
    name: &ImageReference,
    listener: &dyn Listener,
    stop: &Stop,
) -> Result<Pulled, Failed> {
    let record = Record::unkept(listener);
    outside_a_build(home, stop, async || {
        let client = Client::new(settings.network.clone())?;
        let layout = Layout::create(&home.images())?;
        record.event(Step::Fetch, "pulling", &[("image", image.name().to_string().into())]);
        let progress = |bytes: u64| record.progress(Step::Fetch, bytes);
        let digest = match platform {
            Some(platform) => {
                let wanted = Wanted { image, pinned: None, registries: &settings.registries };
                envwright_image::pull(&client, &layout, wanted, platform, &progress).await?
            }
            None => {
                envwright_image::pull_all(&client, &layout, image, &settings.registries, &progress).await?
            }
        };
        push::remember(home, &layout, &digest, image.name())?;
        layout.tag(name, &digest)?;
        let named = layout.list()?.into_iter().find(|named| named.name == name.to_string());
        let size = named.map(|named| named.size).unwrap_or_default();
        Ok::<_, BuildError>(Pulled { name: name.to_string(), digest, size })
    })
}
