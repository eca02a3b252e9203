//! Against a scripted server on loopback.

mod credentials;
mod failures;
mod oci;
mod resume;
mod retry;
mod server;

use crate::{Client, Download, Downloaded, FetchError, Settings};
use envwright_diagnosis::Explain as _;
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use server::settings;
use std::{future::Future, path::PathBuf};
use tempfile::TempDir;

/// What most servers here hold.
const TEXT: &str = "0123456789";

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn client(settings: Settings) -> Client {
    Client::new(settings).unwrap()
}

fn bytes(client: &Client, url: &SafeUrl) -> Result<Vec<u8>, FetchError> {
    run(client.bytes(url, 1 << 20))
}

fn problem(error: &FetchError) -> String {
    error.findings()[0].problem.as_str().to_owned()
}

/// A folder to download `TEXT` into.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// One where an earlier attempt left this.
    fn left(part: &str) -> Self {
        let place = Self::new();
        fs_err::write(place.file().with_extension("partial"), part).unwrap();
        place
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("file")
    }

    /// Names and contents of all files here.
    fn holds(&self) -> Vec<(String, String)> {
        let files = fs_err::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap());
        let named = files.map(|file| {
            let text = fs_err::read_to_string(file.path()).unwrap();
            (file.file_name().into_string().unwrap(), text)
        });
        named.collect()
    }

    fn holds_only(&self, name: &str, text: &str) -> bool {
        self.holds() == [(name.to_owned(), text.to_owned())]
    }

    fn get(&self, request: &Download) -> Result<Downloaded, FetchError> {
        self.get_by(&client(settings()), request)
    }

    fn get_by(&self, client: &Client, request: &Download) -> Result<Downloaded, FetchError> {
        run(client.download(request, &self.file(), &|_| {}))
    }
}

/// Asks for `TEXT` with its size and digest.
fn exact(url: SafeUrl) -> Download {
    let (size, sha256) = (Some(TEXT.len() as u64), Some(Digest::of(TEXT.as_bytes())));
    Download { url, mirrors: Vec::new(), size, sha256, authorization: None }
}

fn done() -> Downloaded {
    Downloaded { size: TEXT.len() as u64, sha256: Digest::of(TEXT.as_bytes()) }
}
