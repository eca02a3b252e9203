//! A package with all that decides what becomes of it.

use crate::prepare::Package;
use envwright_lock::debian::LockedDeb;
use envwright_package::{
    Compiler, Compression, CondaSegment, DebSegment, PackageError, Rewrites, Tree, WheelSegment,
};
use envwright_store::{Digest, SegmentIndex};
use std::{collections::BTreeMap, io::Write, path::Path};

/// What is the same of packages of every kind.
#[derive(Clone, Copy)]
pub(crate) struct Recipe<'a> {
    /// The package's file.
    pub(crate) file: &'a Path,
    /// Where the environment lives, below the root.
    pub(crate) prefix: &'a str,
    pub(crate) compression: Compression,
    pub(crate) compiler: Option<&'a Compiler>,
}

/// A package that can be packed, or unpacked.
pub(crate) enum Packing<'a> {
    Deb { file: &'a Path, deb: &'a LockedDeb, compression: Compression, rewrites: &'a Rewrites },
    Wheel(WheelSegment<'a>),
    Conda(CondaSegment<'a>),
}

impl<'a> Recipe<'a> {
    pub(crate) fn of(self, package: &'a Package) -> Packing<'a> {
        let Self { file, prefix, compression, compiler } = self;
        match package {
            Package::Deb { deb, rewrites, .. } => Packing::Deb { file, deb, compression, rewrites },
            Package::Wheel { wheel, sha256, python, compile, .. } => Packing::Wheel(WheelSegment {
                wheel: file,
                filename: &wheel.filename,
                sha256: *sha256,
                python: *python,
                prefix,
                compression,
                compile: *compile,
                compiler,
                direct_url: wheel.direct_url.clone(),
            }),
            Package::Conda { package, python, .. } => Packing::Conda(CondaSegment {
                archive: file,
                sha256: package.sha256,
                record: &package.record,
                python: python.as_ref(),
                prefix,
                compression,
                compiler,
            }),
        }
    }
}

impl Packing<'_> {
    pub(crate) fn key(&self) -> Digest {
        match self {
            Self::Deb { file, deb, compression, rewrites } => {
                deb_segment(file, deb, *compression, rewrites).key()
            }
            Self::Wheel(wheel) => wheel.key(),
            Self::Conda(package) => package.key(),
        }
    }

    pub(crate) fn pack(&self, out: &mut dyn Write) -> Result<SegmentIndex, PackageError> {
        match self {
            Self::Deb { file, deb, compression, rewrites } => {
                deb_segment(file, deb, *compression, rewrites).pack(out)
            }
            Self::Wheel(wheel) => wheel.pack(out),
            Self::Conda(package) => package.pack(out),
        }
    }

    /// What describes a conda package; of others there is nothing.
    pub(crate) fn metadata(&self) -> Result<BTreeMap<String, String>, PackageError> {
        match self {
            Self::Conda(package) => package.metadata(),
            Self::Wheel(_) | Self::Deb { .. } => Ok(BTreeMap::new()),
        }
    }

    /// Unpacks it for [`Packing::tree`]. A Debian package has no part in an environment's folder.
    pub(crate) fn unpack(&self, folder: &Path) -> Result<(), PackageError> {
        match self {
            Self::Conda(package) => package.unpack(folder),
            Self::Wheel(wheel) => wheel.unpack(folder),
            Self::Deb { .. } => Ok(()),
        }
    }

    pub(crate) fn tree(&self, folder: &Path) -> Result<Option<Tree>, PackageError> {
        match self {
            Self::Conda(package) => package.tree(folder),
            Self::Wheel(wheel) => wheel.tree(folder),
            Self::Deb { .. } => Ok(None),
        }
    }
}

fn deb_segment<'a>(
    file: &'a Path,
    deb: &'a LockedDeb,
    compression: Compression,
    rewrites: &'a Rewrites,
) -> DebSegment<'a> {
    DebSegment {
        deb: file,
        sha256: deb.sha256,
        name: &deb.name,
        version: &deb.version,
        compression,
        rewrites,
    }
}
