//! Azure ML's environment of the first version: `azureml_environment.json`, as `Environment.save_to_directory` of
//! `azureml-core` writes it, with its `conda_dependencies.yml` beside it.

use crate::{
    Base, BuildContext, MaskedText,
    collect::Collected,
    conda, dockerfile, lines,
    yaml::{
        Described,
        node::{self, Node, Value},
    },
};
use envwright_diagnosis::{Finding, Fix, Severity, Source, Span, nearest};
use envwright_redact::{SafeUrl, Secret};
use std::{path::Path, sync::Arc};

/// Top members; those of the second row only Azure ML looks at.
const KEYS: [&str; 16] = [
    "name",
    "version",
    "description",
    "tags",
    "properties",
    "docker",
    "python",
    "environmentVariables",
    "spark",
    "databricks",
    "r",
    "inferencingStackVersion",
    "assetId",
    "autoRebuild",
    "$schema",
    "label",
];
const PYTHON: [&str; 5] = [
    "userManagedDependencies",
    "interpreterPath",
    "condaDependencies",
    "condaDependenciesFile",
    "baseCondaEnvironment",
];
const DOCKER: [&str; 12] = [
    "baseImage",
    "baseDockerfile",
    "baseImageRegistry",
    "buildContext",
    "platform",
    "enabled",
    "arguments",
    "sharedVolumes",
    "shmSize",
    "gpuSupport",
    "sharedVolume",
    "workingDirectory",
];
/// Members of `docker` that have no effect any more, and where the setting went.
const DEPRECATED: [(&str, &str); 6] = [
    ("enabled", "environments always run in a container"),
    ("arguments", "a job's `docker_args` took its place"),
    ("sharedVolumes", "volumes are always shared"),
    ("sharedVolume", "volumes are always shared"),
    ("shmSize", "a job's `shm_size` took its place"),
    ("gpuSupport", "it follows from the compute"),
];
/// Bytes that Azure ML takes of a Dockerfile in the definition.
const LONGEST_DOCKERFILE: usize = 100 * 1024;
/// Where a build context of Azure ML may be.
const LOCATIONS: [&str; 2] = ["git", "storageaccount"];

/// Whether a YAML or JSON is of the first version.
pub(crate) fn is_azure_v1(root: &Node) -> bool {
    let has = |key: &str| root.get(key).is_some_and(|value| value.as_mapping().is_some() || value.is_null());
    let has_any = |keys: &[&str]| keys.iter().any(|key| root.get(key).is_some());
    has("docker") && !has_any(&["image"])
        || has("python") && !has_any(&["image", "requirements", "apt"])
        || has_any(&["condaDependencies", "environmentVariables", "inferencingStackVersion"])
}

/// Reads an environment of the first version; paths in it are relative to `dir`.
pub(crate) fn read(source: &Arc<Source>, root: &Node, dir: &Path, collected: &mut Collected) -> Described {
    let has_context =
        root.get("docker").and_then(|docker| docker.get("buildContext")).is_some_and(|one| !one.is_null());
    let mut reader = Reader { source, dir, collected, has_context, described: Described::default() };
    let members = root.as_mapping().unwrap_or_default();
    let start = members.first().map_or_else(|| reader.span(root), |(key, _)| reader.span(key));
    reader.described.place = Some(start.clone());
    for (key, value) in members {
        let name = key.as_str().unwrap_or_default();
        match name {
            _ if value.is_null() && KEYS.contains(&name) => {}
            "name" => {
                reader.described.name_span = Some(reader.span(value));
                reader.described.name = reader.text(name, value);
            }
            "version" => reader.described.version = reader.text(name, value),
            "description" => reader.described.description = reader.text(name, value),
            "docker" => reader.docker(key, value),
            "python" => reader.python(key, value),
            "environmentVariables" => reader.variables(key, value),
            "spark" | "databricks" => {}
            "r" => reader.r(key),
            _ if KEYS.contains(&name) => {}
            _ => reader.unknown(key, &KEYS),
        }
    }
    if root.get("docker").is_none_or(Node::is_null) {
        reader.collected.push(Finding::new("definition-docker-missing").at(&start, "no `docker` here"));
    }
    if root.get("python").is_none_or(Node::is_null) && !has_context {
        reader
            .collected
            .push(Finding::new("definition-python-section-missing").at(&start, "no `python` here"));
    }
    reader.described
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    dir: &'a Path,
    collected: &'a mut Collected,
    /// Whether a build context is named: then its Dockerfile says what is installed.
    has_context: bool,
    described: Described,
}

impl Reader<'_> {
    fn span(&self, node: &Node) -> Span {
        Span::new(self.source, node.range.clone())
    }

    fn push(&mut self, problem: &'static str, severity: Severity, node: &Node, label: &str) {
        let span = self.span(node);
        self.collected.push(Finding::new(problem).severity(severity).at(&span, label));
    }

    fn unknown(&mut self, key: &Node, known: &[&str]) {
        let span = self.span(key);
        let text = key.as_str().unwrap_or_default();
        let finding = Finding::new("definition-unknown-key").severity(Severity::Warning).fact("key", text);
        let finding = finding.at(&span, "not known");
        self.collected.push(match nearest(text, known.iter().copied()) {
            Some(meant) => finding.fact("nearest", meant),
            None => finding,
        });
    }

    fn text(&mut self, key: &str, value: &Node) -> Option<String> {
        if value.as_str().is_none() {
            let span = self.span(value);
            self.collected.invalid_value(key, "a string", &span);
        }
        value.as_str().map(str::to_owned)
    }

    fn members<'n>(&mut self, key: &Node, value: &'n Node) -> &'n [(Node, Node)] {
        let members = value.as_mapping();
        if members.is_none() {
            let span = self.span(value);
            self.collected.invalid_value(key.as_str().unwrap_or_default(), "names with values", &span);
        }
        members.unwrap_or_default()
    }

    fn r(&mut self, key: &Node) {
        self.push("definition-r-section", Severity::Error, key, "R is not supported any more");
    }

    fn variables(&mut self, key: &Node, value: &Node) {
        let mut names = Vec::new();
        for (name, value) in self.members(key, value) {
            let text = name.as_str().unwrap_or_default().to_owned();
            self.described.env.insert(text.clone(), value.as_str().unwrap_or_default().to_owned());
            // azureml-core writes it into every file as an example.
            if text != "EXAMPLE_ENV_VAR" {
                names.push(text);
            }
        }
        if !names.is_empty() {
            let span = self.span(key);
            let finding = Finding::new("definition-runtime-variables").severity(Severity::Warning);
            let finding = finding.fact("key", names.join(", ")).at(&span, "variables of the run stand here");
            self.collected.push(finding);
        }
    }

    fn docker(&mut self, section: &Node, value: &Node) {
        let mut named = Vec::new();
        for (key, value) in self.members(section, value) {
            let name = key.as_str().unwrap_or_default();
            if let Some((_, instead)) = DEPRECATED.iter().find(|(old, _)| *old == name) {
                self.deprecated(key, value, name, instead);
                continue;
            }
            match name {
                _ if value.is_null() && DOCKER.contains(&name) => continue,
                "baseImage" => {
                    self.described.base_span = Some(self.span(value));
                    self.described.base = self.text(name, value).map(Base::Registry);
                }
                "baseDockerfile" => self.dockerfile(value),
                "buildContext" => self.context(key, value),
                "baseImageRegistry" => self.registry(key, value),
                "platform" => self.platform(key, value),
                _ if DOCKER.contains(&name) => {}
                _ => self.unknown(key, &DOCKER),
            }
            if matches!(name, "baseImage" | "baseDockerfile" | "buildContext") {
                named.push(key);
            }
        }
        match named.as_slice() {
            [] => self.push("definition-image-missing", Severity::Error, section, "no image below this"),
            [_] => {}
            [first, others @ ..] => {
                let mut finding = Finding::new("definition-image-conflict");
                for other in others {
                    finding = finding.at(&self.span(other), "another one here");
                }
                let finding = finding.at(&self.span(first), "the first one here");
                self.collected.push(finding);
            }
        }
        if value.get("buildContext").is_some_and(|context| !context.is_null()) {
            for member in ["baseImageRegistry", "platform"] {
                let key = Self::member_key(value, member);
                if let Some(key) = key {
                    self.not_beside(key);
                }
            }
        }
    }

    /// The key of a member that says something.
    fn member_key<'n>(value: &'n Node, name: &str) -> Option<&'n Node> {
        let says = |value: &Node| match &value.value {
            Value::Null => false,
            Value::Mapping(members) => members.iter().any(|(_, value)| !value.is_null()),
            Value::Sequence(items) => !items.is_empty(),
            Value::Scalar(_) => true,
        };
        let members = value.as_mapping().unwrap_or_default();
        members.iter().find(|(key, value)| key.as_str() == Some(name) && says(value)).map(|(key, _)| key)
    }

    fn not_beside(&mut self, key: &Node) {
        let span = self.span(key);
        let finding =
            Finding::new("definition-build-attribute").fact("key", key.as_str().unwrap_or_default());
        self.collected.push(finding.at(&span, "not beside `buildContext`"));
    }

    fn deprecated(&mut self, key: &Node, value: &Node, name: &str, instead: &str) {
        let is_set = match &value.value {
            Value::Null => false,
            Value::Sequence(items) => !items.is_empty(),
            _ => true,
        };
        if is_set {
            let span = self.span(key);
            let finding = Finding::new("definition-deprecated-attribute").severity(Severity::Warning);
            let finding = finding.fact("key", name).at(&span, "has no effect any more");
            let finding = finding.detail(format!("`{name}` is left out: {instead}."));
            let entry = Span::new(self.source, key.range.start..value.range.end);
            let fix = Fix::new(format!("Remove `{name}`"), lines::without_entry(&entry), "");
            // An entry of its own lines in YAML is ended by them, not by a comma.
            let is_json = self.source.text.trim_start().starts_with('{');
            self.collected.push(if is_json { finding.fix(fix) } else { finding });
        }
    }

    fn dockerfile(&mut self, value: &Node) {
        let Some(text) = self.text("baseDockerfile", value) else { return };
        let span = self.span(value);
        if text.len() > LONGEST_DOCKERFILE {
            let finding = Finding::new("definition-dockerfile-too-long").fact("got", text.len());
            self.collected.push(finding.fact("available", LONGEST_DOCKERFILE).at(&span, "this Dockerfile"));
        }
        self.collected.unsupported("a Dockerfile (`baseDockerfile`)", &span);
        let name = format!("{}: baseDockerfile", self.source.name);
        let (instructions, directives) =
            dockerfile::read(&Source::new(name, text.as_str()), None, self.collected);
        self.described.build = Some(BuildContext {
            path: None,
            dockerfile: None,
            inline: Some(text.into()),
            instructions,
            directives,
            span: Some(span),
        });
    }

    fn registry(&mut self, section: &Node, value: &Node) {
        let members = self.members(section, value).to_vec();
        let says =
            |name: &str| members.iter().find(|(key, value)| key.as_str() == Some(name) && !value.is_null());
        let (user, password, identity) = (says("username"), says("password"), says("registryIdentity"));
        if let (Some((one, _)), None) | (None, Some((one, _))) = (user, password) {
            let name = one.as_str().unwrap_or_default();
            let missing = if name == "username" { "password" } else { "username" };
            let span = self.span(one);
            let finding = Finding::new("definition-registry-credentials-incomplete").fact("key", missing);
            self.collected.push(finding.at(&span, format!("no `{missing}` beside it")));
        }
        if let (Some((identity, _)), Some((basic, _))) = (identity, user.or(password)) {
            let finding = Finding::new("definition-registry-credentials-multiple");
            let finding =
                finding.at(&self.span(identity), "an identity here").at(&self.span(basic), "a login here");
            self.collected.push(finding);
        }
        if let Some((key, value)) = password {
            self.collected.secrets.extend(value.as_str().map(Secret::new));
            self.push("definition-registry-credentials", Severity::Warning, key, "a password stands here");
        }
        if let (Some((_, address)), Some(Base::Registry(image))) = (says("address"), &mut self.described.base)
        {
            let address = address.as_str().unwrap_or_default().trim_end_matches('/');
            if !address.is_empty() && !image.starts_with(address) {
                *image = format!("{address}/{image}");
            }
        }
    }

    fn platform(&mut self, section: &Node, value: &Node) {
        for (key, value) in self.members(section, value).to_vec() {
            let text = value.as_str().unwrap_or_default().to_ascii_lowercase();
            let span = self.span(&value);
            match key.as_str().unwrap_or_default() {
                "os" if text == "windows" => self.collected.unsupported("an image for Windows", &span),
                "os" if !text.is_empty() => self.described.azure.os_type = Some(text),
                "architecture" if !matches!(text.as_str(), "" | "amd64" | "x86_64" | "arm64") => {
                    self.collected.invalid_value("architecture", "`amd64` or `arm64`", &span);
                }
                _ => {}
            }
        }
    }

    fn context(&mut self, section: &Node, value: &Node) {
        self.members(section, value);
        let says = |name: &str| value.get(name).filter(|value| !value.is_null());
        let text =
            |name: &str| says(name).and_then(Node::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let build = BuildContext {
            path: text("location").map(MaskedText::from),
            dockerfile: text("dockerfilePath"),
            inline: None,
            instructions: Vec::new(),
            directives: Vec::new(),
            span: Some(self.span(value)),
        };
        if build.path.is_none() {
            self.push(
                "definition-build-location-missing",
                Severity::Error,
                section,
                "no `location` below this",
            );
        }
        if build.dockerfile.is_none() {
            self.push(
                "definition-build-dockerfile-missing",
                Severity::Error,
                section,
                "no `dockerfilePath` below this",
            );
        }
        if let (Some(Ok(url)), Some(node)) =
            (build.path.as_ref().map(|path| SafeUrl::parse(path.expose())), says("location"))
        {
            let span = self.span(node);
            self.collected.check_credentials(&url, &span);
        }
        let kind = text("locationType").unwrap_or_default();
        if !LOCATIONS.contains(&kind.to_ascii_lowercase().as_str()) {
            let place = self.span(says("locationType").unwrap_or(section));
            let finding = Finding::new("definition-build-location-unknown").fact("got", &kind);
            self.collected.push(finding.at(&place, "neither `git` nor `storageaccount`"));
        } else if let (Some(path), Some(node)) = (&build.path, says("location"))
            && !is_location(&kind.to_ascii_lowercase(), path.expose())
        {
            let span = self.span(node);
            let finding = Finding::new("definition-build-location-invalid").fact("path", path);
            self.collected.push(finding.at(&span, format!("no location of `{kind}`")));
        }
        let span = self.span(value);
        self.collected.unsupported("a Dockerfile (`buildContext`)", &span);
        self.described.build = Some(build);
    }

    fn python(&mut self, section: &Node, value: &Node) {
        let members = self.members(section, value);
        for (key, _) in members.iter().filter(|(key, _)| !PYTHON.contains(&key.as_str().unwrap_or_default()))
        {
            self.unknown(key, &PYTHON);
        }
        let says = |name: &str| value.get(name).filter(|value| !value.is_null());
        self.described.azure.user_managed =
            says("userManagedDependencies").and_then(Node::as_str) == Some("true");
        let interpreter = says("interpreterPath").and_then(Node::as_str).filter(|path| *path != "python");
        self.described.azure.interpreter = interpreter.map(str::to_owned);
        if let Some(key) = Self::member_key(value, "baseCondaEnvironment") {
            self.push("definition-base-conda-environment", Severity::Warning, key, "not reproducible");
        }
        self.dependencies(section, value);
    }

    fn dependencies(&mut self, section: &Node, python: &Node) {
        let says = |name: &str| python.get(name).filter(|value| !value.is_null());
        let user_managed = self.described.azure.user_managed;
        let key = Self::member_key(python, "condaDependencies");
        if let Some(key) = key.filter(|_| user_managed) {
            let span = self.span(key);
            let finding = Finding::new("definition-user-managed-conda").severity(Severity::Warning);
            self.collected.push(finding.at(&span, "not installed, as `userManagedDependencies` is true"));
            return;
        }
        if user_managed {
            return;
        }
        if let Some(value) = says("condaDependencies") {
            let mut described = std::mem::take(&mut self.described);
            let name = described.name.take();
            conda::read(self.source, value, self.dir, None, self.collected, &mut described);
            described.name = name.or(described.name.take());
            self.described = described;
            return;
        }
        let written = says("condaDependenciesFile").and_then(Node::as_str);
        let path = self.dir.join(written.unwrap_or("conda_dependencies.yml"));
        if written.is_none() && self.has_context {
            return;
        }
        if written.is_none() && !path.is_file() {
            return self.push(
                "definition-conda-missing",
                Severity::Error,
                section,
                "no `condaDependencies` below this",
            );
        }
        let span = self.span(says("condaDependenciesFile").unwrap_or(section));
        let shown = written.unwrap_or("conda_dependencies.yml");
        let Some(source) = self.collected.file("definition-file-missing", &path, shown, &span) else {
            return;
        };
        let dir = path.parent().unwrap_or(Path::new("")).to_owned();
        let name = self.described.name.take();
        match node::parse(&source) {
            Ok(Some(root)) => {
                conda::read(&source, &root, &dir, Some(&path), self.collected, &mut self.described);
            }
            Ok(None) => {
                self.push("definition-conda-missing", Severity::Error, section, "its conda file is empty");
            }
            Err(finding) => self.collected.push(finding),
        }
        self.described.name = name.or(self.described.name.take());
    }
}

/// Whether a text can be a location of that type. Samples: `https://host.example/team/repository.git#main:docker`,
/// `https://account.blob.core.windows.net/container/folder`.
fn is_location(kind: &str, text: &str) -> bool {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    match kind {
        "git" => {
            is_web || text.starts_with("git@") || text.starts_with("ssh://") || text.starts_with("git://")
        }
        _ => is_web,
    }
}
