//! Where images of a registry are looked for: at its mirrors, then at itself.

use super::RegistryError;
use crate::{ImageError, ImageReference};
use envwright_redact::SafeUrl;
use std::{collections::BTreeMap, str::FromStr};

/// What the configuration says about registries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registries {
    /// By registry, where its images are looked for before it is asked itself.
    pub mirrors: BTreeMap<String, Vec<RegistryMirror>>,
}

/// A mirror of a registry: a host, and what stands there before the names of repositories, or the address of a folder
/// or a store of blobs that has an OCI image layout for each repository. Samples: `mirror.example:5000`,
/// `mirror.example/hub`, `file:///srv/images`, `https://images.blob.example/hub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryMirror(Mirror);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mirror {
    Registry(String),
    Layouts(SafeUrl),
}

/// Where an image is looked for.
pub(super) enum Place {
    /// In a registry, under this name.
    Registry(ImageReference),
    /// In the OCI image layout at an address, which ends with a slash.
    Layout(ImageReference, SafeUrl),
}

impl FromStr for RegistryMirror {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let wrong = |reason: &str| ImageError::Name { name: text.to_owned(), reason: reason.to_owned() };
        if text.contains("://") {
            let url = SafeUrl::parse(text).map_err(|_| wrong("it is no address"))?;
            return match url.expose().scheme() {
                "file" | "http" | "https" => Ok(Self(Mirror::Layouts(url))),
                _ => Err(wrong("an address of a mirror begins with file, http or https")),
            };
        }
        let sample: ImageReference =
            format!("{text}/image").parse().map_err(|_| wrong("it is no host, with or without a folder"))?;
        if sample.full().starts_with(&format!("{text}/")) {
            Ok(Self(Mirror::Registry(text.to_owned())))
        } else {
            Err(wrong("it names no host"))
        }
    }
}

impl RegistryMirror {
    /// Where it has what the registry calls `rest`, a repository with a tag or digest; `image` is its whole name.
    fn place(&self, image: &ImageReference, rest: &str) -> Option<Place> {
        match &self.0 {
            Mirror::Registry(host) => Some(Place::Registry(format!("{host}/{rest}").parse().ok()?)),
            Mirror::Layouts(url) => {
                let name = rest.rsplit_once(':').map_or(rest, |(name, _)| name);
                Some(Place::Layout(image.clone(), url.below(&format!("{name}/"))))
            }
        }
    }
}

impl Registries {
    /// Asks each mirror, then the registry itself, whose answer is the one that counts.
    pub(super) async fn ask<T>(
        &self,
        image: &ImageReference,
        ask: impl AsyncFn(&Place) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        for place in self.copies(image) {
            match ask(&place).await {
                Err(
                    RegistryError::Fetch { .. }
                    | RegistryError::Refused { .. }
                    | RegistryError::Protocol { .. },
                ) => {}
                outcome => return outcome,
            }
        }
        ask(&Place::Registry(image.clone())).await
    }

    /// Where an image is at the mirrors of its registry.
    fn copies(&self, image: &ImageReference) -> Vec<Place> {
        let full = image.full();
        let Some((host, rest)) = full.split_once('/') else { return Vec::new() };
        let mirrors = self.mirrors.get(host).into_iter().flatten();
        mirrors.filter_map(|mirror| mirror.place(image, rest)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_its_name_below_the_mirrors() {
        let mirrors = ["mirror.example:5000", "other.example/hub", "https://blob.example/hub?sig=x"];
        let mirrors = mirrors.map(|text| text.parse().unwrap());
        let hub = "docker.io".to_owned();
        let registries = Registries { mirrors: [(hub, mirrors.to_vec())].into() };
        let copies = |name: &str| -> Vec<String> {
            let text = |place: &Place| match place {
                Place::Registry(image) => image.full(),
                Place::Layout(_, url) => url.expose().to_string(),
            };
            registries.copies(&name.parse().unwrap()).iter().map(text).collect()
        };
        let expected = [
            "mirror.example:5000/library/debian:12",
            "other.example/hub/library/debian:12",
            "https://blob.example/hub/library/debian/?sig=x",
        ];
        assert_eq!(copies("debian:12"), expected);
        assert!(copies("registry.example/debian:12").is_empty());
    }

    #[test]
    fn a_mirror_is_a_host_or_an_address() {
        for wrong in ["hub", "ftp://mirror.example", "https://", "mirror.example/", ""] {
            assert!(wrong.parse::<RegistryMirror>().is_err(), "{wrong}");
        }
    }
}
