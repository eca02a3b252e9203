//! Messages that a terminal or a program cut into lines, made whole again.

use super::line;
use std::{collections::BTreeMap, ops::Range};

/// Columns of the narrowest and the widest terminal whose cuts are looked for.
const WIDTHS: std::ops::RangeInclusive<usize> = 15..=160;
/// Fewer lines tell nothing of a width.
const FEWEST: usize = 8;

/// Drawn characters whose UTF-8 was read in code page 437, 850 or 1252.
const GARBLED: &[(&str, &str)] = &[
    ("Γò░ΓöÇΓû╢", "╰─▶"),
    ("Ôò░ÔöÇÔûÂ", "╰─▶"),
    ("â•°â”€â–¶", "╰─▶"),
    ("Γö£ΓöÇΓû╢", "├─▶"),
    ("Ôö£ÔöÇÔûÂ", "├─▶"),
    ("â”œâ”€â–¶", "├─▶"),
    ("Γöé", "│"),
    ("Ôöé", "│"),
    ("â”‚", "│"),
    ("├ù", "×"),
    ("Ã—", "×"),
];

type Pieces = BTreeMap<usize, Vec<(usize, usize)>>;

/// A text of as many lines, in which a message stands whole on its first line and its other lines are empty.
pub(super) struct Joined {
    pub(super) text: String,
    /// Places of the lines that are not as they were, in order.
    pub(super) changed: Vec<usize>,
    /// For the place of a message's first line: each of its lines and where it begins in the message. Bytes.
    pieces: Pieces,
}

impl Joined {
    /// Places of the lines from which a part of the message at this place was made.
    pub(super) fn origin(&self, place: usize, part: &Range<usize>) -> Vec<usize> {
        let Some(pieces) = self.pieces.get(&place) else { return vec![place] };
        let ends = pieces.iter().skip(1).map(|(_, start)| *start).chain([usize::MAX]);
        let touched =
            pieces.iter().zip(ends).filter(|((_, start), end)| *start < part.end && part.start < *end);
        touched.map(|((line, _), _)| *line).collect()
    }
}

/// The text with its messages made whole. None where none was cut.
pub(super) fn joined(text: &str) -> Option<Joined> {
    let before: Vec<&str> = text.lines().collect();
    let mut lines: Vec<String> = before.iter().map(|line| (*line).to_owned()).collect();
    let mut pieces = BTreeMap::new();
    if let Some(width) = width(&before) {
        unfold(&mut lines, width, &mut pieces);
    }
    if lines.iter().any(|line| GARBLED.iter().any(|(garbled, _)| line.contains(garbled))) {
        for (place, pieces) in &mut pieces {
            for (_, start) in pieces {
                *start = legible(&lines[*place][..*start]).len();
            }
        }
        for line in &mut lines {
            *line = legible(line);
        }
    }
    reflow(&mut lines, &mut pieces);
    let changed: Vec<usize> = (0..lines.len()).filter(|at| lines[*at] != before[*at]).collect();
    if changed.is_empty() {
        return None;
    }
    lines.push(String::new());
    Some(Joined { text: lines.join("\n"), changed, pieces })
}

fn legible(text: &str) -> String {
    GARBLED.iter().fold(text.to_owned(), |text, (garbled, meant)| text.replace(garbled, meant))
}

/// The width of the terminal that cut the lines, as Windows PowerShell does with what a program says on its error
/// output: after the last blank that fits, which stays, or in the middle of a word.
fn width(lines: &[&str]) -> Option<usize> {
    let full: Vec<&&str> = lines.iter().filter(|line| !line.trim().is_empty()).collect();
    // A platform that puts a prefix before each line cuts none.
    let prefixed = full.iter().filter(|line| line::unwrap(line).start > 0).count();
    if full.len() < FEWEST || prefixed * 2 > full.len() {
        return None;
    }
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    for line in &full {
        *lengths.entry(line.chars().count()).or_default() += 1;
    }
    let mut longer = 0;
    let width = lengths.iter().rev().find_map(|(length, count)| {
        let found = *count >= 2 && WIDTHS.contains(length);
        longer += count;
        // A few lines were printed by something else.
        (found && (longer - count) * 10 <= full.len()).then_some(*length)
    })?;
    let at_blanks = full.iter().filter(|line| line.ends_with(' ')).count();
    let cut = full.iter().filter(|line| cut(line, width)).count();
    (at_blanks * 20 >= full.len() && cut * 4 >= full.len()).then_some(width)
}

fn cut(line: &str, width: usize) -> bool {
    line.ends_with(' ') && !line.trim().is_empty() || line.chars().count() == width
}

fn unfold(lines: &mut [String], width: usize, pieces: &mut Pieces) {
    let mut head: Option<usize> = None;
    for at in 0..lines.len() {
        let goes_on = cut(&lines[at], width) && lines[at].chars().count() <= width;
        match head {
            Some(head) => {
                let line = std::mem::take(&mut lines[at]);
                pieces.entry(head).or_insert_with(|| vec![(head, 0)]).push((at, lines[head].len()));
                lines[head].push_str(&line);
            }
            None if goes_on => head = Some(at),
            None => {}
        }
        if !goes_on {
            head = None;
        }
    }
}

/// Takes the paragraphs of a report in the form that uv prints, which are folded at 80 columns and indented, for one
/// line each.
fn reflow(lines: &mut [String], pieces: &mut Pieces) {
    let mut head: Option<usize> = None;
    for at in 0..lines.len() {
        let shown = line::text(lines[at].as_bytes()).into_owned();
        let text = line::unwrap(&shown).text.into_owned();
        if text.trim().is_empty() {
            // What was joined already.
            if lines[at].is_empty() && head.is_some() {
                continue;
            }
            head = None;
            continue;
        }
        if begins(text.trim_start()) {
            head = (!text.contains("did not run successfully")).then_some(at);
            continue;
        }
        let Some(first) = head else { continue };
        let bar = text.trim_start().strip_prefix('│');
        // Below a `×`, only what stands behind a bar belongs to it.
        let titled = lines[first].contains('×');
        if bar.is_some() || text.starts_with("    ") && !titled {
            let more = bar.unwrap_or(&text).trim().to_owned();
            let kept = lines[first].trim_end().len();
            lines[first].truncate(kept);
            lines[first].push(' ');
            let start = lines[first].len();
            let own = pieces.remove(&at).unwrap_or_else(|| vec![(at, 0)]);
            let all = pieces.entry(first).or_insert_with(|| vec![(first, 0)]);
            all.extend(own.into_iter().map(|(line, offset)| (line, start + offset)));
            lines[first].push_str(&more);
            lines[at].clear();
        } else {
            head = None;
        }
    }
}

fn begins(text: &str) -> bool {
    ["× ", "╰─▶ ", "├─▶ ", "cause: ", "hint: "].iter().any(|mark| text.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        joined(text).unwrap().text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_a_narrow_terminal_cut_is_whole_on_its_first_line() {
        let text = "tool : ERROR: Could \nnot open the \nrequirements file: \n/srv/projects/training\n/requirements.txt\nAt line:1 char:1\n+ tool install\n+ ~~~~~~~~~~~~~~~~~~~~\n    + CategoryInfo    \n";
        let lines = lines(text);
        assert_eq!(
            lines[0],
            "tool : ERROR: Could not open the requirements file: /srv/projects/training/requirements.txt"
        );
        assert_eq!(&lines[1..5], ["", "", "", ""]);
        assert_eq!(lines[5], "At line:1 char:1");
        let message = joined(text).unwrap();
        let place = lines[0].find("open the").unwrap();
        assert_eq!(message.origin(0, &(place..place + 12)), [1, 2]);
    }

    #[test]
    fn a_folded_report_is_one_line_a_paragraph() {
        let text = "#9 1.2   × No solution found when resolving\n#9 1.2   │ dependencies:\n#9 1.2   ╰─▶ Because only a<=1 is\n#9 1.2       available and you require a>2, we can\n#9 1.2       conclude that it is unsatisfiable.\n#9 ERROR: process\n";
        let lines = lines(text);
        assert_eq!(lines[0], "#9 1.2   × No solution found when resolving dependencies:");
        assert_eq!(
            lines[2],
            "#9 1.2   ╰─▶ Because only a<=1 is available and you require a>2, we can conclude that it is unsatisfiable."
        );
        assert_eq!(lines[5], "#9 ERROR: process");
    }

    #[test]
    fn what_was_read_in_another_code_page_is_read_again() {
        assert_eq!(lines("  Γò░ΓöÇΓû╢ Because a\n      was not found\n")[0], "  ╰─▶ Because a was not found");
    }

    #[test]
    fn other_lines_stay() {
        assert!(joined("one\ntwo\nthree\n").is_none());
        let log =
            "Collecting a\n  Downloading a-1.0.whl (12 kB)\nInstalling collected packages: a\n".repeat(20);
        assert!(joined(&log).is_none());
    }
}
