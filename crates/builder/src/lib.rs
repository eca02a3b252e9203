//! The pipeline from definition to image.
//!
//! - [`rootfs`]: the files that Debian's maintainer scripts would have made.

pub mod rootfs;
