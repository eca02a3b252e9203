//! Every locked package downloaded and packed, several at once; what is there already is taken as it is.

use crate::{
    BuildError,
    context::{Context, Purpose},
    event::Step,
    materialize::trees,
    packing::Recipe,
};
use envwright_fetch::{Client, Download, FetchError};
use envwright_image::{Kind, SegmentRef};
use envwright_lock::{
    conda::LockedConda,
    debian::LockedDeb,
    pypi::{LockedWheel, WheelLocation},
};
use envwright_package::{Compression, CondaPython, PREFIX, PackageError, Rewrites};
use envwright_redact::SafeUrl;
use envwright_store::{Digest, SegmentIndex, StoreError, write_atomic};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A package that becomes a segment.
#[derive(Clone)]
pub(crate) enum Package {
    /// `snapshot` is where it is when it has left its mirror; `rewrites` are the links of the base.
    Deb { deb: LockedDeb, snapshot: Option<SafeUrl>, rewrites: Rewrites },
    Wheel {
        wheel: LockedWheel,
        sha256: Digest,
        python: (u8, u8),
        /// Version of the Python whose byte code it is to have.
        compile: Option<(u8, u8, u8)>,
        url: Option<SafeUrl>,
    },
    /// `python` is the environment's where the package's modules depend on it; `url` has what opens it.
    Conda { package: Box<LockedConda>, python: Option<CondaPython>, url: SafeUrl },
}

impl Package {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Deb { deb, .. } => &deb.name,
            Self::Wheel { wheel, .. } => &wheel.name,
            Self::Conda { package, .. } => &package.name,
        }
    }

    pub(crate) fn version(&self) -> &str {
        match self {
            Self::Deb { deb, .. } => &deb.version,
            Self::Wheel { wheel, .. } => &wheel.version,
            Self::Conda { package, .. } => &package.version,
        }
    }

    /// Size in bytes of the package's file, where the lock knows it.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::Deb { deb, .. } => Some(deb.size),
            Self::Wheel { wheel, .. } => wheel.size,
            Self::Conda { package, .. } => package.size,
        }
    }

    pub(crate) fn sha256(&self) -> Digest {
        match self {
            Self::Deb { deb, .. } => deb.sha256,
            Self::Wheel { sha256, .. } => *sha256,
            Self::Conda { package, .. } => package.sha256,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Deb { .. } => Kind::Debian,
            Self::Wheel { .. } => Kind::Pypi,
            Self::Conda { .. } => Kind::Conda,
        }
    }

    /// Where the file is kept: by digest, so that equal names never meet.
    pub(crate) fn file(&self, packages: &Path) -> PathBuf {
        match self {
            Self::Wheel { wheel: LockedWheel { location: WheelLocation::Path(path), .. }, .. } => {
                path.clone()
            }
            _ => packages.join(self.sha256().hex()),
        }
    }

    pub(crate) fn url(&self) -> Option<&SafeUrl> {
        match self {
            Self::Deb { deb, .. } => Some(&deb.url),
            Self::Wheel { url, .. } => url.as_ref(),
            Self::Conda { url, .. } => Some(url),
        }
    }

    /// The version of the Python whose byte code it is to have.
    pub(crate) fn compiled(&self) -> Option<(u8, u8, u8)> {
        match self {
            Self::Wheel { compile, .. } => *compile,
            Self::Conda { python: Some(CondaPython { version, compile: true, .. }), .. } => Some(*version),
            Self::Conda { .. } | Self::Deb { .. } => None,
        }
    }

    /// What asks for it, with the logins that are for such packages.
    fn client(&self, context: &Context<'_>) -> Client {
        match self {
            Self::Conda { .. } => context.client.for_conda(),
            Self::Deb { .. } | Self::Wheel { .. } => context.client.clone(),
        }
    }

    fn download(&self, url: &SafeUrl) -> Download {
        Download {
            url: url.clone(),
            mirrors: self.mirrors(),
            size: self.size(),
            sha256: Some(self.sha256()),
            authorization: None,
        }
    }

    /// Other places that have the same file.
    fn mirrors(&self) -> Vec<SafeUrl> {
        match self {
            Self::Deb { snapshot, .. } => snapshot.iter().cloned().collect(),
            Self::Wheel { .. } | Self::Conda { .. } => Vec::new(),
        }
    }

    pub(crate) fn key(&self, compression: Compression) -> Digest {
        Recipe { file: Path::new(""), prefix: PREFIX, compression, compiler: None }.of(self).key()
    }
}

/// Joins the errors that packing into the store can have.
enum PackError {
    Package(PackageError),
    Store(StoreError),
}

impl From<StoreError> for PackError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Downloads (where needed) and packs (where needed) one package.
pub(crate) async fn package(context: &Context<'_>, package: &Package) -> Result<SegmentRef, BuildError> {
    let compression = context.request.compression;
    let key = package.key(compression);
    if let Some((file, index)) = context.segments.get(&key) {
        return Ok(segment(package, key, file, index));
    }
    let file = download(context, package).await?;
    let (segments, stop, owned) = (context.segments.clone(), context.stop.clone(), package.clone());
    let (interpreters, home) = (Arc::clone(&context.interpreters), context.home.clone());
    let (path, index, packed) = context
        .on_thread(move || {
            // Another build may have packed it meanwhile.
            let mut packed = false;
            let interpreter = owned.compiled().map(|version| interpreters.get(&home, version)).transpose()?;
            let compiler = interpreter.as_ref().map(|interpreter| &interpreter.compiler);
            let outcome = segments.put(&key, |out| {
                packed = true;
                let mut out = stop.guard(out);
                let recipe = Recipe { file: &file, prefix: PREFIX, compression, compiler };
                recipe.of(&owned).pack(&mut out).map_err(PackError::Package)
            });
            let (path, index) = outcome.map_err(|error| match error {
                _ if stop.is_asked() => BuildError::Interrupted,
                PackError::Package(error) => BuildError::from(error),
                PackError::Store(error) => BuildError::from(error),
            })?;
            Ok((path, index, packed))
        })
        .await?;
    if !packed {
        return Ok(segment(package, key, path, index));
    }
    context.record.progress(Step::Pack, index.uncompressed_size);
    context.record.event(
        Step::Pack,
        "packed",
        &[
            ("package", package.name().into()),
            ("version", package.version().into()),
            ("bytes", index.compressed_size.into()),
        ],
    );
    Ok(segment(package, key, path, index))
}

fn segment(package: &Package, key: Digest, file: PathBuf, index: SegmentIndex) -> SegmentRef {
    SegmentRef { kind: package.kind(), name: package.name().to_owned(), key, file, index }
}

/// The package's file, verified.
pub(crate) async fn download(context: &Context<'_>, package: &Package) -> Result<PathBuf, BuildError> {
    let file = package.file(&context.home.packages());
    let Some(url) = package.url().filter(|_| !file.exists()) else { return Ok(file) };
    let _permit =
        context.downloads.acquire().await.map_err(|error| BuildError::Internal(error.to_string()))?;
    let download = package.download(url);
    // Another build may have fetched it meanwhile.
    let came = AtomicBool::new(false);
    let progress = |bytes: u64| {
        came.store(true, Ordering::Relaxed);
        context.record.progress(Step::Fetch, bytes);
    };
    let done = package.client(context).download(&download, &file, &progress).await;
    let done = done.map_err(|error| of_package(package, error))?;
    if !came.into_inner() {
        return Ok(file);
    }
    context.record.event(
        Step::Fetch,
        "fetched",
        &[
            ("package", package.name().into()),
            ("version", package.version().into()),
            ("bytes", done.size.into()),
        ],
    );
    Ok(file)
}

/// What describes a conda package, as its segment has it. It is kept, as the whole package is unpacked to know it.
pub(crate) async fn metadata(
    context: &Context<'_>,
    package: &Package,
) -> Result<BTreeMap<String, String>, BuildError> {
    let key = package.key(context.request.compression);
    if let Some((_, index)) = context.segments.get(&key) {
        return Ok(index.metadata);
    }
    let kept = context.home.indexes().join("conda-metadata").join(format!("{}.json", key.hex()));
    let read = fs_err::read(&kept).ok().and_then(|text| serde_json::from_slice(&text).ok());
    if let Some(metadata) = read {
        return Ok(metadata);
    }
    if context.purpose == Purpose::Materialize {
        return Ok(trees::tree(context, package, PREFIX).await?.metadata);
    }
    let (file, owned) = (download(context, package).await?, package.clone());
    let compression = context.request.compression;
    let unpacked = context.on_thread(move || {
        let recipe = Recipe { file: &file, prefix: PREFIX, compression, compiler: None };
        let metadata = recipe.of(&owned).metadata()?;
        write_atomic(&kept, &serde_json::to_vec(&metadata).map_err(io::Error::from)?)?;
        Ok(metadata)
    });
    unpacked.await
}

/// Without a network: whether each package is here, or can be had where it need not be asked for. What is not is named
/// in the order of the lock, before anything is packed.
pub(crate) async fn all_here(context: &Context<'_>, packages: &[Package]) -> Result<(), BuildError> {
    for package in packages {
        let packed = context.segments.get(&package.key(context.request.compression)).is_some();
        if !packed && !package.file(&context.home.packages()).exists() {
            reach(context, package).await?;
        }
    }
    Ok(())
}

/// Whether the package's file can be had where it is not here; its bytes stay where they are.
pub(crate) async fn reach(context: &Context<'_>, package: &Package) -> Result<(), BuildError> {
    let Some(url) = package.url() else { return Ok(()) };
    let reached = package.client(context).reach(&package.download(url)).await;
    reached.map_err(|error| of_package(package, error))
}

/// A digest that is not the locked one, and a Debian package that left its mirror, are problems of the package, not
/// of the network.
fn of_package(package: &Package, error: FetchError) -> BuildError {
    let (name, version) = (package.name().to_owned(), package.version().to_owned());
    match (error, package) {
        (FetchError::Digest { url, expected, got }, _) => BuildError::Digest {
            package: name,
            version,
            file: url.expose().path().rsplit('/').next().unwrap_or_default().to_owned(),
            expected: expected.to_string(),
            got: got.to_string(),
            kind: package.kind(),
            span: None,
        },
        (FetchError::Status { url, status: 404, .. }, Package::Deb { .. }) => {
            BuildError::LeftMirror { package: name, version, url }
        }
        (other, _) => other.into(),
    }
}
