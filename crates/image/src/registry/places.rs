//! Where images of a registry are looked for: at its mirrors, then at itself.

use super::RegistryError;
use crate::{ImageError, ImageReference};
use std::{collections::BTreeMap, str::FromStr};

/// What the configuration says about registries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registries {
    /// Those that may be spoken to by plain HTTP, as may those of this machine.
    pub insecure: Vec<String>,
    /// By registry, where its images are looked for before it is asked itself.
    pub mirrors: BTreeMap<String, Vec<RegistryMirror>>,
}

/// A mirror of a registry: a host, and what stands there before the names of repositories. Samples:
/// `mirror.example:5000`, `mirror.example/hub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryMirror(String);

impl FromStr for RegistryMirror {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let wrong = |reason: &str| ImageError::Name { name: text.to_owned(), reason: reason.to_owned() };
        let sample: ImageReference =
            format!("{text}/image").parse().map_err(|_| wrong("it is no host, with or without a folder"))?;
        if sample.full().starts_with(&format!("{text}/")) {
            Ok(Self(text.to_owned()))
        } else {
            Err(wrong("it names no host"))
        }
    }
}

impl Registries {
    /// Asks each mirror, then the registry itself, whose answer is the one that counts.
    pub(super) async fn ask<T>(
        &self,
        image: &ImageReference,
        ask: impl AsyncFn(&ImageReference) -> Result<T, RegistryError>,
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
        ask(image).await
    }

    /// The names that an image has at the mirrors of its registry.
    fn copies(&self, image: &ImageReference) -> Vec<ImageReference> {
        let full = image.full();
        let Some((host, rest)) = full.split_once('/') else { return Vec::new() };
        let mirrors = self.mirrors.get(host).into_iter().flatten();
        mirrors.filter_map(|RegistryMirror(place)| format!("{place}/{rest}").parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_its_name_below_the_mirrors() {
        let mirrors = ["mirror.example:5000", "other.example/hub"].map(|text| text.parse().unwrap());
        let hub = "docker.io".to_owned();
        let registries = Registries { mirrors: [(hub, mirrors.to_vec())].into(), ..Registries::default() };
        let copies = |name: &str| -> Vec<String> {
            registries.copies(&name.parse().unwrap()).iter().map(ImageReference::full).collect()
        };
        let expected = ["mirror.example:5000/library/debian:12", "other.example/hub/library/debian:12"];
        assert_eq!(copies("debian:12"), expected);
        assert!(copies("registry.example/debian:12").is_empty());
    }

    #[test]
    fn a_mirror_is_a_host() {
        for wrong in ["hub", "https://mirror.example", "mirror.example/", ""] {
            assert!(wrong.parse::<RegistryMirror>().is_err(), "{wrong}");
        }
    }
}
