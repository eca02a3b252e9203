//! The page of the book that keeps the results.

use crate::shell;

const PAGE: &str = "docs/benchmarks.md";
const BEGIN: &str = "<!-- begin: cargo xtask bench build -->\n";
const END: &str = "<!-- end: cargo xtask bench build -->\n";

/// Puts the results between the page's marks.
pub(super) fn write(results: &str) -> Result<(), String> {
    let file = shell::root().join(PAGE);
    let page = fs_err::read_to_string(&file).map_err(|error| error.to_string())?;
    let page = replace(&page, results).ok_or_else(|| format!("{PAGE} has no line {BEGIN} or {END}"))?;
    fs_err::write(&file, page).map_err(|error| error.to_string())
}

fn replace(page: &str, results: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{results}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let page = format!("# A\n{BEGIN}old\n{END}b\n");
        assert_eq!(replace(&page, "new\n"), Some(format!("# A\n{BEGIN}\nnew\n\n{END}b\n")));
        assert_eq!(replace("# A\n", "new"), None);
    }
}
