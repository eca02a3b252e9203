//! `cargo xtask bench conda`: the conda example, beside rattler alone and beside buildah that installs with it.

use super::{
    inputs::{Inputs, copy, remove, write},
    measure::{self, Sample, Spread},
    peers::Peer,
    registry::Registry,
    service::Service,
    table::number,
    targets::{self, Target},
};
use crate::shell;
use fs_err as fs;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

/// What the example asks of conda.
const SPECS: [&str; 6] = ["python=3.11", "numpy=1.26", "pandas", "scikit-learn", "tabulate", "pip"];
/// Records of the channel of many.
const RECORDS: &str = "500000";
/// A package of it that others need.
const ONE: &str = "package-2331";

const OURS: &str = "envwright";
const RATTLER: &str = "py-rattler";
const BUILDAH: &str = "buildah, py-rattler";

/// Rows of the table: what is measured, who does it, and how it went.
type Rows = BTreeMap<(usize, &'static str, &'static str), Vec<Sample>>;

/// Measures a command, and adds a row.
type Add<'a> = dyn FnMut(usize, &'static str, &'static str, &Command) -> Result<(), String> + 'a;

struct Bench<'a> {
    inputs: &'a Inputs,
    folder: PathBuf,
    channel: String,
    many: String,
    registry: Registry,
    peer: Peer<'a>,
    _service: Service,
}

pub(super) fn measure(inputs: &Inputs, rounds: usize) -> Result<String, String> {
    let bench = Bench::prepare(inputs)?;
    let mut rows = Rows::new();
    for round in 0..rounds {
        shell::say(&format!("round {}", round + 1));
        bench.round(round, &mut rows)?;
    }
    let mut text =
        "| Situation | Who | Wall, s | CPU, s | Peak memory, MB |\n|---|---|--:|--:|--:|\n".to_owned();
    for ((_, title, who), samples) in &rows {
        let of = |field: fn(&Sample) -> f64| median(samples, field);
        let peak = of(|run| run.peak) / 1e6;
        let _ = writeln!(
            text,
            "| {title} | {who} | {} | {} | {} |",
            number(of(|run| run.wall)),
            number(of(|run| run.cpu)),
            number(peak)
        );
    }
    let _ = write!(text, "\n{}", targets::table(&reached(&rows)));
    Ok(text)
}

fn median(samples: &[Sample], field: fn(&Sample) -> f64) -> f64 {
    Spread::of(samples, field).map_or(f64::NAN, |spread| spread.median)
}

fn reached(rows: &Rows) -> Vec<Target> {
    let of = |title: &str, who: &str, field: fn(&Sample) -> f64| {
        let found = rows.iter().find(|((_, of, by), _)| *of == title && *by == who);
        found.map_or(f64::NAN, |(_, samples)| median(samples, field))
    };
    let wall = |title, who| of(title, who, |run| run.wall);
    let ratio = |title, peer| wall(title, OURS) / wall(title, peer);
    vec![
        Target::most("conda packages cold, against py-rattler", ratio(COLD, RATTLER), 1.1, "×"),
        Target::most("conda packages warm, against py-rattler", ratio(WARM, RATTLER), 1.1, "×"),
        Target::most("cold with push, against buildah", ratio(PUSHED, BUILDAH), 0.5, "×"),
        Target::most("nothing to do", wall(NOTHING, OURS), 0.15, "s"),
        Target::most("another NumPy, with push", wall(CHANGED, OURS), 1.5, "s"),
        Target::most("one of 500,000 records, sharded", wall(SHARDED, OURS), 1.0, "s"),
        Target::most("one of 500,000 records, whole", wall(WHOLE, OURS), 1.0, "s"),
        Target::most("its memory, sharded", of(SHARDED, OURS, |run| run.peak) / 1e6, 300.0, "MB"),
        Target::most("its memory, whole", of(WHOLE, OURS, |run| run.peak) / 1e6, 300.0, "MB"),
    ]
}

const COLD: &str = "choose and install the packages, nothing cached";
const WARM: &str = "the same, packages cached";
const PUSHED: &str = "image of the example, base at hand, pushed";
const NOTHING: &str = "nothing to do, pushed";
const CHANGED: &str = "another NumPy, pushed";
const SHARDED: &str = "lock one of 500,000 records, cached, sharded";
const WHOLE: &str = "lock one of 500,000 records, cached, whole";

impl<'a> Bench<'a> {
    fn prepare(inputs: &'a Inputs) -> Result<Self, String> {
        let folder = inputs.folder.join("conda");
        remove(&folder.join("alone"))?;
        // It outlives a run, as making it takes a minute.
        let served = shell::root().join("target/bench-channel");
        shell::say("making the channels");
        if !served.join("channel").exists() {
            let made = served.join("made");
            remove(&made)?;
            let script = shell::root().join("tests/support/channel.py");
            shell::output(Command::new("python3").arg(script).arg(&made))?;
            fs::rename(&made, served.join("channel")).map_err(|error| error.to_string())?;
        }
        let python = served.join("channel-tools/bin/python");
        let script = shell::root().join("xtask/src/bench/conda.py");
        if !served.join("many").exists() {
            let pip = served.join("channel-tools/bin/pip");
            shell::output(Command::new(pip).args(["install", "--quiet", "msgpack"]))?;
            shell::output(
                Command::new(&python).arg(&script).arg("many").arg(served.join("many")).arg(RECORDS),
            )?;
        }
        for kind in ["sharded", "whole"] {
            for subdir in ["linux-64", "noarch"] {
                link(&served, kind, subdir)?;
            }
        }
        let mut serving = Command::new(&python);
        serving.arg(&script).arg("serve").arg(&served);
        let service = Service::start(&serving, folder.join("server.log"))?;
        let address = service.wait_for(|log| Some(log.split_whitespace().nth(2)?.to_owned()))?;
        let registry = Registry::start(inputs, "conda")?;
        registry.push_base(inputs, "zstd")?;
        let peer = Peer::on(inputs, "conda", format!("docker://{}", registry.reference("base")))?;
        fs::copy(&script, inputs.tools().join("conda.py")).map_err(|error| error.to_string())?;
        let mut pip = Command::new("pip");
        pip.args(["install", "--quiet", "--only-binary=:all:", "--python-version=3.11", "--target"]);
        shell::output(pip.arg(inputs.tools().join("rattler")).arg("py-rattler"))?;
        let bench = Self {
            inputs,
            folder,
            channel: format!("http://{address}/channel"),
            many: format!("http://{address}/many"),
            registry,
            peer,
            _service: service,
        };
        bench.definition("1.26")?;
        Ok(bench)
    }

    /// The example on what everybody has at hand, with this NumPy.
    fn definition(&self, numpy: &str) -> Result<(), String> {
        let folder = self.folder.join("definition");
        let example = shell::root().join("examples/conda");
        let text = |name: &str| fs::read_to_string(example.join(name)).map_err(|error| error.to_string());
        write(&folder.join("environment.yaml"), &text("environment.yaml")?)?;
        write(&folder.join("conda.yml"), &text("conda.yml")?.replace("numpy=1.26", &format!("numpy={numpy}")))
    }

    fn configured(home: &Path, channels: &str) -> Result<(), String> {
        write(&home.join("config.toml"), &format!("[conda.custom-channels]\n{channels}"))
    }

    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// A home that has the Debian packages of the base and none of conda's.
    fn fresh_home(&self) -> Result<(), String> {
        remove(&self.home())?;
        copy(&self.inputs.base_home(), &self.home())?;
        Self::configured(&self.home(), &format!("conda-forge = \"{}\"\n", self.channel))
    }

    fn round(&self, round: usize, rows: &mut Rows) -> Result<(), String> {
        let mut add = |at: usize, title, who, command: &Command| {
            let sample = measure::measure(command, &self.inputs.folder.join("time"))?;
            shell::say(&format!("{title}: {who}: {:.2} s", sample.wall));
            rows.entry((at, title, who)).or_default().push(sample);
            Ok::<_, String>(())
        };
        self.alone(round, &mut add)?;
        self.registry.reset()?;
        self.fresh_home()?;
        self.definition("1.26")?;
        let pushing = || {
            let arguments = ["build", "--quiet", "--push", "--tag", &self.registry.reference("env")];
            let mut command = self.inputs.envwright(&self.home(), &arguments);
            command.arg(self.folder.join("definition"));
            command
        };
        add(2, PUSHED, OURS, &pushing())?;
        add(3, NOTHING, OURS, &pushing())?;
        self.definition("1.25")?;
        add(4, CHANGED, OURS, &pushing())?;
        self.registry.reset()?;
        self.containerfile()?;
        self.peer.empty_cache()?;
        self.peer.empty_storage()?;
        let mut push = self.peer.buildah();
        push.args(["push", "--quiet", "--tls-verify=false", "--compression-format", "zstd"]);
        push.arg(self.peer.image()).arg(format!("docker://{}", self.registry.reference("env")));
        add(2, PUSHED, BUILDAH, &shell::both(&self.peer.build(), &push))?;
        self.one_of_many(&mut add)
    }

    /// conda packages alone: solved and installed into a folder. Nothing is removed before: some file systems look for new
    /// places long after much was.
    fn alone(&self, round: usize, add: &mut Add<'_>) -> Result<(), String> {
        let folder = self.folder.join(format!("alone/{round}"));
        let (home, definition) = (folder.join("home"), folder.join("conda.yml"));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        copy(&self.inputs.base_home(), &home)?;
        Self::configured(&home, &format!("conda-forge = \"{}\"\n", self.channel))?;
        let specs: String = SPECS.iter().fold(String::new(), |text, spec| text + &format!("  - {spec}\n"));
        write(&definition, &format!("name: alone\nchannels: [conda-forge]\ndependencies:\n{specs}"))?;
        let materialize = |prefix: &str| {
            let mut command = self.inputs.envwright(&home, &["materialize", "--quiet", "--prefix"]);
            command.arg(folder.join(prefix)).arg(&definition);
            command
        };
        let install = |prefix: &str| {
            let tools = shell::root().join("target/bench-channel/channel-tools/bin/python");
            let mut command = Command::new(tools);
            command.arg(shell::root().join("xtask/src/bench/conda.py")).arg("install").arg(&self.channel);
            command.arg(folder.join(prefix)).arg(folder.join("cache")).args(SPECS);
            command
        };
        add(0, COLD, OURS, &materialize("ours"))?;
        forget_solutions(&home)?;
        add(1, WARM, OURS, &materialize("ours-again"))?;
        add(0, COLD, RATTLER, &install("rattlers"))?;
        add(1, WARM, RATTLER, &install("rattlers-again"))
    }

    fn containerfile(&self) -> Result<(), String> {
        self.peer.require("humanize==4.10.0\n")?;
        let specs = SPECS.join(" ");
        let file = self.peer.context().join("Containerfile");
        let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
        let kept: String = text
            .lines()
            .filter(|line| !line.starts_with("RUN"))
            .fold(String::new(), |text, line| text + line + "\n");
        let install = format!(
            "RUN --mount=type=cache,target=/root/.cache PYTHONPATH=/bench/rattler /usr/bin/python3 /bench/conda.py install {} /opt/conda /root/.cache/rattler {specs} && \
             /opt/conda/bin/pip install --quiet --no-compile --requirement /tmp/requirements.txt\n",
            self.channel
        );
        write(&file, &(kept + &install))
    }

    fn one_of_many(&self, add: &mut Add<'_>) -> Result<(), String> {
        for (at, title, kind) in [(5, SHARDED, "sharded"), (6, WHOLE, "whole")] {
            let home = self.folder.join(kind);
            copy(&self.inputs.base_home(), &home)?;
            Self::configured(
                &home,
                &format!("conda-forge = \"{}\"\n", self.many.replace("/many", &format!("/{kind}"))),
            )?;
            let definition = self.folder.join(format!("definition-{kind}/conda.yml"));
            write(&definition, &format!("name: one\nchannels: [conda-forge]\ndependencies:\n  - {ONE}\n"))?;
            let lock = || {
                let mut command = self.inputs.envwright(&home, &["plan", "--quiet"]);
                command.arg(&definition);
                command
            };
            shell::output(&mut lock())?;
            forget_solutions(&home)?;
            add(at, title, OURS, &lock())?;
        }
        Ok(())
    }
}

/// Leaves of the solutions the last one of each place, whose Debian packages stay as they were.
fn forget_solutions(home: &Path) -> Result<(), String> {
    for entry in fs::read_dir(home.join("solves")).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        if !entry.file_name().to_string_lossy().starts_with("last-") {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// The same channel with one kind of repodata alone.
fn link(served: &Path, kind: &str, subdir: &str) -> Result<(), String> {
    let (from, to) = (served.join("many").join(subdir), served.join(kind).join(subdir));
    fs::create_dir_all(&to).map_err(|error| error.to_string())?;
    let names: &[&str] = if kind == "sharded" {
        &["repodata_shards.msgpack.zst", "shards"]
    } else {
        &["repodata.json.zst", "repodata.json"]
    };
    for name in names.iter().filter(|name| !to.join(name).exists()) {
        fs::os::unix::fs::symlink(from.join(name), to.join(name)).map_err(|error| error.to_string())?;
    }
    Ok(())
}
