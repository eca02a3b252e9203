//! The situations in which builds are timed, and who builds.

use super::registry::Registry;
use std::process::Command;

/// A situation. Each begins where the one before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Case {
    Empty,
    Cold,
    Nothing,
    Layout,
    Changed,
    Cached,
    PushCold,
    PushNothing,
    PushLarge,
    PushSmall,
}

impl Case {
    /// Those of `bench build`.
    pub(super) const BUILD: [Self; 6] =
        [Self::Empty, Self::Cold, Self::Nothing, Self::Layout, Self::Changed, Self::Cached];
    /// Those of `bench push`.
    pub(super) const PUSH: [Self; 4] = [Self::PushCold, Self::PushNothing, Self::PushLarge, Self::PushSmall];

    /// As the table calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Empty => "from nothing at all",
            Self::Cold => "cold, base at hand",
            Self::Nothing => "nothing to do",
            Self::Layout => "write an OCI layout",
            Self::Changed => "one requirement added",
            Self::Cached => "image deleted, packages cached",
            Self::PushCold => "cold, base at hand, pushed",
            Self::PushNothing => "nothing to do, pushed",
            Self::PushLarge => "another scikit-learn, pushed",
            Self::PushSmall => "another six, pushed",
        }
    }
}

/// Something that builds the image.
pub(super) trait Builder {
    /// As the table calls it.
    fn name(&self) -> &'static str;

    /// Brings about the situation; not timed.
    fn prepare(&self, case: Case) -> Result<(), String>;

    /// What is timed; `None` where the situation has no meaning for this builder.
    fn command(&self, case: Case) -> Option<Command>;

    /// The image of [`Case::Layout`]: compressed bytes and number of layers; `None` where no layout is written.
    fn size(&self) -> Result<Option<Size>, String> {
        Ok(None)
    }

    /// Whether a daemon does the work, whose processor time and memory are not counted.
    fn works_elsewhere(&self) -> bool {
        false
    }

    /// The registry that is pushed to.
    fn registry(&self) -> Option<&Registry> {
        None
    }
}

/// Size of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Bytes of the compressed layers.
    pub(super) bytes: u64,
    pub(super) layers: usize,
}
