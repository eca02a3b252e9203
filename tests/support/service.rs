//! Programs that serve while a test runs.

use crate::support::machine::{command, program};
use fs_err::File;
use std::{
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

/// How long a service may take until it serves.
const DEADLINE: Duration = Duration::from_secs(90);

/// A service; it is asked to end when this goes, a panic's unwinding included, and by the kernel should this process
/// be killed.
pub(crate) struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts `name`, writing what it says to a file of `folder`.
    #[track_caller]
    pub(crate) fn start(name: &str, folder: &Path, arguments: impl FnOnce(&mut Command)) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).unwrap();
        let mut command = command("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(program(name));
        arguments(&mut command);
        let child =
            command.stdout(file.file().try_clone().unwrap()).stderr(file.into_parts().0).spawn().unwrap();
        Self { child, log }
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        fs_err::read_to_string(&self.log).unwrap()
    }

    /// Asks until there is an answer.
    #[track_caller]
    pub(crate) fn wait_for<T>(&mut self, ask: impl Fn(&Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(answer) = ask(self) {
                return answer;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended with {ended:?}\n{}", self.said());
            assert!(start.elapsed() < DEADLINE, "it does not serve\n{}", self.said());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It takes down what it started itself, which a kill would leave.
        let _ = Command::new("kill").arg(self.child.id().to_string()).output();
        let _ = self.child.wait();
    }
}
