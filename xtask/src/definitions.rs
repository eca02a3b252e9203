//! `cargo xtask definitions`: which of a folder's definitions are read, and whether they mean the same once they were
//! written again.

use crate::{
    bench::page,
    shell::{cargo, output, print},
};

const USAGE: &str = "\
usage: cargo xtask definitions FOLDER… [--write]

  FOLDER   definitions and lock files of other people
  --write  keep the results in docs/definitions-read.md";

/// Fails where a file does not mean the same once it was written and read again.
pub(crate) fn definitions(arguments: &[String]) -> Result<(), String> {
    let (options, folders): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| argument.starts_with('-'));
    let write = match options.as_slice() {
        [] => false,
        [option] if *option == "--write" => true,
        _ => return Err(USAGE.to_owned()),
    };
    if folders.is_empty() {
        return Err(USAGE.to_owned());
    }
    let mut read = cargo(&[
        "run",
        "--release",
        "--quiet",
        "--package",
        "envwright-definition",
        "--example",
        "read",
        "--",
    ]);
    let table = output(read.args(folders))?;
    print(&table);
    if write {
        page::write("docs/definitions-read.md", "cargo xtask definitions", &table)?;
    }
    Ok(())
}
