//! Azure ML's environment YAML (v2) with envwright's own keys.

mod image;
mod keys;
pub(crate) mod node;
mod values;

use crate::{Base, FileCopy, PythonRequest, Spanned, advice, collect::Collected};
use envwright_diagnosis::{Finding, Source, Span, nearest};
use envwright_target::Platform;
pub(crate) use keys::Key;
use node::Node;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What the YAML says besides requirements.
#[derive(Debug, Default)]
pub(crate) struct Described {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) base: Option<Base>,
    pub(crate) base_span: Option<Span>,
    pub(crate) python: Option<PythonRequest>,
    pub(crate) apt: Vec<Spanned<String>>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) files: Vec<FileCopy>,
    pub(crate) user: Option<String>,
    pub(crate) workdir: Option<String>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) compile: bool,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) platforms: Vec<Platform>,
}

/// Whether all top keys are ones that are known here, and one of them says what is wanted.
pub(crate) fn is_ours(root: &Node) -> bool {
    let keys: Option<Vec<Key>> = root
        .as_mapping()
        .map(|members| members.iter().map(|(key, _)| Key::parse(key.as_str()?)).collect())
        .unwrap_or_default();
    keys.is_some_and(|keys| keys.iter().any(|key| key.is_telling()))
}

/// Whether it has a telling key, whatever else is in it: the other keys are then told to be wrong.
pub(crate) fn is_nearly_ours(root: &Node) -> bool {
    let mut members = root.as_mapping().into_iter().flatten();
    members.any(|(key, _)| key.as_str().and_then(Key::parse).is_some_and(Key::is_telling))
}

/// Reads a YAML definition; paths in it are relative to `dir`, the folder of the file `path`.
pub(crate) fn read(
    source: &Arc<Source>,
    dir: &Path,
    path: Option<&Path>,
    collected: &mut Collected,
) -> Described {
    let mut described = Described::default();
    let root = match node::parse(source) {
        Ok(Some(root)) => root,
        Ok(None) => return described,
        Err(finding) => {
            collected.push(finding);
            return described;
        }
    };
    let mut reader = Reader { source, dir, path: path.map(Path::to_owned), collected };
    let Some(members) = root.as_mapping() else {
        let span = reader.span(&root);
        let finding = Finding::new("definition-invalid-yaml").at(&span, "no `key: value` stands here");
        let finding = match root.as_sequence() {
            Some(_) => finding
                .detail("The file is a list; a definition has keys with values.")
                .remedy("Write the key of the list above it, such as `requirements:`"),
            None => finding.detail("The file is a text; a definition has keys with values."),
        };
        reader.collected.push(finding);
        return described;
    };
    if reader.is_other_format(&root) {
        return described;
    }
    reader.check_duplicates(members);
    let mut own = false;
    for (key, value) in members {
        let Some(known) = reader.key(key) else { continue };
        own |= known.is_own();
        if !value.is_null() {
            reader.member(known, value, &mut described);
        }
    }
    let names_image = ["image", "conda_file", "build"].iter().any(|key| root.get(key).is_some());
    if !own && !names_image {
        let span = reader.span(&root);
        reader.collected.push(Finding::new("definition-image-missing").at(&span, "no `image` here"));
    }
    described
}

/// Reads values and keeps their places.
struct Reader<'a> {
    source: &'a Arc<Source>,
    dir: &'a Path,
    path: Option<PathBuf>,
    collected: &'a mut Collected,
}

impl Reader<'_> {
    fn span(&self, node: &Node) -> Span {
        Span::new(self.source, node.range.clone())
    }

    /// conda's environments and Azure ML's first version are known, but not built yet.
    fn is_other_format(&mut self, root: &Node) -> bool {
        let has = |key: &str| root.get(key).is_some();
        let feature = if has("dependencies") || has("channels") {
            "a conda environment"
        } else if has("docker") && has("python") || has("condaDependencies") {
            "an Azure ML environment of the first version"
        } else {
            return false;
        };
        let telling = ["dependencies", "channels", "docker", "condaDependencies"];
        let members = root.as_mapping().unwrap_or_default();
        let key = members.iter().map(|(key, _)| key);
        let place = key.into_iter().find(|key| telling.contains(&key.as_str().unwrap_or_default()));
        let span = self.span(place.unwrap_or(root));
        self.collected.unsupported(feature, &span);
        true
    }

    fn key(&mut self, key: &Node) -> Option<Key> {
        let text = key.as_str().unwrap_or_default();
        if let Some(known) = Key::parse(text) {
            return Some(known);
        }
        self.unknown(key, advice::called(text).or_else(|| nearest(text, Key::names())));
        None
    }

    fn unknown(&mut self, key: &Node, meant: Option<&str>) {
        let span = self.span(key);
        let finding = Finding::new("definition-unknown-key").fact("key", span.text());
        let finding = finding.at(&span, "not known");
        self.collected.push(match meant {
            Some(meant) => finding.fact("nearest", meant),
            None => finding,
        });
    }

    fn check_duplicates(&mut self, members: &[(Node, Node)]) {
        for (index, (key, _)) in members.iter().enumerate() {
            let Some(name) = key.as_str() else { continue };
            let Some((first, _)) = members[..index].iter().find(|(other, _)| other.as_str() == Some(name))
            else {
                continue;
            };
            let finding = Finding::new("definition-conflicting-keys")
                .detail(format!("`{name}` stands twice."))
                .remedy(format!("Put the values of both under one `{name}`"));
            let finding = finding.at(&self.span(key), "again here").at(&self.span(first), "first here");
            self.collected.push(finding);
        }
    }

    fn member(&mut self, key: Key, value: &Node, described: &mut Described) {
        match key {
            Key::Name => described.name = self.string(key, value),
            Key::Version => described.version = self.string(key, value),
            Key::Description => described.description = self.string(key, value),
            Key::Tags => described.tags = self.strings_by_name(key, value),
            Key::Image => {
                described.base = self.image(value);
                described.base_span = Some(self.span(value));
            }
            Key::Requirements => self.requirements(value),
            Key::Apt => described.apt = self.packages(value),
            Key::Python => described.python = self.python(value),
            Key::Env => described.env = self.variables(value),
            Key::Files => described.files = self.files(value),
            Key::User => described.user = self.user(value),
            Key::Workdir => described.workdir = self.workdir(value),
            Key::Compile => described.compile = self.truth(key, value),
            Key::Cmd => described.cmd = Some(self.command(value)),
            Key::Platforms => described.platforms = self.platforms(value),
            Key::OsType => self.system(value),
            Key::CondaFile => self.unsupported("conda packages (`conda_file`)", value),
            Key::Build => self.unsupported("a Dockerfile (`build`)", value),
            Key::Datastore | Key::Path => self.unsupported("a build context in a datastore", value),
            Key::Cuda => self.unsupported("the key `cuda`", value),
            Key::BuildCompute => self.unsupported("the key `build_compute`", value),
            // They say how a model is served or where the file was edited; no file of the image depends on them.
            Key::Schema | Key::InferenceConfig | Key::Properties => {}
        }
    }

    fn unsupported(&mut self, feature: &str, value: &Node) {
        let span = self.span(value);
        self.collected.unsupported(feature, &span);
    }

    fn invalid(&mut self, key: &str, expected: &str, value: &Node) {
        let span = self.span(value);
        self.collected.invalid_value(key, expected, &span);
    }
}
