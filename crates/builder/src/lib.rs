//! The pipeline from definition to image.
//!
//! - [`build`], [`lock`] and [`plan`]: from a [`Request`] to a [`Report`], [`Locked`] or [`Plan`], or a [`Failed`];
//!   [`check`]: all that can fail before;
//! - [`materialize`](fn@materialize): the same environment in a folder of this machine;
//! - [`read`](fn@read): the environment of a definition; [`examine`]: what the definition alone says; [`fix`]: mechanical fixes of its text;
//!   [`mend`]: those that choosing packages anew has checked;
//! - [`diff`](fn@diff): from two [`Sides`], locks or images, to their [`Difference`];
//! - [`Listener`] and [`Event`]: what happens while they do; [`Stop`]: to end it early;
//! - [`history`], [`find_build`], [`log_path`]: the records of builds;
//! - [`images`], [`prune`], [`cache`]: what a home holds, and to have less of it;
//! - [`pull`] and [`push`]: an image out of a registry and into one;
//! - [`OwnIndexes`]: what the configured indexes have in the place of a package that a log says is missing;
//! - [`search`]: what channels and indexes have of a package;
//! - [`rootfs`]: the files that Debian's maintainer scripts would have made.

mod absent;
mod activation;
mod as_it_is;
mod assemble;
mod attempt;
mod bytecode;
mod check;
mod conda;
mod context;
mod diff;
mod distributions;
mod done;
mod environment;
mod error;
mod event;
mod exact;
mod fix;
mod hashes;
mod headless;
mod indexes;
mod look_up;
mod materialize;
mod mend;
mod names;
mod outputs;
mod packing;
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
mod search;
mod settings;
mod solve;
mod space;
mod stop;
mod view;

pub use attempt::{Locked, read_input as read};
pub use check::{Checked, Looked, State, check, examine};
pub use diff::{
    BaseImage, Change, Changed, ConfigDifference, Difference, LayerSum, LayersDifference, Package,
    PackageDifference, PackageKind, PlatformDifference, Sides, diff,
};
pub use error::{BuildError, Stale};
pub use event::{EVENT_VERSION, Event, Listener, Silent, Step};
pub use fix::{Fixed, fix};
pub use look_up::OwnIndexes;
pub use materialize::{Materialized, Place, PlacedPackage, materialize};
pub use mend::{Mended, Proposal, mend};
pub use pipeline::{build, lock, plan};
pub use plan::{PackageState, Plan, PlannedPackage, PlatformPlan, Totals};
pub use prune::{Freed, Usage, cache, clean, images, prune, remove_image};
pub use pull::{Pulled, pull};
pub use push::push;
pub use record::{LOG_NAME, Summary, find_build, history, log_path};
pub use report::{Failed, LayerReport, PlatformReport, Report, Seconds};
pub use request::{Input, Output, Request, Upgrade};
pub use search::{Search, Searched, World, search};
pub use settings::{CondaSettings, DebianSettings, PostLink, Settings};
pub use space::Shortage;
pub use stop::Stop;
