//! `cargo xtask bench import`: how long a first import takes in a fresh container of each image.

use super::{
    inputs::{Inputs, remove, write},
    measure::{self, Sample, Spread},
    peers::{Installer, Peer},
    table::number,
};
use crate::shell;
use std::{fmt::Write as _, path::PathBuf, process::Command};

const IMPORT: &str = "import sklearn, pandas";
/// envwright's images: what the table calls them, and what their definitions say besides the requirements.
const VARIATIONS: [(&str, &str); 2] = [("envwright", ""), ("envwright, compiled", "compile: true\n")];
const USERS: [(&str, &str); 2] = [("root", "0:0"), ("a user", "1000:1000")];
const TURNS: [&str; 2] = ["first", "second"];

pub(super) fn measure(inputs: &Inputs, rounds: usize) -> Result<String, String> {
    let peer = Peer::new(inputs, Installer::Uv)?;
    let images = images(inputs, &peer)?;
    let mut text = "| Image | User | Import | Wall, s | CPU, s |\n|---|---|---|--:|--:|\n".to_owned();
    for (name, image) in &images {
        for (user, id) in USERS {
            let mut samples = [Vec::new(), Vec::new()];
            for _ in 0..rounds {
                let runs = in_fresh_container(inputs, &peer, image, id)?;
                samples.iter_mut().zip(runs).for_each(|(samples, run)| samples.push(run));
            }
            for (turn, samples) in TURNS.iter().zip(&samples) {
                let of = |field: fn(&Sample) -> f64| {
                    Spread::of(samples, field).map_or(f64::NAN, |spread| spread.median)
                };
                let [wall, cpu] = [of(|run| run.wall), of(|run| run.cpu)].map(number);
                let _ = writeln!(text, "| {name} | {user} | {turn} | {wall} | {cpu} |");
            }
        }
    }
    Ok(text)
}

/// Name and reference of each image, all of them in the peer's storage.
fn images(inputs: &Inputs, peer: &Peer<'_>) -> Result<Vec<(&'static str, String)>, String> {
    shell::say("making the images");
    peer.empty_cache()?;
    peer.empty_storage()?;
    peer.require(&inputs.pins)?;
    shell::output(&mut peer.build())?;
    let mut images = Vec::new();
    for (index, (name, more)) in VARIATIONS.into_iter().enumerate() {
        let layout = envwright(inputs, index, more)?;
        let mut pull = peer.buildah();
        let id = shell::output(pull.args(["pull", "--quiet"]).arg(format!("oci:{}", layout.display())))?;
        images.push((name, id.trim().to_owned()));
    }
    images.push(("buildah, uv", peer.image()));
    Ok(images)
}

fn envwright(inputs: &Inputs, index: usize, more: &str) -> Result<PathBuf, String> {
    let folder = inputs.folder.join("import").join(index.to_string());
    write(&folder.join("requirements.txt"), &inputs.pins)?;
    write(&folder.join("environment.yaml"), &format!("requirements: requirements.txt\n{more}\n"))?;
    let layout = folder.join("layout");
    remove(&layout)?;
    let mut command = inputs.envwright(&inputs.folder.join("import/home"), &["build", "--quiet", "--output"]);
    shell::output(command.arg(format!("oci:{}", layout.display())).arg(folder))?;
    Ok(layout)
}

/// The import, twice.
fn in_fresh_container(
    inputs: &Inputs,
    peer: &Peer<'_>,
    image: &str,
    user: &str,
) -> Result<[Sample; 2], String> {
    let container = shell::output(peer.buildah().args(["from", "--quiet", "--pull-never", image]))?;
    // It stays mounted between the runs: the kernel does not mount again what was mounted as volatile.
    shell::output(peer.buildah().args(["mount", container.trim()]))?;
    let run = || {
        let mut command: Command = peer.buildah();
        command.args(["run", "--isolation", "chroot", "--user", user, container.trim(), "--"]);
        command.args(["/opt/env/bin/python", "-c", IMPORT]);
        measure::measure(&command, &inputs.folder.join("time"))
    };
    let samples = [run()?, run()?];
    shell::output(peer.buildah().args(["rm", container.trim()]))?;
    Ok(samples)
}
