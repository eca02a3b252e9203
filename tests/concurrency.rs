//! Many builds at once in one home.
#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]
mod support;
