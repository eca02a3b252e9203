//! Every reader of what others wrote, under any bytes: none may panic, hang, or take memory without bound.
//!
//! - [`TARGETS`]: the readers by name, each a [`Target`] with [`Target::run`] and [`Target::seeds`].
//!
//! `cargo xtask fuzz` runs them under libFuzzer; the tests run the seeds and simple changes of them.

mod archives;
mod images;
mod texts;

/// A reader of bytes that others wrote.
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
}

impl Target {
    /// Reads the bytes.
    ///
    /// # Panics
    /// When the reader does, or does something that it promises not to do.
    pub fn run(&self, bytes: &[u8]) {
        (self.run)(bytes);
    }

    /// Inputs of the form that the reader expects, to begin with.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        (self.seeds)()
    }
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "requirements", run: texts::requirements, seeds: texts::requirements_seeds },
    Target { name: "yaml", run: texts::yaml, seeds: texts::yaml_seeds },
    Target { name: "pyproject", run: texts::pyproject, seeds: texts::pyproject_seeds },
    Target { name: "json", run: texts::json, seeds: texts::json_seeds },
    Target { name: "conda", run: texts::conda, seeds: texts::conda_seeds },
    Target { name: "pixi", run: texts::pixi, seeds: texts::pixi_seeds },
    Target { name: "lock", run: texts::lock, seeds: texts::lock_seeds },
    Target { name: "dockerfile", run: texts::dockerfile, seeds: texts::dockerfile_seeds },
    Target { name: "log", run: texts::log, seeds: texts::log_seeds },
    Target { name: "redactor", run: texts::redactor, seeds: texts::redactor_seeds },
    Target { name: "reference", run: images::reference, seeds: images::reference_seeds },
    Target { name: "challenge", run: images::challenge, seeds: images::challenge_seeds },
    Target { name: "manifest", run: images::manifest, seeds: images::manifest_seeds },
    Target { name: "tar", run: archives::tar, seeds: archives::tar_seeds },
    Target { name: "wheel", run: archives::wheel, seeds: archives::wheel_seeds },
    Target { name: "deb", run: archives::deb, seeds: archives::deb_seeds },
];
