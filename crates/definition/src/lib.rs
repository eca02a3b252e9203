//! Text in any accepted format to one [`Environment`], with the place of everything that was written.
//!
//! - [`read`], [`read_text`]: a definition from a path or a text; formats are told apart by content;
//! - [`Environment`]: what the user wants; [`Environment::hash`] names what it means;
//! - [`Base`], [`Requirement`], [`Conda`], [`Locked`], [`BuildContext`], [`Indexes`], [`FileCopy`]: its parts;
//! - [`DefinitionError`]: everything that is wrong with it, as findings;
//! - [`Environment::convert`]: the same in another [`Format`], with what that cannot say;
//! - [`Levels`]: how bad findings are, by the user's choice;
//! - [`schema`]: JSON Schemas of the formats that are YAML or JSON.
//!
//! ```
//! use envwright_definition::{Options, read_text};
//! use std::path::Path;
//!
//! let text = "six>=1.16  # compatibility\n";
//! let environment = read_text("requirements.txt", text, Path::new("."), &Options::default())?;
//! assert_eq!(environment.requirements[0].text, "six>=1.16");
//! # Ok::<(), envwright_definition::DefinitionError>(())
//! ```

mod advice;
mod analysis;
mod azure_v1;
mod chars;
mod collect;
mod conda;
mod convert;
mod decode;
mod dockerfile;
mod error;
mod files;
mod format;
mod hash;
mod levels;
mod lines;
mod locked;
mod masked;
mod model;
mod pixi;
mod placeholder;
mod pyproject;
mod python;
mod read;
mod requirement;
mod requirements;
mod schema;
mod yaml;

pub use conda::{Conda, CondaSpec};
pub use convert::{ConversionError, Converted};
pub use dockerfile::{Instruction, is_secret_name};
pub use error::DefinitionError;
pub use format::{Format, UnknownFormat};
pub use levels::{Level, Levels};
pub use locked::{Location, Locked, LockedFile, LockedKind, LockedPackage, LockedSet};
pub use masked::MaskedText;
pub use model::{
    Azure, Base, BuildContext, Environment, FileCopy, FindLinks, Indexes, Options, PackageName, Requirement,
    Spanned,
};
pub use python::{PythonRequest, python_allowed};
pub use read::{read, read_text};
pub use schema::schema;
