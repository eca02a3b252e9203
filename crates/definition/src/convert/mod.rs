//! An environment, written in another format.

mod azure;
mod azure_v1;
mod conda;
mod dockerfile;
mod locks;
mod mlflow;
mod pixi;
mod pyproject;
mod requirements;

use crate::{Base, Environment, FindLinks, Format, MaskedText, Requirement, hash};
use envwright_redact::SafeUrl;

/// An environment in a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The text of the file.
    pub text: String,
    /// What the environment says and the format cannot: whole clauses, such as `the base image`.
    pub lost: Vec<String>,
}

/// Why an environment cannot be written in a format at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    /// The format is of exact packages, which the environment does not name.
    #[error("{0} holds exact packages, and the definition has to be solved first")]
    NotLocked(Format),
    /// The format is of what is asked for, and the environment names exact packages.
    #[error("{0} holds what is asked for, and the definition is a lock file")]
    Locked(Format),
    /// The format is not written, or not out of such a definition: a Dockerfile is written out of one alone.
    #[error("{0} is not written out of this format")]
    NotWritten(Format),
    /// The format holds one platform and environment, and the lock file has several.
    #[error("{0} holds one platform, and the lock file has several")]
    Several(Format),
}

impl Environment {
    /// The environment in a format, where that can say it: what it has no place for is told. Credentials in URLs are
    /// left out, and told as well. Comments are lost.
    pub fn convert(&self, format: Format) -> Result<Converted, ConversionError> {
        let is_lock =
            matches!(format, Format::PixiLock | Format::CondaLock | Format::Explicit | Format::Pylock);
        let mut lost = Lost::default();
        let text = match (&self.locked, format) {
            (_, Format::Dockerfile) => {
                let build = self.build.as_ref().filter(|build| !build.instructions.is_empty());
                dockerfile::write(self, build.ok_or(ConversionError::NotWritten(format))?, &mut lost)
            }
            (_, Format::UvLock) => return Err(ConversionError::NotWritten(format)),
            (None, _) if is_lock => return Err(ConversionError::NotLocked(format)),
            (Some(_), _) if !is_lock => return Err(ConversionError::Locked(format)),
            (Some(locked), _) => locks::write(self, locked, format, &mut lost)?,
            (None, Format::Requirements) => requirements::write(self, &mut lost),
            (None, Format::Pyproject) => pyproject::write(self, &mut lost),
            (None, Format::Conda) => conda::write(self, &mut lost),
            (None, Format::Azure) => azure::write(self, &mut lost),
            (None, Format::AzureV1) => azure_v1::write(self, &mut lost),
            (None, Format::Mlflow) => mlflow::write(self, &mut lost),
            (None, _) => pixi::write(self, &mut lost),
        };
        lost.when(self.has_login(), "logins, which belong to no file");
        Ok(Converted { text, lost: lost.0 })
    }

    /// Whether a URL of it has a user, a password or a token.
    fn has_login(&self) -> bool {
        let of_indexes =
            self.indexes.index.iter().chain(&self.indexes.extra).any(|url| url.credentials().is_some());
        let channels =
            self.conda.iter().flat_map(|conda| &conda.channels).map(|channel| channel.value.expose());
        let specs = self.conda.iter().flat_map(|conda| &conda.specs).map(|spec| spec.text.as_str());
        let requirements = self.requirements.iter().map(|requirement| requirement.text.as_str());
        let unbuilt = self.unbuilt.iter().map(|line| line.value.expose());
        let build = self.build.iter().filter_map(|build| build.path.as_ref()).map(MaskedText::expose);
        let mut texts = channels.chain(specs).chain(requirements).chain(unbuilt).chain(build);
        of_indexes || texts.any(hash::has_login)
    }
}

/// What could not be said.
#[derive(Debug, Default)]
struct Lost(Vec<String>);

impl Lost {
    fn say(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.0.contains(&what) {
            self.0.push(what);
        }
    }

    fn when(&mut self, is_said: bool, what: &str) {
        if is_said {
            self.say(what);
        }
    }

    /// What of the image itself only envwright's own format can say.
    fn of_image(&mut self, environment: &Environment) {
        self.when(!environment.apt.is_empty(), "Debian packages (`apt`)");
        self.when(!environment.files.is_empty(), "files to copy (`files`)");
        self.when(environment.user.is_some(), "the user");
        self.when(environment.workdir.is_some(), "the working directory");
        self.when(environment.cmd.is_some(), "the command");
        self.when(environment.compile, "that byte code is made (`compile`)");
        self.when(environment.azure.cuda.is_some(), "the CUDA version");
        self.when(environment.azure.build_compute.is_some(), "the pool that builds it (`build_compute`)");
    }

    /// What only Azure ML's formats and envwright's say.
    fn of_azure(&mut self, environment: &Environment) {
        let is_default = environment.base == Base::default() && environment.base_span.is_none();
        self.when(!is_default, "the base image");
        self.when(environment.build.is_some(), "the Dockerfile");
        self.when(!environment.tags.is_empty(), "tags");
        self.when(!environment.azure.properties.is_empty(), "properties");
        self.when(environment.azure.inference_config.is_some(), "how a model is served (`inference_config`)");
        self.when(environment.azure.user_managed, "that packages are the image's own");
    }
}

/// A requirement as one line of a requirements file.
fn line(requirement: &Requirement) -> String {
    let mut line = hash::without_login(&requirement.text);
    for hash in &requirement.hashes {
        line += " --hash=";
        line += hash;
    }
    line
}

/// Every option of pip's that the environment has, one each, in pip's order of effect.
fn options(environment: &Environment) -> Vec<String> {
    let indexes = &environment.indexes;
    let plain = |url: &SafeUrl| url.without_credentials().expose().to_string();
    let mut options = Vec::new();
    options.extend(indexes.index.iter().map(|url| format!("--index-url {}", plain(url))));
    options.extend(indexes.extra.iter().map(|url| format!("--extra-index-url {}", plain(url))));
    if indexes.no_index {
        options.push("--no-index".to_owned());
    }
    options.extend(indexes.find_links.iter().map(|place| format!("--find-links {}", find_links(place))));
    if indexes.prerelease {
        options.push("--pre".to_owned());
    }
    if environment.require_hashes {
        options.push("--require-hashes".to_owned());
    }
    options
}

fn find_links(place: &FindLinks) -> String {
    match place {
        FindLinks::Url(url) => url.without_credentials().expose().to_string(),
        FindLinks::Path(path) => quoted(&path.display().to_string()),
    }
}

/// A word as `shlex` reads it.
fn quoted(word: &str) -> String {
    if word.contains(char::is_whitespace) { format!("'{word}'") } else { word.to_owned() }
}

/// The lines of a requirements file: options, then requirements, then what pip builds itself.
fn pip_lines(environment: &Environment) -> Vec<String> {
    let mut lines = options(environment);
    lines.extend(environment.requirements.iter().map(line));
    lines.extend(environment.unbuilt.iter().map(|one| hash::without_login(one.value.expose())));
    lines
}
