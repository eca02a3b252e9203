//! The lines of a log that most likely hold its error, found by their form.

use super::{line, sighting::Proof, state::State};

/// Lines of a block.
const MOST: usize = 12;

/// The last traceback's end, else the last complaint and the lines at it, else the log's last lines; with the line that
/// says that a step failed.
pub(super) fn block(state: &State, tail: &str, tail_line: usize) -> Vec<Proof> {
    let lines: Vec<(usize, &str)> =
        tail.lines().enumerate().map(|(at, text)| (tail_line + at, text)).collect();
    let mut proofs = traceback(&lines).or_else(|| complaint(state, &lines)).unwrap_or_else(|| last(&lines));
    if let Some(failure) = state.failures.last()
        && proofs.iter().all(|proof| proof.line != failure.line)
    {
        proofs.push(failure.clone());
    }
    proofs
}

fn proof((number, text): &(usize, &str)) -> Proof {
    let shown = line::text(text.as_bytes());
    Proof::new(*number, &shown, 0..shown.len())
}

/// The line that names the exception, then the frame that raised it.
fn traceback(lines: &[(usize, &str)]) -> Option<Vec<Proof>> {
    let begin = lines.iter().rposition(|(_, text)| text.contains("Traceback (most recent call last)"))?;
    let margin = |text: &str| {
        let unwrapped = line::unwrap(text);
        unwrapped.text.len() - unwrapped.text.trim_start().len()
    };
    let own = margin(lines[begin].1);
    let after = lines[begin + 1..].iter().take(200);
    let end = after
        .clone()
        .position(|(_, text)| !line::unwrap(text).text.trim().is_empty() && margin(text) <= own)?;
    let end = begin + 1 + end;
    let mut proofs = vec![proof(&lines[end])];
    proofs.extend(lines[begin..end].iter().rev().take(3).rev().map(proof));
    Some(proofs)
}

/// The first complaint of those that stand together at the end.
fn complaint(state: &State, lines: &[(usize, &str)]) -> Option<Vec<Proof>> {
    let last = state.complaints.last()?;
    let mut together: Vec<&Proof> = vec![last];
    for proof in state.complaints.iter().rev().skip(1) {
        if together[together.len() - 1].line.saturating_sub(proof.line) > 8 {
            break;
        }
        together.push(proof);
    }
    let first = together[together.len() - 1];
    let after = lines.iter().filter(|(number, text)| {
        *number > first.line && *number < first.line + MOST && !text.trim().is_empty()
    });
    Some(std::iter::once(first.clone()).chain(after.map(proof)).take(MOST).collect())
}

fn last(lines: &[(usize, &str)]) -> Vec<Proof> {
    let full = lines.iter().rev().filter(|(_, text)| !text.trim().is_empty());
    let mut proofs: Vec<Proof> = full.take(6).map(proof).collect();
    proofs.reverse();
    proofs
}
