//! What can be wrong with images and their parts.

use envwright_diagnosis::{Explain, Finding};
use envwright_store::{Digest, StoreError, refused};
use std::{io, path::PathBuf};

/// Why an image cannot be read or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Text that is no image name.
    #[error("`{name}` is no image name: {reason}")]
    Name {
        /// The text.
        name: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// A base that is not what it should be.
    #[error("{base}: {reason}")]
    Base {
        /// As the definition names it.
        base: String,
        /// What is wrong.
        reason: String,
    },
    /// A file would lie behind or in the place of a link of the base.
    #[error("{path} meets a link of the base")]
    BaseLink {
        /// Path in the image.
        path: String,
    },
    /// More layers than an image may have.
    #[error("{layers} layers are needed, and {limit} are possible")]
    Layers {
        /// How many are needed.
        layers: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A packed segment is not what its index says.
    #[error("segment {key} is damaged")]
    Segment {
        /// Key of the segment.
        key: Digest,
    },
    /// A blob that an image names is not there.
    #[error("blob {0} is missing")]
    Missing(Digest),
    /// A place that no image can be written to.
    #[error("{path}: {reason}")]
    Output {
        /// The place.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// What an image is written to did not take it.
    #[error("writing an image")]
    Written(#[source] io::Error),
    /// Keeping an image failed.
    #[error("keeping an image")]
    Store(#[from] StoreError),
    /// A file of this machine cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ImageError {
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

impl Explain for ImageError {
    fn findings(&self) -> Vec<Finding> {
        vec![match self {
            Self::Name { name, reason } => {
                let finding = Finding::new("image-name-invalid")
                    .fact("image", name)
                    .fact("reason", reason)
                    .detail(format!("What is wrong: {reason}."));
                match crate::reference::mended(name) {
                    Some(mended) => finding.remedy(format!("Write `{mended}`")),
                    None => finding,
                }
            }
            Self::Base { base, reason } => Finding::new("base-invalid")
                .fact("image", base)
                .fact("reason", reason)
                .detail(format!("Reading it ended with: {reason}.")),
            Self::BaseLink { path } => Finding::new("base-invalid")
                .fact("reason", format!("{path} would lie behind a link of it, or replace one"))
                .detail(format!("{path} would lie behind a link of the base, or replace it")),
            Self::Layers { .. } => Finding::new("base-invalid").detail(self.to_string()),
            Self::Segment { key } => Finding::new("archive-invalid")
                .fact("file", format!("segments/{}", key.hex()))
                .remedy("remove it: `envwright cache clean`"),
            Self::Missing(digest) => Finding::new("archive-invalid")
                .fact("file", format!("images/blobs/sha256/{}", digest.hex()))
                .remedy("build the image again"),
            Self::Output { path, reason } => {
                Finding::new("output-invalid").fact("path", path.display()).detail(reason.clone())
            }
            Self::Written(error) => refused("the output", error),
            Self::Store(error) => return error.findings(),
            Self::Io { path, source } => refused(path.display(), source),
        }]
    }
}
