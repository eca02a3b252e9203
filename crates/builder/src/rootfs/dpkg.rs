//! dpkg's database besides `info/*`, which each package's segment holds.

use super::{
    Package, RootfsError,
    installed::{Installed, Paragraph, STATUS},
    view::View,
};
use envwright_package::OwnFile;
use envwright_target::Platform;
use md5::{Digest as _, Md5};
use std::{collections::BTreeMap, fmt::Write as _};

/// Fields in the order in which dpkg writes them (`lib/dpkg/parse.c`, `fieldinfos`); others follow as they came.
const ORDER: [&str; 23] = [
    "Package",
    "Essential",
    "Protected",
    "Status",
    "Priority",
    "Section",
    "Installed-Size",
    "Origin",
    "Maintainer",
    "Bugs",
    "Architecture",
    "Multi-Arch",
    "Source",
    "Version",
    "Replaces",
    "Provides",
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Suggests",
    "Breaks",
    "Conflicts",
    "Enhances",
];
/// The fields that end dpkg's order.
const LAST: [&str; 2] = ["Conffiles", "Description"];
const RELATIONS: [&str; 9] = [
    "Replaces",
    "Provides",
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Suggests",
    "Breaks",
    "Conflicts",
    "Enhances",
];

pub(super) fn files(view: &View<'_>, platform: Platform) -> Result<Vec<OwnFile>, RootfsError> {
    if view.packages.is_empty() {
        return Ok(Vec::new());
    }
    let mut status = String::new();
    for package in &view.packages {
        status.push_str(&paragraph(package, view)?);
        status.push('\n');
    }
    let folders = ["var/lib/dpkg", "var/lib/dpkg/alternatives", "var/lib/dpkg/info"];
    let more = ["var/lib/dpkg/parts", "var/lib/dpkg/triggers", "var/lib/dpkg/updates"];
    let mut files: Vec<_> = folders.iter().chain(&more).map(|path| view.directory(*path)).collect();
    files.push(view.file("var/lib/dpkg/status", status));
    files.push(view.file("var/lib/dpkg/arch", format!("{}\n", platform.arch.oci())));
    files.push(view.file("var/lib/dpkg/info/format", "1\n"));
    files.push(view.file("var/lib/dpkg/diversions", diversions(view)));
    let mut triggers = triggers(view);
    for always in ["File", "Unincorp"] {
        triggers.entry(always.to_owned()).or_default();
    }
    let trigger = |(name, text)| view.file(format!("var/lib/dpkg/triggers/{name}"), text);
    files.extend(triggers.into_iter().map(trigger));
    Ok(files)
}

/// The database of a base with the packages added: their paragraphs take the place of those that they replace.
pub(super) fn added(view: &View<'_>) -> Result<Vec<OwnFile>, RootfsError> {
    let Some(base) = view.base.as_ref().filter(|_| !view.packages.is_empty()) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for package in &view.packages {
        all.push((package.name, paragraph(package, view)?));
    }
    let is_replaced = |known: &Paragraph| {
        view.packages.iter().any(|package| known.is_same(package.name, package.architecture))
    };
    let stay = base.paragraphs.iter().filter(|known| !is_replaced(known));
    all.extend(stay.map(|known| (known.name.as_str(), format!("{}\n", known.text))));
    // dpkg writes them in this order.
    all.sort_by_key(|(name, _)| *name);
    let status: String = all.iter().flat_map(|(_, text)| [text, "\n"]).collect();
    let mut files = vec![view.file(STATUS, status)];
    files.extend(triggers(view).into_iter().map(|(name, text)| {
        let path = format!("var/lib/dpkg/triggers/{name}");
        view.file(path.clone(), others_triggers(base, &path, view) + &text)
    }));
    Ok(files)
}

/// What packages wait for that stay as they are.
fn others_triggers(base: &Installed<'_>, path: &str, view: &View<'_>) -> String {
    let is_of = |line: &str, package: &Package<'_>| {
        let waits = line.split_whitespace().last().unwrap_or_default();
        waits.split(['/', ':']).next() == Some(package.name)
    };
    let text = base.text(path);
    let others = text.lines().filter(|line| !view.packages.iter().any(|package| is_of(line, package)));
    others.flat_map(|line| [line, "\n"]).collect()
}

/// A package's paragraph of `/var/lib/dpkg/status`.
fn paragraph(package: &Package<'_>, view: &View<'_>) -> Result<String, RootfsError> {
    let mut fields = fields(package.control("control"));
    if fields.iter().all(|(name, _)| name != "Package") {
        return Err(RootfsError::Control { package: package.name.to_owned() });
    }
    fields.push(("Status".to_owned(), "install ok installed".to_owned()));
    let conffiles = conffiles(package, view);
    if !conffiles.is_empty() {
        fields.push(("Conffiles".to_owned(), conffiles));
    }
    let place = |name: &str| {
        let known = ORDER.iter().chain(&LAST).position(|known| known.eq_ignore_ascii_case(name));
        known.unwrap_or(ORDER.len() + LAST.len())
    };
    fields.sort_by_key(|(name, _)| place(name));
    let mut text = String::new();
    for (name, value) in fields.iter().filter(|(name, value)| is_kept(name, value)) {
        let value = if RELATIONS.contains(&name.as_str()) { relations(value) } else { value.clone() };
        let separator = if value.starts_with('\n') { "" } else { " " };
        let _ = writeln!(text, "{name}:{separator}{value}");
    }
    Ok(text)
}

/// dpkg leaves out what says nothing.
fn is_kept(name: &str, value: &str) -> bool {
    let nothing = match name {
        "Essential" | "Protected" | "Multi-Arch" => value == "no",
        _ => false,
    };
    !value.is_empty() && !nothing
}

/// The fields of a control paragraph; a value keeps its further lines with their leading blank.
fn fields(control: &str) -> Vec<(String, String)> {
    let mut fields = Vec::<(String, String)>::new();
    for line in control.lines().take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                let _ = write!(value, "\n{}", line.trim_end());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            // dpkg keeps a description as it is, and trims the rest.
            let value = if name == "Description" { value.trim_start() } else { value.trim() };
            fields.push((name.to_owned(), value.to_owned()));
        }
    }
    fields
}

/// Relations with dpkg's blanks: `a (>= 1) | b, c`.
fn relations(value: &str) -> String {
    let alternatives = |group: &str| group.split('|').map(relation).collect::<Vec<_>>().join(" | ");
    let groups = value.split(',').map(str::trim).filter(|group| !group.is_empty());
    groups.map(alternatives).collect::<Vec<_>>().join(", ")
}

/// Sample: `libc6 (>=2.36)`.
fn relation(text: &str) -> String {
    let Some((name, version)) = text.split_once('(') else { return text.trim().to_owned() };
    let version = version.trim().trim_end_matches(')').trim();
    let number = version.trim_start_matches(['<', '>', '=']);
    let operator = version.get(..version.len() - number.len()).unwrap_or_default();
    format!("{} ({operator} {})", name.trim(), number.trim())
}

/// Each configuration file with the MD5 of what the package brings, on lines of their own.
fn conffiles(package: &Package<'_>, view: &View<'_>) -> String {
    let paths = package.control("conffiles").lines().map(str::trim).filter(|line| line.starts_with('/'));
    let line = |path: &str| Some(format!("\n {path} {}", hex::encode(Md5::digest(view.read(path)?))));
    paths.filter_map(line).collect()
}

/// dash takes `/bin/sh` from no one, and tells dpkg so (its script's `claim_binsh`). Three lines each: the
/// diverted path, where another package's file would go, the package.
fn diversions(view: &View<'_>) -> String {
    let claims = view.packages.iter().any(|package| {
        package.name == "dash" && package.control("postinst").contains("claim_binsh /bin/sh dash")
    });
    if !claims {
        return String::new();
    }
    let manual = "/usr/share/man/man1/sh.1.gz\n/usr/share/man/man1/sh.distrib.1.gz\ndash\n";
    format!("{manual}/bin/sh\n/bin/sh.distrib\ndash\n")
}

/// dpkg names the architecture of packages that may stand beside those of another.
fn installed_name(package: &Package<'_>) -> String {
    let fields = fields(package.control("control"));
    let is_same = fields.iter().any(|(name, value)| name == "Multi-Arch" && value == "same");
    let architecture = if is_same { format!(":{}", package.architecture) } else { String::new() };
    format!("{}{architecture}", package.name)
}

/// Who waits for which trigger (deb-triggers(5)), by the name of the file that holds it: paths together in `File`, names
/// in files of their own.
///
/// Sample: `interest-noawait /usr/share/debianutils/shells.d`.
fn triggers(view: &View<'_>) -> BTreeMap<String, String> {
    let mut files = BTreeMap::<String, String>::new();
    for package in &view.packages {
        for line in package.control("triggers").lines() {
            let mut words = line.split_whitespace();
            let (Some(directive), Some(trigger)) = (words.next(), words.next()) else { continue };
            let suffix = match directive {
                "interest" | "interest-await" => "",
                "interest-noawait" => "/noawait",
                _ => continue,
            };
            let waits = format!("{}{suffix}", installed_name(package));
            let _ = if trigger.starts_with('/') {
                writeln!(files.entry("File".to_owned()).or_default(), "{trigger} {waits}")
            } else {
                writeln!(files.entry(trigger.to_owned()).or_default(), "{waits}")
            };
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_get_dpkgs_blanks() {
        assert_eq!(relations("a (>=1)|b:any ( << 2~ ) ,\n c,"), "a (>= 1) | b:any (<< 2~), c");
    }

    #[test]
    fn a_field_keeps_its_further_lines() {
        let fields = fields("Package: x \nDescription: one \n two\n .\n three\n\nPackage: y\n");
        assert_eq!(fields[1], ("Description".to_owned(), "one \n two\n .\n three".to_owned()));
        assert_eq!(fields.len(), 2);
    }
}
