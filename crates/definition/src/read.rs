//! From a path or a text to an [`Environment`].

use crate::{
    BuildContext, DefinitionError, Environment, Format, Locked, Options,
    analysis::{self, Date},
    azure_v1,
    chars::Chars,
    collect::Collected,
    conda,
    decode::decode,
    dockerfile,
    format::{self, Syntax},
    locked, pixi,
    pyproject::{self, Project},
    requirements, yaml,
};
use envwright_diagnosis::{Finding, Severity, Source, Span};
use envwright_store::refused;
use std::{io, path::Path, sync::Arc, time::SystemTime};
use toml_edit::Item;

/// Reads the definition at a path, or the one that a folder holds. Reads the files it includes, too.
pub fn read(path: &Path, options: &Options) -> Result<Environment, DefinitionError> {
    let one = |finding: Finding| DefinitionError::new(vec![finding]);
    let not_found = || one(Finding::new("definition-not-found").fact("path", path.display()));
    let unreadable = |path: &Path, error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => not_found(),
        _ => one(refused(path.display(), error)),
    };
    let file = if path.is_dir() {
        let found = format::find(path).map_err(|(path, error)| unreadable(&path, &error))?;
        found.ok_or_else(not_found)?
    } else {
        path.to_owned()
    };
    let bytes = fs_err::read(&file).map_err(|error| unreadable(&file, &error))?;
    let name = file.strip_prefix(".").unwrap_or(&file).display().to_string();
    let encoding = || one(Finding::new("definition-encoding").fact("path", &name));
    let text = match options.instead.get(&name) {
        Some(text) => text.clone(),
        None => decode(&bytes).ok_or_else(encoding)?,
    };
    let dir = file.parent().unwrap_or(Path::new("")).to_owned();
    environment(&Source::new(name, text), &dir, Some(&file), options)
}

/// Reads a text, such as standard input. `name` is what it is called in findings, and its ending tells the format
/// as a file's would; paths in it are relative to `dir`.
pub fn read_text(
    name: &str,
    text: &str,
    dir: &Path,
    options: &Options,
) -> Result<Environment, DefinitionError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    environment(&Source::new(name, text), dir, None, options)
}

fn environment(
    source: &Arc<Source>,
    dir: &Path,
    path: Option<&Path>,
    options: &Options,
) -> Result<Environment, DefinitionError> {
    let mut collected = Collected {
        indexes: options.index_defaults.clone(),
        instead: options.instead.clone(),
        ..Collected::default()
    };
    collected.sources.push(Arc::clone(source));
    let read = Read { source, dir, path, options, collected: &mut collected }.whole();
    collected.check_duplicates();
    let start = read.described.place.clone().unwrap_or_else(|| Span::new(source, 0..0));
    if is_empty(&collected, &read) && !collected.has_errors() {
        collected.push(Finding::new("definition-empty").at(&start, "nothing is asked for"));
    }
    if collected.has_errors() {
        let findings = options.levels.applied(collected.findings, &collected.sources);
        return Err(DefinitionError::with_secrets(findings, collected.secrets));
    }
    let mut environment = joined(collected, read);
    let today = Date::of(SystemTime::now());
    environment.findings.extend(analysis::findings(&environment, &start, today));
    environment.findings = options.levels.applied(environment.findings, &environment.sources);
    environment.remarks = options.levels.applied(environment.remarks, &environment.sources);
    // Where the user wants a remark to stop a build, it is none any more.
    let is_error = |finding: &mut Finding| finding.severity == Severity::Error;
    let raised = environment.remarks.extract_if(.., is_error);
    environment.findings.extend(raised);
    if environment.findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(DefinitionError::with_secrets(environment.findings, environment.secrets));
    }
    Ok(environment)
}

/// Whether nothing is to be put on a base, and no base is named.
fn is_empty(collected: &Collected, read: &Parts) -> bool {
    let described = &read.described;
    let has_conda = described.conda.as_ref().is_some_and(|conda| !conda.specs.is_empty());
    // One without packages is one, too.
    let has_lock = read.locked.is_some();
    let has_base = described.base.is_some() || described.build.is_some();
    let has_packages =
        !collected.requirements.is_empty() || !collected.unbuilt.is_empty() || has_conda || has_lock;
    !has_packages
        && described.apt.is_empty()
        && !has_base
        && described.files.is_empty()
        && collected.unsupported.is_empty()
}

/// What a definition says, by the reader that says it.
struct Parts {
    format: Format,
    described: yaml::Described,
    project: Project,
    locked: Option<Locked>,
}

impl Parts {
    fn of(format: Format) -> Self {
        Self { format, described: yaml::Described::default(), project: Project::default(), locked: None }
    }
}

/// One definition that is being read.
struct Read<'a> {
    source: &'a Arc<Source>,
    dir: &'a Path,
    path: Option<&'a Path>,
    options: &'a Options,
    collected: &'a mut Collected,
}

impl Read<'_> {
    fn whole(mut self) -> Parts {
        match format::detect(self.source) {
            Syntax::Requirements => {
                let chars = Chars::of(self.source, 0..self.source.text.len());
                requirements::Reader::new(self.collected).text(&chars, self.dir, self.path, false);
                Parts::of(Format::Requirements)
            }
            Syntax::Toml => self.toml(),
            Syntax::Yaml => self.yaml(),
            Syntax::Dockerfile => self.dockerfile(),
            Syntax::Explicit => {
                let locked = locked::explicit(self.source, self.dir, self.path, self.collected);
                Self::locked(Format::Explicit, locked)
            }
        }
    }

    fn yaml(&mut self) -> Parts {
        let root = match yaml::node::parse(self.source) {
            Ok(Some(root)) => root,
            Ok(None) => return Parts::of(Format::Azure),
            Err(finding) => {
                self.collected.push(finding);
                return Parts::of(Format::Azure);
            }
        };
        let format = format::of_yaml(self.source, &root);
        let mut parts = Parts::of(format);
        match format {
            Format::PixiLock => {
                let locked = locked::pixi(self.source, self.dir, self.collected);
                return Self::locked(format, locked);
            }
            Format::CondaLock => {
                let locked = locked::conda_lock(self.source, &root, self.collected);
                return Self::locked(format, locked);
            }
            Format::AzureV1 => {
                parts.described = azure_v1::read(self.source, &root, self.dir, self.collected);
            }
            Format::Conda | Format::Mlflow => {
                let described = &mut parts.described;
                described.place = root.as_mapping().and_then(|members| {
                    members.first().map(|(key, _)| Span::new(self.source, key.range.clone()))
                });
                conda::read(self.source, &root, self.dir, self.path, self.collected, described);
            }
            _ => parts.described = yaml::read(self.source, &root, self.dir, self.path, self.collected),
        }
        parts
    }

    fn toml(&mut self) -> Parts {
        let Some(document) = pyproject::parse(self.source, self.collected) else {
            return Parts::of(Format::Pyproject);
        };
        let root = document.as_table();
        let format = format::of_toml(self.source, root);
        let mut parts = Parts::of(format);
        match format {
            Format::Pylock => {
                let (locked, project) = locked::pylock(self.source, root, self.collected);
                let parts = Self::locked(format, locked);
                return Parts { project, ..parts };
            }
            Format::UvLock => self.unsupported("a lock file of uv's"),
            Format::Pixi => pixi::read(self.source, root, self.dir, self.collected, &mut parts.described),
            _ => {
                parts.project = pyproject::read(self.source, root, self.dir, self.options, self.collected);
                let tool = root.get("tool").and_then(|tool| tool.get("pixi")).and_then(Item::as_table_like);
                if let Some(tool) = tool {
                    pixi::read(self.source, tool, self.dir, self.collected, &mut parts.described);
                }
            }
        }
        parts
    }

    fn dockerfile(&mut self) -> Parts {
        let mut parts = Parts::of(Format::Dockerfile);
        self.unsupported("a Dockerfile");
        let context = self.path.map(|_| if self.dir == Path::new("") { Path::new(".") } else { self.dir });
        let (instructions, directives) = dockerfile::read(self.source, context, self.collected);
        let path = self.dir.display().to_string();
        let name = self.path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        parts.described.build = Some(BuildContext {
            path: Some(if path.is_empty() { ".".into() } else { path.into() }),
            dockerfile: name.clone(),
            inline: name.is_none().then(|| self.source.text.as_str().into()),
            instructions,
            directives,
            span: None,
        });
        parts
    }

    fn locked(format: Format, locked: Locked) -> Parts {
        Parts { locked: Some(locked), ..Parts::of(format) }
    }

    /// Notes on a format as a whole, shown at its first line.
    fn unsupported(&mut self, feature: &str) {
        let end = self.source.text.find('\n').unwrap_or(self.source.text.len());
        self.collected.unsupported(feature, &Span::new(self.source, 0..end));
    }
}

fn joined(collected: Collected, parts: Parts) -> Environment {
    let Parts { format, described, project, locked } = parts;
    Environment {
        format,
        name: described.name.or(project.name),
        name_span: described.name_span,
        version: described.version.or(project.version),
        description: described.description.or(project.description),
        base: described.base.unwrap_or_default(),
        base_span: described.base_span,
        python: described.python,
        requirements: collected.requirements,
        unbuilt: collected.unbuilt,
        constraints: collected.constraints,
        indexes: collected.indexes,
        conda: described.conda,
        locked,
        build: described.build,
        azure: described.azure,
        apt: described.apt,
        env: described.env,
        files: described.files,
        user: described.user,
        workdir: described.workdir,
        cmd: described.cmd,
        compile: described.compile,
        tags: described.tags,
        require_hashes: collected.require_hashes,
        requires_python: project.requires_python,
        platforms: described.platforms,
        sources: collected.sources,
        findings: collected.findings,
        remarks: collected.remarks,
        unsupported: collected.unsupported,
        secrets: collected.secrets,
    }
}
