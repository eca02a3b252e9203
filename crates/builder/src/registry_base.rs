//! A base of a registry: what its name stood for the first time, until an upgrade asks again.

use crate::{BuildError, context::Context, event::Step, push, request::Upgrade, solve::Known};
use envwright_definition::Environment;
use envwright_image::{Base, Layout, RemoteImage, pull};
use envwright_store::{Digest, Home, canonical_json, write_atomic};
use envwright_target::Platform;
use serde_json::json;
use std::{path::PathBuf, sync::Arc};

/// Fetches what is missing of the base, and reads it.
pub(crate) async fn open(
    context: &Context<'_>,
    environment: &Environment,
    name: &str,
    platform: Platform,
    known: &Known,
) -> Result<Arc<Base>, BuildError> {
    if is_used_as_it_is(environment) {
        return Err(BuildError::Unsupported {
            what: "images that are used as they are (`image` alone)".to_owned(),
            instead: "name what is to be put on the image, such as `requirements`".to_owned(),
        });
    }
    let image: RemoteImage = name.parse()?;
    let layout = Layout::create(&context.home.images())?;
    let pin = Pin::new(context.home, name, platform);
    let pinned = match context.request.upgrade {
        Upgrade::All => None,
        _ => known.base_of(name, platform).or_else(|| pin.read()),
    };
    let progress = |bytes: u64| context.record.progress(Step::Fetch, bytes);
    let insecure = &context.settings.insecure_registries;
    let manifest = pull(&context.client, &layout, &image, pinned, platform, insecure, &progress).await?;
    context.record.event(
        Step::Fetch,
        "pulled",
        &[("image", name.into()), ("digest", manifest.to_string().into())],
    );
    push::remember(context.home, &layout, &manifest, image.name())?;
    let base = context.on_thread(move || Ok(Base::pulled(&layout, manifest, &image, platform)?)).await?;
    pin.keep(manifest)?;
    Ok(Arc::new(base))
}

/// Nothing is to be put on the image.
fn is_used_as_it_is(environment: &Environment) -> bool {
    environment.requirements.is_empty()
        && environment.files.is_empty()
        && environment.env.is_empty()
        && environment.cmd.is_none()
        && environment.user.is_none()
        && environment.workdir.is_none()
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
