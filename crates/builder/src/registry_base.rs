//! A base of a registry: what its name stood for the first time, until an upgrade asks again.

use crate::{BuildError, context::Context, event::Step, push, request::Upgrade, solve::Known};
use envwright_image::{Base, LayerIndexes, Layout, RemoteImage, Wanted, learn};
use envwright_store::{Digest, Home, canonical_json, write_atomic};
use envwright_target::Platform;
use serde_json::json;
use std::{path::PathBuf, sync::Arc};

/// Finds the base, and reads the layers that are not known; their bytes stay where they are.
pub(crate) async fn open(
    context: &Context<'_>,
    name: &str,
    platform: Platform,
    known: &Known,
) -> Result<Arc<Base>, BuildError> {
    let image: RemoteImage = name.parse()?;
    let layout = Layout::create(&context.home.images())?;
    let pin = Pin::new(context.home, name, platform);
    let pinned = match context.request.upgrade {
        Upgrade::All => None,
        _ => known.base_of(name, platform).or_else(|| pin.read()),
    };
    let wanted = Wanted { image: &image, pinned, registries: &context.settings.registries };
    context.record.event(Step::Fetch, "pulling", &[("image", name.into())]);
    let indexes = LayerIndexes::new(context.home.indexes().join("layers"), context.home.packages());
    let progress = |bytes: u64| context.record.progress(Step::Fetch, bytes);
    let manifest = learn(&context.client, &layout, wanted, platform, &indexes, &progress).await?;
    context.record.event(
        Step::Fetch,
        "pulled",
        &[("image", name.into()), ("digest", manifest.to_string().into())],
    );
    push::remember(context.home, &layout, &manifest, image.name())?;
    layout.note_origin(&manifest, image.name())?;
    let read = move || Ok(Base::pulled(&layout, manifest, &image, platform, &indexes)?);
    let base = context.on_thread(read).await?;
    pin.keep(manifest)?;
    Ok(Arc::new(base))
}

/// Where it is kept what a name stands for.
struct Pin {
    path: PathBuf,
}

impl Pin {
    fn new(home: &Home, name: &str, platform: Platform) -> Self {
        let key = Digest::of(&canonical_json(&json!([name, platform])));
        Self { path: home.solves().join(format!("base-{}.json", key.hex())) }
    }

    fn read(&self) -> Option<Digest> {
        serde_json::from_slice(&fs_err::read(&self.path).ok()?).ok()
    }

    fn keep(&self, manifest: Digest) -> Result<(), BuildError> {
        Ok(write_atomic(&self.path, &canonical_json(&json!(manifest)))?)
    }
}
