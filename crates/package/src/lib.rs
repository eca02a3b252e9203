//! One locked package to one deterministic segment.
//!
//! - [`WheelSegment`]: a wheel, installed into `/opt/env`; [`Compiler`]: the byte code of its modules;
//! - [`CondaSegment`]: a conda package, installed into the same place, for a [`CondaPython`];
//! - [`DebSegment`] with [`Rewrites`]: a .deb, unpacked as dpkg would, its scripts not run;
//! - [`Tree`]: the files of a wheel or conda package for an environment on this machine, placed by [`Links`];
//! - [`pack_files`] of [`OwnFile`]s: files that belong to no package, and their [`files_key`];
//! - [`Compression`]: zstd or gzip;
//! - [`PackageError`]: what can go wrong.

mod compression;
mod conda;
mod deb;
mod error;
mod files;
mod header;
mod own;
mod path;
mod spool;
mod tree;
mod wheel;
mod writer;

pub use compression::{Compression, CompressionError};
pub use conda::{CondaPython, CondaSegment};
pub use deb::{DebSegment, Rewrites};
pub use error::PackageError;
pub use files::{files_key, pack_files};
pub use own::{Content, OwnFile};
pub use tree::{Links, Tree, TreeFile};
pub use wheel::{Compiler, WheelSegment};

/// Where environments live in images, below the root.
pub const PREFIX: &str = "opt/env";

/// Version of the bytes that the same package is packed to; part of every key.
pub const SEGMENT_VERSION: u32 = 2;
