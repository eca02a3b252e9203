//! The record of one build: `builds/<id>/`, written as the build goes.

use crate::{
    BuildError,
    event::{EVENT_VERSION, Event, Listener, Step},
};
use envwright_store::{Home, StoreError, create_folder, write_atomic};
use fs_err::File;
use serde_json::{Map, Value};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// Name of the human log inside a build's folder.
pub const LOG_NAME: &str = "20_image_build_log.txt";

/// Name of the summary, written when a build has ended.
const OUTCOME: &str = "outcome.json";

/// An open record. Every event is on its way to disk before the next thing is done.
pub(crate) struct Record<'a> {
    place: Option<Place>,
    state: Mutex<State>,
    listener: &'a dyn Listener,
}

/// Where a record is kept.
struct Place {
    id: String,
    folder: PathBuf,
}

struct State {
    next: u64,
    files: Option<Files>,
}

struct Files {
    events: File,
    log: File,
}

impl<'a> Record<'a> {
    /// Starts a record in `home` under an id that sorts by time.
    pub(crate) fn start(home: &Home, listener: &'a dyn Listener) -> Result<Self, BuildError> {
        let stem = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S").to_string();
        let builds = home.builds();
        create_folder(&builds)?;
        let (id, folder) = free_folder(&builds, &stem)?;
        let events = create(&folder.join("events.jsonl"))?;
        let log = create(&folder.join(LOG_NAME))?;
        let state = State { next: 0, files: Some(Files { events, log }) };
        Ok(Self { place: Some(Place { id, folder }), state: Mutex::new(state), listener })
    }

    /// Passes events on and keeps nothing: for what is no build.
    pub(crate) fn unkept(listener: &'a dyn Listener) -> Self {
        Self { place: None, state: Mutex::new(State { next: 0, files: None }), listener }
    }

    /// The build's id.
    pub(crate) fn id(&self) -> Option<&str> {
        self.place.as_ref().map(|place| place.id.as_str())
    }

    /// The build's folder.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.place.as_ref().map(|place| place.folder.as_path())
    }

    /// Records an event and passes it on. A record that cannot be written does not stop the build.
    pub(crate) fn event(&self, step: Step, kind: &'static str, facts: &[(&str, Value)]) {
        let facts: Map<String, Value> =
            facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut state = self.state();
        let event = Event { v: EVENT_VERSION, seq: state.next, time: now(), kind, step, facts };
        state.next += 1;
        if let Some(files) = &mut state.files {
            if let Ok(mut line) = serde_json::to_vec(&event) {
                line.push(b'\n');
                let _ = files.events.write_all(&line);
            }
            let _ = writeln!(files.log, "{} {}", event.time, event.line());
        }
        self.listener.event(&event);
    }

    /// Adds text to the human log, such as a report of findings.
    pub(crate) fn log(&self, text: &str) {
        if let Some(files) = &mut self.state().files {
            for line in text.lines() {
                let _ = writeln!(files.log, "{} {line}", now());
            }
        }
    }

    /// Passes progress on to the listener.
    pub(crate) fn progress(&self, step: Step, bytes: u64) {
        self.listener.progress(step, bytes);
    }

    /// Keeps a file of the build, such as its lock.
    pub(crate) fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), BuildError> {
        match self.folder() {
            Some(folder) => Ok(write_atomic(&folder.join(name), bytes)?),
            None => Ok(()),
        }
    }

    /// Makes events and log durable, then says how it ended. A summary that cannot be written changes nothing of
    /// the outcome.
    pub(crate) fn finish(&self, summary: &Summary) {
        if let Some(files) = &self.state().files {
            let _ = files.events.sync_all();
            let _ = files.log.sync_all();
        }
        if let Some(builds) = self.folder().and_then(Path::parent) {
            let _ = File::open(builds).and_then(|builds| builds.sync_all());
        }
        if let Ok(text) = serde_json::to_vec_pretty(summary) {
            let _ = self.keep(OUTCOME, &text);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn create(path: &Path) -> Result<File, StoreError> {
    File::create(path).map_err(StoreError::io("write", path))
}

/// Makes the first free folder of `stem`, `stem-2`, …; two processes never get the same one.
fn free_folder(builds: &Path, stem: &str) -> Result<(String, PathBuf), BuildError> {
    let mut attempt = 1;
    loop {
        let id = if attempt == 1 { stem.to_owned() } else { format!("{stem}-{attempt}") };
        let folder = builds.join(&id);
        match fs_err::create_dir(&folder) {
            Ok(()) => return Ok((id, folder)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => attempt += 1,
            Err(error) => return Err(StoreError::io("make the folder", &folder)(error).into()),
        }
    }
}

/// How a build stands, as `outcome.json` keeps it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Id of the build.
    pub build: String,
    /// `done`, `failed`, `interrupted`, or `running` (also: killed).
    pub state: String,
    /// Name of the image.
    pub image: Option<String>,
    /// Digest of the manifest or index.
    pub digest: Option<String>,
    /// First root problem of a failed build.
    pub problem: Option<String>,
    /// Seconds that it took.
    pub seconds: f64,
}

impl Summary {
    /// Of a build that has not ended.
    pub(crate) fn running(build: &str) -> Self {
        Self {
            build: build.to_owned(),
            state: "running".to_owned(),
            image: None,
            digest: None,
            problem: None,
            seconds: 0.0,
        }
    }

    /// Reads that of a build's folder.
    fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs_err::read(folder.join(OUTCOME)).ok()?).ok()
    }
}

/// The builds of a home, newest first.
pub fn history(home: &Home) -> Result<Vec<Summary>, BuildError> {
    let mut builds = Vec::new();
    let folders = match fs_err::read_dir(home.builds()) {
        Ok(folders) => folders,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(builds),
        Err(error) => return Err(StoreError::io("read", &home.builds())(error).into()),
    };
    for folder in folders {
        let folder = folder.map_err(StoreError::io("read", &home.builds()))?;
        let id = folder.file_name().to_string_lossy().into_owned();
        builds.push(Summary::read(&folder.path()).unwrap_or_else(|| Summary::running(&id)));
    }
    builds.sort_by(|a, b| order(&b.build).cmp(&order(&a.build)));
    Ok(builds)
}

/// Builds of one second are told apart by a number: `20260101T120000`, `20260101T120000-2`.
fn order(id: &str) -> (&str, u32) {
    id.split_once('-').map_or((id, 1), |(time, number)| (time, number.parse().unwrap_or(1)))
}

/// One build of a home. The last one is called `latest`.
pub fn find_build(home: &Home, build: &str) -> Result<Summary, BuildError> {
    let unknown = || BuildError::UnknownBuild(build.to_owned());
    if build == "latest" {
        return history(home)?.into_iter().next().ok_or_else(unknown);
    }
    let plain = !build.is_empty() && build.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let folder = home.builds().join(build);
    if !plain || !folder.is_dir() {
        return Err(unknown());
    }
    Ok(Summary::read(&folder).unwrap_or_else(|| Summary::running(build)))
}

/// The human log of a build.
pub fn log_path(home: &Home, build: &str) -> PathBuf {
    home.builds().join(build).join(LOG_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Silent;

    #[test]
    fn a_record_has_every_event_in_order_and_its_log_is_for_people() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(Some(dir.path())).unwrap();
        let record = Record::start(&home, &Silent).unwrap();
        record.event(Step::Build, "queued", &[]);
        record.event(Step::Fetch, "fetched", &[("package", "six".into()), ("bytes", 3.into())]);
        let id = record.id().unwrap().to_owned();
        assert_eq!(find_build(&home, &id).unwrap().state, "running");
        let summary = Summary { state: "done".to_owned(), ..Summary::running(&id) };
        record.finish(&summary);
        assert_eq!(history(&home).unwrap(), std::slice::from_ref(&summary));
        assert_eq!(find_build(&home, "latest").unwrap(), summary);
        let events = fs_err::read_to_string(home.builds().join(&id).join("events.jsonl")).unwrap();
        let sequence: Vec<u64> = events
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(sequence, [0, 1]);
        let log = fs_err::read_to_string(log_path(&home, &id)).unwrap();
        assert!(log.lines().last().unwrap().ends_with("fetch  fetched bytes=3 package=six"), "{log}");
    }

    #[test]
    fn builds_of_the_same_second_have_ids_of_their_own_and_keep_their_order() {
        let dir = tempfile::tempdir().unwrap();
        let ids: Vec<String> =
            (0..11).map(|_| free_folder(dir.path(), "20260101T000000").unwrap().0).collect();
        assert_eq!((ids[0].as_str(), ids[10].as_str()), ("20260101T000000", "20260101T000000-11"));
        assert!(order(&ids[10]) > order(&ids[1]));
    }

    #[test]
    fn an_id_is_no_path() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(Some(dir.path())).unwrap();
        for id in ["", "..", "../x", "a/b", "20260101T000000", "latest"] {
            assert!(matches!(find_build(&home, id), Err(BuildError::UnknownBuild(_))), "{id}");
        }
    }
}
