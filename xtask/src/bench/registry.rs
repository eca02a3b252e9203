//! A registry on loopback that has the base image and can be brought back to that.

use super::{
    inputs::{Inputs, copy, remove, write},
    service::{Service, bytes_below},
};
use crate::shell;
use std::{path::PathBuf, process::Command};

/// The repository that everybody pushes to: the base is in it, so that nobody sends its layers.
const REPOSITORY: &str = "bench/environment";

pub(super) struct Registry {
    _service: Service,
    folder: PathBuf,
    /// Host and port.
    address: String,
}

impl Registry {
    /// Starts an empty one on a port that the kernel chooses.
    pub(super) fn start(inputs: &Inputs, label: &str) -> Result<Self, String> {
        let folder = inputs.folder.join(format!("registry-{label}"));
        let configuration = folder.join("registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{formatter: text}}\nstorage: {{filesystem: {{rootdirectory: '{}'}}}}\n\
             http: {{addr: \"127.0.0.1:0\"}}\n",
            folder.join("storage").display()
        );
        write(&configuration, &text)?;
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(configuration);
        let service = Service::start(&command, folder.join("log"))?;
        let address = service.wait_for(address)?;
        Ok(Self { _service: service, folder, address })
    }

    /// An image in it.
    pub(super) fn reference(&self, tag: &str) -> String {
        format!("{}/{REPOSITORY}:{tag}", self.address)
    }

    /// Pushes the base from a home that has built it, and remembers this state.
    pub(super) fn push_base(&self, inputs: &Inputs, compression: &str) -> Result<(), String> {
        let name = self.reference("base");
        let arguments = ["build", "--quiet", "--compression", compression, "--push", "--tag", &name];
        let mut command = inputs.envwright(&inputs.base_home(), &arguments);
        shell::output(command.arg(inputs.folder.join("base")))?;
        copy(&self.folder.join("storage"), &self.folder.join("with-base"))
    }

    /// Leaves only the base in it.
    pub(super) fn reset(&self) -> Result<(), String> {
        remove(&self.folder.join("storage"))?;
        copy(&self.folder.join("with-base"), &self.folder.join("storage"))
    }

    /// Bytes that it keeps.
    pub(super) fn bytes(&self) -> u64 {
        bytes_below(&self.folder.join("storage"))
    }
}

/// `… level=info msg="listening on 127.0.0.1:36415" go.version=…`
fn address(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("listening on ")?;
    let end = rest.find(|letter: char| letter != '.' && letter != ':' && !letter.is_ascii_digit())?;
    Some(rest[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_stands_in_the_log() {
        let log = "level=info msg=\"listening on 127.0.0.1:36415\" go.version=go1.19\n";
        assert_eq!(address(log).as_deref(), Some("127.0.0.1:36415"));
        assert_eq!(address("listening on 127.0.0."), None);
    }
}
