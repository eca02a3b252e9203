//! From a path or a text to an [`Environment`].

use crate::{
    DefinitionError, Environment, Options,
    chars::Chars,
    collect::Collected,
    decode::decode,
    format::{self, Format},
    pyproject::{self, Project},
    requirements, yaml,
};
use envwright_diagnosis::{Finding, Source, Span};
use envwright_store::refused;
use std::{io, path::Path, sync::Arc};

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
    let text = decode(&bytes).ok_or_else(encoding)?;
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
    let mut collected = Collected { indexes: options.index_defaults.clone(), ..Collected::default() };
    collected.sources.push(Arc::clone(source));
    let mut described = yaml::Described::default();
    let mut project = Project::default();
    match format::detect(source) {
        Format::Requirements => {
            let chars = Chars::of(source, 0..source.text.len());
            requirements::Reader::new(&mut collected).text(&chars, dir, path, false);
        }
        Format::Pyproject => project = pyproject::read(source, dir, options, &mut collected),
        Format::Yaml => described = yaml::read(source, dir, path, &mut collected),
        Format::Dockerfile => whole(source, "a Dockerfile", &mut collected),
        Format::Lock => whole(source, "a lock file as a definition", &mut collected),
    }
    collected.check_duplicates();
    let is_empty = collected.requirements.is_empty() && described.apt.is_empty();
    if is_empty && described.base.is_none() && described.files.is_empty() && !collected.has_errors() {
        let start = Span::new(source, 0..0);
        collected.push(Finding::new("definition-empty").at(&start, "nothing is asked for"));
    }
    if collected.has_errors() {
        return Err(DefinitionError::new(collected.findings));
    }
    Ok(joined(collected, described, project))
}

/// A finding on a format as a whole, shown at its first line.
fn whole(source: &Arc<Source>, feature: &str, collected: &mut Collected) {
    let end = source.text.find('\n').unwrap_or(source.text.len());
    collected.unsupported(feature, &Span::new(source, 0..end));
}

fn joined(collected: Collected, described: yaml::Described, project: Project) -> Environment {
    Environment {
        name: described.name.or(project.name),
        version: described.version.or(project.version),
        description: described.description.or(project.description),
        base: described.base.unwrap_or_default(),
        base_span: described.base_span,
        python: described.python,
        requirements: collected.requirements,
        constraints: collected.constraints,
        indexes: collected.indexes,
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
    }
}
