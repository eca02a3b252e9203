//! The pipeline from definition to image.
//!
//! - [`build`], [`lock`] and [`plan`]: from a [`Request`] to a [`Report`], [`Locked`] or [`Plan`], or a [`Failed`];
//!   [`check`]: all that can fail before;
//! - [`Listener`] and [`Event`]: what happens while they do; [`Stop`]: to end it early;
//! - [`history`], [`find_build`], [`log_path`]: the records of builds;
//! - [`images`], [`prune`], [`cache`]: what a home holds, and to have less of it;
//! - [`pull`] and [`push`]: an image out of a registry and into one;
//! - [`rootfs`]: the files that Debian's maintainer scripts would have made.

mod absent;
mod as_it_is;
mod assemble;
mod attempt;
mod bytecode;
mod check;
mod context;
mod done;
mod environment;
mod error;
mod event;
mod hashes;
mod indexes;
mod names;
mod outputs;
mod pipeline;
mod plan;
mod prepare;
mod prune;
mod pull;
mod push;
mod record;
mod registry_base;
mod report;
mod request;
pub mod rootfs;
mod settings;
mod solve;
mod space;
mod stop;
mod view;

pub use attempt::Locked;
pub use check::{Checked, Looked, State, check};
pub use error::{BuildError, Stale};
pub use event::{EVENT_VERSION, Event, Listener, Silent, Step};
pub use pipeline::{build, lock, plan};
pub use plan::{PackageState, Plan, PlannedPackage, PlatformPlan, Totals};
pub use prune::{Freed, Usage, cache, clean, images, prune, remove_image};
pub use pull::{Pulled, pull};
pub use push::push;
pub use record::{LOG_NAME, Summary, find_build, history, log_path};
pub use report::{Failed, LayerReport, PlatformReport, Report, Seconds};
pub use request::{Input, Output, Request, Upgrade};
pub use settings::{DebianSettings, Settings};
pub use space::Shortage;
pub use stop::Stop;
