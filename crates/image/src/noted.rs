//! Telling what could not be written from what could not be read.

use std::io::{self, Write};

/// Passes on what is written, and notes whether any of it was not taken.
pub(crate) struct Noted<'a> {
    out: &'a mut dyn Write,
    pub(crate) refused: bool,
}

impl<'a> Noted<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, refused: false }
    }
}

impl Write for Noted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).inspect_err(|_| self.refused = true)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().inspect_err(|_| self.refused = true)
    }
}
