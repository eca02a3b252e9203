//! Being asked to stop: at once, and with nothing left half done.

use crate::BuildError;
use std::io::{self, Write};
use tokio::sync::watch;

/// A wish to stop that many tasks and threads listen to.
#[derive(Debug, Clone)]
pub struct Stop {
    sender: watch::Sender<bool>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { sender: watch::Sender::new(false) }
    }
}

impl Stop {
    /// Asks all listeners to stop.
    pub fn stop(&self) {
        self.sender.send_replace(true);
    }

    /// Whether that was asked for.
    pub fn is_asked(&self) -> bool {
        *self.sender.borrow()
    }

    /// The outcome of `work`, or [`BuildError::Interrupted`] as soon as stopping is asked for.
    pub(crate) async fn or<T>(
        &self,
        work: impl Future<Output = Result<T, BuildError>>,
    ) -> Result<T, BuildError> {
        let mut asked = self.sender.subscribe();
        tokio::select! {
            biased;
            _ = asked.wait_for(|asked| *asked) => Err(BuildError::Interrupted),
            outcome = work => outcome,
        }
    }

    /// A writer that fails once stopping is asked for, so that a thread which packs ends soon.
    pub(crate) fn guard<W: Write>(&self, inner: W) -> Guarded<'_, W> {
        Guarded { inner, stop: self }
    }
}

/// See [`Stop::guard`].
pub(crate) struct Guarded<'a, W> {
    inner: W,
    stop: &'a Stop,
}

impl<W: Write> Write for Guarded<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stop.is_asked() {
            return Err(io::Error::other("interrupted"));
        }
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_never_ends_is_left_when_asked() {
        let stop = Stop::default();
        assert!(matches!(stop.or(async { Ok(1) }).await, Ok(1)));
        assert!(stop.guard(Vec::new()).write_all(b"x").is_ok());
        stop.stop();
        let never = std::future::pending::<Result<(), BuildError>>();
        assert!(matches!(stop.or(never).await, Err(BuildError::Interrupted)));
        assert!(stop.guard(Vec::new()).write_all(b"x").is_err());
    }
}
