//! The one way to keep things: content-addressed, atomic, locked, pruned.
//!
//! - [`Digest`] and [`DigestWriter`]: SHA-256, the only content address used;
//! - [`SegmentIndex`]: what stands beside a segment's compressed bytes.

mod digest;
mod segment;

pub use digest::{Digest, DigestError, DigestWriter};
pub use segment::{Directory, Entry, EntryKind, SegmentIndex};
