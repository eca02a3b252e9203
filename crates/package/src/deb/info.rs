//! What control.tar holds, and the files that dpkg makes of it in its `info` folder.

use super::contents::{Contents, NO_NAME, inside};
use crate::{error::Fault, writer::unreadable};
use envwright_archive::{Kind, TarReader};
use std::{collections::BTreeMap, io::Read};

/// Members that dpkg runs.
const SCRIPTS: [&str; 5] = ["config", "postinst", "postrm", "preinst", "prerm"];

/// The members of control.tar.
pub(crate) struct Info {
    members: BTreeMap<String, (Vec<u8>, u64)>,
}

impl Info {
    pub(crate) fn read(control: &[u8]) -> Result<Self, Fault> {
        let mut members = BTreeMap::new();
        let mut archive = TarReader::new(control);
        while let Some(member) =
            archive.next_member().map_err(|error| Fault::archive("control.tar", error))?
        {
            let Some(name) = inside(&member.path)? else {
                if member.kind == Kind::Directory {
                    continue;
                }
                return Err(Fault::refused("", NO_NAME));
            };
            if member.kind != Kind::File || name.contains('/') {
                return Err(Fault::refused(name, "control.tar holds plain files only"));
            }
            let mtime = u64::try_from(member.mtime);
            let mtime = mtime.map_err(|_| Fault::invalid("control.tar names a time before 1970"))?;
            let mut bytes = Vec::new();
            archive.read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
            if members.insert(name.to_owned(), (bytes, mtime)).is_some() {
                return Err(Fault::refused(name, "it is there twice"));
            }
        }
        if members.contains_key("control") {
            return Ok(Self { members });
        }
        Err(Fault::invalid("control file is missing"))
    }

    /// Checks that this is the package that was locked.
    pub(crate) fn check(&self, name: &str, version: &str) -> Result<(), Fault> {
        for (field, expected) in [("Package", name), ("Version", version)] {
            let found = self.field(field).unwrap_or_default();
            if found != expected {
                return Err(Fault::invalid(format!(
                    "control file has {field} `{found}`, where `{expected}` was locked"
                )));
            }
        }
        Ok(())
    }

    /// Adds the files of dpkg's `info` folder.
    pub(crate) fn install(&self, name: &str, contents: &mut Contents) -> Result<(), Fault> {
        let stem = format!("var/lib/dpkg/info/{}", self.installed_name(name));
        let time = self.members.get("control").map_or(0, |(_, mtime)| *mtime);
        let mut list = "/.\n".to_owned();
        for path in &contents.listed {
            list.extend(["/", path, "\n"]);
        }
        contents.write(&format!("{stem}.list"), 0o644, time, list.into_bytes())?;
        for (name, (bytes, mtime)) in self.members.iter().filter(|(name, _)| *name != "control") {
            let mode = if SCRIPTS.contains(&name.as_str()) { 0o755 } else { 0o644 };
            contents.write(&format!("{stem}.{name}"), mode, *mtime, bytes.clone())?;
        }
        Ok(())
    }

    /// The members as text.
    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.members.iter().map(|(name, (bytes, _))| (name.clone(), text(bytes))).collect()
    }

    /// dpkg keeps packages of several architectures apart where they may stand side by side.
    fn installed_name(&self, name: &str) -> String {
        match self.field("Architecture") {
            Some(architecture) if self.field("Multi-Arch").as_deref() == Some("same") => {
                format!("{name}:{architecture}")
            }
            _ => name.to_owned(),
        }
    }

    /// The first line of a field of the control paragraph.
    fn field(&self, name: &str) -> Option<String> {
        let (bytes, _) = self.members.get("control")?;
        let text = String::from_utf8_lossy(bytes);
        let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
        let found = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned())
    }
}
