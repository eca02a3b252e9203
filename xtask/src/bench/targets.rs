//! What the project wants to reach, and whether it does.

use super::{
    case::Case,
    measure::Sample,
    table::{Results, megabytes, number},
};
use std::fmt::Write as _;

/// A measured number that must not be above, or must not be below, another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub(super) title: &'static str,
    pub(super) measured: f64,
    pub(super) bound: Bound,
    pub(super) unit: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bound {
    Most(f64),
    Least(f64),
}

impl Target {
    pub(super) fn most(title: &'static str, measured: f64, most: f64, unit: &'static str) -> Self {
        Self { title, measured, bound: Bound::Most(most), unit }
    }

    pub(super) fn least(title: &'static str, measured: f64, least: f64, unit: &'static str) -> Self {
        Self { title, measured, bound: Bound::Least(least), unit }
    }

    fn row(&self) -> String {
        let (word, bound, reached) = match self.bound {
            Bound::Most(most) => ("≤", most, self.measured <= most),
            Bound::Least(least) => ("≥", least, self.measured >= least),
        };
        let (unit, reached) = (self.unit, if reached { "yes" } else { "**no**" });
        format!("| {} | {word} {bound} {unit} | {} {unit} | {reached} |", self.title, number(self.measured))
    }
}

/// A row for each.
pub(super) fn table(targets: &[Target]) -> String {
    let mut text = "| Target | Bound | Measured | Reached |\n|---|--:|--:|---|\n".to_owned();
    for target in targets {
        let _ = writeln!(text, "{}", target.row());
    }
    text
}

/// Those of `bench push`: the peer is buildah, the better of its two.
pub(super) fn of_push(results: &Results) -> Vec<Target> {
    let wall = |case| results.medians(case, |run: &Sample| run.wall);
    let ours = |case| wall(case).first().copied().unwrap_or(f64::NAN);
    let ratio = |case| ours(case) / wall(case).iter().skip(1).take(2).copied().fold(f64::NAN, f64::min);
    let sent = |case| results.medians(case, |run: &Sample| run.sent.map_or(f64::NAN, megabytes))[0];
    vec![
        Target::most("cold with push, against buildah", ratio(Case::PushCold), 0.35, "×"),
        Target::most("nothing to do with push", ours(Case::PushNothing), 0.1, "s"),
        Target::most("another scikit-learn with push", ours(Case::PushLarge), 1.5, "s"),
        Target::most("another scikit-learn with push, against buildah", ratio(Case::PushLarge), 0.05, "×"),
        Target::most("another six with push", ours(Case::PushSmall), 1.5, "s"),
        Target::most("another six with push, against buildah", ratio(Case::PushSmall), 0.05, "×"),
        Target::most("uploaded for another six", sent(Case::PushSmall), 1.5, "MB"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whether_the_target_is_reached() {
        let text = table(&[Target::most("a", 0.3, 0.35, "×"), Target::most("b", 2.0, 1.5, "s")]);
        assert!(text.ends_with("| a | ≤ 0.35 × | 0.300 × | yes |\n| b | ≤ 1.5 s | 2.00 s | **no** |\n"));
        assert!(table(&[Target::least("c", 90.0, 85.0, "%")]).ends_with("| c | ≥ 85 % | 90.0 % | yes |\n"));
        assert!(table(&[Target::most("c", f64::NAN, 1.0, "s")]).ends_with("| **no** |\n"));
    }
}
