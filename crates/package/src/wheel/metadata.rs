//! What a wheel says of itself: file name, `WHEEL`, `METADATA`.

use super::archive::Archive;
use crate::error::Fault;
use std::collections::BTreeSet;

/// Name of a wheel's one `.dist-info` folder, and the distribution's normalised name.
pub(crate) fn dist_info(archive: &mut Archive, filename: &str) -> Result<(String, String), Fault> {
    let folders: BTreeSet<&str> = archive
        .files
        .keys()
        .filter_map(|name| name.split_once('/'))
        .map(|(folder, _)| folder)
        .filter(|folder| folder.ends_with(".dist-info"))
        .collect();
    let mut folders = folders.into_iter().map(str::to_owned).collect::<Vec<_>>().into_iter();
    let (Some(folder), None) = (folders.next(), folders.next()) else {
        return Err(Fault::invalid("root holds none or several `.dist-info` folders"));
    };
    let wheel = required(archive, &format!("{folder}/WHEEL"))?;
    check_version(&wheel)?;
    let metadata = required(archive, &format!("{folder}/METADATA"))?;
    let name = normalised(field(&metadata, "Name").unwrap_or_default());
    if name != filename_name(filename) || folder_name(&folder) != name {
        return Err(Fault::invalid(format!("`{folder}` is of `{name}`, which its file name is not")));
    }
    Ok((folder, name))
}

/// A metadata file that must be there.
pub(crate) fn required(archive: &mut Archive, name: &str) -> Result<String, Fault> {
    archive.text(name)?.ok_or_else(|| Fault::invalid(format!("file `{name}` is missing")))
}

/// The normalised name at the start of a wheel's file name.
pub(crate) fn filename_name(filename: &str) -> String {
    normalised(filename.split('-').next().unwrap_or_default())
}

fn folder_name(folder: &str) -> String {
    let stem = folder.strip_suffix(".dist-info").unwrap_or(folder);
    normalised(stem.rsplit_once('-').map_or(stem, |(name, _)| name))
}

/// A name as PEP 503 normalises it.
fn normalised(name: &str) -> String {
    let parts = name.trim().split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

fn check_version(wheel: &str) -> Result<(), Fault> {
    let version = field(wheel, "Wheel-Version").unwrap_or_default();
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(0 | 1) => Ok(()),
        _ => Err(Fault::invalid(format!("wheel format version `{version}` is not 1"))),
    }
}

/// The first value of a header field; the message's body is not looked at.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let headers = text.lines().take_while(|line| !line.trim().is_empty());
    let mut pairs = headers.filter_map(|line| line.split_once(':'));
    pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised() {
        assert_eq!(filename_name("Zope.Interface_x-1.0-py3-none-any.whl"), "zope-interface-x");
        assert_eq!(folder_name("a_b-1.0.dist-info"), "a-b");
    }

    #[test]
    fn fields_stop_at_the_body() {
        assert_eq!(field("A: 1\nname : x\n\nVersion: 2", "Version"), None);
        assert_eq!(field("Name: x\nName: y\n", "name"), Some("x"));
    }

    #[test]
    fn only_the_first_format_is_known() {
        assert!(check_version("Wheel-Version: 1.9\n").is_ok());
        assert!(check_version("Wheel-Version: 2.0\n").is_err());
        assert!(check_version("").is_err());
    }
}
