//! conda's list of URLs: `@EXPLICIT`, as `conda list --explicit` and conda-lock write it.

use super::{Location, Locked, LockedFile, LockedKind, LockedPackage, conda_file_name};
use crate::{chars::Chars, collect::Collected, requirements};
use envwright_diagnosis::{Finding, Source, Span};
use std::{path::Path, sync::Arc};

/// Reads the lines; those that conda-lock writes for pip are `# pip NAME @ URL --hash=…`.
pub(crate) fn read(
    source: &Arc<Source>,
    dir: &Path,
    path: Option<&Path>,
    collected: &mut Collected,
) -> Locked {
    let mut locked = Locked::default();
    let mut platform = None;
    let mut packages = Vec::new();
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let text = line.trim();
        let span = || Span::new(source, start..start + text.len());
        if let Some(comment) = text.strip_prefix('#') {
            let comment = comment.trim();
            if let Some(name) = comment.strip_prefix("platform:") {
                platform = Some(name.trim().to_owned());
            } else if let Some(names) = comment.strip_prefix("channels:") {
                locked.channels = names.split_whitespace().map(str::to_owned).collect();
            } else if let Some(line) = comment.strip_prefix("pip ") {
                let from = source.text[start..].find(line).map_or(start, |offset| start + offset);
                let chars = Chars::of(source, from..from + line.len());
                requirements::Reader::new(collected).text(&chars, dir, path, false);
            }
        } else if !text.is_empty() && text != "@EXPLICIT" {
            match package(text) {
                Some(package) => packages.push(package),
                None => collected.push(
                    Finding::new("definition-invalid-value")
                        .fact("key", "@EXPLICIT")
                        .fact("expected", "the URL of a conda package")
                        .at(&span(), "expected the URL of a `.conda` or `.tar.bz2` file"),
                ),
            }
        }
    }
    let platform = platform.or_else(|| platform_of(&packages));
    locked.set("default", platform.as_deref()).packages = packages;
    locked
}

/// The folder of the first package that is for one platform alone.
fn platform_of(packages: &[LockedPackage]) -> Option<String> {
    packages.iter().find_map(|package| {
        let location = package.files.first()?.location.to_string();
        let folder = location.rsplit('/').nth(1)?;
        (folder.contains('-') && folder != "noarch").then(|| folder.to_owned())
    })
}

/// Sample: `https://channel.example/linux-64/gh-2.5.0-ha8f183a_0.tar.bz2#f5e2c3e654b899f744e1c07904684563`.
fn package(line: &str) -> Option<LockedPackage> {
    let (url, digest) = line.split_once('#').map_or((line, None), |(url, digest)| (url, Some(digest.trim())));
    let location = Location::parse(url.trim());
    let file = location.to_string();
    let (name, version, _) = conda_file_name(&file)?;
    let digest = digest.map(|digest| digest.strip_prefix("sha256:").unwrap_or(digest));
    let is_hex = |digest: &str| digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digest.is_some_and(|digest| !matches!(digest.len(), 32 | 64) || !is_hex(digest)) {
        return None;
    }
    let of_length = |length: usize| digest.filter(|digest| digest.len() == length).map(str::to_owned);
    let mut package = LockedPackage::new(LockedKind::Conda, name, Some(version));
    package.files.push(LockedFile {
        location: location.clone(),
        sha256: of_length(64),
        md5: of_length(32),
        size: None,
    });
    Some(package)
}
