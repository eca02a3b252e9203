//! A Debian with Python and one package, built once for all tests of a binary, as a base for others.

use super::shared::{forget, shared};
use crate::support::Envwright;

pub(crate) const SMALL: &str = "small:1";

/// Runs in a home that has [`SMALL`].
#[track_caller]
pub(crate) fn with_small() -> Envwright {
    let folder = shared("small", |folder| {
        let home = folder.join("home");
        forget(&home);
        let envwright = Envwright::with_settings_of_machine()
            .variable("ENVWRIGHT_HOME", home)
            .file("requirements.txt", "six\n");
        // Docker reads zstd since version 23 only.
        envwright.run(&["build", "-t", SMALL, "--compression", "gzip"]).succeeded();
    });
    Envwright::new().variable("ENVWRIGHT_HOME", folder.join("home"))
}
