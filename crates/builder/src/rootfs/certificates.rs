//! `/etc/ssl/certs`, as `update-ca-certificates` and `openssl rehash` leave it.

use super::{RootfsError, subject_hash::subject_hash, view::View};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use envwright_package::OwnFile;
use envwright_store::Digest;
use envwright_target::FileEntry;
use std::{collections::BTreeMap, path::Path};

const FOLDER: &str = "usr/share/ca-certificates/";

pub(super) fn files(view: &View<'_>) -> Result<Vec<OwnFile>, RootfsError> {
    let Some(package) = view.packages.iter().find(|package| package.name == "ca-certificates") else {
        return Ok(Vec::new());
    };
    let is_certificate = |name: &&str| is_certificate(name);
    let names = view.below(FOLDER).filter_map(|path| path.strip_prefix(FOLDER)).filter(is_certificate);
    let mut configuration = heading(package.control("postinst")).to_owned();
    let refused = refused(view);
    let mut chosen = Vec::new();
    for name in names {
        let is_refused = refused.iter().any(|line| line == name);
        configuration.extend([if is_refused { "!" } else { "" }, name, "\n"]);
        if !is_refused {
            let path = format!("{FOLDER}{name}");
            let pem = view.text("ca-certificates", &path)?;
            chosen.push((path, pem));
        }
    }
    chosen.extend(local(view));
    let mut bundle = Vec::new();
    let mut links = BTreeMap::new();
    for (path, pem) in chosen {
        bundle.extend(pem.as_bytes());
        if !pem.ends_with('\n') {
            bundle.push(b'\n');
        }
        links.insert(link_name(&path), (path, pem));
    }
    let mut files = vec![
        view.file("etc/ca-certificates.conf", configuration),
        view.file("etc/ssl/certs/ca-certificates.crt", bundle),
    ];
    for (link, (path, _)) in &links {
        files.push(view.link(format!("etc/ssl/certs/{link}"), format!("/{path}")));
    }
    files.extend(hashes(view, &links)?);
    let gone = stale(view, &files);
    files.extend(gone);
    Ok(files)
}

/// Certificates that a person took out of the base: lines of `/etc/ca-certificates.conf` that begin with `!`
/// (update-ca-certificates(8)).
fn refused(view: &View<'_>) -> Vec<String> {
    let text = view.base.as_ref().map(|base| base.text("etc/ca-certificates.conf")).unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix('!')).map(str::to_owned).collect()
}

/// Certificates that a person put into the base (update-ca-certificates(8)).
fn local(view: &View<'_>) -> Vec<(String, String)> {
    let Some(base) = &view.base else { return Vec::new() };
    let mut found = Vec::new();
    let mut folders = vec!["usr/local/share/ca-certificates".to_owned()];
    while let Some(folder) = folders.pop() {
        for name in base.files.list(&folder) {
            let path = format!("{folder}/{name}");
            match base.files.entry(&path) {
                Some(FileEntry::Directory { .. }) => folders.push(path),
                Some(FileEntry::File { .. }) if is_certificate(&name) => {
                    found.push((path.clone(), base.text(&path)));
                }
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// Links of the base to certificates that an upgrade left out.
fn stale(view: &View<'_>, files: &[OwnFile]) -> Vec<OwnFile> {
    const CERTS: &str = "etc/ssl/certs";
    let Some(base) = &view.base else { return Vec::new() };
    let is_ours = |target: &str| target.starts_with(&format!("/{FOLDER}")) || !target.contains('/');
    let paths = base.files.list(CERTS).into_iter().map(|name| format!("{CERTS}/{name}"));
    paths
        .filter(
            |path| matches!(base.files.entry(path), Some(FileEntry::Symlink { target }) if is_ours(&target)),
        )
        .filter(|path| !files.iter().any(|file| file.path == *path))
        .map(|path| OwnFile::whiteout(path, view.epoch))
        .collect()
}

fn is_certificate(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "crt")
}

/// The comment that the package's own script puts above the list.
///
/// Sample: `cat > /etc/ca-certificates.conf <<EOF`, lines, `EOF`.
fn heading(postinst: &str) -> &str {
    let opened = postinst.split_once("cat > /etc/ca-certificates.conf <<EOF\n");
    opened.and_then(|(_, rest)| rest.split_once("EOF\n")).map_or("", |(heading, _)| heading)
}

/// `mozilla/Some CA (2).crt` is linked as `Some_CA_=2=.pem`.
fn link_name(name: &str) -> String {
    let base = name.rsplit('/').next().unwrap_or(name);
    let stem = base.strip_suffix(".crt").unwrap_or(base);
    stem.replace([' ', ','], "_").replace(['(', ')'], "=") + ".pem"
}

/// The links `<subject hash>.<n>`: n counts different certificates of one subject in byte order of their names.
fn hashes(view: &View<'_>, links: &BTreeMap<String, (String, String)>) -> Result<Vec<OwnFile>, RootfsError> {
    let mut seen = BTreeMap::<String, Vec<Digest>>::new();
    let mut files = Vec::new();
    for (link, (path, pem)) in links {
        let invalid = || RootfsError::Certificate { path: path.clone() };
        let der = der(pem).ok_or_else(invalid)?;
        let hash = subject_hash(&der).ok_or_else(invalid)?;
        let others = seen.entry(hash.clone()).or_default();
        let digest = Digest::of(&der);
        if !others.contains(&digest) {
            files.push(view.link(format!("etc/ssl/certs/{hash}.{}", others.len()), link));
            others.push(digest);
        }
    }
    Ok(files)
}

/// The first certificate of a PEM text (RFC 7468).
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}
