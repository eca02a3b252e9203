//! The table of `examples/broken/README.md`, which says what each folder is about.

use std::path::Path;

/// The folder of the examples.
pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/broken");

/// A row of the table.
#[derive(Debug)]
pub(super) struct Example {
    /// Its folder.
    pub(super) name: String,
    /// What a check finds.
    pub(super) problem: String,
    /// What follows `envwright` in the command that finds it.
    pub(super) arguments: Vec<String>,
}

/// All rows.
pub(super) fn table() -> Vec<Example> {
    let text = fs_err::read_to_string(Path::new(FOLDER).join("README.md")).unwrap();
    text.lines().filter_map(row).collect()
}

/// Sample: ``| [yaml-tab](yaml-tab) | a tab indents a value | `definition-invalid-yaml` | `envwright check` |``.
fn row(line: &str) -> Option<Example> {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let [_, folder, _, problem, command, _] = cells.as_slice() else { return None };
    let (name, target) = folder.strip_prefix('[')?.split_once("](")?;
    assert_eq!(target.strip_suffix(')'), Some(name), "{line}");
    let command = command.trim_matches('`').strip_prefix("envwright ").unwrap();
    Some(Example {
        name: name.to_owned(),
        problem: problem.trim_matches('`').to_owned(),
        arguments: command.split(' ').map(str::to_owned).collect(),
    })
}

#[test]
fn every_folder_stands_in_the_table_and_there_are_thirty_at_least() {
    let mut folders: Vec<String> = fs_err::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort_unstable();
    let names: Vec<String> = table().into_iter().map(|example| example.name).collect();
    assert_eq!(folders, names, "the table has the folders in the order of their names");
    assert!(folders.len() >= 30, "{}", folders.len());
}

/// Mistakes of many kinds, not one kind many times.
#[test]
fn the_examples_are_of_at_least_twenty_problems() {
    let mut problems: Vec<String> = table().into_iter().map(|example| example.problem).collect();
    problems.sort_unstable();
    problems.dedup();
    assert!(problems.len() >= 20, "{problems:?}");
}
