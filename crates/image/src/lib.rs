//! Segments to layers to an image; layouts, archives and bases.
//!
//! - [`Base`]: what packages are put on; [`plan_layers`]: which segments share a layer;
//! - [`write_layer`], [`assemble`], [`assemble_index`]: layers, an image, an index of several platforms;
//! - [`Layout`]: an OCI image layout; [`export_oci_layout`], [`export_docker_archive`]: images for other tools;
//! - [`pull`], [`pull_all`] and [`push`]: an image out of a registry and into one; [`look`]: whether one is there;
//!   [`learn`]: what its layers change, into [`LayerIndexes`]; [`fetch_blobs`]: what [`Layout::absent`] found lacking;
//!   [`may_push`]: whether one could be pushed; [`Challenge`]: what a registry asks for first; [`Registries`]: what the configuration says of them;
//! - [`ImageReference`]: the name of an image.

mod archive;
mod assemble;
mod base;
mod clash;
mod error;
mod layer;
mod layer_index;
mod layout;
mod noted;
mod origins;
mod path;
mod plan;
mod reference;
mod registry;
mod taken;
#[cfg(test)]
mod tests;
mod view;

pub use archive::export_docker_archive;
pub use assemble::{Image, ImageConfig, assemble, assemble_index};
pub use base::{Base, BaseLayer};
pub use error::ImageError;
pub use layer::{LAYOUT_VERSION, Layer, write_layer};
pub use layer_index::LayerIndexes;
pub use layout::{Layout, Named, export_oci_layout};
pub use origins::Origins;
pub use plan::{Clash, Kind, LayerPlan, MOST_LAYERS, PlannedLayer, SegmentRef, plan_layers};
pub use reference::{ImageReference, RemoteImage};
pub use registry::{
    Action, Challenge, PushListener, Pushed, Registries, RegistryError, RegistryMirror, Wanted, fetch_blobs,
    learn, look, may_push, pull, pull_all, push,
};
