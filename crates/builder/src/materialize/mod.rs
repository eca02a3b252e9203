//! An environment on this machine: the packages that an image of the definition would have, in a folder.

mod host;
mod only;
mod placing;
mod prefix;
pub(crate) mod trees;

pub(crate) use host::{Host, HostPython};
pub(crate) use only::narrowed;
pub(crate) use placing::{Owned, Placing};
pub(crate) use prefix::Prefix;

use crate::{
    BuildError,
    attempt::Attempt,
    context::{Context, Purpose},
    event::Listener,
    pipeline,
    record::Record,
    report::Failed,
    request::Request,
    settings::Settings,
    stop::Stop,
};
use envwright_diagnosis::Finding;
use envwright_store::Home;
use envwright_target::Platform;
use serde::Serialize;
use std::path::PathBuf;

/// Where an environment goes, and what of it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder; it must not be there, be empty, or hold an environment that `replace` gives up.
    pub prefix: PathBuf,
    /// Whether an environment that is there is replaced.
    pub replace: bool,
    /// The one package that is wanted, with what it needs: a requirement or match specification.
    pub only: Option<String>,
}

/// An environment that is there.
#[derive(Debug, Serialize)]
pub struct Materialized {
    /// Its folder.
    pub prefix: PathBuf,
    /// What its packages are for.
    pub platform: Platform,
    /// Whether conda's tools can use it: it has a Python of conda's, or none; else it is a virtual environment of
    /// this machine's Python.
    pub is_conda: bool,
    /// Version of its Python.
    pub python: Option<String>,
    /// Its packages, those of conda first.
    pub packages: Vec<PlacedPackage>,
    /// How many files and links it has.
    pub files: usize,
    /// How files came out of the cache: `reflink`, `hard link` or `copy`.
    pub by: &'static str,
    /// Names of the variables that the definition sets, which a folder cannot.
    pub variables: Vec<String>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What should be known about it.
    #[serde(skip)]
    pub warnings: Vec<Finding>,
}

/// A package of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedPackage {
    /// `conda` or `pypi`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Makes the environment of a definition in a folder of this machine: chosen as for an image, and refused where this
/// machine is not like one. Either the folder is there at the end, whole, or it is as it was before.
pub fn materialize(
    home: &Home,
    settings: &Settings,
    request: &Request,
    place: &Place,
    listener: &dyn Listener,
    stop: &Stop,
) -> Result<Materialized, Failed> {
    let request = Request { platforms: Platform::host().into_iter().collect(), ..request.clone() };
    let attempt = Attempt::read(home, settings, &request, stop)?;
    let outcome = (|| {
        let attempt = attempt.only(place.only.as_deref())?;
        let prefix = Prefix::checked(&place.prefix, place.replace)?;
        let _in_use = pipeline::share(home, stop)?;
        let record = Record::unkept(listener);
        let context = Context::new(home, settings, &request, &record, stop)?.to(Purpose::Materialize);
        attempt.block_on(attempt.materialize(&context, prefix))
    })();
    outcome.map_err(|error: BuildError| attempt.failed(None, &error))
}
