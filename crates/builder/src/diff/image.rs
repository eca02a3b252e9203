//! What an image consists of, read from its files; nothing of it is run.

use super::{
    contents::{Contents, Debian, Packages, conda_name, debian_name},
    difference::{BaseImage, Package, PackageKind},
};
use envwright_definition::PackageName;
use envwright_image::Base;
use envwright_package::PREFIX;
use envwright_store::Digest;
use envwright_target::{Files, Platform, TargetFacts};
use serde_json::Value;
use std::collections::BTreeSet;

/// What an image has besides packages.
#[derive(Debug, Clone, Default)]
pub(super) struct ImageFacts {
    /// How a container is started.
    pub(super) config: Value,
    /// Digests and sizes in bytes of its layers.
    pub(super) layers: Vec<(Digest, u64)>,
    /// The same layers without their compression.
    pub(super) diff_ids: Vec<Digest>,
}

/// Reads an image.
pub(super) fn contents(image: &Base, platform: Platform) -> Contents {
    let config = image.config()["config"].clone();
    let label = |name: &str| config["Labels"][name].as_str();
    let base = label("org.opencontainers.image.base.name").map(|name| BaseImage {
        name: name.to_owned(),
        digest: label("org.opencontainers.image.base.digest").and_then(|digest| digest.parse().ok()),
    });
    let definition = label("io.envwright.definition").and_then(|digest| digest.parse().ok());
    let facts = TargetFacts::read(platform, image.files());
    let debian = facts.dpkg.iter().map(|found| {
        let name = debian_name(&found.name, &found.architecture, platform);
        ((PackageKind::Debian, name), Package::of(&found.version))
    });
    let mut packages: Packages = debian.collect();
    packages.extend(of_prefixes(image.files(), &image.paths().collect::<Vec<_>>(), &config));
    let of_base = || facts.pythons.first().map(|python| python.version);
    let python = python(image.files(), &packages)
        .or_else(|| of_base().map(|(major, minor, micro)| format!("{major}.{minor}.{micro}")));
    let layers = image.layers().iter().map(|layer| (layer.digest, layer.size)).collect();
    let image = ImageFacts { config, layers, diff_ids: image.diff_ids() };
    Contents { definition, base, python, packages, debian: Debian::All, image: Some(image) }
}

/// The Python of the environment: of its virtual environment (PEP 405), or of conda.
fn python(files: &dyn Files, packages: &Packages) -> Option<String> {
    let configuration = files.read(&format!("{PREFIX}/pyvenv.cfg"));
    if let Some(text) = configuration.as_deref().map(String::from_utf8_lossy) {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        let version = pairs.find(|(key, _)| ["version", "version_info"].contains(&key.trim()));
        return version.map(|(_, version)| version.trim().to_owned());
    }
    packages.get(&(PackageKind::Conda, "python".to_owned())).map(|package| package.version.clone())
}

/// conda packages and wheels. Of those of one name in several places, the one that `PATH` leads to counts.
fn of_prefixes(files: &dyn Files, paths: &[&str], config: &Value) -> Packages {
    let mut found = installed(files, paths);
    let path = config["Env"].as_array().into_iter().flatten();
    let path = path.filter_map(|pair| pair.as_str()?.strip_prefix("PATH=")).next_back().unwrap_or_default();
    let folders: Vec<&str> = path.split(':').filter_map(|folder| folder.strip_prefix('/')).collect();
    let rank = |prefix: &str| {
        let bin = format!("{prefix}/bin");
        folders.iter().position(|folder| *folder == bin).unwrap_or(folders.len())
    };
    let has_environment = found.iter().any(|one| one.prefix == PREFIX);
    found.sort_by_key(|one| std::cmp::Reverse(rank(&one.prefix)));
    let package = |one: Installed| {
        let of_base = has_environment && one.prefix != PREFIX;
        ((one.kind, one.name), Package { build: one.build, of_base, ..Package::of(&one.version) })
    };
    found.into_iter().map(package).collect()
}

/// A package of conda or Python that is installed.
struct Installed {
    /// Where the environment is, such as `opt/conda`.
    prefix: String,
    kind: PackageKind,
    name: String,
    version: String,
    build: Option<String>,
}

fn installed(files: &dyn Files, paths: &[&str]) -> Vec<Installed> {
    let mut found: Vec<Installed> = paths.iter().filter_map(|path| of_conda(path)).collect();
    let of_conda: BTreeSet<String> = found.iter().map(|one| one.prefix.clone()).collect();
    found.extend(paths.iter().filter_map(|path| of_python(files, path, &of_conda)));
    found
}

/// Sample: `opt/env/conda-meta/numpy-1.26.4-py311h64a7726_0.json`.
fn of_conda(path: &str) -> Option<Installed> {
    let (prefix, name) = path.rsplit_once("/conda-meta/")?;
    let (name, version, build) = conda_name(name.strip_suffix(".json")?)?;
    Some(Installed {
        prefix: prefix.to_owned(),
        kind: PackageKind::Conda,
        name: name.to_owned(),
        version: version.to_owned(),
        build: Some(build.to_owned()),
    })
}

/// Sample: `opt/env/lib/python3.11/site-packages/numpy-1.26.4.dist-info/METADATA`. What conda brings is told by its
/// `INSTALLER`, or by none; what Debian brings, by its folder, which is dpkg's own.
fn of_python(files: &dyn Files, path: &str, of_conda: &BTreeSet<String>) -> Option<Installed> {
    let folder = path.strip_suffix(".dist-info/METADATA")?;
    let (site, name) = folder.rsplit_once('/')?;
    let (library, last) = site.rsplit_once('/')?;
    if !["site-packages", "dist-packages"].contains(&last) || library == "usr/lib/python3" {
        return None;
    }
    let (prefix, _) = library.split_once("/lib/")?;
    if of_conda.contains(prefix) {
        let installer = files.read(&format!("{folder}.dist-info/INSTALLER")).unwrap_or_default();
        if [b"".as_slice(), b"conda"].contains(&installer.trim_ascii()) {
            return None;
        }
    }
    let (name, version) = name.rsplit_once('-')?;
    Some(Installed {
        prefix: prefix.to_owned(),
        kind: PackageKind::Pypi,
        name: PackageName::parse(name)?.to_string(),
        version: version.to_owned(),
        build: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_target::MapFiles;
    use serde_json::json;

    #[test]
    fn what_another_tool_installed_is_known_by_whose_it_is() {
        let mut files = MapFiles::default();
        let site = "opt/conda/lib/python3.12/site-packages";
        for (path, text) in [
            ("opt/conda/conda-meta/python-3.12.1-h_0.json", ""),
            ("opt/conda/conda-meta/history", ""),
            ("usr/lib/python3/dist-packages/apt_tool-1.dist-info/METADATA", ""),
            ("usr/local/lib/python3.11/dist-packages/both-1.0.dist-info/METADATA", ""),
            ("usr/local/lib/python3.11/dist-packages/old_pip-1.0.dist-info/METADATA", ""),
        ] {
            files.file(path, text);
        }
        for (name, installer) in [("both-2.0", "pip\n"), ("of_conda-1", "conda\n"), ("of-conda.old-1", "")] {
            files.file(&format!("{site}/{name}.dist-info/METADATA"), "");
            files.file(&format!("{site}/{name}.dist-info/INSTALLER"), installer);
        }
        files.file(&format!("{site}/setuptools/_vendor/inner-1.dist-info/METADATA"), "");
        let paths: Vec<&str> = files.paths().collect();
        let found = |path: &str| -> Vec<String> {
            let config = json!({"Env": ["A=1", format!("PATH={path}")]});
            let found = of_prefixes(&files, &paths, &config).into_iter();
            found.map(|((_, name), package)| format!("{name} {}", package.version)).collect()
        };
        assert_eq!(found("/opt/conda/bin:/usr/local/bin"), ["python 3.12.1", "both 2.0", "old-pip 1.0"]);
        assert_eq!(found("/usr/local/bin:/opt/conda/bin"), ["python 3.12.1", "both 1.0", "old-pip 1.0"]);
    }
}
