//! `envwright check --watch`: a report after each change of the definition.

use super::{super::USAGE, Examined, Work, shown};
use crate::{arguments::GlobalArguments, failure::Failure, terminal::Terminal};
use envwright_builder::{Input, Request};
use notify::{RecursiveMode, Watcher as _};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

/// How often it is looked whether to stop.
const TICK: Duration = Duration::from_millis(100);
/// Editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(30);

pub(super) fn run(
    request: &Request,
    work: &Work<'_>,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let Input::Path(definition) = &request.input else {
        terminal.error("`--watch` needs a file or a folder: standard input does not change");
        return Err(Failure::Shown(USAGE));
    };
    let (sender, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(sender).map_err(|error| unwatched(definition, &error))?;
    let mut folders = BTreeSet::new();
    loop {
        let examined = Examined::of(request, work);
        let files: BTreeSet<PathBuf> =
            examined.files.iter().map(PathBuf::from).chain([definition.clone()]).collect();
        // Editors replace files, so that folders are watched.
        for folder in files.iter().map(|file| folder(file)).filter(|folder| folder.is_dir()) {
            if folders.insert(folder.clone()) {
                watcher
                    .watch(&folder, RecursiveMode::NonRecursive)
                    .map_err(|error| unwatched(&folder, &error))?;
            }
        }
        match shown(&examined, None, global, |value| terminal.print_json_line(value), terminal) {
            Ok(()) | Err(Failure::Shown(_)) => {}
            Err(other) => return Err(other),
        }
        terminal.say("waiting for a change; Ctrl-C ends\n");
        if !changed(&changes, &files, definition.is_dir(), work) {
            return Err(Failure::Interrupted);
        }
    }
}

fn folder(file: &Path) -> PathBuf {
    if file.is_dir() {
        return file.to_owned();
    }
    let parent = file.parent().filter(|parent| *parent != Path::new(""));
    parent.unwrap_or(Path::new(".")).to_owned()
}

/// Waits for a change of one of the files; in a folder, any file may become the definition. False when asked to stop.
fn changed(
    changes: &mpsc::Receiver<notify::Result<notify::Event>>,
    files: &BTreeSet<PathBuf>,
    any: bool,
    work: &Work<'_>,
) -> bool {
    let names: BTreeSet<_> = files.iter().filter_map(|file| file.file_name()).collect();
    loop {
        if work.stop.is_asked() {
            return false;
        }
        match changes.recv_timeout(TICK) {
            Ok(Ok(event)) => {
                let is_change = !event.kind.is_access();
                let is_ours = any
                    || event
                        .paths
                        .iter()
                        .any(|path| path.file_name().is_some_and(|name| names.contains(name)));
                if is_change && is_ours {
                    while changes.recv_timeout(QUIET).is_ok() {}
                    return true;
                }
            }
            Ok(Err(_)) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

fn unwatched(path: &Path, error: &notify::Error) -> Failure {
    let error = std::io::Error::other(format!("watch {}: {error}", path.display()));
    Failure::from(envwright_builder::BuildError::from(error))
}
