//! What a wheel's segment will hold, before any of it is written.

use super::{
    Compiler, INSTALLER, MTIME, WheelSegment,
    archive::{Archive, Member},
    entry_points,
    layout::{Layout, Place},
    metadata, record,
};
use crate::{
    Tree, TreeFile,
    error::Fault,
    path,
    tree::{self, Content},
    writer::unreadable,
};
use envwright_store::{Digest, DigestWriter, canonical_json};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    io,
    path::Path,
};

/// Larger modules stay without byte code.
pub(crate) const LARGEST_MODULE: u64 = 32 << 20;
/// The interpreter that a script names for the installer to replace.
const PLACEHOLDER: &[u8] = b"#!python";

/// Final paths and where their bytes come from.
pub(crate) struct Plan {
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) directories: BTreeSet<String>,
}

/// One file.
pub(crate) struct File {
    pub(crate) source: Source,
    pub(crate) executable: bool,
}

/// Where a file's bytes come from.
pub(crate) enum Source {
    Bytes(Vec<u8>),
    /// The archive; the digest is RECORD's, to be checked against what is read.
    Member {
        name: String,
        member: Member,
        digest: Digest,
    },
}

impl Plan {
    pub(crate) fn new(segment: &WheelSegment<'_>, archive: &mut Archive) -> Result<Self, Fault> {
        let (dist_info, name) = metadata::dist_info(archive, segment.filename)?;
        let layout = Layout::new(segment.prefix, segment.python, &dist_info, &name);
        let rows = record::parse(&metadata::required(archive, &format!("{dist_info}/RECORD"))?)?;
        let mut plan = Self { files: BTreeMap::new(), directories: BTreeSet::new() };
        let scripts = archive.text(&format!("{dist_info}/entry_points.txt"))?.unwrap_or_default();
        let scripts = entry_points::scripts(&scripts, &layout.shebang(), segment.python.1)?;
        plan.members(archive, &layout, &rows, &scripts)?;
        for (name, text) in scripts {
            layout.check_interpreter(&layout.script(&name))?;
            plan.add(layout.script(&name), Source::Bytes(text.into_bytes()), true)?;
        }
        if let Some(compiler) = segment.compiler {
            plan.compile(archive, compiler, &layout)?;
        }
        plan.describe(segment, &layout)?;
        let leaves: BTreeSet<&str> = plan.files.keys().map(String::as_str).collect();
        let all = plan.files.keys().chain(&plan.directories).map(String::as_str);
        path::check_tree(&leaves, all.filter(|path| !path.is_empty()))?;
        match plan.directories.iter().find(|path| leaves.contains(path.as_str())) {
            Some(path) => Err(Fault::refused(path, "it is a file and a directory")),
            None => Ok(plan),
        }
    }

    /// The same as files of this machine, where the folder that the wheel was unpacked to is as it was left.
    pub(crate) fn tree(self, folder: &Path) -> Option<Tree> {
        let mut files = BTreeMap::new();
        for (path, File { source, executable }) in self.files {
            let content = match source {
                Source::Bytes(bytes) => Content::Bytes(bytes),
                Source::Member { member, .. } => {
                    let file = member.file(folder);
                    Content::Kept(Some(file).filter(|file| tree::is_kept(file, member.size, MTIME))?)
                }
            };
            files.insert(path, TreeFile { content, executable, mtime: MTIME });
        }
        Some(Tree { files, directories: self.directories.into_iter().collect(), metadata: BTreeMap::new() })
    }

    fn members(
        &mut self,
        archive: &mut Archive,
        layout: &Layout,
        rows: &BTreeMap<String, record::Row>,
        scripts: &BTreeMap<String, String>,
    ) -> Result<(), Fault> {
        for (name, member) in archive.files.clone() {
            let row = rows.get(&name).cloned().unwrap_or_default();
            match layout.file(&name)? {
                Place::Nowhere => {}
                Place::File(path) => {
                    let source = checked(archive, &name, member, &row)?;
                    self.add(path, source, member.executable)?;
                }
                // The generated one is better, as for uv and pip.
                Place::Script(script) if scripts.contains_key(generated_name(&script)) => {}
                Place::Script(script) => {
                    let source = script_source(archive, &layout.shebang(), &name, member, &row)?;
                    self.add(layout.script(&script), source, true)?;
                }
            }
        }
        for name in &archive.directories {
            self.directories.extend(layout.directory(name)?);
        }
        Ok(())
    }

    /// Adds the byte code of the modules that Python can compile; as for pip and uv, the others stay without.
    fn compile(&mut self, archive: &mut Archive, compiler: &Compiler, layout: &Layout) -> Result<(), Fault> {
        let below = format!("{}/", layout.site);
        let module = |(path, file): (&String, &File)| match &file.source {
            Source::Member { name, member, .. }
                if path.starts_with(&below) && member.size <= LARGEST_MODULE =>
            {
                Some((byte_code_path(path, compiler.version)?, path.clone(), name.clone(), *member))
            }
            _ => None,
        };
        let modules: Vec<_> = self.files.iter().filter_map(module).collect();
        let mut running = None;
        for (place, path, name, member) in modules {
            if self.files.contains_key(&place) {
                continue;
            }
            let source = archive.bytes(&name, member)?;
            let running = match &mut running {
                Some(running) => running,
                none => none.insert(compiler.start()?),
            };
            if let Some(made) = running.compile(&format!("/{path}"), &source)? {
                self.add(place, Source::Bytes(made), false)?;
            }
        }
        Ok(())
    }

    /// Adds the files that an installer writes.
    fn describe(&mut self, segment: &WheelSegment<'_>, layout: &Layout) -> Result<(), Fault> {
        self.add(layout.described("INSTALLER"), Source::Bytes(INSTALLER.into()), false)?;
        if let Some(url) = &segment.direct_url {
            self.add(layout.described("direct_url.json"), Source::Bytes(canonical_json(url)), false)?;
        }
        let recorded = self.files.iter().map(|(path, file)| (layout.recorded(path), file.identity()));
        let own = layout.described("RECORD");
        let text = record::text(&recorded.collect(), &layout.recorded(&own));
        self.add(own, Source::Bytes(text.into_bytes()), false)
    }

    fn add(&mut self, path: String, source: Source, executable: bool) -> Result<(), Fault> {
        // Prefixes make it longer than the member was.
        path::member(path.as_bytes())?;
        match self.files.entry(path) {
            Entry::Vacant(place) => {
                place.insert(File { source, executable });
                Ok(())
            }
            Entry::Occupied(place) => {
                Err(Fault::refused(place.key(), "two members would be installed there"))
            }
        }
    }
}

impl File {
    fn identity(&self) -> (Digest, u64) {
        match &self.source {
            Source::Bytes(bytes) => (Digest::of(bytes), bytes.len() as u64),
            Source::Member { member, digest, .. } => (*digest, member.size),
        }
    }
}

/// Where the byte code of a module is looked for (PEP 3147): `a/__pycache__/b.cpython-311.pyc` for `a/b.py`.
pub(crate) fn byte_code_path(path: &str, (major, minor, _): (u8, u8, u8)) -> Option<String> {
    let (folder, module) = path.strip_suffix(".py")?.rsplit_once('/')?;
    Some(format!("{folder}/__pycache__/{module}.cpython-{major}{minor}.pyc"))
}

/// The name of the entry point that a script of old build tools stands for.
fn generated_name(script: &str) -> &str {
    [".exe", "-script.py", ".pya"].iter().find_map(|end| script.strip_suffix(end)).unwrap_or(script)
}

/// A member with the digest that it must have. Where RECORD names none, it is read once more to get it. So it
/// is where RECORD has another size: the row is of the file before it was signed (debugpy 1.6) or edited
/// (ruamel.yaml 0.18.12), and uv and pip install such wheels.
fn checked(archive: &mut Archive, name: &str, member: Member, row: &record::Row) -> Result<Source, Fault> {
    let outdated = row.size.is_some_and(|size| size != member.size);
    let digest = match row.sha256 {
        Some(digest) if !outdated => digest,
        _ => hash(archive, name, member)?,
    };
    Ok(Source::Member { name: name.to_owned(), member, digest })
}

fn hash(archive: &mut Archive, name: &str, member: Member) -> Result<Digest, Fault> {
    let mut hasher = DigestWriter::new(io::sink());
    let mut reader = io::Read::take(archive.reader(member)?, member.size.saturating_add(1));
    io::copy(&mut reader, &mut hasher).map_err(|error| unreadable(name, &error))?;
    Ok(hasher.digest())
}

/// A script: one that begins with `#!python` gets our first line, anything else is taken as it is.
fn script_source(
    archive: &mut Archive,
    shebang: &str,
    name: &str,
    member: Member,
    row: &record::Row,
) -> Result<Source, Fault> {
    let source = checked(archive, name, member, row)?;
    let mut start = Vec::new();
    let mut reader = io::Read::take(archive.reader(member)?, PLACEHOLDER.len() as u64);
    io::Read::read_to_end(&mut reader, &mut start).map_err(|error| unreadable(name, &error))?;
    drop(reader);
    let Source::Member { digest, .. } = &source else { return Ok(source) };
    if start != PLACEHOLDER {
        return Ok(source);
    }
    let bytes = archive.bytes(name, member)?;
    if Digest::of(&bytes) != *digest {
        return Err(Fault::invalid(format!("member `{name}` is not what RECORD says")));
    }
    Ok(Source::Bytes(with_shebang(shebang, &bytes)))
}

/// The line ends at the first `\n` or `\r`, as for uv.
fn with_shebang(shebang: &str, script: &[u8]) -> Vec<u8> {
    let end = script.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    let rest = end.map_or(&[][..], |end| &script[end + 1..]);
    [shebang.as_bytes(), b"\n", rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_rewritten_and_no_more() {
        let rewritten = |script: &[u8]| with_shebang("#!/opt/env/bin/python", script);
        assert_eq!(rewritten(b"#!pythonw -E\nx\n"), b"#!/opt/env/bin/python\nx\n");
        assert_eq!(rewritten(b"#!python"), b"#!/opt/env/bin/python\n");
        assert_eq!(rewritten(b"#!python\r\nx"), b"#!/opt/env/bin/python\n\nx");
    }

    #[test]
    fn byte_code_lies_beside_its_module() {
        let place = |path: &str| byte_code_path(path, (3, 11, 2));
        assert_eq!(place("a/b.py").as_deref(), Some("a/__pycache__/b.cpython-311.pyc"));
        assert_eq!(place("a/b.pyi"), None);
    }

    #[test]
    fn old_names_of_scripts_stand_for_entry_points() {
        assert_eq!(generated_name("a-script.py"), "a");
        assert_eq!(generated_name("a.exe"), "a");
        assert_eq!(generated_name("a"), "a");
    }
}
