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

/// The manifest that an engine or archive gets: of one platform, the host's where there are several.
fn single(done: &Done) -> Result<Digest, BuildError> {
    let host = Platform::host();
    let mut platforms = done.platforms.iter();
    let chosen = match done.platforms.len() {
        1 => platforms.next(),
        _ => platforms.find(|report| Some(report.platform) == host),
    };
    chosen.map(|report| report.digest).ok_or_else(|| BuildError::Unsupported {
        what: "archives of several platforms".to_owned(),
        instead: "name one platform with --platform, or write oci:FOLDER".to_owned(),
    })
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
        let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
        return Err(failed(last.to_owned()));
    }
    piped.transpose()?;
    Ok(format!("{engine}:{name}"))
}
