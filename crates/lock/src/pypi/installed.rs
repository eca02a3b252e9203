//! What the target has already, as uv's resolver reads it: from folders that describe distributions.

use super::{Installed, PypiError};
use fs_err as fs;
use std::sync::Arc;
use tempfile::TempDir;
use uv_distribution_types::{InstalledDist, Name as _};
use uv_normalize::PackageName;
use uv_types::InstalledPackagesProvider;

/// The distributions of a target.
#[derive(Clone)]
pub(super) struct Present(Arc<Folder>);

struct Folder {
    distributions: Vec<InstalledDist>,
    /// Where their metadata lie while they are asked for.
    _files: Option<TempDir>,
}

impl Present {
    /// Writes the metadata down. What is none, or has a name or version that is none, is left out: uv and pip do not see
    /// it either.
    pub(super) fn new(installed: &[Installed]) -> Result<Self, PypiError> {
        let unwritable = |source| PypiError::Thread { source };
        if installed.is_empty() {
            return Ok(Self(Arc::new(Folder { distributions: Vec::new(), _files: None })));
        }
        let files = TempDir::new().map_err(unwritable)?;
        let mut distributions = Vec::with_capacity(installed.len());
        for one in installed {
            let name = one.name.replace('-', "_");
            let folder = files.path().join(format!("{name}-{}.dist-info", one.version));
            fs::create_dir_all(&folder).map_err(unwritable)?;
            fs::write(folder.join("METADATA"), &one.metadata).map_err(unwritable)?;
            let read = InstalledDist::try_from_path(&folder).ok().flatten();
            distributions.extend(read.filter(|read| read.read_metadata().is_ok()));
        }
        Ok(Self(Arc::new(Folder { distributions, _files: Some(files) })))
    }
}

impl InstalledPackagesProvider for Present {
    fn iter(&self) -> impl Iterator<Item = &InstalledDist> {
        self.0.distributions.iter()
    }

    fn get_packages(&self, name: &PackageName) -> Vec<&InstalledDist> {
        self.0.distributions.iter().filter(|one| one.name() == name).collect()
    }
}
