//! Reads the metadata of real channels, and chooses each of their packages alone: `cargo xtask repodata` runs it. What has
//! no solution must be explained, in few lines.
#![expect(clippy::print_stdout, reason = "an example prints")]

use envwright_diagnosis::Explain as _;
use envwright_fetch::{Client, Settings};
use envwright_lock::{
    Fitting,
    conda::{Asked, Channels, CondaError, Priority, Request, search, solve},
};
use envwright_target::Platform;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Most lines of an explanation, and one that says that there would be more.
const LINES: usize = 41;
/// Longest that one choice may take.
const LIMIT: Duration = Duration::from_mins(1);

/// How the packages of one file fared.
#[derive(Default)]
struct Fared {
    records: usize,
    names: usize,
    solved: usize,
    /// By problem.
    explained: BTreeMap<String, usize>,
    longest: usize,
    slowest: Duration,
    wrong: Vec<String>,
}

fn main() -> Result<(), String> {
    let folder = std::env::args().nth(1).ok_or("usage: repodata FOLDER")?;
    let entries = fs_err::read_dir(folder).map_err(|error| error.to_string())?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let mut text = "| File | Records | Names | Chosen | Explained | Lines, at most | Seconds, at most |\n|---|--:|--:|--:|---|--:|--:|\n".to_owned();
    let mut wrong = Vec::new();
    for file in files {
        let Some(packages) = packages(&file)? else { continue };
        let fared = runtime.block_on(fare(&packages))?;
        let explained = fared.explained.iter().map(|(problem, count)| format!("{count} {problem}"));
        let explained: Vec<String> = explained.collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {:.1} |",
            file.file_name().unwrap_or_default().to_string_lossy(),
            fared.records,
            fared.names,
            fared.solved,
            explained.join(", "),
            fared.longest,
            fared.slowest.as_secs_f64()
        );
        wrong.extend(fared.wrong);
    }
    println!("{text}");
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The records of a file by file name: repodata, or records alone. None where it is neither.
fn packages(file: &Path) -> Result<Option<Map<String, Value>>, String> {
    let bytes = fs_err::read(file).map_err(|error| error.to_string())?;
    let bytes = match file.extension() {
        Some(ending) if ending == "zst" => {
            zstd::decode_all(bytes.as_slice()).map_err(|error| error.to_string())?
        }
        _ => bytes,
    };
    let Ok(Value::Object(mut whole)) = serde_json::from_slice(&bytes) else { return Ok(None) };
    Ok(Some(match whole.remove("packages") {
        Some(Value::Object(packages)) => packages,
        _ => whole,
    }))
}

/// Searches and chooses each package of a channel that has these records.
async fn fare(packages: &Map<String, Value>) -> Result<Fared, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut subdirs: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for subdir in ["linux-64", "noarch"] {
        subdirs.entry(subdir).or_default();
    }
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for (file, record) in packages {
        let subdir = if record["subdir"] == "noarch" { "noarch" } else { "linux-64" };
        subdirs.entry(subdir).or_default().insert(file.clone(), cleaned(record));
        *names.entry(record["name"].as_str().unwrap_or_default()).or_default() += 1;
    }
    for (subdir, packages) in subdirs {
        let place = folder.path().join("channel").join(subdir);
        let repodata = json!({ "info": { "subdir": subdir }, "packages": packages, "packages.conda": {} });
        fs_err::create_dir_all(&place).map_err(|error| error.to_string())?;
        fs_err::write(place.join("repodata.json"), repodata.to_string())
            .map_err(|error| error.to_string())?;
    }
    let mut fared = Fared { records: packages.len(), names: names.len(), ..Fared::default() };
    for (name, count) in names {
        let request = request(folder.path(), name)?;
        let found = search(&request, &Fitting::default()).await.map_err(|error| error.to_string())?;
        let read: usize = found.releases.iter().map(|release| release.files.len()).sum();
        if read != count {
            fared.wrong.push(format!("{name}: {count} records, and {read} were read"));
        }
        fared.choose(&request, name).await;
    }
    Ok(fared)
}

/// As channels have it: some tools write nothing as `null`.
fn cleaned(record: &Value) -> Value {
    let mut record = record.clone();
    if let Some(fields) = record.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
        fields.entry("depends").or_insert_with(|| json!([]));
    }
    record
}

fn request(folder: &Path, name: &str) -> Result<Request, String> {
    let channel = folder.join("channel").display().to_string();
    let channel = Channels::default().resolve(&channel, folder, None).map_err(|error| error.to_string())?;
    Ok(Request {
        specs: vec![Asked { text: name.to_owned(), span: None }],
        channels: channel.into_iter().collect(),
        priority: Priority::Strict,
        platform: Platform::AMD64,
        glibc: Some((2, 36)),
        cuda: None,
        preferences: Vec::new(),
        time_limit: LIMIT,
        cache_dir: folder.join("cache"),
        client: Client::new(Settings::default()).map_err(|error| error.to_string())?,
    })
}

impl Fared {
    async fn choose(&mut self, request: &Request, name: &str) {
        let started = Instant::now();
        let outcome = solve(request).await;
        self.slowest = self.slowest.max(started.elapsed());
        let error = match outcome {
            Ok(_) => return self.solved += 1,
            Err(error @ (CondaError::Internal { .. } | CondaError::Timeout { .. })) => {
                return self.wrong.push(format!("{name}: {error}"));
            }
            Err(error) => error,
        };
        for finding in error.findings() {
            *self.explained.entry(finding.problem.to_string()).or_default() += 1;
            self.longest = self.longest.max(finding.details.len());
            if finding.details.len() > LINES {
                self.wrong.push(format!("{name}: its explanation has {} lines", finding.details.len()));
            }
        }
    }
}
