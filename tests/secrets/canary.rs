//! A secret that is looked for in every form that it may take.

use crate::support::{Envwright, Ran};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};
use flate2::read::MultiGzDecoder;
use std::{
    fmt::Write as _,
    io::Read as _,
    path::{Path, PathBuf},
};

/// A secret with characters that each encoding writes in its own way.
pub(crate) const CANARY: &str = "Kanarie+/=&\"01?";
/// Who it belongs to.
pub(crate) const USER: &str = "me";

/// As a URL has it.
pub(crate) fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").unwrap(),
        }
    }
    encoded
}

/// What HTTP's basic authentication makes of it.
pub(crate) fn basic() -> String {
    BASE64_STANDARD.encode(format!("{USER}:{CANARY}"))
}

/// Seven encodings, each with a name: as it is, in a URL, in JSON, in hexadecimal, in both forms of base64, and with
/// its user in base64.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let json = serde_json::to_string(secret).unwrap();
    let hex = secret.bytes().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    vec![
        ("plain", secret.to_owned()),
        ("in a URL", percent(secret).to_ascii_lowercase()),
        ("in JSON", json.trim_matches('"').to_owned()),
        ("hexadecimal", hex),
        ("base64", BASE64_STANDARD.encode(secret).trim_end_matches('=').to_owned()),
        ("base64 of URLs", BASE64_URL_SAFE.encode(secret).trim_end_matches('=').to_owned()),
        (
            "with its user",
            BASE64_STANDARD.encode(format!("{USER}:{secret}")).trim_end_matches('=').to_owned(),
        ),
    ]
}

/// What is searched for one secret.
pub(crate) struct Search {
    forms: Vec<(&'static str, String)>,
    /// Files in which its owner wrote it.
    own: Vec<PathBuf>,
}

impl Search {
    pub(crate) fn of(secret: &str) -> Self {
        Self { forms: forms(secret), own: Vec::new() }
    }

    /// The owner wrote it here.
    pub(crate) fn but(mut self, path: PathBuf) -> Self {
        self.own.push(path);
        self
    }

    /// Runs commands, and looks at what they print and leave behind.
    #[track_caller]
    pub(crate) fn through(&self, envwright: &Envwright, commands: &[&[&str]]) -> Vec<Ran> {
        let runs: Vec<Ran> = commands.iter().map(|arguments| envwright.run(arguments)).collect();
        for ran in &runs {
            self.text("standard output", ran.stdout.as_bytes());
            self.text("standard error", ran.stderr.as_bytes());
        }
        self.folder(&envwright.home());
        self.folder(&envwright.folder());
        runs
    }

    /// Looks at every file below a folder.
    #[track_caller]
    pub(crate) fn folder(&self, folder: &Path) {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() || self.own.contains(&path) {
                continue;
            }
            if path.is_dir() {
                self.folder(&path);
            } else if path.is_file() {
                self.text(&path.display().to_string(), &fs_err::read(&path).unwrap());
            }
        }
    }

    /// Looks at bytes, and at what they hold compressed.
    #[track_caller]
    fn text(&self, place: &str, bytes: &[u8]) {
        let decoded = decoded(bytes);
        let lower = |bytes: &[u8]| bytes.to_ascii_lowercase();
        for bytes in [Some(bytes), decoded.as_deref()].into_iter().flatten() {
            let text = lower(bytes);
            for (name, form) in &self.forms {
                let form = lower(form.as_bytes());
                let found = text.windows(form.len()).any(|window| window == form);
                assert!(!found, "{place} has the secret, {name}: {}", String::from_utf8_lossy(bytes));
            }
        }
    }
}

/// The content of gzip or Zstandard.
fn decoded(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    match bytes {
        [0x1f, 0x8b, ..] => MultiGzDecoder::new(bytes).read_to_end(&mut content).ok()?,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => return zstd::decode_all(bytes).ok(),
        _ => return None,
    };
    Some(content)
}

#[test]
fn a_secret_is_found_in_each_encoding_and_through_compression() {
    let search = Search::of(CANARY);
    for (name, form) in forms(CANARY) {
        let text = format!("some words before {form} and behind");
        let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
        for bytes in [text.into_bytes(), packed] {
            let found = std::panic::catch_unwind(|| search.text("here", &bytes));
            assert!(found.is_err(), "{name}");
        }
    }
    search.text("here", b"Kanarie");
}
