//! Where a wheel's members go (PyPA, "Binary distribution format", section "Installing a wheel").

use super::entry_points;
use crate::{error::Fault, path};

/// The places of one wheel.
pub(crate) struct Layout {
    /// The folder of importable packages, pure or not.
    pub(crate) site: String,
    /// `<name>-<version>.dist-info`.
    pub(crate) dist_info: String,
    prefix: String,
    data: String,
    include: String,
}

/// Where a member goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// As it is.
    File(String),
    /// To a script of this name, executable, its `#!python` line rewritten.
    Script(String),
    /// Not into the image.
    Nowhere,
}

impl Layout {
    /// `distribution` is the name in METADATA, normalised.
    pub(crate) fn new(prefix: &str, python: (u8, u8), dist_info: &str, distribution: &str) -> Self {
        let python = format!("python{}.{}", python.0, python.1);
        let stem = dist_info.strip_suffix(".dist-info").unwrap_or(dist_info);
        Self {
            site: format!("{prefix}/lib/{python}/site-packages"),
            dist_info: dist_info.to_owned(),
            data: format!("{stem}.data"),
            prefix: prefix.to_owned(),
            include: format!("{prefix}/include/site/{python}/{distribution}"),
        }
    }

    /// The place of a file.
    pub(crate) fn file(&self, name: &str) -> Result<Place, Fault> {
        if self.is_replaced(name) {
            return Ok(Place::Nowhere);
        }
        let place = match self.below_data(name) {
            None => Place::File(format!("{}/{name}", self.site)),
            Some((_, "")) => return Err(Fault::invalid(format!("file `{name}` belongs to no scheme"))),
            Some(("scripts", script)) if script.contains('/') => {
                return Err(Fault::invalid(format!("script `{name}` stands in a folder")));
            }
            Some(("scripts", script)) => Place::Script(script.to_owned()),
            Some((scheme, rest)) => Place::File(format!("{}/{rest}", self.scheme(name, scheme)?)),
        };
        match &place {
            Place::Script(script) => self.check_interpreter(&self.script(script))?,
            Place::File(path) => self.check_interpreter(path)?,
            Place::Nowhere => {}
        }
        Ok(place)
    }

    /// The place of a directory that the archive names.
    pub(crate) fn directory(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.below_data(name) {
            None => Ok(Some(format!("{}/{name}", self.site))),
            Some(("scripts", _) | (_, "")) => Ok(None),
            Some((scheme, rest)) => Ok(Some(format!("{}/{rest}", self.scheme(name, scheme)?))),
        }
    }

    /// The path of a script.
    pub(crate) fn script(&self, name: &str) -> String {
        format!("{}/bin/{name}", self.prefix)
    }

    /// First line of scripts.
    pub(crate) fn shebang(&self) -> String {
        format!("#!/{}/bin/python", self.prefix)
    }

    /// A wheel must not bring the interpreter of the environment that it is installed into.
    pub(crate) fn check_interpreter(&self, path: &str) -> Result<(), Fault> {
        let name = path.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix("/bin/"));
        match name {
            Some(name) if entry_points::is_interpreter(name) => {
                Err(Fault::refused(path, "it would replace the environment's Python"))
            }
            _ => Ok(()),
        }
    }

    /// The path of one of the files that describe the distribution.
    pub(crate) fn described(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.site, self.dist_info)
    }

    /// A path as RECORD spells it.
    pub(crate) fn recorded(&self, path: &str) -> String {
        path::relative(&self.site, path)
    }

    /// Scheme and rest of a name below `<name>-<version>.data`.
    fn below_data<'n>(&self, name: &'n str) -> Option<(&'n str, &'n str)> {
        let rest = name.strip_prefix(&self.data)?;
        if rest.is_empty() {
            return Some(("", ""));
        }
        let rest = rest.strip_prefix('/')?;
        Some(rest.split_once('/').unwrap_or((rest, "")))
    }

    fn scheme(&self, name: &str, scheme: &str) -> Result<&str, Fault> {
        match scheme {
            "purelib" | "platlib" => Ok(&self.site),
            "headers" => Ok(&self.include),
            "data" => Ok(&self.prefix),
            _ => Err(Fault::invalid(format!("member `{name}` belongs to an unknown scheme"))),
        }
    }

    /// The installer writes these itself, or they are signatures of what it writes.
    fn is_replaced(&self, name: &str) -> bool {
        let below = name.strip_prefix(&self.dist_info).and_then(|rest| rest.strip_prefix('/'));
        below.is_some_and(|name| {
            let written = ["RECORD", "INSTALLER", "REQUESTED", "direct_url.json"];
            let signatures = ["RECORD.jws", "RECORD.p7s"];
            written.contains(&name) || signatures.contains(&name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> Result<Place, Fault> {
        Layout::new("opt/env", (3, 11), "A_b-1.dist-info", "a-b").file(name)
    }

    #[test]
    fn each_scheme_has_its_place() {
        for (name, path) in [
            ("a/b.py", "opt/env/lib/python3.11/site-packages/a/b.py"),
            ("A_b-1.dist-info/METADATA", "opt/env/lib/python3.11/site-packages/A_b-1.dist-info/METADATA"),
            ("A_b-1.data/purelib/x.py", "opt/env/lib/python3.11/site-packages/x.py"),
            ("A_b-1.data/platlib/x.so", "opt/env/lib/python3.11/site-packages/x.so"),
            ("A_b-1.data/headers/x.h", "opt/env/include/site/python3.11/a-b/x.h"),
            ("A_b-1.data/data/share/x", "opt/env/share/x"),
            ("A_b-1.database", "opt/env/lib/python3.11/site-packages/A_b-1.database"),
        ] {
            assert_eq!(place(name).unwrap(), Place::File(path.to_owned()));
        }
        assert_eq!(place("A_b-1.data/scripts/run").unwrap(), Place::Script("run".to_owned()));
        assert_eq!(place("A_b-1.dist-info/RECORD.jws").unwrap(), Place::Nowhere);
    }

    #[test]
    fn what_has_no_place_is_refused() {
        for name in [
            "A_b-1.data/other/x",
            "A_b-1.data/x",
            "A_b-1.data/scripts/d/x",
            "A_b-1.data/scripts/python3",
            "A_b-1.data/data/bin/python3.11",
        ] {
            assert!(place(name).is_err(), "{name}");
        }
    }

    #[test]
    fn record_spells_paths_from_the_site() {
        let layout = Layout::new("opt/env", (3, 11), "a-1.dist-info", "a");
        assert_eq!(layout.recorded(&layout.script("x")), "../../../bin/x");
        assert_eq!(layout.recorded(&layout.described("RECORD")), "a-1.dist-info/RECORD");
    }
}
