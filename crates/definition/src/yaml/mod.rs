//! Azure ML's environment YAML (v2) with envwright's own keys.

mod azure;
mod image;
mod keys;
pub(crate) mod node;
mod values;

use crate::{
    Azure, Base, BuildContext, Conda, FileCopy, PythonRequest, Spanned, advice, collect::Collected, lines,
};
use envwright_diagnosis::{Finding, Fix, Severity, Source, Span, nearest};
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
    pub(crate) name_span: Option<Span>,
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
    pub(crate) conda: Option<Conda>,
    pub(crate) build: Option<BuildContext>,
    pub(crate) azure: Azure,
    /// Where the definition as a whole is shown.
    pub(crate) place: Option<Span>,
    /// Whether it is an Azure ML environment with keys of Azure ML's alone.
    pub(crate) is_azure: bool,
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
    root: &Node,
    dir: &Path,
    path: Option<&Path>,
    collected: &mut Collected,
) -> Described {
    let mut described = Described::default();
    let mut reader = Reader { source, dir, path: path.map(Path::to_owned), is_azure: false, collected };
    let Some(members) = root.as_mapping() else {
        reader.no_mapping(root);
        return described;
    };
    let keys = || members.iter().filter_map(|(key, _)| key.as_str());
    let has_own_base = root.get("image").and_then(Node::as_str).is_some_and(image::is_own);
    reader.is_azure = !has_own_base && !keys().any(|key| Key::parse(key).is_some_and(Key::is_own));
    described.is_azure = reader.is_azure;
    described.place = members.first().map(|(key, _)| reader.span(key));
    duplicate_keys(source, members, reader.collected);
    for (key, value) in members {
        let Some(known) = reader.key(key, value, root) else { continue };
        if !value.is_null() {
            reader.member(known, value, &mut described);
        } else if reader.is_azure && known != Key::Schema {
            reader.invalid(known.name(), "a value", key);
        }
    }
    reader.whole(root, &described);
    described
}

/// Keys that stand twice: other readers take the last one without a word.
pub(crate) fn duplicate_keys(source: &Arc<Source>, members: &[(Node, Node)], collected: &mut Collected) {
    for (index, (key, _)) in members.iter().enumerate() {
        let Some(name) = key.as_str() else { continue };
        let Some((first, _)) = members[..index].iter().find(|(other, _)| other.as_str() == Some(name)) else {
            continue;
        };
        let span = |node: &Node| Span::new(source, node.range.clone());
        let finding = Finding::new("definition-conflicting-keys")
            .detail(format!("`{name}` stands twice."))
            .remedy(format!("Put the values of both under one `{name}`"));
        collected.push(finding.at(&span(key), "again here").at(&span(first), "first here"));
    }
}

/// The key that was meant in the place of one that is not known; else the line goes.
pub(crate) fn unknown_key_fix(key: &Span, value: &Span, meant: Option<&str>) -> Option<Fix> {
    if let Some(meant) = meant {
        return Some(Fix::new(format!("Write `{meant}`"), key.clone(), meant));
    }
    let (place, left) = lines::without_member(value)?;
    Some(Fix::new(format!("Remove `{}`", key.text()), place, left))
}

/// Reads values and keeps their places.
struct Reader<'a> {
    source: &'a Arc<Source>,
    dir: &'a Path,
    path: Option<PathBuf>,
    /// Whether there are keys of Azure ML's alone: then its own rules hold.
    is_azure: bool,
    collected: &'a mut Collected,
}

impl Reader<'_> {
    fn span(&self, node: &Node) -> Span {
        Span::new(self.source, node.range.clone())
    }

    fn no_mapping(&mut self, root: &Node) {
        let span = self.span(root);
        let finding = Finding::new("definition-invalid-yaml").at(&span, "no `key: value` stands here");
        let finding = match root.as_sequence() {
            Some(_) => finding
                .detail("The file is a list; a definition has keys with values.")
                .remedy("Write the key of the list above it, such as `requirements:`"),
            None => finding.detail("The file is a text; a definition has keys with values."),
        };
        self.collected.push(finding);
    }

    /// What is missing, or too much, in the definition as a whole.
    fn whole(&mut self, root: &Node, described: &Described) {
        let members = root.as_mapping().unwrap_or_default();
        let key = |name: &str| members.iter().map(|(key, _)| key).find(|key| key.as_str() == Some(name));
        let start = Span::new(self.source, root.range.start..root.range.start);
        let place = described.place.clone().unwrap_or(start);
        // An image alone is one that is used as it is.
        let is_image_alone = members.len() == 1 && key("image").is_some();
        if self.is_azure && key("name").is_none() && !is_image_alone {
            let finding = Finding::new("definition-key-missing").fact("key", "name");
            self.collected.push(finding.at(&place, "no `name` here"));
        }
        if self.is_azure && key("image").is_none() && key("build").is_none() {
            self.collected.push(Finding::new("definition-image-missing").at(&place, "no `image` here"));
        }
        if let (Some(image), Some(build)) = (key("image"), key("build")) {
            let finding = Finding::new("definition-image-conflict")
                .at(&self.span(build), "a Dockerfile here")
                .at(&self.span(image), "an image here");
            self.collected.push(finding);
        }
        if let (Some(build), Some(conda)) = (key("build"), key("conda_file")) {
            let finding = Finding::new("definition-build-attribute").fact("key", "conda_file");
            let finding = finding
                .at(&self.span(conda), "not beside `build`")
                .at(&self.span(build), "a Dockerfile here");
            self.collected.push(finding);
        }
        self.remark_own_keys(members);
    }

    /// Azure ML takes no key that it does not know. Of a file that has nothing of Azure ML's but the base there is nothing
    /// to say.
    fn remark_own_keys(&mut self, members: &[(Node, Node)]) {
        let known = || members.iter().filter_map(|(key, _)| Some((key, Key::parse(key.as_str()?)?)));
        let own: Vec<&Node> = known().filter(|(_, known)| known.is_own()).map(|(key, _)| key).collect();
        let is_azure = known()
            .any(|(_, known)| !known.is_own() && !matches!(known, Key::Image | Key::Description | Key::Tags));
        let (Some(first), true) = (own.first(), is_azure) else { return };
        let names: Vec<String> =
            own.iter().map(|key| format!("`{}`", key.as_str().unwrap_or_default())).collect();
        let finding = Finding::new("definition-azure-refuses").severity(Severity::Note);
        let finding = finding.fact("key", names.join(", ")).at(&self.span(first), "envwright's own key");
        self.collected.remarks.push(finding);
    }

    fn key(&mut self, key: &Node, value: &Node, root: &Node) -> Option<Key> {
        let text = key.as_str().unwrap_or_default();
        if let Some(known) = Key::parse(text) {
            return Some(known);
        }
        let meant = advice::called(text).or_else(|| nearest(text, Key::names()));
        let finding = self.unknown_key(key, meant);
        let (key, value) = (self.span(key), self.span(value));
        let meant = meant.filter(|meant| root.get(meant).is_none());
        // A file that may be of another tool loses no line.
        let may_go = meant.is_some() || is_nearly_ours(root);
        let fix = may_go.then(|| unknown_key_fix(&key, &value, meant)).flatten();
        self.collected.push(Finding { fix, ..finding });
        None
    }

    fn unknown(&mut self, key: &Node, meant: Option<&str>) {
        let finding = self.unknown_key(key, meant);
        self.collected.push(finding);
    }

    fn unknown_key(&self, key: &Node, meant: Option<&str>) -> Finding {
        let span = self.span(key);
        let finding = Finding::new("definition-unknown-key").fact("key", span.text());
        let finding = finding.at(&span, "not known");
        match meant {
            Some(meant) => finding.fact("nearest", meant),
            None => finding,
        }
    }

    fn member(&mut self, key: Key, value: &Node, described: &mut Described) {
        match key {
            Key::Name => {
                described.name_span = Some(self.span(value));
                described.name = self.string(key, value);
            }
            Key::Version => described.version = self.version(value),
            Key::Description => described.description = self.string(key, value),
            Key::Tags => described.tags = self.strings_by_name(key, value),
            Key::Properties => described.azure.properties = self.strings_by_name(key, value),
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
            Key::OsType => described.azure.os_type = self.system(value),
            Key::CondaFile => self.conda_file(value, described),
            Key::Build => described.build = self.build(value),
            Key::InferenceConfig => described.azure.inference_config = self.inference_config(value),
            Key::Cuda => {
                described.azure.cuda = self.string(key, value);
            }
            Key::BuildCompute => {
                described.azure.build_compute = self.string(key, value);
                self.unsupported("the key `build_compute`", value);
            }
            Key::Datastore => drop(self.string(key, value)),
            Key::Schema | Key::CreationContext => {}
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
