//! Environment and target to lock.
//!
//! - [`conda`]: conda packages, solved by rattler's solver for the virtual packages of the target;
//! - [`debian`]: Debian packages, from a mirror whose signature is checked;
//! - [`pypi`]: wheels, solved for the target by uv's resolver;
//! - [`Lock`]: all, for every platform, and [`LockFiles`]: a lock as `pixi.lock` and `envwright.lock`.

mod address;
pub mod conda;
pub mod debian;
mod error;
mod files;
mod model;
mod pixi;
pub mod pypi;
mod through;

pub use error::LockError;
pub use files::LockFiles;
pub use model::{BaseLock, LOCK_VERSION, Lock, PlatformLock};
