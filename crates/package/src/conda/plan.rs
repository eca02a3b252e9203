//! What a conda package's segment will hold, before any of it is written.

use super::{
    CondaPython, CondaSegment,
    archive::{Archive, Kind, Part},
    prefix, record,
};
use crate::{
    Tree, TreeFile,
    error::Fault,
    path,
    tree::Content,
    wheel::{LARGEST_MODULE, byte_code_path, check_script_name, dotted},
};
use envwright_store::{Digest, DigestWriter};
use rattler_conda_types::package::{
    FileMode, HasPrefix, LinkJson, NoArchLinks, PackageFile as _, PathType, PathsJson,
};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    io,
};

/// Most bytes of a file in which the place of the environment is replaced: it is held in memory.
const MAX_REPLACED: u64 = 1 << 30;
/// Most bytes of a text that is kept for who looks at it without unpacking the segment.
const MAX_TEXT: u64 = 1 << 20;
/// Time of the files that an installer makes: 1980-01-01, as in wheels.
const MTIME: u64 = 315_532_800;

/// Final paths and where their bytes come from.
pub(crate) struct Plan<'a> {
    /// Where the environment lives.
    prefix: &'a str,
    pub(crate) files: BTreeMap<String, File>,
    /// Folders that the package brings empty, with their times.
    pub(crate) directories: BTreeMap<String, u64>,
    /// Scripts that conda would run, and what describes distributions of Python, by their paths below the prefix.
    pub(crate) texts: BTreeMap<String, String>,
}

/// One file or link.
pub(crate) struct File {
    pub(crate) source: Source,
    pub(crate) executable: bool,
    pub(crate) mtime: u64,
}

/// Where a file's bytes come from.
pub(crate) enum Source {
    Bytes(Vec<u8>),
    Member(Part),
    /// The same, with the place of the environment replaced.
    Replaced(Part, Placeholder),
    Symlink(String),
}

/// The place that a file was built for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placeholder {
    pub(crate) text: String,
    pub(crate) binary: bool,
}

impl Placeholder {
    /// A file's bytes for the place that it will have.
    pub(crate) fn replaced(
        &self,
        prefix: &str,
        path: &str,
        archive: &Archive,
        part: Part,
    ) -> Result<Vec<u8>, Fault> {
        let bytes = archive.bytes(path, part, MAX_REPLACED)?;
        let prefix = format!("/{prefix}");
        if !self.binary {
            return Ok(prefix::in_text(&bytes, &self.text, &prefix));
        }
        let made = prefix::in_binary(&bytes, &self.text, &prefix);
        made.ok_or_else(|| {
            Fault::invalid(format!("file `{path}` was built for a place shorter than `{prefix}`"))
        })
    }
}

impl<'a> Plan<'a> {
    pub(crate) fn new(segment: &CondaSegment<'a>, archive: &Archive) -> Result<Self, Fault> {
        let record = &whole_record(segment, archive)?;
        let (files, directories) = (BTreeMap::new(), BTreeMap::new());
        let mut plan = Self { prefix: segment.prefix, files, directories, texts: BTreeMap::new() };
        let mut recorded = BTreeMap::new();
        let paths = paths(archive)?;
        for entry in &paths.paths {
            plan.take(segment, record, archive, entry, &mut recorded)?;
        }
        plan.entry_points(archive, &mut recorded)?;
        if let Some(python) = segment.python.filter(|python| python.compile) {
            plan.compile(segment, record, python, archive, &mut recorded)?;
        }
        let name = record::name(record);
        let text = record::text(record, &recorded, paths.paths_version);
        plan.add(&format!("conda-meta/{name}.json"), Source::Bytes(text), false, MTIME)?;
        let leaves: BTreeSet<&str> = plan.files.keys().map(String::as_str).collect();
        let all = plan.files.keys().chain(plan.directories.keys()).map(String::as_str);
        path::check_tree(&leaves, all)?;
        match plan.directories.keys().find(|path| leaves.contains(path.as_str())) {
            Some(path) => Err(Fault::refused(path, "it is a file and a directory")),
            None => Ok(plan),
        }
    }

    /// The same as files of this machine.
    pub(crate) fn tree(self, archive: &Archive) -> Result<Tree, Fault> {
        let mut files = BTreeMap::new();
        for (path, File { source, executable, mtime }) in self.files {
            let content = match source {
                Source::Bytes(bytes) => Content::Bytes(bytes),
                Source::Member(part) => {
                    Content::Kept(archive.file(part).ok_or_else(|| Fault::invalid("files are not unpacked"))?)
                }
                Source::Replaced(part, placeholder) => {
                    Content::Bytes(placeholder.replaced(self.prefix, &path, archive, part)?)
                }
                Source::Symlink(target) => Content::Symlink(target),
            };
            files.insert(path, TreeFile { content, executable, mtime });
        }
        Ok(Tree { files, directories: self.directories.into_keys().collect(), metadata: self.texts })
    }

    /// Adds one of the paths that the package lists.
    fn take(
        &mut self,
        segment: &CondaSegment<'_>,
        record: &Value,
        archive: &Archive,
        entry: &rattler_conda_types::package::PathsEntry,
        recorded: &mut BTreeMap<String, record::Path>,
    ) -> Result<(), Fault> {
        let listed = entry.relative_path.to_string_lossy();
        let listed = path::member(listed.as_bytes())?;
        let Some(member) = archive.members().get(listed) else {
            if entry.path_type == PathType::Directory {
                return self.directory(&place(segment, record, listed)?, MTIME);
            }
            return Err(Fault::invalid(format!("file `{listed}` is listed and missing")));
        };
        let path = place(segment, record, listed)?;
        let mut noted = record::Path {
            kind: "hardlink",
            sha256: entry.sha256.map(|digest| Digest::from_bytes(digest.into())),
            sha256_in_prefix: None,
            size: entry.size_in_bytes,
            placeholder: None,
        };
        let source = match &member.kind {
            Kind::Directory => return self.directory(&path, member.mtime),
            Kind::Symlink(target) => {
                noted.kind = "softlink";
                self.check_link(&path, target)?;
                Source::Symlink(target.clone())
            }
            Kind::File(part) => {
                let part = *part;
                self.note_text(archive, &path, part)?;
                noted.size = Some(part.size);
                let original = match part.sha256 {
                    Some(digest) => digest,
                    None => hash(archive, listed, part)?,
                };
                // What a package lists of it may be of before it was signed; conda takes such files, too.
                noted.sha256 = Some(original);
                noted.sha256_in_prefix = Some(original);
                match &entry.prefix_placeholder {
                    None => Source::Member(part),
                    Some(placeholder) => {
                        let binary = placeholder.file_mode == FileMode::Binary;
                        let placeholder = Placeholder { text: placeholder.placeholder.clone(), binary };
                        let bytes = placeholder.replaced(self.prefix, listed, archive, part)?;
                        noted.sha256_in_prefix = Some(Digest::of(&bytes));
                        noted.placeholder = Some(placeholder.clone());
                        Source::Replaced(part, placeholder)
                    }
                }
            }
        };
        recorded.insert(path.clone(), noted);
        self.add(&path, source, member.executable, member.mtime)
    }

    /// Keeps what conda would run when it links the package or activates the environment, and what pip would read of the
    /// distributions in it.
    fn note_text(&mut self, archive: &Archive, path: &str, part: Part) -> Result<(), Fault> {
        let is_link = |name: &str| {
            name.starts_with('.') && (name.ends_with("-post-link.sh") || name.ends_with("-pre-link.sh"))
        };
        let runs = path.strip_prefix("bin/").is_some_and(is_link)
            || path.starts_with("etc/conda/activate.d/")
            || path.starts_with("etc/conda/env_vars.d/");
        let describes = path.contains("/site-packages/")
            && (path.ends_with(".dist-info/METADATA")
                || path.ends_with(".egg-info/PKG-INFO")
                || path.ends_with(".egg-info"));
        if (runs || describes) && part.size <= MAX_TEXT {
            let bytes = archive.bytes(path, part, MAX_TEXT)?;
            self.texts.insert(path.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(())
    }

    /// Adds the commands of a package of pure Python.
    fn entry_points(
        &mut self,
        archive: &Archive,
        recorded: &mut BTreeMap<String, record::Path>,
    ) -> Result<(), Fault> {
        let Some(text) = archive.info("link.json") else { return Ok(()) };
        let link = LinkJson::from_slice(text.as_bytes())
            .map_err(|error| Fault::invalid(format!("link.json is broken: {error}")))?;
        let NoArchLinks::Python(python) = link.noarch else { return Ok(()) };
        for point in python.entry_points {
            check_script_name(&point.command)?;
            if !dotted(&point.module) || !dotted(&point.function) {
                return Err(Fault::invalid(format!("entry point `{}` names no function", point.command)));
            }
            let bytes = launcher(self.prefix, &point.module, &point.function).into_bytes();
            let path = format!("bin/{}", point.command);
            recorded.insert(path.clone(), record::Path::made("unix_python_entry_point", &bytes));
            self.add(&path, Source::Bytes(bytes), true, MTIME)?;
        }
        Ok(())
    }

    /// Adds the byte code of the modules of a package of pure Python, as conda does.
    fn compile(
        &mut self,
        segment: &CondaSegment<'_>,
        record: &Value,
        python: &CondaPython,
        archive: &Archive,
        recorded: &mut BTreeMap<String, record::Path>,
    ) -> Result<(), Fault> {
        let Some(compiler) = segment.compiler.filter(|_| is_python(record)) else { return Ok(()) };
        let below = format!("{}/{}/", self.prefix, python.site_packages);
        let module = |(path, file): (&String, &File)| match &file.source {
            Source::Member(part) if path.starts_with(&below) && part.size <= LARGEST_MODULE => {
                Some((byte_code_path(path, compiler.version)?, path.clone(), *part))
            }
            _ => None,
        };
        let modules: Vec<_> = self.files.iter().filter_map(module).collect();
        let mut running = compiler.start()?;
        for (place, path, part) in modules {
            let Some(inside) = place.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            if recorded.contains_key(inside) {
                continue;
            }
            let source = archive.bytes(&path, part, LARGEST_MODULE)?;
            if let Some(made) = running.compile(&format!("/{path}"), &source)? {
                recorded.insert(inside.to_owned(), record::Path::made("pyc_file", &made));
                self.files
                    .insert(place, File { source: Source::Bytes(made), executable: false, mtime: MTIME });
            }
        }
        Ok(())
    }

    /// A link may lead to any place below the root, and not above it.
    fn check_link(&self, path: &str, target: &str) -> Result<(), Fault> {
        let mut depth = self.prefix.split('/').count() + path::parents(path).count();
        for part in target.split('/').filter(|_| !target.starts_with('/')) {
            match part {
                ".." if depth == 0 => return Err(Fault::refused(path, "its target leaves the image")),
                ".." => depth -= 1,
                "" | "." => {}
                _ => depth += 1,
            }
        }
        Ok(())
    }

    fn directory(&mut self, path: &str, mtime: u64) -> Result<(), Fault> {
        self.directories
            .insert(path::member(format!("{}/{path}", self.prefix).as_bytes())?.to_owned(), mtime);
        Ok(())
    }

    fn add(&mut self, path: &str, source: Source, executable: bool, mtime: u64) -> Result<(), Fault> {
        let path = path::member(format!("{}/{path}", self.prefix).as_bytes())?.to_owned();
        match self.files.entry(path) {
            Entry::Vacant(slot) => {
                slot.insert(File { source, executable, mtime });
                Ok(())
            }
            Entry::Occupied(slot) => Err(Fault::refused(slot.key(), "two members would be installed there")),
        }
    }
}

/// The record as the channel has it, with what the package alone says of itself. The package must be the one that was
/// asked for.
fn whole_record(segment: &CondaSegment<'_>, archive: &Archive) -> Result<Value, Fault> {
    let missing = || Fault::invalid("file `info/index.json` is missing");
    let index: Map<String, Value> = serde_json::from_str(archive.info("index.json").ok_or_else(missing)?)
        .map_err(|error| Fault::invalid(format!("index.json is broken: {error}")))?;
    let mut record = segment.record.clone();
    for key in ["name", "version", "build"] {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("nothing").to_owned();
        let (own, asked) = (text(index.get(key)), text(record.get(key)));
        if own != asked {
            return Err(Fault::invalid(format!("{key} is `{own}`, and the channel says `{asked}`")));
        }
    }
    for (key, value) in index {
        if record.get(&key).is_none_or(Value::is_null) {
            record[&key] = value;
        }
    }
    Ok(record)
}

/// What the package lists; of an old one without `paths.json`, all that it holds.
fn paths(archive: &Archive) -> Result<PathsJson, Fault> {
    let broken =
        |name: &str, error: &dyn std::fmt::Display| Fault::invalid(format!("{name} is broken: {error}"));
    if let Some(text) = archive.info("paths.json") {
        return PathsJson::from_slice(text.as_bytes()).map_err(|error| broken("paths.json", &error));
    }
    let prefixes = archive.info("has_prefix").map(HasPrefix::from_str).transpose();
    let prefixes = prefixes.map_err(|error| broken("has_prefix", &error))?;
    let files = archive.members().iter().filter(|(_, member)| member.kind != Kind::Directory);
    let files = rattler_conda_types::package::Files { files: files.map(|(path, _)| path.into()).collect() };
    PathsJson::from_deprecated::<Fault>(files, prefixes, None, None, |path| {
        let member = archive.members().get(path.to_string_lossy().as_ref());
        let is_link = member.is_some_and(|member| matches!(member.kind, Kind::Symlink(_)));
        Ok(if is_link { PathType::SoftLink } else { PathType::HardLink })
    })
}

fn is_python(record: &Value) -> bool {
    record.get("noarch").and_then(Value::as_str) == Some("python")
}

/// Where a path of the package goes below the prefix (CEP 17 for the folder of packages).
fn place(segment: &CondaSegment<'_>, record: &Value, listed: &str) -> Result<String, Fault> {
    if !is_python(record) {
        return Ok(listed.to_owned());
    }
    if let Some(rest) = listed.strip_prefix("site-packages/") {
        let python =
            segment.python.ok_or_else(|| Fault::invalid("modules need a Python, and there is none"))?;
        return Ok(format!("{}/{rest}", python.site_packages));
    }
    Ok(listed.strip_prefix("python-scripts/").map_or_else(|| listed.to_owned(), |rest| format!("bin/{rest}")))
}

fn hash(archive: &Archive, name: &str, part: Part) -> Result<Digest, Fault> {
    let mut hashed = DigestWriter::new(io::sink());
    let copied = io::copy(&mut archive.reader(part)?, &mut hashed);
    let copied = copied.map_err(|error| crate::writer::unreadable(name, &error))?;
    if copied != part.size {
        return Err(Fault::invalid(format!("file `{name}` is shorter than its size says")));
    }
    Ok(hashed.digest())
}

/// A command as conda and rattler make it.
fn launcher(prefix: &str, module: &str, function: &str) -> String {
    let import = function.split('.').next().unwrap_or(function);
    format!(
        "#!/{prefix}/bin/python\n# -*- coding: utf-8 -*-\nimport re\nimport sys\n\nfrom {module} import {import}\n\n\
         if __name__ == '__main__':\n\
         \tsys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])\n\
         \tsys.exit({function}())\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_in_the_image() {
        let (files, directories) = (BTreeMap::new(), BTreeMap::new());
        let plan = Plan { prefix: crate::PREFIX, files, directories, texts: BTreeMap::new() };
        for target in ["../lib/x", "../../../etc/x", "/etc/x", "x", "./x/../../../.."] {
            plan.check_link("bin/x", target).unwrap();
        }
        for target in ["../../../../x", "../../x/../../../y"] {
            assert!(matches!(plan.check_link("bin/x", target), Err(Fault::Unsafe(..))), "{target:?}");
        }
    }
}
