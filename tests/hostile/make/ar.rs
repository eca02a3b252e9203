//! A writer of `ar` archives, and of .debs, that checks nothing.

use super::tar::Tar;

/// A member with the size that it says.
pub(crate) fn sized(name: &str, size: &str, body: &[u8]) -> Vec<u8> {
    let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 100_644);
    let padding: &[u8] = if body.len() % 2 == 1 { b"\n" } else { b"" };
    [header.as_bytes(), body, padding].concat()
}

/// A member.
pub(crate) fn member(name: &str, body: &[u8]) -> Vec<u8> {
    sized(name, &body.len().to_string(), body)
}

/// An archive of members.
pub(crate) fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    [b"!<arch>\n", &members.concat()[..]].concat()
}

/// The first member of a .deb.
pub(crate) fn version() -> Vec<u8> {
    member("debian-binary", b"2.0\n")
}

/// The text of a control file.
pub(crate) fn control_text(package: &str) -> String {
    format!(
        "Package: {package}\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\
         Description: made for a test\n"
    )
}

/// The control archive of a package.
pub(crate) fn control(package: &str) -> Tar {
    Tar::new().directory("./").file("./control", control_text(package))
}

/// A .deb with this data archive, packed as its name says.
pub(crate) fn deb(package: &str, name: &str, data: &[u8]) -> Vec<u8> {
    archive(&[version(), member("control.tar", &control(package).end()), member(name, data)])
}
