//! The outcome of a build.

use crate::plan::Totals;
use envwright_diagnosis::{Diagnosis, Finding};
use envwright_image::{Image, Layer, Pushed};
use envwright_lock::PlatformLock;
use envwright_store::Digest;
use envwright_target::Platform;
use serde::{Deserialize, Serialize};

/// A build that ended with an image.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Id of the build's record; none where there was nothing to do.
    pub build: Option<String>,
    /// Names of the image in envwright's store.
    pub names: Vec<String>,
    /// Digest of the manifest, or of the index where there are several platforms.
    pub digest: Digest,
    /// Hash of what the definition means.
    pub definition: Digest,
    /// Each platform's image.
    pub platforms: Vec<PlatformReport>,
    /// How many packages were there, fetched, packed.
    pub packages: Totals,
    /// Where else it was written.
    pub outputs: Vec<String>,
    /// Where it was pushed to.
    pub pushed: Vec<Pushed>,
    /// Whether everything was there already.
    pub reused: bool,
    /// Whether the definition names an image and nothing to put on it: it was found, not made.
    pub as_it_is: bool,
    /// How long it took.
    pub seconds: Seconds,
    /// What should be known about the image.
    #[serde(skip)]
    pub warnings: Vec<Finding>,
}

/// One platform's image.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlatformReport {
    /// The platform.
    pub platform: Platform,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Sum of the compressed sizes of its layers, in bytes.
    pub size: u64,
    /// Number of its layers, the base's included.
    pub layers: usize,
    /// The layers that were put on the base, from the base on.
    pub added: Vec<LayerReport>,
    /// Number of its Debian packages.
    pub debian: usize,
    /// Number of its conda packages.
    #[serde(default)]
    pub conda: usize,
    /// Number of its Python packages.
    pub pypi: usize,
    /// Its Python, such as `3.11.2`.
    pub python: Option<String>,
}

/// One layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LayerReport {
    /// Digest of its compressed bytes.
    pub digest: Digest,
    /// Size of these.
    pub size: u64,
    /// Names of what it holds.
    pub holds: String,
}

/// Wall time in seconds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Seconds {
    /// Choosing packages.
    pub solve: f64,
    /// Downloading and packing, after the solve.
    pub prepare: f64,
    /// Writing layers and the image.
    pub layer: f64,
    /// Sending the image to registries.
    pub push: f64,
    /// All of it.
    pub total: f64,
}

/// A build that did not end with an image.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Id of the build's record, where it got that far.
    pub build: Option<String>,
    /// Whether the user asked to stop.
    pub interrupted: bool,
    /// Why.
    pub diagnosis: Diagnosis,
}

impl PlatformReport {
    pub(crate) fn new(image: &Image, layers: &[Layer], lock: &PlatformLock) -> Self {
        let added = |layer: &Layer| LayerReport {
            digest: layer.digest,
            size: layer.size,
            holds: layer.holds.clone(),
        };
        Self {
            platform: image.platform,
            digest: image.digest,
            size: image.size,
            layers: image.layers,
            added: layers.iter().map(added).collect(),
            debian: lock.debs.len(),
            conda: lock.conda.len(),
            pypi: lock.wheels.len(),
            python: lock.python.map(|(major, minor, micro)| format!("{major}.{minor}.{micro}")),
        }
    }
}
