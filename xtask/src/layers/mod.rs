//! `cargo xtask bench layers`: what two series of images move to a registry and keep there, by how packages share
//! layers.
//!
//! envwright's layers are those of images that it built. What is compared with them is computed from the sizes that
//! the same packages have as segments.

mod builds;
mod grouping;
mod random;
mod series;
mod table;
mod traffic;

use crate::{bench, shell};
use builds::Builder;
use series::Series;

const USAGE: &str = "\
usage: cargo xtask bench layers [--binary PATH] [--write]

  --binary PATH  the envwright to measure [default: built by cargo build --release]
  --write        keep the results in docs/layer-study.md";

/// Builds both series and prints what they move and keep.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (mut binary, mut write) = (None, false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--binary" => binary = Some(std::path::absolute(words.next().ok_or(USAGE)?).map_err(|_| USAGE)?),
            "--write" => write = true,
            _ => return Err(USAGE.to_owned()),
        }
    }
    let mut builder = Builder::new(binary.map_or_else(bench::build_envwright, Ok)?)?;
    let life = series::life()?;
    let team = series::team()?;
    let text = format!(
        "{}\n### The life of an environment\n\n{}\n### The environments of a team\n\n{}",
        builder.facts()?,
        study(&mut builder, &life, true)?,
        study(&mut builder, &team, false)?,
    );
    shell::print(&text);
    if write { bench::write_page("docs/layer-study.md", "cargo xtask bench layers", &text) } else { Ok(()) }
}

/// Tables of one series; `steps` adds one with a row for each image.
fn study(builder: &mut Builder, series: &Series, steps: bool) -> Result<String, String> {
    let images = builder.build(series)?;
    let totals = table::totals(&images);
    Ok(if steps { format!("{totals}\n{}", table::steps(series, &images)) } else { totals })
}
