//! A conda channel of real files, made once for all tests, and served over HTTP.

use super::{
    machine::output,
    server::{Answer, Server},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// What makes it.
const SCRIPT: &str = include_str!("channel.py");

/// A running server of the channel.
pub(crate) struct Channel(Server);

impl Channel {
    /// Serves it at `/channel`.
    pub(crate) fn start() -> Self {
        Self::with_faults(|_| None)
    }

    /// The same; where `fault` gives an answer to a path, that is the answer.
    pub(crate) fn with_faults(fault: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let folder = folder();
        Self(Server::start(move |path| fault(path).unwrap_or_else(|| file(&folder, path, "/channel/"))))
    }

    /// Serves it to those alone who know a token, as conda has it in the path.
    pub(crate) fn with_token(token: &str) -> Self {
        let (folder, place) = (folder(), format!("/t/{token}/channel/"));
        Self(Server::start(move |path| {
            let is_known = path.starts_with(&place);
            if is_known { file(&folder, path, &place) } else { Answer::status("403 Forbidden", "") }
        }))
    }

    /// Serves another folder that is a channel.
    pub(crate) fn of(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self(Server::start(move |path| file(&folder, path, "/channel/")))
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.0.url("/channel")
    }

    /// Address of a path of its server.
    pub(crate) fn at(&self, path: &str) -> String {
        self.0.url(path)
    }

    /// A configuration in which `conda-forge` is this channel.
    pub(crate) fn config(&self) -> String {
        format!("[conda.custom-channels]\nconda-forge = \"{}\"\n", self.url())
    }

    /// `GET /path` of each request until now.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.0.requests()
    }
}

fn file(folder: &Path, path: &str, place: &str) -> Answer {
    let bytes = path.strip_prefix(place).and_then(|name| fs_err::read(folder.join(name)).ok());
    bytes.map_or_else(
        || Answer::status("404 Not Found", ""),
        |bytes| Answer::file("application/octet-stream", &bytes),
    )
}

/// The channel's folder. Whoever asks first makes it; others wait.
pub(crate) fn folder() -> PathBuf {
    let name = format!("channel-{}", &super::wheel::sha256(SCRIPT.as_bytes())[..12]);
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs_err::create_dir_all(&place).unwrap();
    let lock = fs_err::File::create(place.join("lock")).unwrap();
    lock.file().lock().unwrap();
    let folder = place.join("channel");
    if !folder.exists() {
        let script = place.join("channel.py");
        fs_err::write(&script, SCRIPT).unwrap();
        let made = place.join("made");
        let _ = fs_err::remove_dir_all(&made);
        output(Command::new("python3").arg(&script).arg(&made));
        fs_err::rename(&made, &folder).unwrap();
    }
    folder
}
