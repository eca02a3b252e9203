//! Real .debs, made here: what becomes of them, and what is refused.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a test that fails")]

mod build;
mod contents;
mod golden;
mod hostile;
mod info;
