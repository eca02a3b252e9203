//! What differs between two locks or images.

mod compare;
mod contents;
mod difference;
mod image;
mod places;
mod read;
mod side;

pub use difference::{
    BaseImage, Change, Changed, ConfigDifference, Difference, LayerSum, LayersDifference, Package,
    PackageDifference, PackageKind, PlatformDifference,
};

use crate::{event::Listener, record::Record, report::Failed, settings::Settings, stop::Stop};
use envwright_store::Home;
use envwright_target::Platform;
use read::{ByPlatform, Reader, failing};
use side::{Place, Side};
use std::time::Duration;

/// What is compared.
#[derive(Debug, Clone)]
pub struct Sides {
    /// A lock, a definition, or an image.
    pub a: String,
    /// The other.
    pub b: String,
    /// Platforms that are compared; all that both have where empty.
    pub platforms: Vec<Platform>,
    /// Nothing may be asked of the network.
    pub offline: bool,
    /// Time limit of the solve that a definition without a lock needs; the configured one where `None`.
    pub solve_limit: Option<Duration>,
}

/// Compares. A definition whose lock is not beside it is locked first, as `lock` would; nothing is written beside it.
/// Layers of images of registries are read, and not kept.
pub fn diff(
    home: &Home,
    settings: &Settings,
    sides: &Sides,
    listener: &dyn Listener,
    stop: &Stop,
) -> Result<Difference, Failed> {
    let find = |text: &str| failing(Side::find(text, home));
    let (first, second) = (find(&sides.a)?, find(&sides.b)?);
    let reader = Reader { home, settings, sides, record: &Record::unkept(listener), listener, stop };
    // One that may have any platform is read for those of the other.
    let (a, b) = if matches!(first, Side::Image(Place::Registry(_))) {
        let b = reader.read(&sides.b, &second, &[])?;
        (reader.read(&sides.a, &first, &platforms(&b))?, b)
    } else {
        let a = reader.read(&sides.a, &first, &[])?;
        let b = reader.read(&sides.b, &second, &platforms(&a))?;
        (a, b)
    };
    Ok(joined(sides, &a, &b))
}

fn platforms(side: &ByPlatform) -> Vec<Platform> {
    side.keys().copied().collect()
}

fn joined(sides: &Sides, a: &ByPlatform, b: &ByPlatform) -> Difference {
    let compared = a.iter().filter_map(|(platform, a)| {
        let b = b.get(platform)?;
        Some(compare::compare(*platform, a, b))
    });
    let platforms: Vec<PlatformDifference> = compared.collect();
    let only = |one: &ByPlatform, other: &ByPlatform| -> Vec<Platform> {
        one.keys().filter(|platform| !other.contains_key(platform)).copied().collect()
    };
    let (only_a, only_b) = (only(a, b), only(b, a));
    let differ =
        !only_a.is_empty() || !only_b.is_empty() || platforms.iter().any(PlatformDifference::differs);
    Difference { a: sides.a.clone(), b: sides.b.clone(), differ, platforms, only_a, only_b }
}
