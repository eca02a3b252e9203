//! Images that lie in a folder or a store of blobs, as OCI image layouts (OCI image specification, "Image layout").

use super::{Registries, RegistryError, Repository, places::Place, pull::LARGEST_MANIFEST};
use crate::layout::{REF_NAME, descriptor};
use envwright_fetch::Client;
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use serde_json::Value;
use tokio::sync::Mutex;

impl<'c> Repository<'c> {
    /// The repository of a place, to pull from it.
    pub(super) async fn at(
        client: &'c Client,
        place: &Place,
        registries: &'c Registries,
    ) -> Result<Self, RegistryError> {
        let (image, url) = match place {
            Place::Registry(image) => return Self::open(client, image, registries, None).await,
            Place::Layout(image, url) => (image, url),
        };
        let folder = || url.expose().path().trim_end_matches('/').to_owned();
        Ok(Self {
            client,
            registries,
            host: url.host().map_or_else(folder, str::to_owned),
            name: String::new(),
            image: image.to_string(),
            root: url.clone(),
            is_layout: true,
            scopes: Vec::new(),
            authorization: Mutex::default(),
        })
    }

    /// The address of a blob.
    pub(super) fn blob(&self, digest: &Digest) -> Result<SafeUrl, RegistryError> {
        if self.is_layout {
            return Ok(self.root.below(&format!("blobs/sha256/{}", digest.hex())));
        }
        self.url(&format!("blobs/{digest}"))
    }

    /// A manifest or index of a layout, by digest or by tag.
    pub(super) async fn stored(&self, reference: &str) -> Result<Vec<u8>, RegistryError> {
        let digest = match reference.parse() {
            Ok(digest) => digest,
            Err(_) => self.tagged(reference).await?,
        };
        let bytes = self.document(&self.blob(&digest)?).await?;
        if Digest::of(&bytes) == digest {
            Ok(bytes)
        } else {
            Err(self.wrong(&self.image, "has a manifest with another digest"))
        }
    }

    /// The digest that the layout's index has under a tag.
    async fn tagged(&self, tag: &str) -> Result<Digest, RegistryError> {
        let index = self.document(&self.root.below("index.json")).await?;
        let index: Value = serde_json::from_slice(&index).unwrap_or_default();
        let entries = index["manifests"].as_array().into_iter().flatten();
        let mut tagged = entries.filter(|entry| entry["annotations"][REF_NAME] == tag).filter_map(descriptor);
        let found = tagged.next().map(|(digest, _)| digest);
        found.ok_or_else(|| self.wrong("its index", &format!("names nothing `{tag}`")))
    }

    async fn document(&self, url: &SafeUrl) -> Result<Vec<u8>, RegistryError> {
        self.client.bytes(url, LARGEST_MANIFEST).await.map_err(|error| self.unreached(error))
    }
}
