//! A platform, and the facts read from a base's files.
//!
//! - [`Platform`]: `linux/amd64` or `linux/arm64`;
//! - [`Files`]: a view of an image's files; [`MapFiles`] keeps them in memory, [`HostFiles`] are this machine's, [`resolve`]
//!   follows links;
//! - [`TargetFacts`]: C library, Pythons, distribution and packages of a base.

mod facts;
mod files;
mod host;
mod platform;

pub use facts::{Distribution, DpkgPackage, GlibcVersion, PythonInstall, TargetFacts};
pub use files::{FileEntry, Files, MapFiles, resolve};
pub use host::HostFiles;
pub use platform::{Arch, Platform, PlatformError};
