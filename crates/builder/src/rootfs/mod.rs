//! What Debian's maintainer scripts would have done to a bootstrapped base, or to one that packages are added to, as
//! files.
//!
//! No script is run. What they do that matters in an image is a table here, one file a subject, and two shapes
//! of literal command are read from the scripts: `update-alternatives --install` and `adduser --system`.
//! `docs/src/bases.md` lists what is left out and why; [`unknown_effects`] names what no rule covers.

mod accounts;
mod alternatives;
mod certificates;
mod dpkg;
mod effects;
mod error;
mod installed;
mod layout;
mod pam;
mod script;
mod shells;
mod subject_hash;
mod upgrade;
mod user;
mod view;

#[cfg(test)]
mod tests;

pub use effects::unknown_effects;
pub use error::RootfsError;
pub use user::with_user;

use envwright_package::{OwnFile, Rewrites};
use envwright_store::SegmentIndex;
use envwright_target::{Files, Platform, resolve};
use view::View;

/// An installed package, as its segment tells of it.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// Name such as `libc6`.
    pub name: &'a str,
    /// Version such as `2.36-9+deb12u14`.
    pub version: &'a str,
    /// Debian's architecture: `amd64`, `arm64` or `all`.
    pub architecture: &'a str,
    /// Its files, and the texts of its control archive.
    pub index: &'a SegmentIndex,
}

/// The files of the environment layer that make unpacked packages a configured system, in byte order of paths.
///
/// `contents` gives a package's regular file by its path in the image, without a leading `/`; every time is
/// `epoch`. The result depends on nothing else, nor on the order of `packages`.
///
/// # Errors
/// [`RootfsError`] when a package that the rules rest on lacks a file that they read.
pub fn environment_files(
    packages: &[Package<'_>],
    platform: Platform,
    contents: &dyn Fn(&str) -> Option<Vec<u8>>,
    suite: &str,
    epoch: u64,
) -> Result<Vec<OwnFile>, RootfsError> {
    let view = View::new(packages, contents, suite, epoch, (None, &Rewrites::merged_usr()));
    let mut files = layout::files(&view)?;
    files.extend(accounts::files(&view)?);
    files.extend(alternatives::files(&view));
    files.extend(certificates::files(&view)?);
    files.extend(dpkg::files(&view, platform)?);
    files.extend(pam::files(&view)?);
    files.extend(shells::files(&view)?);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|later, first| later.path == first.path);
    Ok(files)
}

/// The files of the environment layer that make unpacked packages a part of a Debian or Ubuntu that was there before.
/// Packages that it has in another version are upgraded; `rewrites` are its links.
///
/// The result depends on the packages, the base and `epoch`, and on nothing else.
///
/// # Errors
/// As for [`environment_files`].
pub fn added_files(
    packages: &[Package<'_>],
    contents: &dyn Fn(&str) -> Option<Vec<u8>>,
    base: &dyn Files,
    rewrites: &Rewrites,
    epoch: u64,
) -> Result<Vec<OwnFile>, RootfsError> {
    let view = View::new(packages, contents, "the base", epoch, (Some(base), rewrites));
    let mut files = layout::files(&view)?;
    // What a script makes only where it is missing.
    files.retain(|file| base.entry(&file.path).is_none());
    files.extend(accounts::added(&view));
    files.extend(alternatives::files(&view));
    files.extend(certificates::files(&view)?);
    files.extend(dpkg::added(&view)?);
    files.extend(pam::files(&view)?);
    files.extend(shells::added(&view));
    files.extend(upgrade::files(&view));
    for file in &mut files {
        file.path = through_links(base, &file.path);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|later, first| later.path == first.path);
    Ok(files)
}

/// A path with the links of the base's folders followed: `var/run/x` is `run/x`.
fn through_links(base: &dyn Files, path: &str) -> String {
    let Some((folder, name)) = path.rsplit_once('/') else { return path.to_owned() };
    match resolve(base, folder) {
        Some(folder) => format!("{folder}/{name}"),
        None => format!("{}/{name}", through_links(base, folder)),
    }
}
