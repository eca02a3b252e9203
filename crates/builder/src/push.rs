//! Images into registries.

use crate::{
    BuildError,
    event::{Listener, Step},
    pipeline::outside_a_build,
    record::Record,
    report::Failed,
    settings::Settings,
    stop::Stop,
};
use envwright_fetch::Client;
use envwright_image::{ImageError, ImageReference, Layout, Pushed, RegistryError};
use envwright_store::{Digest, Home, canonical_json, write_atomic};
use serde_json::json;
use std::{collections::BTreeMap, io::ErrorKind, path::PathBuf, slice};

/// Pushes an image of the store to `to`, or to where its own name leads.
pub fn push(
    home: &Home,
    settings: &Settings,
    name: &ImageReference,
    to: Option<&ImageReference>,
    listener: &dyn Listener,
    stop: &Stop,
) -> Result<Pushed, Failed> {
    let record = Record::unkept(listener);
    outside_a_build(home, stop, async || {
        let unknown = || RegistryError::UnknownImage(name.to_string());
        let layout = match Layout::open(&home.images()) {
            Err(ImageError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Err(unknown().into());
            }
            opened => opened?,
        };
        let digest = layout.resolve(&name.to_string())?.ok_or_else(unknown)?;
        let names = slice::from_ref(to.unwrap_or(name));
        let all = to_registries(home, settings, &layout, &digest, names, &record).await?;
        all.into_iter().next().ok_or_else(|| BuildError::Internal("an image without a name".to_owned()))
    })
}

/// Pushes an image under each of its names, one after another: what the first brings, the next ones find there.
pub(crate) async fn to_registries(
    home: &Home,
    settings: &Settings,
    layout: &Layout,
    digest: &Digest,
    names: &[ImageReference],
    record: &Record<'_>,
) -> Result<Vec<Pushed>, BuildError> {
    let client = Client::new(settings.network.clone())?;
    let mut all = Vec::new();
    for name in names {
        record.event(Step::Push, "pushing", &[("image", name.to_string().into())]);
        let mut known = Known::read(home, name);
        let progress = |bytes: u64| record.progress(Step::Push, bytes);
        let pushed = envwright_image::push(
            &client,
            layout,
            digest,
            name,
            &known.repositories,
            &settings.registries,
            &progress,
        )
        .await?;
        record.event(
            Step::Push,
            "pushed",
            &[
                ("image", pushed.name.as_str().into()),
                ("sent", pushed.sent.into()),
                ("bytes", pushed.bytes.into()),
                ("mounted", pushed.mounted.into()),
                ("there", pushed.there.into()),
            ],
        );
        if pushed.sent + pushed.mounted > 0 {
            known.add(layout, digest, name)?;
        }
        all.push(pushed);
    }
    Ok(all)
}

/// Remembers that a repository has what an image consists of.
pub(crate) fn remember(
    home: &Home,
    layout: &Layout,
    digest: &Digest,
    name: &ImageReference,
) -> Result<(), BuildError> {
    Known::read(home, name).add(layout, digest, name)
}

/// Which repository of a registry has which blob, as far as this home brought them there: a hint, from which the
/// registry mounts what another repository lacks, or does not.
struct Known {
    path: PathBuf,
    repositories: BTreeMap<Digest, String>,
}

impl Known {
    fn read(home: &Home, name: &ImageReference) -> Self {
        let full = name.full();
        let host = full.split('/').next().unwrap_or_default();
        let path = home.solves().join(format!("pushed-{}.json", Digest::of(host.as_bytes()).hex()));
        let text = fs_err::read(&path).unwrap_or_default();
        Self { path, repositories: serde_json::from_slice(&text).unwrap_or_default() }
    }

    fn add(&mut self, layout: &Layout, digest: &Digest, name: &ImageReference) -> Result<(), BuildError> {
        let full = name.full();
        let rest = full.split_once('/').map_or(full.as_str(), |(_, rest)| rest);
        let repository = rest.rsplit_once(':').map_or(rest, |(repository, _)| repository);
        for blob in layout.blobs(digest)? {
            self.repositories.entry(blob).or_insert_with(|| repository.to_owned());
        }
        Ok(write_atomic(&self.path, &canonical_json(&json!(self.repositories)))?)
    }
}
