//! Words on lines of a given width.

/// `label` in the margin (padded to `indent` columns) and the text beside it, broken at spaces to lines of
/// at most `width` columns where words allow it. Ends with a line break.
pub(crate) fn beside(label: &str, label_columns: usize, indent: usize, text: &str, width: usize) -> String {
    let mut out = format!("{label}{}", " ".repeat(indent.saturating_sub(label_columns)));
    let mut column = indent;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > indent && column + 1 + length > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        }
        if column > indent {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_hang_under_the_text() {
        assert_eq!(beside("fix", 3, 5, "one two three", 12), "fix  one two\n     three\n");
    }

    #[test]
    fn a_word_that_is_too_long_stands_alone() {
        assert_eq!(beside("", 0, 2, "a incomprehensibilities b", 8), "  a\n  incomprehensibilities\n  b\n");
    }
}
