//! The results as Markdown.

use super::{
    case::{Case, Size},
    measure::{Sample, Spread},
};
use std::{collections::BTreeMap, fmt::Write as _};

const MEGABYTE: f64 = 1e6;

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
        let mut text = "\
| Situation | Builder | Wall, s | Against envwright | CPU, s | CPU / wall | Peak memory, MB |
|---|---|--:|--:|--:|--:|--:|
"
        .to_owned();
        for ((case, builder), samples) in &self.samples {
            let first = self.samples.get(&(*case, 0)).and_then(|samples| Spread::of(samples, |run| run.wall));
            if let Some(row) = row(samples, first) {
                let _ = writeln!(text, "| {} | {} | {row} |", case.title(), self.builders[*builder]);
            }
        }
        text
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
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / MEGABYTE
}

fn row(samples: &[Sample], first: Option<Spread>) -> Option<String> {
    let wall = Spread::of(samples, |run| run.wall)?;
    let cpu = Spread::of(samples, |run| run.cpu)?;
    let busy = Spread::of(samples, |run| run.cpu / run.wall)?;
    let peak = Spread::of(samples, |run| run.peak / MEGABYTE)?;
    let ratio = wall.median / first?.median;
    let (wall, cpu, peak) = (spread(wall), spread(cpu), spread(peak));
    Some(format!("{wall} | {}× | {cpu} | {:.2} | {peak}", number(ratio), busy.median))
}

/// `22.7 (22.1..25.0)`, or `22.7` where all runs were the same.
fn spread(spread: Spread) -> String {
    let [median, least, most] = [spread.median, spread.least, spread.most].map(number);
    if least == most { median } else { format!("{median} ({least}..{most})") }
}

/// Three digits, as far as they mean something.
fn number(value: f64) -> String {
    match value {
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
        let run = |wall, cpu| Sample { wall, cpu, peak: 3e8 };
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
