//! Images read from where they are.

use super::{
    image,
    read::{ByPlatform, Reader},
    side::Place,
};
use crate::{BuildError, absent, event::Step};
use envwright_fetch::Client;
use envwright_image::{Base, ImageError, LayerIndexes, Layout, RegistryError, RemoteImage, Wanted, learn};
use envwright_store::Digest;
use envwright_target::Platform;
use std::path::Path;

/// The platforms that images are made for.
const ALL: [Platform; 2] = [Platform::AMD64, Platform::ARM64];

impl Reader<'_> {
    /// Reads an image.
    pub(super) async fn of_image(
        &self,
        text: &str,
        place: &Place,
        other: &[Platform],
    ) -> Result<ByPlatform, BuildError> {
        let images = match place {
            Place::Archive(file) => {
                let file = file.clone();
                vec![on_a_thread(move || Ok(Base::docker_archive_as_it_is(&file)?)).await?]
            }
            Place::Layout { folder, tag } => {
                let (layout, image) = opened(folder, tag.as_deref(), text)?;
                self.of_layout(layout, image, text).await?
            }
            Place::Store(digest) => {
                let layout = Layout::open(&self.home.images())?;
                self.complete(&layout, digest).await?;
                self.of_layout(layout, Some(*digest), text).await?
            }
            Place::Registry(image) => self.of_registry(image, other).await?,
        };
        let asked = images.into_iter().filter(|(platform, _)| self.is_asked(*platform));
        let read = asked.map(|(platform, image)| (platform, image::contents(&image, platform)));
        self.some_of_image(read.collect(), text)
    }

    fn indexes(&self) -> LayerIndexes {
        LayerIndexes::new(self.home.indexes().join("layers"), self.home.packages())
    }

    async fn of_layout(
        &self,
        layout: Layout,
        image: Option<Digest>,
        text: &str,
    ) -> Result<Vec<(Platform, Base)>, BuildError> {
        let (indexes, text) = (self.indexes(), text.to_owned());
        let platforms: Vec<Platform> = ALL.into_iter().filter(|platform| self.is_asked(*platform)).collect();
        on_a_thread(move || {
            let read = platforms.into_iter().filter_map(|platform| {
                let read = Base::in_layout(&layout, image, &text, platform, Some(&indexes)).transpose()?;
                Some(read.map(|image| (platform, image)))
            });
            Ok(read.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Fetches the layers that stayed in a registry and that nothing is known of.
    async fn complete(&self, layout: &Layout, image: &Digest) -> Result<(), BuildError> {
        let mut absent = layout.absent(image)?;
        let indexes = self.indexes();
        for blobs in absent.values_mut() {
            blobs.retain(|(layer, _)| !indexes.has(layer));
        }
        absent.retain(|_, blobs| !blobs.is_empty());
        absent::fetch_from(absent, self.settings, self.sides.offline, layout, self.record).await
    }

    async fn of_registry(
        &self,
        image: &RemoteImage,
        other: &[Platform],
    ) -> Result<Vec<(Platform, Base)>, BuildError> {
        let mut network = self.settings.network.clone();
        network.offline |= self.sides.offline;
        let client = Client::new(network)?;
        let layout = Layout::create(&self.home.images())?;
        let name = image.name().to_string();
        self.record.event(Step::Fetch, "pulling", &[("image", name.into())]);
        let progress = |bytes: u64| self.record.progress(Step::Fetch, bytes);
        let mut read = Vec::new();
        for platform in self.wanted(other) {
            let wanted = Wanted { image, pinned: None, registries: &self.settings.registries };
            let manifest = learn(&client, &layout, wanted, platform, &self.indexes(), &progress).await?;
            let (layout, image, indexes) = (layout.clone(), image.clone(), self.indexes());
            let base = on_a_thread(move || Ok(Base::pulled(&layout, manifest, &image, platform, &indexes)?));
            read.push((platform, base.await?));
        }
        Ok(read)
    }

    /// What an image has of the platforms that are asked for, which is something.
    fn some_of_image(&self, read: ByPlatform, text: &str) -> Result<ByPlatform, BuildError> {
        match self.sides.platforms.first() {
            _ if !read.is_empty() => Ok(read),
            Some(platform) => {
                let (image, platform) = (text.to_owned(), platform.to_string());
                Err(RegistryError::Platform { image, platform, available: Vec::new() }.into())
            }
            None => {
                let reason = "it has no image for linux/amd64 or linux/arm64".to_owned();
                Err(ImageError::Base { base: text.to_owned(), reason }.into())
            }
        }
    }
}

/// A layout, and the image in it that a tag means.
fn opened(folder: &Path, tag: Option<&str>, text: &str) -> Result<(Layout, Option<Digest>), BuildError> {
    let layout = Layout::foreign(folder)?;
    let Some(tag) = tag else { return Ok((layout, None)) };
    let unknown = || RegistryError::UnknownImage(text.to_owned());
    let image = layout.resolve(tag)?.ok_or_else(unknown)?;
    Ok((layout, Some(image)))
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BuildError> + Send + 'static,
) -> Result<T, BuildError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| BuildError::Internal(error.to_string()))?
}
