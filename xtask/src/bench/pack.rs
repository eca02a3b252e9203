//! `cargo xtask bench pack`: how fast wheels become segments, beside zstd alone.
//!
//! All wheels are there and chosen, and the base's segments too; so what a build does is to unpack, hash and pack the
//! wheels, and to write the image. zstd gets the same files in one archive.

use super::{
    inputs::{Inputs, copy, remove, write},
    measure::{self, Sample, Spread},
    table::{megabytes, number},
    targets::{self, Target},
};
use crate::shell;
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

/// Unpacks each wheel of a folder, `unpack.py FROM TO`; Debian packages are no zip files.
const UNPACK: &str = "\
import pathlib, sys, zipfile
for path in sorted(pathlib.Path(sys.argv[1]).rglob('*')):
    if path.is_file() and zipfile.is_zipfile(path):
        zipfile.ZipFile(path).extractall(pathlib.Path(sys.argv[2]) / path.name)
";

struct Pack<'a> {
    inputs: &'a Inputs,
    folder: PathBuf,
}

pub(super) fn measure(inputs: &Inputs, rounds: usize) -> Result<String, String> {
    let pack = Pack { inputs, folder: inputs.folder.join("pack") };
    let archive = pack.prepare()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        pack.forget()?;
        ours.push(measure::measure(&pack.build(), &inputs.folder.join("time"))?);
        theirs.push(measure::measure(&zstd(&archive), &inputs.folder.join("time"))?);
    }
    let bytes = fs_err::metadata(&archive).map_err(|error| error.to_string())?.len();
    report(bytes, &ours, &theirs)
}

impl Pack<'_> {
    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    fn build(&self) -> Command {
        let arguments = ["build", "--quiet", "--offline", "--tag", "bench"];
        let mut command = self.inputs.envwright(&self.home(), &arguments);
        command.arg(self.folder.join("definition"));
        command
    }

    /// Fetches everything, and makes the archive.
    fn prepare(&self) -> Result<PathBuf, String> {
        shell::say("fetching and unpacking the wheels");
        write(&self.folder.join("definition/requirements.txt"), &self.inputs.pins)?;
        copy(&self.inputs.base_home(), &self.home())?;
        let mut build = self.inputs.envwright(&self.home(), &["build", "--quiet", "--tag", "bench"]);
        shell::output(build.arg(self.folder.join("definition")))?;
        let (files, archive) = (self.folder.join("files"), self.folder.join("files.tar"));
        let mut unpack = Command::new("python3");
        shell::output(unpack.args(["-c", UNPACK]).arg(self.home().join("packages")).arg(&files))?;
        let mut tar = Command::new("tar");
        shell::output(
            tar.arg("--create").arg("--file").arg(&archive).arg("--directory").arg(&files).arg("."),
        )?;
        Ok(archive)
    }

    /// Leaves the packages and what was chosen, and of what was packed only the base.
    fn forget(&self) -> Result<(), String> {
        for kept in ["segments", "layers", "images"] {
            copy(&self.inputs.base_home().join(kept), &self.home().join(kept))?;
        }
        remove(&self.home().join("builds"))
    }
}

/// On all cores, with the level that envwright uses.
fn zstd(archive: &Path) -> Command {
    let mut command = Command::new("zstd");
    command.args(["-3", "-T0", "--quiet", "--force", "-o", "/dev/null"]).arg(archive);
    command
}

fn report(bytes: u64, ours: &[Sample], theirs: &[Sample]) -> Result<String, String> {
    let mut text = "| Program | Wall, s | CPU, s | MB/s |\n|---|--:|--:|--:|\n".to_owned();
    let mut rates = Vec::new();
    for (name, samples) in [("envwright build", ours), ("zstd -3 -T0", theirs)] {
        let of = |field: fn(&Sample) -> f64| Spread::of(samples, field).ok_or("nothing was measured");
        let (wall, cpu) = (of(|run| run.wall)?.median, of(|run| run.cpu)?.median);
        let rate = megabytes(bytes) / wall;
        let [wall, cpu, shown] = [wall, cpu, rate].map(number);
        let _ = writeln!(text, "| {name} | {wall} | {cpu} | {shown} |");
        rates.push(rate);
    }
    let target = Target::least("packing rate against zstd", rates[0] / rates[1] * 100.0, 85.0, "%");
    Ok(format!("{} MB of files.\n\n{text}\n{}", number(megabytes(bytes)), targets::table(&[target])))
}
