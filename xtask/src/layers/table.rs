//! The results as Markdown.

use super::{
    grouping::Grouping,
    series::Series,
    traffic::{Blob, Image, Traffic},
};
use std::fmt::Write as _;

/// A row for each grouping of the wheels, and a line on all other layers.
pub(super) fn totals(images: &[Image]) -> String {
    let mut text = "\
| Layers of wheels | Uploaded and stored, MB | Against the best | After the first image, MB | Against the best | \
Blobs | Most layers of an image |
|---|--:|--:|--:|--:|--:|--:|
"
    .to_owned();
    let others: Vec<Vec<Blob>> = images.iter().map(|image| image.other_layers.clone()).collect();
    let others = Traffic::of(&others);
    let best = traffic(images, Grouping::Best);
    for grouping in Grouping::ALL {
        let own = traffic(images, grouping);
        let _ = writeln!(
            text,
            "| {} | {:.1} | {} | {:.1} | {} | {} | {} |",
            grouping.title(),
            megabytes(own.total()),
            ratio(own.total(), best.total()),
            megabytes(own.later()),
            ratio(own.later(), best.later()),
            own.blobs,
            own.layers + others.layers,
        );
    }
    let _ = writeln!(
        text,
        "\nDebian packages and what belongs to no package: {} layers, {:.1} MB with the first image, {:.1} MB after it; \
         counted in the last column only.",
        others.layers,
        megabytes(others.total() - others.later()),
        megabytes(others.later()),
    );
    text
}

/// A row for each image.
pub(super) fn steps(series: &Series, images: &[Image]) -> String {
    let mut text =
        "| Lock | Wheels | envwright, MB | A package, MB | An environment, MB | Best, MB |\n".to_owned();
    text.push_str("|---|--:|--:|--:|--:|--:|\n");
    let all = Grouping::ALL.map(|grouping| traffic(images, grouping));
    for (index, (definition, image)) in series.definitions.iter().zip(images).enumerate() {
        let _ = write!(text, "| {} | {} |", definition.title, image.wheels.len());
        for traffic in &all {
            let moved = traffic.moved.get(index).copied().unwrap_or_default();
            let _ = write!(text, " {:.2} |", megabytes(moved));
        }
        text.push('\n');
    }
    text
}

fn traffic(images: &[Image], grouping: Grouping) -> Traffic {
    let layers: Vec<Vec<Blob>> = images.iter().map(|image| grouping.layers(image)).collect();
    Traffic::of(&layers)
}

#[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn ratio(bytes: u64, best: u64) -> String {
    if best == 0 { String::new() } else { format!("{:.2}×", megabytes(bytes) / megabytes(best)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_compare_with_the_best() {
        let blob = |key: &str, size| Blob { key: key.to_owned(), size };
        let image = |version: &str| Image {
            wheel_layers: vec![blob(version, 2_000_000)],
            other_layers: vec![blob("debian", 5_000_000)],
            wheels: vec![blob("same", 1_000_000), blob(version, 1_000_000)],
        };
        let text = totals(&[image("1"), image("2")]);
        assert!(text.contains("| envwright | 4.0 | 1.33× | 2.0 | 2.00× | 2 | 2 |"), "{text}");
        assert!(text.contains("| best possible | 3.0 | 1.00× | 1.0 | 1.00× | 3 | 3 |"), "{text}");
        assert!(text.contains("1 layers, 5.0 MB with the first image, 0.0 MB after it"), "{text}");
    }
}
