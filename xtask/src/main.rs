//! The project's own commands: `cargo xtask test | bench | docs`.
fn main() {}
