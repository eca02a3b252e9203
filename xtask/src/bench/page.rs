//! Pages of the book that keep results.

use crate::shell;

/// Puts the results of a command between the page's marks of it.
pub(crate) fn write(page: &str, command: &str, results: &str) -> Result<(), String> {
    let file = shell::root().join(page);
    let text = fs_err::read_to_string(&file).map_err(|error| error.to_string())?;
    let text = replace(&text, command, results)
        .ok_or_else(|| format!("{page} has no lines that begin and end {command}"))?;
    fs_err::write(&file, text).map_err(|error| error.to_string())
}

fn replace(page: &str, command: &str, results: &str) -> Option<String> {
    let [begin, end] = ["begin", "end"].map(|place| format!("<!-- {place}: {command} -->\n"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{results}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let (begin, end) = ("<!-- begin: x -->\n", "<!-- end: x -->\n");
        let page = format!("# A\n{begin}old\n{end}b\n");
        assert_eq!(replace(&page, "x", "new\n"), Some(format!("# A\n{begin}\nnew\n\n{end}b\n")));
        assert_eq!(replace("# A\n", "x", "new"), None);
    }
}
