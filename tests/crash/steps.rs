//! The steps of a command: each call that changes or reads a file of the home or of an output, with a name that is the
//! same in every run.

use super::{scene::Scene, victims::Victim};
use crate::support::{
    Envwright,
    strace::{self, Call, Injection},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A step that was seen in a run without faults.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// What is done: `rename`.
    pub(super) kind: &'static str,
    /// What is done where: `rename home/segments/….seg`.
    pub(super) name: String,
    call: String,
    paths: Vec<PathBuf>,
    nth: usize,
}

/// A run without faults.
pub(super) struct Clean {
    pub(super) calls: Vec<Call>,
    pub(super) steps: Vec<Step>,
    pub(super) envwright: Envwright,
}

/// Runs a victim as it is, and finds its steps.
pub(super) fn clean(scene: &Scene, victim: &Victim) -> Clean {
    let envwright = (victim.prepare)(scene);
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = envwright.command();
    command.args(victim.arguments(scene, "clean"));
    envwright.run_command(strace::recorded(&command, log.path()), "").succeeded();
    let calls = strace::calls(log.path(), &envwright.folder());
    let root = envwright.home().parent().unwrap().to_owned();
    let anywhere = strace::ordinals(&calls, false);
    let on_path = strace::ordinals(&calls, true);
    let step = |(at, call): (usize, &Call)| {
        let name = name(call, &root)?;
        let stable = is_stable(call, &root);
        let relative = || call.path.as_ref()?.strip_prefix(envwright.folder()).ok().map(Path::to_owned);
        // A test's folder has another name each time.
        let paths = if stable {
            let path = call.path.as_ref()?.strip_prefix(&root).ok()?.to_owned();
            [Some(path), relative()].into_iter().flatten().collect()
        } else {
            Vec::new()
        };
        let nth = if stable { on_path[at] } else { anywhere[at] };
        Some(Step { kind: kind(call)?, name, call: call.name.clone(), paths, nth })
    };
    let steps = calls.iter().enumerate().filter_map(step).collect();
    Clean { calls, steps, envwright }
}

impl Step {
    /// Whether calls on its file alone are counted.
    pub(super) fn has_place(&self) -> bool {
        !self.paths.is_empty()
    }

    /// A fault in the place of this step of another run.
    pub(super) fn injection(&self, fault: &str, envwright: &Envwright) -> Injection {
        let root = envwright.home().parent().unwrap().to_owned();
        // The first is below the test's folder, the second as the command was given it.
        let place = |(at, path): (usize, &PathBuf)| if at == 0 { root.join(path) } else { path.clone() };
        let paths = self.paths.iter().enumerate().map(place).collect();
        Injection { call: self.call.clone(), fault: fault.to_owned(), paths, nth: self.nth }
    }
}

/// What a call does.
pub(super) fn kind(call: &Call) -> Option<&'static str> {
    Some(match call.name.as_str() {
        "openat" if call.arguments.contains("O_CREAT") => "create",
        "openat" => "open",
        "read" => "read",
        "write" | "writev" | "pwrite64" | "copy_file_range" => "write",
        "fsync" | "fdatasync" => "fsync",
        "rename" | "renameat" | "renameat2" => "rename",
        "mkdir" | "mkdirat" => "mkdir",
        "unlink" | "unlinkat" | "rmdir" => "unlink",
        "flock" => "lock",
        "ftruncate" => "truncate",
        "link" | "linkat" | "symlink" => "link",
        _ => return None,
    })
}

/// The same for the same step of every run; none for calls on other files.
pub(super) fn name(call: &Call, root: &Path) -> Option<String> {
    let place = call.path.as_ref()?.strip_prefix(root).ok()?;
    let part = |part: &std::ffi::OsStr| normalised(&part.to_string_lossy());
    let mut parts: Vec<String> = place.iter().map(part).collect();
    if parts.iter().any(|part| part == "pypi") {
        // The solver's own.
        parts.truncate(3);
    }
    Some(format!("{} {}", kind(call)?, parts.join("/")))
}

/// Samples: `.tmp-gHs7Qa`, `20260101T000000-2`, `last-<64 digits>.json`.
fn normalised(part: &str) -> String {
    if part.starts_with(".tmp") {
        return ".tmp".to_owned();
    }
    let is_time =
        part.len() >= 15 && part.as_bytes()[8] == b'T' && part.starts_with(|c: char| c.is_ascii_digit());
    if is_time {
        return "ID".to_owned();
    }
    let mut text = String::new();
    let mut run = String::new();
    for letter in part.chars().chain(['\0']) {
        if letter.is_ascii_hexdigit() {
            run.push(letter);
            continue;
        }
        text.push_str(if run.len() >= 32 { "…" } else { &run });
        run.clear();
        if letter != '\0' {
            text.push(letter);
        }
    }
    text
}

/// Whether the file has the same name in every run, so that calls on it alone can be counted. `strace` looks at the
/// first name of a rename only, and at names as they are given.
fn is_stable(call: &Call, root: &Path) -> bool {
    let Some(place) = call.path.as_ref().and_then(|path| path.strip_prefix(root).ok()) else { return false };
    let changes =
        |part: &std::ffi::OsStr| [".tmp", "ID"].contains(&normalised(&part.to_string_lossy()).as_str());
    // What is asked for depends on the folder that the definition lies in.
    call.from.is_none()
        && !call.from_open_folder
        && !place.starts_with("home/solves")
        && !place.iter().any(changes)
}

/// What stands outside of the home after a run: `envwright.lock`, an archive, by its digest.
pub(super) fn outside(envwright: &Envwright) -> BTreeMap<PathBuf, String> {
    let folder = envwright.folder();
    let files = crate::support::whole::files(&folder);
    let outside = files.into_iter().filter(|file| !file.starts_with(folder.join("out")));
    let known = |file: PathBuf| {
        let digest = crate::support::wheel::sha256(&settled(fs_err::read(&file).unwrap()));
        (file.strip_prefix(&folder).unwrap().to_owned(), digest)
    };
    outside.map(known).collect()
}

/// The text of `envwright.lock` without the line that says which `pixi.lock` is about to be replaced: it stands there from
/// before that one is written until after it, and who comes in between goes on from it.
fn settled(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&bytes) else { return bytes };
    let lines = text.split_inclusive('\n').filter(|line| !line.starts_with("replaced = "));
    lines.collect::<String>().into_bytes()
}
