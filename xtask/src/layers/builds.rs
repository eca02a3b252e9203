//! Images that envwright builds, and what they hold.

use super::{
    series::Series,
    traffic::{Blob, Image},
};
use crate::{bench, shell};
use fs_err as fs;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

/// Builds in one home, so that every package is fetched and packed once.
pub(super) struct Builder {
    envwright: PathBuf,
    folder: PathBuf,
    /// Compressed sizes in bytes of segments, by name and version.
    segments: BTreeMap<(String, String), u64>,
}

impl Builder {
    /// Removes the images of an earlier run and keeps the packages.
    pub(super) fn new(envwright: PathBuf) -> Result<Self, String> {
        let builder =
            Self { envwright, folder: shell::root().join("target/layers"), segments: BTreeMap::new() };
        bench::remove(&builder.home().join("images"))?;
        Ok(builder)
    }

    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// Where the numbers come from, as a list.
    pub(super) fn facts(&self) -> Result<String, String> {
        let version = shell::output(Command::new(&self.envwright).arg("version"))?;
        let version = version.lines().next().unwrap_or_default();
        Ok(format!("- Command: `cargo xtask bench layers --write`\n- Program: {version}\n"))
    }

    /// The images of a series, in its order.
    pub(super) fn build(&mut self, series: &Series) -> Result<Vec<Image>, String> {
        let mut images = Vec::new();
        for (index, definition) in series.definitions.iter().enumerate() {
            shell::say(&format!("{} {}: {}", series.name, index + 1, definition.title));
            let folder = self.folder.join(series.name).join(format!("{:02}", index + 1));
            let mut requirements = definition.requirements.clone();
            if !definition.constraints.is_empty() {
                bench::write(&folder.join("constraints.txt"), &definition.constraints)?;
                requirements.insert_str(0, "-c constraints.txt\n");
            }
            bench::write(&folder.join("requirements.txt"), &requirements)?;
            let image = self.image(&folder, &format!("{}:{}", series.name, index + 1))?;
            images.push(image);
        }
        Ok(images)
    }

    fn image(&mut self, definition: &Path, tag: &str) -> Result<Image, String> {
        let mut command = Command::new(&self.envwright);
        command.arg("--home").arg(self.home()).args(["build", "--quiet", "--json", "--tag", tag]);
        let built = json(&shell::output(command.arg(definition))?)?;
        let record = self.home().join("builds").join(built["build"].as_str().unwrap_or_default());
        self.learn_sizes(&record)?;
        let plan = json(&read(&record.join("plan.json"))?)?;
        let packages = |kind: &str| packages(&plan, kind);
        let (debian, wheels) = (packages("debian"), packages("pypi"));
        let layers = built["platforms"][0]["added"].as_array().ok_or("a build tells no layers")?;
        let (wheel_layers, other_layers) = divide(layers, &debian)?;
        let wheels = wheels.into_iter().map(|wheel| self.segment(wheel)).collect::<Result<_, _>>()?;
        Ok(Image { wheel_layers, other_layers, wheels })
    }

    /// Takes the sizes of the segments that a build packed from the record of it, or from records of all builds when
    /// none is known.
    fn learn_sizes(&mut self, record: &Path) -> Result<(), String> {
        let all = || -> Result<Vec<PathBuf>, String> {
            let entries = fs::read_dir(self.home().join("builds")).map_err(|error| error.to_string())?;
            entries.map(|entry| Ok(entry.map_err(|error| error.to_string())?.path())).collect()
        };
        let records = if self.segments.is_empty() { all()? } else { vec![record.to_owned()] };
        for record in records {
            let events = read(&record.join("events.jsonl"))?;
            self.segments.extend(events.lines().filter_map(packed));
        }
        Ok(())
    }

    fn segment(&self, (name, version): (String, String)) -> Result<Blob, String> {
        let key = format!("{name}=={version}");
        let size = self.segments.get(&(name, version)).copied();
        Ok(Blob { size: size.ok_or_else(|| format!("no build of this home packed {key}"))?, key })
    }
}

/// `{"kind": "packed", "package": "numpy", "version": "2.2.1", "bytes": 14972144, …}`
fn packed(line: &str) -> Option<((String, String), u64)> {
    let event: Value = serde_json::from_str(line).ok().filter(|event: &Value| event["kind"] == "packed")?;
    let text = |member: &str| event[member].as_str().map(ToOwned::to_owned);
    Some(((text("package")?, text("version")?), event["bytes"].as_u64()?))
}

/// Name and version of each package of a kind.
fn packages(plan: &Value, kind: &str) -> BTreeSet<(String, String)> {
    let packages = plan["platforms"][0]["packages"].as_array().into_iter().flatten();
    let of_kind = packages.filter(|package| package["kind"] == kind);
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    of_kind.filter_map(|package| Some((text(&package["name"])?, text(&package["version"])?))).collect()
}

/// Layers of wheels, and those of Debian packages (which lie below) and of the environment (above).
fn divide(layers: &[Value], debian: &BTreeSet<(String, String)>) -> Result<(Vec<Blob>, Vec<Blob>), String> {
    let (mut wheels, mut others) = (Vec::new(), Vec::new());
    for layer in layers {
        let (digest, size) = (layer["digest"].as_str(), layer["size"].as_u64());
        let (Some(digest), Some(size)) = (digest, size) else { return Err("a layer has no size".into()) };
        let blob = Blob { key: digest.to_owned(), size };
        let first = layer["holds"].as_str().and_then(|names| names.split(' ').next()).unwrap_or_default();
        let is_debian = wheels.is_empty() && debian.iter().any(|(name, _)| name == first);
        if is_debian || first == "environment" { others.push(blob) } else { wheels.push(blob) }
    }
    Ok((wheels, others))
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| error.to_string())
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("this is no JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_wheels_lie_between_those_of_debian_and_of_the_environment() {
        let layer =
            |holds: &str| serde_json::json!({"digest": format!("sha256:{holds}"), "size": 5, "holds": holds});
        let layers = ["bash", "adduser mount", "numpy", "attrs bash", "environment"].map(layer);
        let debian = ["bash", "adduser", "mount"].map(|name| (name.to_owned(), "1".to_owned()));
        let (wheels, others) = divide(&layers, &BTreeSet::from(debian)).unwrap();
        let keys = |blobs: &[Blob]| blobs.iter().map(|blob| blob.key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&wheels), ["sha256:numpy", "sha256:attrs bash"]);
        assert_eq!(keys(&others), ["sha256:bash", "sha256:adduser mount", "sha256:environment"]);
    }
}
