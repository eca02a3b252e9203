//! What everybody is given: one set of pinned requirements, one base image, the programs that peers run.

use crate::{bench::case::Size, shell};
use fs_err as fs;
use serde_json::Value;
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

/// A small wheel that needs nothing and that the example does not hold.
const ADDED: &str = "tqdm==4.67.1\n";

/// Versions that are not the newest; of a large wheel and of a small one.
const OTHER_LARGE: &str = "scikit-learn==1.7.2";
const OTHER_SMALL: &str = "six==1.16.0";

/// The folder of one run, and what was made in it beforehand.
pub(super) struct Inputs {
    /// `target/bench`
    pub(super) folder: PathBuf,
    /// The envwright that is measured.
    pub(super) envwright: PathBuf,
    /// The example with every package pinned, one a line.
    pub(super) pins: String,
}

impl Inputs {
    /// Solves the example, makes the base image, and fetches uv.
    pub(super) fn make(envwright: PathBuf) -> Result<Self, String> {
        let folder = shell::root().join("target/bench");
        let mut inputs = Self { folder, envwright, pins: String::new() };
        inputs.clear()?;
        copy(&shell::root().join("examples/quickstart"), &inputs.quickstart())?;
        inputs.pins = inputs.solve()?;
        inputs.make_base()?;
        inputs.fetch_uv()?;
        Ok(inputs)
    }

    /// The example as it stands.
    pub(super) fn quickstart(&self) -> PathBuf {
        self.folder.join("quickstart")
    }

    /// A home that has built the base and nothing else.
    pub(super) fn base_home(&self) -> PathBuf {
        self.folder.join("base-home")
    }

    /// An OCI layout of Debian with Python and an environment that holds only pip.
    pub(super) fn base_layout(&self) -> PathBuf {
        self.folder.join("base-layout")
    }

    /// What peers find under `/bench`: uv and the certificates of this machine.
    pub(super) fn tools(&self) -> PathBuf {
        self.folder.join("tools")
    }

    /// The pins with one requirement more.
    pub(super) fn changed(&self) -> String {
        format!("{}{ADDED}", self.pins)
    }

    /// The pins with another version of scikit-learn.
    pub(super) fn other_large(&self) -> String {
        replaced(&self.pins, OTHER_LARGE)
    }

    /// The same with another version of six besides.
    pub(super) fn other_small(&self) -> String {
        replaced(&self.other_large(), OTHER_SMALL)
    }

    /// The pin of pip, with its version.
    pub(super) fn pip(&self) -> Result<&str, String> {
        self.pins.lines().find(|line| line.starts_with("pip==")).ok_or_else(|| "the example needs pip".into())
    }

    pub(super) fn envwright(&self, home: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.envwright);
        command.arg("--home").arg(home).args(arguments);
        command
    }

    /// Removes what an earlier run left, but for buildah's storage: that is a mount point.
    fn clear(&self) -> Result<(), String> {
        fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        unmount_below(&self.folder.join("docker"));
        for entry in fs::read_dir(&self.folder).map_err(|error| error.to_string())? {
            let path = entry.map_err(|error| error.to_string())?.path();
            if !path.ends_with("storage") {
                remove(&path)?;
            }
        }
        Ok(())
    }

    fn solve(&self) -> Result<String, String> {
        shell::say("solving the example");
        let mut command = self.envwright(&self.folder.join("solve-home"), &["lock", "--json", "--quiet"]);
        pins(&shell::output(command.arg(self.quickstart()))?).ok_or_else(|| "the lock names no wheel".into())
    }

    fn make_base(&self) -> Result<(), String> {
        shell::say("making the base image");
        let definition = self.folder.join("base");
        write(&definition.join("requirements.txt"), self.pip()?)?;
        let mut command = self.envwright(&self.base_home(), &["build", "--quiet", "--output"]);
        command.arg(format!("oci:{}", self.base_layout().display())).arg(definition);
        shell::output(&mut command).map(drop)
    }

    fn fetch_uv(&self) -> Result<(), String> {
        shell::say("fetching uv");
        let mut command = Command::new("pip");
        command.args(["install", "--quiet", "--no-deps", "--only-binary=:all:", "uv", "--target"]);
        shell::output(command.arg(self.tools())).map(drop)
    }
}

/// `name==version` of each wheel of the only platform of a lock.
fn pins(json: &str) -> Option<String> {
    let lock: Value = serde_json::from_str(json).ok()?;
    let platform = lock["lock"]["platforms"].as_object()?.values().next()?;
    let pin = |wheel: &Value| Some(format!("{}=={}\n", wheel["name"].as_str()?, wheel["version"].as_str()?));
    platform["wheels"].as_array()?.iter().map(pin).collect()
}

/// Pins with another one of the same package.
fn replaced(pins: &str, pin: &str) -> String {
    let name = pin.split_inclusive("==").next().unwrap_or(pin);
    let lines = pins.lines().map(|line| if line.starts_with(name) { pin } else { line });
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Size of the only image of an OCI layout.
pub(super) fn size_of_layout(layout: &Path) -> Result<Size, String> {
    let json = |path: PathBuf| -> Result<Value, String> {
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let index = json(layout.join("index.json"))?;
    let digest = index["manifests"][0]["digest"].as_str().unwrap_or_default();
    let manifest = json(layout.join("blobs").join(digest.replace(':', "/")))?;
    let layers = manifest["layers"].as_array().ok_or("the layout's first manifest is no image's")?;
    let bytes = layers.iter().filter_map(|layer| layer["size"].as_u64()).sum();
    Ok(Size { bytes, layers: layers.len() })
}

/// Writes a file and the folder that it is in.
pub(crate) fn write(file: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    fs::write(file, text).map_err(|error| error.to_string())
}

/// Removes a file or a folder with all that is in it, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), String> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// Unmounts what a daemon left mounted, the last first.
fn unmount_below(folder: &Path) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let targets = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let below: Vec<&str> = targets.filter(|target| Path::new(target).starts_with(folder)).collect();
    for target in below.into_iter().rev() {
        // The folder's removal fails where this does.
        let _ = shell::output(Command::new("umount").arg(target));
    }
}

/// Copies a folder.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    remove(to)?;
    shell::output(Command::new("cp").arg("--archive").arg(from).arg(to)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wheel_of_a_lock_is_pinned() {
        let lock = r#"{"lock": {"platforms": {"linux/amd64": {"wheels": [
            {"name": "numpy", "version": "2.4.6"}, {"name": "pip", "version": "26.3"}]}}}}"#;
        assert_eq!(pins(lock).as_deref(), Some("numpy==2.4.6\npip==26.3\n"));
        assert_eq!(pins("{}"), None);
        assert_eq!(replaced("a==1\nb==2\n", "a==3"), "a==3\nb==2\n");
    }
}
