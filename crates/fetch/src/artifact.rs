//! Files of conda's channels as the artifacts of a registry that conda's OCI mirrors make of them.

use envwright_redact::SafeUrl;
use envwright_store::{Digest, DigestError};
use serde::Deserialize;

/// Pages of a channel, and the types of their layers.
const REPODATA: [(&str, &str); 3] = [
    ("repodata.json", "application/vnd.conda.repodata.v1+json"),
    ("repodata.json.zst", "application/vnd.conda.repodata.v1+json+zst"),
    ("repodata.json.gz", "application/vnd.conda.repodata.v1+json+gzip"),
];
/// Ends of packages' names, and the types of their layers.
const PACKAGES: [(&str, &str); 2] =
    [(".conda", "application/vnd.conda.package.v2"), (".tar.bz2", "application/vnd.conda.package.v1")];

/// The artifact that has one file of a channel as a layer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Artifact {
    /// The registry, with its port where it has one.
    pub(crate) host: String,
    pub(crate) repository: String,
    pub(crate) tag: String,
    /// Media type of the layer.
    layer: &'static str,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
}

/// Why a manifest says nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Digest(#[from] DigestError),
}

impl Artifact {
    /// That of the file at `oci://HOST/PATH`; none where registries have no such files.
    pub(crate) fn of(url: &SafeUrl) -> Option<Self> {
        let (file, (folder, _)) = (url.file_name()?, url.expose().path().rsplit_once('/')?);
        let (name, tag, layer) = page(&file).or_else(|| package(&file))?;
        // No name in a registry begins with an underscore.
        let prefix = if name.starts_with('_') { "zzz" } else { "" };
        let port = url.expose().port().map_or_else(String::new, |port| format!(":{port}"));
        Some(Self {
            host: format!("{}{port}", url.host()?),
            repository: format!("{}/{prefix}{name}", folder.trim_start_matches('/')),
            tag,
            layer,
        })
    }

    /// The digest of the layer in a manifest; none where it has no such layer.
    pub(crate) fn layer(&self, manifest: &[u8]) -> Result<Option<Digest>, ManifestError> {
        let Manifest { layers } = serde_json::from_slice(manifest)?;
        // Some mirrors say `+zstd` where others say `+zst`.
        let is_it = |kind: &str| kind == self.layer || kind.strip_suffix('d') == Some(self.layer);
        let layer = layers.into_iter().find(|layer| is_it(&layer.media_type));
        Ok(layer.map(|layer| layer.digest.parse()).transpose()?)
    }
}

/// Name, tag and layer of a page of a channel.
fn page(file: &str) -> Option<(&str, String, &'static str)> {
    let (_, layer) = REPODATA.iter().find(|(page, _)| *page == file)?;
    Some(("repodata.json", "latest".to_owned(), layer))
}

/// The same of a package. What a version may have and a tag may not is written in letters.
fn package(file: &str) -> Option<(&str, String, &'static str)> {
    let (stem, layer) = PACKAGES.iter().find_map(|(end, layer)| Some((file.strip_suffix(end)?, layer)))?;
    let (rest, build) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let tag = format!("{version}-{build}").replace('+', "__p__").replace('!', "__e__").replace('=', "__eq__");
    Some((name, tag, layer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(path: &str) -> Option<Artifact> {
        Artifact::of(&SafeUrl::parse(&format!("oci://a.example:5000/m/conda-forge/{path}")).unwrap())
    }

    #[test]
    fn each_file_has_its_repository_tag_and_layer() {
        for (path, repository, tag, layer) in [
            ("noarch/repodata.json", "noarch/repodata.json", "latest", "repodata.v1+json"),
            ("noarch/repodata.json.zst", "noarch/repodata.json", "latest", "repodata.v1+json+zst"),
            ("linux-64/x-y-1.0-h1_0.conda", "linux-64/x-y", "1.0-h1_0", "package.v2"),
            ("linux-64/x-1!2.0%2Bcu=1-0.tar.bz2", "linux-64/x", "1__e__2.0__p__cu__eq__1-0", "package.v1"),
            ("noarch/_x-1-0.conda", "noarch/zzz_x", "1-0", "package.v2"),
        ] {
            let found = artifact(path).unwrap();
            assert_eq!((&*found.host, &*found.tag), ("a.example:5000", tag), "{path}");
            assert_eq!(found.repository, format!("m/conda-forge/{repository}"));
            assert_eq!(found.layer, format!("application/vnd.conda.{layer}"));
        }
    }

    #[test]
    fn what_registries_do_not_have_is_no_artifact() {
        for path in [
            "noarch/repodata_shards.msgpack.zst",
            "noarch/repodata.json.bz2",
            "noarch/run_exports.json",
            "noarch/x.conda",
            "",
        ] {
            assert_eq!(artifact(path), None, "{path}");
        }
    }

    #[test]
    fn the_layer_of_a_type_is_found_under_either_name_of_zstandard() {
        let (digest, zst) = (Digest::of(b"x"), artifact("noarch/repodata.json.zst").unwrap());
        for (end, found) in [("", None), ("+zst", Some(digest)), ("+zstd", Some(digest))] {
            let layers = format!(
                r#"[{{"mediaType": "a/b", "digest": "sha512:0"}},
                    {{"mediaType": "application/vnd.conda.repodata.v1+json{end}", "digest": "{digest}"}}]"#
            );
            assert_eq!(zst.layer(format!("{{\"layers\": {layers}}}").as_bytes()).unwrap(), found, "{end}");
        }
        assert_eq!(zst.layer(b"{}").unwrap(), None);
        assert!(zst.layer(b"<html>").is_err());
    }
}
