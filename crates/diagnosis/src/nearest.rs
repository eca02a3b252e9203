//! The name that was probably meant.

/// The candidate nearest to `name` by edits (a swap of neighbours is one), if it is near enough to be
/// meant: one edit for up to 4 characters, two for up to 8, three beyond. Case and the difference between
/// `-`, `_` and `.` do not count. The first of several equally near ones.
///
/// ```
/// assert_eq!(envwright_diagnosis::nearest("requestes", ["flask", "requests"]), Some("requests"));
/// assert_eq!(envwright_diagnosis::nearest("numpy", ["flask", "requests"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = folded(name);
    let length = wanted.chars().count();
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        let limit = best.map_or(allowed(length), |(distance, _)| distance.saturating_sub(1));
        if candidate.chars().count().abs_diff(length) > limit {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&wanted, &folded(candidate));
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn allowed(length: usize) -> usize {
    match length {
        0..=1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    }
}

fn folded(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = ["apt", "env", "requests", "scikit-learn", "requirements", "numpy"];

    #[test]
    fn a_misspelled_name_finds_the_nearest_known_one() {
        for (typed, meant) in [
            ("reqeusts", "requests"),
            ("scikit_learn", "scikit-learn"),
            ("requirments", "requirements"),
            ("ent", "env"),
        ] {
            assert_eq!(nearest(typed, NAMES), Some(meant));
        }
    }

    #[test]
    fn a_different_name_finds_nothing() {
        for typed in ["", "x", "torch", "conda", "dockerfile"] {
            assert_eq!(nearest(typed, NAMES), None, "{typed}");
        }
    }

    #[test]
    fn an_equal_name_wins_over_a_near_one() {
        assert_eq!(nearest("numpy", ["numpi", "NumPy"]), Some("NumPy"));
    }
}
