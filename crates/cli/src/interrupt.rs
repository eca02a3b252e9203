//! Ctrl-C and SIGTERM: the first asks the build to stop, the second ends the process. SIGXFSZ does neither: a file that
//! may not grow further is an error of its write, which is explained.

use envwright_builder::Stop;
use std::sync::mpsc;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of an interrupted command (128 + SIGINT).
const INTERRUPTED: i32 = 130;

/// SIGXFSZ of Linux (signal(7)); its usual effect is to end the process.
const FILE_TOO_LARGE: i32 = 25;

/// Listens from now on. Where signals cannot be listened to, they keep their usual effect.
pub(crate) fn listen(stop: &Stop) {
    let stop = stop.clone();
    let (ready, listening) = mpsc::channel();
    let listener = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            // Only that somebody listens counts.
            let _file_too_large = signal(SignalKind::from_raw(FILE_TOO_LARGE));
            let kinds = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
            // Fails where nobody waits.
            let _ = ready.send(());
            let (Ok(mut interrupt), Ok(mut terminate)) = kinds else { return };
            for last in [false, true] {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if last {
                    std::process::exit(INTERRUPTED);
                }
                stop.stop();
            }
        });
    };
    // Without the thread a signal ends the process at once, which is safe at any time.
    if std::thread::Builder::new().name("signals".to_owned()).spawn(listener).is_ok() {
        // An error says that the thread has ended.
        let _ = listening.recv();
    }
}
