//! Stores of blobs on loopback: Azurite, which checks signatures, and s3rver, which checks whose they are.

use super::{
    machine::{command, output},
    service::Service,
};
use std::{path::Path, process::Command};
use tempfile::TempDir;

/// A store with an empty container or bucket.
pub(crate) struct Store {
    _service: Service,
    folder: TempDir,
    kind: Kind,
    /// Address of the container or bucket, with its last slash.
    pub(crate) url: String,
}

#[derive(Clone, Copy)]
enum Kind {
    Azure,
    S3,
}

/// Azurite's own account (Azurite, "Default storage account").
const ACCOUNT: &str = "devstoreaccount1";
const ACCOUNT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// The key of s3rver, which is its secret too.
const S3_KEY: &str = "S3RVER";

impl Store {
    /// Azure Blob Storage.
    #[track_caller]
    pub(crate) fn azure() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut service = Service::start("azurite-blob", folder.path(), |command| {
            command.args(["--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry", "--silent"]);
        });
        let address = service.wait_for(|service| after(&service.said(), "listens on http://"));
        let url = format!("http://{address}/{ACCOUNT}/wheels/");
        let store = Self { _service: service, folder, kind: Kind::Azure, url };
        let container = format!("{}?restype=container", store.url.trim_end_matches('/'));
        Self::azure_tool(&["put", &container]);
        store
    }

    /// S3.
    #[track_caller]
    pub(crate) fn s3() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut service = Service::start("s3rver", folder.path(), |command| {
            command.args([
                "-a",
                "127.0.0.1",
                "-p",
                "0",
                "--no-vhost-buckets",
                "--configure-bucket",
                "wheels",
            ]);
            command.arg("-d").arg(folder.path().join("data"));
        });
        let address = service.wait_for(|service| after(&service.said(), "listening on "));
        Self { _service: service, folder, kind: Kind::S3, url: format!("http://{address}/wheels/") }
    }

    /// Puts a blob.
    #[track_caller]
    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        let file = self.folder.path().join("blob");
        super::write(&file, bytes);
        let url = format!("{}{path}", self.url);
        match self.kind {
            Kind::Azure => {
                Self::azure_tool(&["put", &url, file.to_str().unwrap()]);
            }
            Kind::S3 => {
                let user = format!("{S3_KEY}:{S3_KEY}");
                let mut curl = command("curl");
                // What Debian 12's curl signs is the digest of the body, which it does not tell.
                let digest = format!("x-amz-content-sha256: {}", super::wheel::sha256(bytes));
                curl.args(["--header", &digest]).args([
                    "--fail",
                    "--silent",
                    "--show-error",
                    "--aws-sigv4",
                    "aws:amz:us-east-1:s3",
                ]);
                output(curl.args(["--user", &user, "--upload-file"]).arg(&file).arg(&url));
            }
        }
    }

    /// A query that opens what is below the address of a store of Azure until a time, such as `2026-01-02T03:04:05Z`.
    #[track_caller]
    pub(crate) fn signature(until: &str) -> String {
        Self::azure_tool(&["sas", "wheels", until]).trim().to_owned()
    }

    /// The table of the configuration that names it.
    pub(crate) fn table(&self) -> String {
        let kind = match self.kind {
            Kind::Azure => "azure",
            Kind::S3 => "s3",
        };
        format!("[stores.{:?}]\nkind = \"{kind}\"\n", self.url)
    }

    /// The variables that open it.
    pub(crate) fn variables(&self) -> [(&'static str, &'static str); 2] {
        match self.kind {
            Kind::Azure => {
                [("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT), ("AZURE_STORAGE_ACCOUNT_KEY", ACCOUNT_KEY)]
            }
            Kind::S3 => [("AWS_ACCESS_KEY_ID", S3_KEY), ("AWS_SECRET_ACCESS_KEY", S3_KEY)],
        }
    }

    /// A part of Azure's protocol that envwright has no need of.
    #[track_caller]
    fn azure_tool(arguments: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/azure_blob.py");
        let mut python: Command = command("python3");
        output(python.arg(script).args([ACCOUNT, ACCOUNT_KEY]).args(arguments))
    }
}

/// Host and port behind a text.
fn after(said: &str, text: &str) -> Option<String> {
    let (_, rest) = said.split_once(text)?;
    let (address, _) = rest.split_once('\n')?;
    Some(address.trim().to_owned())
}
