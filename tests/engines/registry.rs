//! Debian's `docker-registry` on loopback.

use super::service::Service;
use std::path::Path;
use tempfile::TempDir;

/// A registry over a folder.
pub(crate) struct Registry {
    _service: Service,
    _folder: TempDir,
    /// Host and port.
    pub(crate) address: String,
}

impl Registry {
    /// Serves what lies in `storage`, on a port that the kernel chooses.
    #[track_caller]
    pub(crate) fn start(storage: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{formatter: text}}\nstorage: {{filesystem: {{rootdirectory: '{}'}}}}\n\
             http: {{addr: \"127.0.0.1:0\"}}\n",
            storage.display()
        );
        fs_err::write(&configuration, text).unwrap();
        let mut service = Service::start("docker-registry", folder.path(), |command| {
            command.arg("serve").arg(&configuration);
        });
        let address = service.wait_for(|service| address(&service.said()));
        Self { _service: service, _folder: folder, address }
    }

    /// The name of an image in it.
    pub(crate) fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }
}

/// `… level=info msg="listening on 127.0.0.1:36415" go.version=…`
fn address(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("listening on ")?;
    let end = rest.find(|letter: char| letter != '.' && letter != ':' && !letter.is_ascii_digit())?;
    Some(rest[..end].to_owned())
}
