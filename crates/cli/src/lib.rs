//! The command line: arguments to requests of the builder, its events to the terminal, its outcome to text or JSON.
//!
//! - [`main`]: the whole program;
//! - [`command`]: its arguments, from which completions and the reference are made;
//! - [`reference`]: the pages of the book that are made from the arguments and the catalog.

mod arguments;
mod commands;
mod definition;
mod failure;
mod interrupt;
mod progress;
pub mod reference;
mod summary;
mod terminal;

pub use arguments::command;

use clap::Parser as _;
use std::process::ExitCode;
use terminal::Terminal;

/// Runs the command that the process's arguments name. Exit codes: 0 done; 1 the definition or this machine is at
/// fault; 2 wrong usage; 3 a service or the network is; 4 envwright is; 130 interrupted.
pub fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let terminal = Terminal::new(&arguments.global);
    match commands::run(arguments, &terminal) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(failure.show(&terminal)),
    }
}
