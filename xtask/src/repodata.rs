//! `cargo xtask repodata`: whether the metadata of real channels are read, and each of their packages is chosen or explained.

use crate::shell::{cargo, output, print};

/// Fails where a record is not read, or a package is neither chosen nor explained.
pub(crate) fn repodata(arguments: &[String]) -> Result<(), String> {
    let [folder] = arguments else { return Err("usage: cargo xtask repodata FOLDER".to_owned()) };
    let mut read =
        cargo(&["run", "--release", "--quiet", "--package", "envwright-lock", "--example", "repodata"]);
    print(&output(read.arg("--").arg(folder))?);
    Ok(())
}
