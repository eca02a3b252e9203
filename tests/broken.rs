//! `examples/broken`: what a check says of each definition, and that its edit mends it.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]

mod support;

mod broken {
    mod examples;
    mod list;
    mod world;
}
