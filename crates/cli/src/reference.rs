//! The pages of the book that are made, not written: the command line, the problems, the schema.
//!
//! `cargo xtask docs` writes them, and a test here fails where they are not what would be written.

use clap::{Arg, Command};
use envwright_definition::Format;
use envwright_diagnosis::Catalog;
use std::{collections::BTreeMap, fmt::Write as _};

const MADE: &str = "<!-- Made by `cargo xtask docs`. -->\n\n";

/// In the book's summary, what stands above this line is written, what stands below it is made.
const SUMMARY_MARK: &str = "made by `cargo xtask docs` from the catalog. -->\n";

/// The book's summary with an entry for each problem, as mdBook shows only pages that it names. What is written by
/// hand is taken from `summary`.
pub fn summary(summary: &str) -> String {
    let written = summary.split_once(SUMMARY_MARK).map_or(summary, |(written, _)| written);
    let mut text = format!("{written}{SUMMARY_MARK}\n");
    for problem in Catalog::builtin().problems() {
        let _ = writeln!(text, "- [{id}](reference/problems/{id}.md)", id = problem.id);
    }
    text
}

/// Every made page: path below the book's `src/reference`, and its text.
pub fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::from([("commands.md".to_owned(), commands())]);
    let catalog = Catalog::builtin();
    let mut list = format!("# Problems\n\n{MADE}`envwright explain PROBLEM` prints the same pages.\n\n");
    for problem in catalog.problems() {
        let Some(page) = catalog.page(&problem.id) else { continue };
        let _ = writeln!(list, "- [`{id}`](problems/{id}.md): {}", page.title(), id = problem.id);
        pages.insert(format!("problems/{}.md", problem.id), format!("{}\n{MADE}", page.markdown()));
    }
    pages.insert("problems.md".to_owned(), list);
    for (format, name) in Format::ALL {
        if let Some(schema) = envwright_definition::schema(format) {
            let name = if format == Format::Azure { "envwright" } else { name };
            pages.insert(format!("{name}.schema.json"), format!("{schema:#}\n"));
        }
    }
    pages
}

fn commands() -> String {
    let mut command = crate::command();
    command.build();
    let mut text = format!("# Commands\n\n{MADE}");
    section(&command, "envwright", &mut text);
    for inner in command.get_subcommands() {
        section(inner, &format!("envwright {}", inner.get_name()), &mut text);
        for nested in inner.get_subcommands() {
            section(nested, &format!("envwright {} {}", inner.get_name(), nested.get_name()), &mut text);
        }
    }
    text.trim_end().to_owned() + "\n"
}

fn section(command: &Command, name: &str, text: &mut String) {
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let _ = write!(text, "## {name}\n\n{about}\n\n");
    let usage = command.clone().render_usage().to_string();
    let _ = write!(text, "```text\n{}\n```\n\n", usage.trim());
    let top = name == "envwright";
    let shown = |argument: &&Arg| !argument.is_hide_set() && (top || !argument.is_global_set());
    let rows: Vec<String> = command.get_arguments().filter(shown).map(row).collect();
    if !rows.is_empty() {
        let _ = write!(text, "| Argument | Meaning |\n|---|---|\n{}\n", rows.concat());
    }
    if let Some(help) = command.get_after_help() {
        let _ = write!(text, "```text\n{help}\n```\n\n");
    }
}

fn row(argument: &Arg) -> String {
    let value = argument.get_value_names().unwrap_or_default().first().map(ToString::to_string);
    let takes = argument.get_action().takes_values();
    let value = value.filter(|_| takes).map(|name| format!(" {name}")).unwrap_or_default();
    let name = match (argument.get_short(), argument.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}{value}"),
        (None, Some(long)) => format!("--{long}{value}"),
        (Some(short), None) => format!("-{short}{value}"),
        (None, None) => format!("[{}]", value.trim()),
    };
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<String> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let default = match defaults.as_slice() {
        [] => String::new(),
        _ if !takes => String::new(),
        values => format!(" (default: `{}`)", values.join(",")),
    };
    format!("| `{name}` | {}{default} |\n", help.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    /// Set by `cargo xtask docs`: the pages are written, not compared.
    const WRITE: &str = "ENVWRIGHT_WRITE_DOCS";

    fn book() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src")
    }

    /// Every made file of the book with its text.
    fn made() -> BTreeMap<PathBuf, String> {
        let book = book();
        let mut files: BTreeMap<PathBuf, String> =
            pages().into_iter().map(|(path, text)| (book.join("reference").join(path), text)).collect();
        let written = fs_err::read_to_string(book.join("SUMMARY.md")).unwrap();
        files.insert(book.join("SUMMARY.md"), summary(&written));
        files
    }

    fn write(files: &BTreeMap<PathBuf, String>) {
        let folder = book().join("reference");
        if folder.exists() {
            fs_err::remove_dir_all(&folder).unwrap();
        }
        for (path, text) in files {
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
    }

    #[test]
    fn the_book_has_the_pages_that_are_made() {
        let files = made();
        if std::env::var_os(WRITE).is_some() {
            write(&files);
        }
        let drifted: Vec<&PathBuf> = files
            .iter()
            .filter(|(path, text)| fs_err::read_to_string(path).ok().as_ref() != Some(*text))
            .map(|(path, _)| path)
            .collect();
        assert!(drifted.is_empty(), "run `cargo xtask docs`: {drifted:?}");
        let problems = fs_err::read_dir(book().join("reference/problems")).unwrap().count();
        assert_eq!(problems, Catalog::builtin().problems().count(), "a page of a problem that is gone");
    }

    #[test]
    fn every_command_and_option_is_in_the_reference() {
        let page = commands();
        for command in crate::command().get_subcommands() {
            assert!(page.contains(&format!("## envwright {}\n", command.get_name())));
            for long in command.get_arguments().filter_map(Arg::get_long) {
                assert!(page.contains(&format!("--{long}")), "{long}");
            }
        }
    }
}
