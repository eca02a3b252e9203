//! The one way to keep things: content-addressed, atomic, locked.
//!
//! - [`Digest`] and [`DigestWriter`]: SHA-256, the only content address used;
//! - [`SegmentIndex`]: what stands beside a segment's compressed bytes;
//! - [`Home`] and [`LockGuard`]: where things are kept, and kernel locks between processes;
//! - [`Segments`]: packed segments, each made once;
//! - [`Unpacked`]: packages in folders of their own, each unpacked once;
//! - [`AtomicFile`], [`write_atomic`], [`create_folder`]: durable writes; [`refused`]: what the disk said;
//! - [`canonical_json`]: JSON that can be hashed.

mod atomic;
mod digest;
mod error;
mod home;
mod json;
mod segment;
mod segments;
mod unpacked;

pub use atomic::{AtomicFile, create_folder, write_atomic};
pub use digest::{Digest, DigestError, DigestWriter};
pub use error::{StoreError, is_full, is_of_system, refused};
pub use home::{Home, LockGuard};
pub use json::canonical_json;
pub use segment::{Directory, Entry, EntryKind, SegmentIndex};
pub use segments::Segments;
pub use unpacked::Unpacked;
