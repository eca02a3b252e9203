//! Ways in which the wheels of an image could share layers.

use super::traffic::{Blob, Image};

/// Layers that Docker's overlay driver mounts at most, but for the one that a container writes to.
const MOST_LAYERS: usize = 127;

/// How wheels share layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grouping {
    /// As envwright built them.
    Envwright,
    /// All in one.
    Environment,
    /// The largest alone, as many as an image may have layers; the rest in one.
    Package,
    /// Each wheel by itself, however many: nobody can move less.
    Best,
}

impl Grouping {
    pub(super) const ALL: [Self; 4] = [Self::Envwright, Self::Package, Self::Environment, Self::Best];

    /// As tables call it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Envwright => "envwright",
            Self::Environment => "one layer an environment",
            Self::Package => "one layer a package, up to the limit",
            Self::Best => "best possible",
        }
    }

    /// The layers of an image that hold wheels.
    pub(super) fn layers(self, image: &Image) -> Vec<Blob> {
        match self {
            Self::Envwright => image.wheel_layers.clone(),
            Self::Environment => vec![joined(&image.wheels)],
            Self::Package => {
                largest_alone(&image.wheels, MOST_LAYERS.saturating_sub(image.other_layers.len()))
            }
            Self::Best => image.wheels.clone(),
        }
    }
}

fn joined(wheels: &[Blob]) -> Blob {
    let keys: Vec<&str> = wheels.iter().map(|wheel| wheel.key.as_str()).collect();
    Blob { key: keys.join(" "), size: wheels.iter().map(|wheel| wheel.size).sum() }
}

fn largest_alone(wheels: &[Blob], limit: usize) -> Vec<Blob> {
    let mut sorted = wheels.to_vec();
    sorted.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.key.cmp(&b.key)));
    if sorted.len() > limit {
        let rest = sorted.split_off(limit.saturating_sub(1));
        sorted.push(joined(&rest));
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_the_limit_shares_the_last_layer() {
        let wheel = |key: &str, size| Blob { key: key.to_owned(), size };
        let wheels = [wheel("a", 1), wheel("b", 9), wheel("c", 2)];
        assert_eq!(largest_alone(&wheels, 2), [wheel("b", 9), wheel("c a", 3)]);
        assert_eq!(largest_alone(&wheels, 3).len(), 3);
    }
}
