//! The two series of definitions.

use super::random::Random;
use std::collections::BTreeMap;

/// Pins of an environment at its first lock, then what each later lock changed.
const LIFE: &str = include_str!("data/life.txt");

/// What everything that a team may need was pinned to on three days.
const PINS: [&str; 3] = [
    include_str!("data/team-2025-04-01.txt"),
    include_str!("data/team-2025-09-15.txt"),
    include_str!("data/team-2026-02-23.txt"),
];

/// In every environment of the team.
const CORE: [&str; 3] = ["numpy", "pandas", "requests"];
/// In most of them.
const COMMON: [&str; 6] = ["matplotlib", "pip", "pyyaml", "scikit-learn", "scipy", "tqdm"];
/// In some of them.
const OPTIONAL: &str = "aiohttp azure-storage-blob beautifulsoup4 boto3 click cryptography dask duckdb fastapi h5py \
                        httpx jinja2 lightgbm lxml mlflow networkx nltk openpyxl optuna orjson pillow plotly polars \
                        psycopg2-binary pyarrow pytest python-dotenv redis rich seaborn sqlalchemy statsmodels \
                        tabulate tenacity transformers typer uvicorn xarray";
const COMMON_PERCENT: u64 = 60;
const OPTIONAL_PERCENT: u64 = 15;
const SEED: u64 = 1;
const TEAM: usize = 50;

/// Definitions whose images are pushed one after another.
pub(super) struct Series {
    /// A word for folders and tags.
    pub(super) name: &'static str,
    pub(super) definitions: Vec<Definition>,
}

/// A requirements file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    /// What is told of it.
    pub(super) title: String,
    pub(super) requirements: String,
    /// Limits beside it, or nothing.
    pub(super) constraints: String,
}

/// Successive locks of one environment.
pub(super) fn life() -> Result<Series, String> {
    Ok(Series { name: "life", definitions: replay(LIFE)? })
}

/// `# title` begins a lock, `name==version` sets a pin, `-name` removes one.
fn replay(text: &str) -> Result<Vec<Definition>, String> {
    let mut pins = BTreeMap::new();
    let mut definitions: Vec<Definition> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            let title = title.to_owned();
            definitions.push(Definition { title, requirements: String::new(), constraints: String::new() });
        } else if let Some(name) = line.strip_prefix('-') {
            pins.remove(name).ok_or_else(|| format!("{name} is removed and was not there"))?;
        } else {
            let (name, version) = line.split_once("==").ok_or_else(|| format!("{line:?} is no pin"))?;
            pins.insert(name, version);
        }
        if let Some(last) = definitions.last_mut() {
            let pin = |(name, version): (&&str, &&str)| format!("{name}=={version}");
            last.requirements = lines(pins.iter().map(pin));
        }
    }
    Ok(definitions)
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}

/// Environments of one team, whose members chose their pins on one of three days.
pub(super) fn team() -> Result<Series, String> {
    let mut random = Random(SEED);
    let definitions = (1..=TEAM).map(|number| member(&mut random, number)).collect::<Option<_>>();
    Ok(Series { name: "team", definitions: definitions.ok_or("there are no pins to pick from")? })
}

fn member(random: &mut Random, number: usize) -> Option<Definition> {
    let constraints = (*random.pick(&PINS)?).to_owned();
    let mut names = CORE.to_vec();
    names.extend(COMMON.iter().filter(|_| random.percent(COMMON_PERCENT)));
    names.extend(OPTIONAL.split_whitespace().filter(|_| random.percent(OPTIONAL_PERCENT)));
    let requirements = lines(names.into_iter().map(ToOwned::to_owned));
    Some(Definition { title: format!("environment {number}"), requirements, constraints })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_the_one_before_with_its_changes() {
        let locks = replay("# one\na==1\nb==1\n# two\n-a\nb==2\nc==1\n").unwrap();
        let found: Vec<_> =
            locks.iter().map(|lock| (lock.title.as_str(), lock.requirements.as_str())).collect();
        assert_eq!(found, [("one", "a==1\nb==1\n"), ("two", "b==2\nc==1\n")]);
        assert!(replay("# one\n-a\n").is_err());
    }

    #[test]
    fn the_series_have_their_lengths_and_no_environment_twice() {
        for (series, length) in [(life().unwrap(), 20), (team().unwrap(), TEAM)] {
            let mut texts: Vec<_> =
                series.definitions.iter().map(|one| (&one.requirements, &one.constraints)).collect();
            texts.sort();
            texts.dedup();
            assert_eq!(texts.len(), length);
        }
    }

    #[test]
    fn a_team_is_drawn_alike_each_time_and_from_what_is_pinned() {
        let team = team().unwrap();
        assert_eq!(team.definitions, super::team().unwrap().definitions);
        for one in team.definitions {
            let pinned =
                |name: &str| one.constraints.lines().any(|line| line.starts_with(&format!("{name}==")));
            assert!(one.requirements.lines().all(pinned), "{}", one.requirements);
        }
    }
}
