//! An image out of a registry: the manifest for a platform, its configuration, and its layers.

use super::{Action, Call, MANIFESTS, Registries, RegistryError, Repository, places::Place};
use crate::{ImageReference, Layout, layout::descriptor, reference::RemoteImage};
use envwright_fetch::{
    Client, Download, FetchError, Method,
    header::{ACCEPT, HeaderValue},
};
use envwright_store::Digest;
use envwright_target::Platform;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use std::path::Path;

/// Blobs that are fetched at once.
pub(super) const DOWNLOADS: usize = 4;
/// Largest manifest that registries take (distribution specification, pushing manifests).
pub(super) const LARGEST_MANIFEST: u64 = 4 << 20;

/// An image that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// The image.
    pub image: &'w RemoteImage,
    /// The manifest that its name stood for before; the registry is not asked again what it stands for.
    pub pinned: Option<Digest>,
    /// How registries are reached.
    pub registries: &'w Registries,
}

/// Fetches what a layout lacks of the image for a platform, and gives the digest of its manifest.
pub async fn pull(
    client: &Client,
    layout: &Layout,
    wanted: Wanted<'_>,
    platform: Platform,
    listener: super::PushListener<'_>,
) -> Result<Digest, RegistryError> {
    if let Some(digest) = wanted.pinned.filter(|digest| layout.is_whole(digest)) {
        return Ok(digest);
    }
    let from = async |place: &Place| {
        let repository = Repository::at(client, place, wanted.registries).await?;
        let manifest = repository.look(layout, &wanted, platform, listener).await?;
        repository.contents(layout, &manifest, listener).await?;
        Ok(manifest)
    };
    wanted.registries.ask(wanted.image.name(), from).await
}

/// Finds out that the image is there for a platform, without fetching its layers, and gives the digest of its
/// manifest.
pub async fn look(
    client: &Client,
    layout: &Layout,
    wanted: Wanted<'_>,
    platform: Platform,
) -> Result<Digest, RegistryError> {
    let at = async |place: &Place| {
        let repository = Repository::at(client, place, wanted.registries).await?;
        repository.look(layout, &wanted, platform, &|_| ()).await
    };
    wanted.registries.ask(wanted.image.name(), at).await
}

/// Fetches what a layout lacks of the image for all its platforms, and gives the digest that its name stands for.
pub async fn pull_all(
    client: &Client,
    layout: &Layout,
    image: &RemoteImage,
    registries: &Registries,
    listener: super::PushListener<'_>,
) -> Result<Digest, RegistryError> {
    let from = async |place: &Place| {
        let repository = Repository::at(client, place, registries).await?;
        repository.all(layout, &image.wanted(), listener).await
    };
    registries.ask(image.name(), from).await
}

/// Fetches blobs of an image into a layout that lacks them.
pub async fn fetch_blobs(
    client: &Client,
    layout: &Layout,
    image: &ImageReference,
    registries: &Registries,
    blobs: &[(Digest, u64)],
    listener: super::PushListener<'_>,
) -> Result<(), RegistryError> {
    let from = async |place: &Place| {
        let repository = Repository::at(client, place, registries).await?;
        repository.fetch_all(layout, blobs, listener).await
    };
    registries.ask(image, from).await
}

/// The layers that a manifest names.
pub(super) fn layers(layout: &Layout, manifest: &Digest) -> Result<Vec<Value>, RegistryError> {
    let value = layout.json(manifest).map_err(RegistryError::of_layout)?;
    Ok(value["layers"].as_array().cloned().unwrap_or_default())
}

impl Repository<'_> {
    /// The manifest for a platform, with its configuration.
    pub(super) async fn look(
        &self,
        layout: &Layout,
        wanted: &Wanted<'_>,
        platform: Platform,
        listener: super::PushListener<'_>,
    ) -> Result<Digest, RegistryError> {
        let manifest = match wanted.pinned {
            Some(digest) => self.manifest(layout, &digest.to_string()).await?,
            None => self.resolve(layout, &wanted.image.wanted(), platform).await?,
        };
        let value = layout.json(&manifest).map_err(RegistryError::of_layout)?;
        self.fits(layout, &value, platform, listener).await?;
        Ok(manifest)
    }

    /// Fetches an image for all its platforms.
    async fn all(
        &self,
        layout: &Layout,
        wanted: &str,
        listener: super::PushListener<'_>,
    ) -> Result<Digest, RegistryError> {
        let all = self.manifest(layout, wanted).await?;
        let value = layout.json(&all).map_err(RegistryError::of_layout)?;
        let Some(manifests) = value["manifests"].as_array() else {
            self.contents(layout, &all, listener).await?;
            return Ok(all);
        };
        for entry in manifests {
            let (inner, _) = descriptor(entry).ok_or_else(|| self.wrong("its index", "names no digest"))?;
            self.manifest(layout, &inner.to_string()).await?;
            self.contents(layout, &inner, listener).await?;
        }
        Ok(all)
    }

    /// Fetches the configuration and the layers that a manifest names.
    async fn contents(
        &self,
        layout: &Layout,
        manifest: &Digest,
        listener: super::PushListener<'_>,
    ) -> Result<(), RegistryError> {
        let value = layout.json(manifest).map_err(RegistryError::of_layout)?;
        let mut blobs = Vec::new();
        for part in value["layers"].as_array().into_iter().flatten().chain(value.get("config")) {
            blobs.push(descriptor(part).ok_or_else(|| self.wrong("its manifest", "names no digest"))?);
        }
        self.fetch_all(layout, &blobs, listener).await
    }

    async fn fetch_all(
        &self,
        layout: &Layout,
        blobs: &[(Digest, u64)],
        listener: super::PushListener<'_>,
    ) -> Result<(), RegistryError> {
        stream::iter(blobs)
            .map(|blob| self.fetch(layout, *blob, listener))
            .buffer_unordered(DOWNLOADS)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(())
    }

    /// Fetches the configuration of an image, and sees for which platform it is.
    async fn fits(
        &self,
        layout: &Layout,
        manifest: &Value,
        platform: Platform,
        listener: super::PushListener<'_>,
    ) -> Result<(), RegistryError> {
        let config = descriptor(&manifest["config"]);
        let config = config.ok_or_else(|| self.wrong("its manifest", "names no configuration"))?;
        self.fetch(layout, config, listener).await?;
        let value = layout.json(&config.0).map_err(RegistryError::of_layout)?;
        let name = |part: &str| value[part].as_str().unwrap_or("unknown").to_owned();
        let of_image = format!("{}/{}", name("os"), name("architecture"));
        if of_image == format!("linux/{}", platform.arch.oci()) {
            return Ok(());
        }
        let available = vec![of_image];
        Err(RegistryError::Platform { image: self.image.clone(), platform: platform.to_string(), available })
    }

    /// The manifest that a tag or digest leads to on a platform.
    async fn resolve(
        &self,
        layout: &Layout,
        wanted: &str,
        platform: Platform,
    ) -> Result<Digest, RegistryError> {
        let digest = self.manifest(layout, wanted).await?;
        let value = layout.json(&digest).map_err(RegistryError::of_layout)?;
        let Some(manifests) = value["manifests"].as_array() else { return Ok(digest) };
        let fits = |entry: &&Value| {
            entry["platform"]["os"] == "linux" && entry["platform"]["architecture"] == platform.arch.oci()
        };
        let found = manifests.iter().find(fits).and_then(descriptor);
        let (found, _) = found.ok_or_else(|| RegistryError::Platform {
            image: self.image.clone(),
            platform: platform.to_string(),
            available: manifests.iter().filter_map(platform_name).collect(),
        })?;
        self.manifest(layout, &found.to_string()).await
    }

    /// Keeps a manifest or index as it is, and gives its digest.
    async fn manifest(&self, layout: &Layout, reference: &str) -> Result<Digest, RegistryError> {
        let known = reference.parse::<Digest>().ok();
        if let Some(digest) = known.filter(|digest| layout.json(digest).is_ok()) {
            return Ok(digest);
        }
        let bytes =
            if self.is_layout { self.stored(reference).await? } else { self.served(reference).await? };
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| {
            self.wrong(
                &self.image,
                "leads to what is no manifest: something else answers in the registry's place",
            )
        })?;
        if value["schemaVersion"] == 1 {
            return Err(RegistryError::Schema1 { image: self.image.clone() });
        }
        if value["schemaVersion"] != 2 {
            return Err(self.wrong(&self.image, "has a manifest of another version than 2"));
        }
        let digest = layout.put(&bytes).map_err(|error| RegistryError::Keep(Box::new(error)))?;
        match known.filter(|known| *known != digest) {
            Some(_) => Err(self.wrong(&self.image, "has a manifest with another digest")),
            None => Ok(digest),
        }
    }

    /// A manifest or index as the registry gives it, asked for again where it does not come whole.
    async fn served(&self, reference: &str) -> Result<Vec<u8>, RegistryError> {
        let mut call = Call::new(Action::Pull, Method::GET, self.url(&format!("manifests/{reference}"))?);
        call.headers.insert(ACCEPT, HeaderValue::from_static(MANIFESTS));
        let mut attempts = self.client.attempts(&self.root);
        loop {
            let answer = self.call(&call).await?;
            if !answer.is_success() {
                return Err(self.refused(call.action, answer).await);
            }
            match answer.bytes(LARGEST_MANIFEST).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => self.again(&mut attempts, error.into()).await?,
            }
        }
    }

    /// Fetches one blob, unless it is there.
    async fn fetch(
        &self,
        layout: &Layout,
        (digest, size): (Digest, u64),
        listener: super::PushListener<'_>,
    ) -> Result<(), RegistryError> {
        if layout.has_whole(&digest, size) {
            return Ok(());
        }
        self.fetch_to(&layout.blob_path(&digest), (digest, size), listener).await
    }

    /// Fetches one blob to a file.
    pub(super) async fn fetch_to(
        &self,
        path: &Path,
        (digest, size): (Digest, u64),
        listener: super::PushListener<'_>,
    ) -> Result<(), RegistryError> {
        let url = self.blob(&digest)?;
        let mut download = Download {
            url: url.clone(),
            mirrors: Vec::new(),
            size: Some(size),
            sha256: Some(digest),
            authorization: self.authorization.lock().await.0.clone(),
        };
        let progress = |bytes: u64| listener(bytes);
        let outcome = self.client.download(&download, path, &progress).await;
        match outcome {
            Ok(_) => return Ok(()),
            Err(error)
                if self.is_layout || !matches!(error.root(), FetchError::Status { status: 401, .. }) =>
            {
                return Err(self.unreached(error));
            }
            Err(_) => {}
        }
        // The token has come to its end: any request gets a new one.
        self.call(&Call::new(Action::Pull, Method::HEAD, url)).await?;
        download.authorization = self.authorization.lock().await.0.clone();
        let again = self.client.download(&download, path, &progress).await;
        again.map(|_| ()).map_err(|error| self.unreached(error))
    }
}

/// Sample: `linux/amd64`. Attestations have the platform `unknown/unknown` and are no images.
fn platform_name(entry: &Value) -> Option<String> {
    let part = |name: &str| entry["platform"][name].as_str().filter(|part| *part != "unknown");
    Some(format!("{}/{}", part("os")?, part("architecture")?))
}
