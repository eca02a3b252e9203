//! The page of the book that keeps the results.

use crate::shell;

const PAGE: &str = "docs/benchmarks.md";

/// Puts the results of `cargo xtask bench NAME` between the page's marks of that name.
pub(super) fn write(name: &str, results: &str) -> Result<(), String> {
    let file = shell::root().join(PAGE);
    let page = fs_err::read_to_string(&file).map_err(|error| error.to_string())?;
    let page =
        replace(&page, name, results).ok_or_else(|| format!("{PAGE} has no marks of `bench {name}`"))?;
    fs_err::write(&file, page).map_err(|error| error.to_string())
}

fn replace(page: &str, name: &str, results: &str) -> Option<String> {
    let [begin, end] = ["begin", "end"].map(|mark| format!("<!-- {mark}: cargo xtask bench {name} -->\n"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{results}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let [begin, end] = ["<!-- begin: cargo xtask bench push -->", "<!-- end: cargo xtask bench push -->"];
        let page = format!("# A\n{begin}\nold\n{end}\nb\n");
        let expected = format!("# A\n{begin}\n\nnew\n\n{end}\nb\n");
        assert_eq!(replace(&page, "push", "new\n"), Some(expected));
        assert_eq!(replace(&page, "build", "new"), None);
    }
}
