//! The `envwright` command.

fn main() {}
