//! Environment and target to lock.
//!
//! - [`conda`]: conda packages, solved by rattler's solver for the virtual packages of the target;
//! - [`debian`]: Debian packages, from a mirror whose signature is checked;
//! - [`pypi`]: wheels, solved for the target by uv's resolver;
//! - [`conda::search`] and [`pypi::search`]: what channels and indexes have of a package, as an [`Answer`];
//! - [`order`]: which of two versions is the newer, by the rules of each of the three;
//! - [`Lock`]: all, for every platform, and [`LockFiles`]: a lock as `pixi.lock` and `envwright.lock`.

mod address;
pub mod conda;
pub mod debian;
mod error;
mod files;
mod model;
pub mod order;
mod pixi;
pub mod pypi;
mod search;
mod through;

pub use error::LockError;
pub use files::LockFiles;
pub use model::{BaseLock, LOCK_VERSION, Lock, PlatformLock};
pub use search::{Answer, CPython, CPythonError, FileKind, Fitting, PackageFile, Release};
