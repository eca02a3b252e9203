//! What a run of a program costs, its children included.

use crate::shell;
use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

/// One run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Seconds from start to end.
    pub(super) wall: f64,
    /// Seconds of processor time, of all processes, in user and kernel mode; exact to 0.02.
    pub(super) cpu: f64,
    /// Most memory that the largest process held, in bytes.
    pub(super) peak: f64,
    /// Bytes by which a registry grew.
    pub(super) sent: Option<u64>,
}

/// Middle, least and most of several runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Spread {
    /// Of at least one run.
    pub(super) fn of(samples: &[Sample], field: impl Fn(&Sample) -> f64) -> Option<Self> {
        let mut values: Vec<f64> = samples.iter().map(field).collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let median = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
        Some(Self { median, least, most })
    }
}

/// Runs the command under GNU time, which writes what the kernel counted into `report`.
pub(super) fn measure(command: &Command, report: &Path) -> Result<Sample, String> {
    let mut timed = Command::new("time");
    timed.args(["--quiet", "--format=%U %S %M", "--output"]).arg(report).arg("--");
    timed.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    let start = Instant::now();
    shell::output(&mut timed)?;
    let wall = start.elapsed();
    let text = fs_err::read_to_string(report).map_err(|error| error.to_string())?;
    parse(&text, wall).ok_or_else(|| format!("GNU time wrote {text:?}"))
}

/// `7.25 1.02 314460`: user and system seconds, KiB.
fn parse(text: &str, wall: Duration) -> Option<Sample> {
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let mut next = || numbers.next()?.ok();
    let (user, system, kibibytes) = (next()?, next()?, next()?);
    Some(Sample { wall: wall.as_secs_f64(), cpu: user + system, peak: kibibytes * 1024.0, sent: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_gnu_time_is_read() {
        let sample = parse("7.25 1.5 1000\n", Duration::from_secs(9));
        assert_eq!(sample, Some(Sample { wall: 9.0, cpu: 8.75, peak: 1_024_000.0, sent: None }));
        assert_eq!(parse("Command terminated by signal 9\n", Duration::ZERO), None);
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        let sample = |wall| Sample { wall, cpu: 0.0, peak: 0.0, sent: None };
        let spread = |walls: &[f64]| {
            let samples: Vec<_> = walls.iter().copied().map(sample).collect();
            Spread::of(&samples, |sample| sample.wall)
        };
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(spread(&[4.0, 1.0]), Some(Spread { median: 2.5, least: 1.0, most: 4.0 }));
    }
}
