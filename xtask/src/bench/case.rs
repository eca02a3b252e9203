//! The situations in which builds are timed, and who builds.

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
}

impl Case {
    pub(super) const ALL: [Self; 6] =
        [Self::Empty, Self::Cold, Self::Nothing, Self::Layout, Self::Changed, Self::Cached];

    /// As the table calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Empty => "from nothing at all",
            Self::Cold => "cold, base at hand",
            Self::Nothing => "nothing to do",
            Self::Layout => "write an OCI layout",
            Self::Changed => "one requirement added",
            Self::Cached => "image deleted, packages cached",
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

    /// The image of [`Case::Layout`]: compressed bytes and number of layers.
    fn size(&self) -> Result<Size, String>;
}

/// Size of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Bytes of the compressed layers.
    pub(super) bytes: u64,
    pub(super) layers: usize,
}
