//! Archives that others made, read strictly: in bounded memory, and only where all readers see the same in them.
//!
//! - [`TarReader`] and [`Member`]: a tar archive, in one pass or by seeking;
//! - [`ArReader`]: the `ar` archive that a .deb is;
//! - [`most_unpacked`] and [`Bounded`]: how much may come out of compressed bytes; [`is_exceeded`]: whether it was more;
//! - [`ArchiveError`]: what can be wrong with them.
//!
//! Nothing is written anywhere. What a member's path means, and whether it may stand where it does, is decided by who
//! reads it.

mod ar;
mod bounded;
mod error;
mod tar;

pub use ar::ArReader;
pub use bounded::{Bounded, is_exceeded, most_unpacked};
pub use error::ArchiveError;
pub use tar::{Kind, Member, TarReader};
