//! Where images go besides envwright's own store.

use crate::{BuildError, done::Done, request::Output};
use envwright_image::{ImageError, ImageReference, Layout, export_docker_archive, export_oci_layout};
use envwright_store::{AtomicFile, Digest, StoreError};
use envwright_target::Platform;
use std::{
    io::{BufWriter, Error, ErrorKind, Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    thread,
};

/// Writes an image, and says where it is.
pub(crate) fn write(
    layout: &Layout,
    done: &Done,
    names: &[ImageReference],
    output: &Output,
) -> Result<String, BuildError> {
    let Some(name) = names.first() else {
        return Err(BuildError::Internal("an image without a name".to_owned()));
    };
    match output {
        Output::OciLayout(folder) => {
            Layout::create(folder).map_err(no_folder(folder))?;
            export_oci_layout(layout, &done.digest, name, folder)?;
            Ok(format!("oci:{}", folder.display()))
        }
        Output::DockerArchive(path) => {
            let mut file = BufWriter::new(AtomicFile::create(path).map_err(unwritable(path))?);
            export_docker_archive(layout, &single(done)?, name, &mut file).map_err(|error| match error {
                ImageError::Written(error) => unwritable(path)(StoreError::io("write", path)(error)),
                other => other.into(),
            })?;
            let file = file.into_inner().map_err(|error| StoreError::io("write", path)(error.into_error()));
            file.and_then(AtomicFile::commit).map_err(unwritable(path))?;
            Ok(format!("docker-archive:{}", path.display()))
        }
        Output::Docker => load("docker", layout, done, name),
        Output::Podman => load("podman", layout, done, name),
    }
}

/// What stands in the place of an archive is a problem of the output, a full or broken disk is one of the disk.
fn unwritable(path: &Path) -> impl FnOnce(StoreError) -> BuildError {
    move |error| match error {
        StoreError::Io { source, .. } if is_of_place(source.kind()) => {
            ImageError::Output { path: path.to_owned(), reason: format!("The system says: {source}.") }.into()
        }
        other => other.into(),
    }
}

/// Whether another place would do.
fn is_of_place(kind: ErrorKind) -> bool {
    use ErrorKind::{
        AlreadyExists, IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem,
    };
    matches!(
        kind,
        AlreadyExists | IsADirectory | NotADirectory | NotFound | PermissionDenied | ReadOnlyFilesystem
    )
}

/// The same for a folder that cannot be made.
fn no_folder(path: &Path) -> impl FnOnce(ImageError) -> BuildError {
    move |error| match error {
        ImageError::Io { source, .. } | ImageError::Store(StoreError::Io { source, .. })
            if is_of_place(source.kind()) =>
        {
            ImageError::Output { path: path.to_owned(), reason: format!("The system says: {source}.") }.into()
        }
        other => other.into(),
    }
}

/// Whether an image for these platforms could be written there; nothing is.
pub(crate) fn possible(output: &Output, platforms: &[Platform]) -> Result<(), BuildError> {
    match output {
        Output::OciLayout(folder) => {
            Layout::is_free(folder).map_err(no_folder(folder))?;
            writable(folder, folder)
        }
        Output::DockerArchive(path) => {
            single_of(platforms, |platform| *platform)?;
            if path.is_dir() {
                let reason = "It is a folder.".to_owned();
                return Err(ImageError::Output { path: path.clone(), reason }.into());
            }
            // A name alone has the empty path above it, which is this folder.
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            writable(path, folder.unwrap_or(Path::new(".")))
        }
        Output::Docker => single_of(platforms, |platform| *platform).and_then(|_| answers("docker")),
        Output::Podman => single_of(platforms, |platform| *platform).and_then(|_| answers("podman")),
    }
}

/// Whether something can be put into a folder, or into the nearest one above it that is there.
fn writable(path: &Path, folder: &Path) -> Result<(), BuildError> {
    let folder = std::path::absolute(folder)?;
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(&folder);
    // A file without a name: no other program sees it.
    tempfile::tempfile_in(there).map(drop).map_err(|source| {
        unwritable(path)(StoreError::Io { action: "write in", path: there.to_owned(), source })
    })
}

/// The manifest that an engine or archive gets: of one platform, the host's where there are several.
fn single(done: &Done) -> Result<Digest, BuildError> {
    Ok(single_of(&done.platforms, |report| report.platform)?.digest)
}

fn single_of<T>(all: &[T], platform: impl Fn(&T) -> Platform) -> Result<&T, BuildError> {
    let host = Platform::host();
    let chosen = match all {
        [only] => Some(only),
        several => several.iter().find(|one| Some(platform(one)) == host),
    };
    chosen.ok_or_else(|| BuildError::Unsupported {
        what: "archives of several platforms".to_owned(),
        instead: "name one platform with --platform, or write oci:FOLDER".to_owned(),
    })
}

/// Whether an engine answers: Docker's command asks its daemon for its version, too.
fn answers(engine: &str) -> Result<(), BuildError> {
    let failed = |reason: String| BuildError::Engine { engine: engine.to_owned(), reason };
    let mut command = Command::new(engine);
    command.arg("version").stdin(Stdio::null()).stdout(Stdio::null());
    let output = command.output().map_err(|error| failed(not_started(engine, &error)))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(last_line(&String::from_utf8_lossy(&output.stderr)).to_owned()))
}

/// What an engine said at last.
fn last_line(words: &str) -> &str {
    words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it gave no reason")
}

fn not_started(engine: &str, error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("It is not installed: no folder of `PATH` has `{engine}`."),
        _ => format!("It cannot be started: {error}."),
    }
}

/// Pipes the image into an engine's `load`.
fn load(engine: &str, layout: &Layout, done: &Done, name: &ImageReference) -> Result<String, BuildError> {
    let failed = |reason: String| BuildError::Engine { engine: engine.to_owned(), reason };
    let digest = single(done)?;
    let mut command = Command::new(engine);
    command.arg("load").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(not_started(engine, &error)))?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let words = thread::spawn(move || {
        let mut words = String::new();
        if let Some(mut stderr) = stderr {
            // Words that cannot be read are only missing from the message.
            let _ = stderr.read_to_string(&mut words);
        }
        words
    });
    let piped = stdin.map(|stdin| {
        let mut pipe = BufWriter::with_capacity(1 << 20, stdin);
        export_docker_archive(layout, &digest, name, &mut pipe)?;
        pipe.flush().map_err(BuildError::Io)
    });
    let status = child.wait()?;
    let words = words.join().unwrap_or_default();
    if !status.success() {
        return Err(failed(last_line(&words).to_owned()));
    }
    piped.transpose()?;
    Ok(format!("{engine}:{name}"))
}
