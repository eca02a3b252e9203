//! Runs of a command under `strace`: by which calls it changes files, and a fault in the place of one of them.

use super::machine::program;
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    process::Command,
};

/// Calls that change files or that wait for others, and those that read.
const CALLS: &str = "openat,read,write,writev,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,symlink,\
                     mkdir,mkdirat,unlink,unlinkat,rmdir,flock,ftruncate,copy_file_range";

/// One call of a run, by one of its threads.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) thread: u32,
    /// Name of the system call.
    pub(crate) name: String,
    /// What stands between its brackets.
    pub(crate) arguments: String,
    /// The file that it is about: of two, the second.
    pub(crate) path: Option<PathBuf>,
    /// The other one of two.
    pub(crate) from: Option<PathBuf>,
    /// Whether its name was given from an open folder, not from the one that the process works in.
    pub(crate) from_open_folder: bool,
    /// Whether it did what it was asked for.
    pub(crate) succeeded: bool,
    /// Whether a fault stood in its place, or the process ended in it.
    pub(crate) faulted: bool,
}

/// A fault, and the call that it takes the place of.
#[derive(Debug, Clone)]
pub(crate) struct Injection {
    /// Name of the system call.
    pub(crate) call: String,
    /// As `strace` spells it: `signal=KILL`, `error=ENOSPC`.
    pub(crate) fault: String,
    /// Only calls on these files count; empty for all.
    pub(crate) paths: Vec<PathBuf>,
    /// Which of a thread's calls, from 1.
    pub(crate) nth: usize,
}

/// The same command, recorded into `log`.
pub(crate) fn recorded(command: &Command, log: &Path) -> Command {
    let mut traced = strace(log);
    traced.args(["--seccomp-bpf", "-e", &format!("trace={CALLS}")]);
    followed_by(traced, command)
}

/// The same command, with its connections to other machines and what it sends to them recorded into `log`.
pub(crate) fn connections(command: &Command, log: &Path) -> Command {
    let mut traced = strace(log);
    traced.args(["--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,sendmmsg"]);
    followed_by(traced, command)
}

/// The same command, with a fault in it.
pub(crate) fn faulted(command: &Command, log: &Path, injection: &Injection) -> Command {
    let Injection { call, fault, paths, nth } = injection;
    let mut traced = strace(log);
    // With it strace 6.1 sends no signals.
    if !fault.starts_with("signal") {
        traced.arg("--seccomp-bpf");
    }
    for path in paths {
        traced.arg("-P").arg(path);
    }
    traced.args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:{fault}:when={nth}")]);
    followed_by(traced, command)
}

fn strace(log: &Path) -> Command {
    let mut strace = Command::new(program("strace"));
    strace.args(["-f", "-y", "-s", "0"]);
    strace.args(["--quiet=attach,path-resolution,personality", "-o"]).arg(log);
    strace
}

fn followed_by(mut strace: Command, command: &Command) -> Command {
    strace.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        strace.current_dir(folder);
    }
    strace
}

/// The calls of a record in the order in which they began.
#[track_caller]
pub(crate) fn calls(log: &Path, folder: &Path) -> Vec<Call> {
    let text = fs_err::read_to_string(log).unwrap_or_default();
    assert!(
        text.contains("+++ "),
        "strace recorded nothing: this machine does not let processes be traced (ptrace)\n{text}"
    );
    let mut calls: Vec<Call> = Vec::new();
    // Where each thread's call that has not ended is.
    let mut open: HashMap<u32, usize> = HashMap::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(char::is_whitespace) else { continue };
        let Ok(thread) = thread.parse::<u32>() else { continue };
        let rest = rest.trim_start();
        if rest.starts_with("+++ killed") {
            if let Some(at) = open.remove(&thread) {
                calls[at].faulted = true;
            }
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            if let Some(at) = open.remove(&thread) {
                end(&mut calls[at], resumed);
                if calls[at].faulted && resumed.ends_with("= ?") {
                    open.insert(thread, at);
                }
            }
        } else if let Some((name, arguments)) = rest.split_once('(')
            && !rest.starts_with("---")
        {
            let mut call = call(thread, name, arguments, folder);
            let ended = !arguments.ends_with("<unfinished ...>");
            if ended {
                end(&mut call, arguments);
            }
            if !ended || arguments.ends_with("= ?") {
                open.insert(thread, calls.len());
            }
            calls.push(call);
        }
    }
    calls
}

/// Samples: `3</a/b>, ""..., 5) = 5`, `"/a/.tmp-x", "/a/b") = -1 EIO (Input/output error) (INJECTED)`,
/// `AT_FDCWD</a>, "b", O_RDONLY) = 3</a/b>`, `7</c>, "d", 0) = 0`.
fn call(thread: u32, name: &str, arguments: &str, folder: &Path) -> Call {
    let end = arguments.rfind(") = ").or_else(|| arguments.rfind(" <unfinished")).unwrap_or(arguments.len());
    let given = arguments[..end].trim_end().to_owned();
    let parts: Vec<&str> = given.split('"').collect();
    let open_folder = |before: &str| {
        let (number, path) = before.trim_end_matches([',', ' ']).strip_suffix('>')?.rsplit_once('<')?;
        (!number.ends_with("AT_FDCWD")).then(|| PathBuf::from(path))
    };
    let below = |pair: &[&str]| open_folder(pair[0]).unwrap_or_else(|| folder.to_owned()).join(pair[1]);
    let quoted: Vec<PathBuf> = parts.chunks_exact(2).map(below).collect();
    let of_number = || {
        let path = given.split_once('<')?.1.rsplit_once('>')?.0;
        let path = path.split_once(">,").map_or(path, |(path, _)| path);
        path.starts_with('/').then(|| PathBuf::from(path.trim_end_matches("(deleted)")))
    };
    let names_files = name.starts_with("open")
        || ["rename", "link", "symlink", "mkdir", "unlink", "rmdir"]
            .iter()
            .any(|kind| name.starts_with(kind));
    let from_open_folder = names_files && parts.chunks_exact(2).any(|pair| open_folder(pair[0]).is_some());
    let (path, from) = match quoted.as_slice() {
        [path] if names_files => (Some(path.clone()), None),
        [from, path] if names_files => (Some(path.clone()), Some(from.clone())),
        _ => (of_number(), None),
    };
    Call {
        thread,
        name: name.to_owned(),
        arguments: given,
        path,
        from,
        from_open_folder,
        succeeded: false,
        faulted: false,
    }
}

fn end(call: &mut Call, text: &str) {
    let result = text.rsplit_once(" = ").map_or("", |(_, result)| result);
    call.succeeded = result.starts_with(|letter: char| letter.is_ascii_digit());
    call.faulted = result.ends_with("(INJECTED)");
}

/// How many calls of its name each call's thread had made by then, this one among them; with `same_path`, on this
/// file alone.
pub(crate) fn ordinals(calls: &[Call], same_path: bool) -> Vec<usize> {
    let mut counts: BTreeMap<(u32, &str, Option<&PathBuf>), usize> = BTreeMap::new();
    let count = |call| {
        let Call { thread, name, path, .. }: &Call = call;
        let count = counts.entry((*thread, name, path.as_ref().filter(|_| same_path))).or_default();
        *count += 1;
        *count
    };
    calls.iter().map(count).collect()
}
