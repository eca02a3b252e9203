//! The results as Markdown.

use super::{
    case::{Case, Size},
    measure::{Sample, Spread},
};
use std::{collections::BTreeMap, fmt::Write as _};

pub(super) const MEGABYTE: f64 = 1e6;

/// What was measured: by situation, then by builder in the order in which they were named.
#[derive(Debug, Default)]
pub(super) struct Results {
    samples: BTreeMap<(Case, usize), Vec<Sample>>,
    builders: Vec<&'static str>,
    sizes: BTreeMap<usize, Size>,
}

impl Results {
    pub(super) fn of(builders: Vec<&'static str>) -> Self {
        Self { builders, ..Self::default() }
    }

    pub(super) fn add(&mut self, case: Case, builder: usize, sample: Sample) {
        self.samples.entry((case, builder)).or_default().push(sample);
    }

    pub(super) fn set_size(&mut self, builder: usize, size: Size) {
        self.sizes.insert(builder, size);
    }

    /// A row for each situation and builder.
    pub(super) fn times(&self) -> String {
        let pushed = self.samples.values().flatten().any(|run| run.sent.is_some());
        let (title, line) = if pushed { (" Uploaded, MB |", "--:|") } else { ("", "") };
        let mut text = format!(
            "| Situation | Builder | Wall, s | Against envwright | CPU, s | CPU / wall | Peak memory, MB |{title}\n\
             |---|---|--:|--:|--:|--:|--:|{line}\n"
        );
        for ((case, builder), samples) in &self.samples {
            let first = self.samples.get(&(*case, 0)).and_then(|samples| Spread::of(samples, |run| run.wall));
            if let Some(row) = row(samples, first) {
                let _ = writeln!(text, "| {} | {} | {row} |", case.title(), self.builders[*builder]);
            }
        }
        text
    }

    /// Medians of a field in a case, by builder.
    pub(super) fn medians(&self, case: Case, field: impl Fn(&Sample) -> f64) -> Vec<f64> {
        let of = |builder| self.samples.get(&(case, builder)).and_then(|runs| Spread::of(runs, &field));
        (0..self.builders.len()).filter_map(of).map(|spread| spread.median).collect()
    }

    /// A row for each builder's image.
    pub(super) fn sizes(&self) -> String {
        let mut text = "| Builder | Compressed, MB | Layers |\n|---|--:|--:|\n".to_owned();
        for (builder, size) in &self.sizes {
            let bytes = number(megabytes(size.bytes));
            let _ = writeln!(text, "| {} | {bytes} | {} |", self.builders[*builder], size.layers);
        }
        text
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / MEGABYTE
}

fn row(samples: &[Sample], first: Option<Spread>) -> Option<String> {
    let wall = Spread::of(samples, |run| run.wall)?;
    let cpu = Spread::of(samples, |run| run.cpu)?;
    let busy = Spread::of(samples, |run| run.cpu / run.wall)?;
    let peak = Spread::of(samples, |run| run.peak / MEGABYTE)?;
    let ratio = wall.median / first?.median;
    let (wall, cpu, peak) = (spread(wall), spread(cpu), spread(peak));
    let busy = if busy.median.is_nan() { "–".to_owned() } else { format!("{:.2}", busy.median) };
    let sent = Spread::of(samples, |run| run.sent.map_or(f64::NAN, megabytes))?;
    let sent = if sent.median.is_nan() { String::new() } else { format!(" | {}", spread(sent)) };
    Some(format!("{wall} | {}× | {cpu} | {busy} | {peak}{sent}", number(ratio)))
}

/// `22.7 (22.1..25.0)`, or `22.7` where all runs were the same.
fn spread(spread: Spread) -> String {
    let [median, least, most] = [spread.median, spread.least, spread.most].map(number);
    if least == most || spread.median.is_nan() { median } else { format!("{median} ({least}..{most})") }
}

/// Three digits, as far as they mean something.
pub(super) fn number(value: f64) -> String {
    match value {
        _ if value.is_nan() => "–".to_owned(),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_the_ratio_to_the_first_builder() {
        let mut results = Results::of(vec!["ours", "theirs"]);
        let run = |wall, cpu| Sample { wall, cpu, peak: 3e8, sent: None };
        results.add(Case::Cold, 0, run(10.0, 5.0));
        results.add(Case::Cold, 1, run(30.0, 15.0));
        results.add(Case::Cold, 1, run(20.0, 15.0));
        results.set_size(1, Size { bytes: 231_754_124, layers: 58 });
        let rows: Vec<_> = results.times().lines().skip(2).map(ToOwned::to_owned).collect();
        assert_eq!(rows[0], "| cold, base at hand | ours | 10.0 | 1.00× | 5.00 | 0.50 | 300 |");
        assert_eq!(
            rows[1],
            "| cold, base at hand | theirs | 25.0 (20.0..30.0) | 2.50× | 15.0 | 0.62 | 300 |"
        );
        assert!(results.sizes().ends_with("| theirs | 232 | 58 |\n"));
    }
}
