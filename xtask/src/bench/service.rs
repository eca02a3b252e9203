//! Programs that serve while a bench runs.

use crate::shell;
use fs_err as fs;
use std::{
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

/// How long a service may take until it serves.
const DEADLINE: Duration = Duration::from_mins(1);

/// A service; it is asked to end when this goes, and by the kernel should this process be killed.
pub(super) struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts the command, with what it says in the file `log`.
    pub(super) fn start(command: &Command, log: PathBuf) -> Result<Self, String> {
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        }
        let file = fs::File::create(&log).map_err(|error| error.to_string())?.into_parts().0;
        let both = file.try_clone().map_err(|error| error.to_string())?;
        let mut started = Command::new("setpriv");
        started.args(["--pdeathsig", "TERM"]).arg(command.get_program()).args(command.get_args());
        let child = started.stdout(file).stderr(both).spawn();
        let child = child.map_err(|error| format!("cannot start {command:?}: {error}"))?;
        Ok(Self { child, log })
    }

    /// Asks what it has said so far until that has an answer.
    pub(super) fn wait_for<T>(&self, ask: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let start = Instant::now();
        while start.elapsed() < DEADLINE {
            let said = fs::read_to_string(&self.log).unwrap_or_default();
            if let Some(answer) = ask(&said) {
                return Ok(answer);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("a service does not serve: {}", self.log.display()))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It takes down what it started itself, which a kill would leave.
        let _ = shell::output(Command::new("kill").arg(self.child.id().to_string()));
        let _ = self.child.wait();
    }
}

/// Bytes of all files below a folder.
pub(super) fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => bytes_below(&entry.path()),
        _ => entry.metadata().map_or(0, |metadata| metadata.len()),
    };
    entries.map(bytes).sum()
}
