//! The comparison itself.

use super::{
    contents::{Contents, Debian},
    difference::{
        Change, Changed, ConfigDifference, LayerSum, LayersDifference, Package, PackageDifference,
        PackageKind, PlatformDifference,
    },
    image::ImageFacts,
};
use envwright_definition::is_secret_name;
use envwright_lock::order;
use envwright_redact::Redactor;
use envwright_store::Digest;
use envwright_target::Platform;
use serde_json::{Value, json};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

/// Labels that differ with the time or repeat what is compared on its own.
const TOLD: [&str; 4] = [
    "io.envwright.definition",
    "org.opencontainers.image.base.digest",
    "org.opencontainers.image.base.name",
    "org.opencontainers.image.created",
];

/// Compares two sides on a platform.
pub(super) fn compare(platform: Platform, a: &Contents, b: &Contents) -> PlatformDifference {
    let mut difference = PlatformDifference {
        platform,
        definition: changed(a.definition.as_ref(), b.definition.as_ref()),
        base: changed(a.base.as_ref(), b.base.as_ref()),
        python: changed(a.python.as_ref(), b.python.as_ref()),
        packages: Vec::new(),
        same: 0,
        not_compared: 0,
        config: Vec::new(),
        layers: None,
    };
    packages(&mut difference, a, b);
    if let (Some(a), Some(b)) = (&a.image, &b.image) {
        difference.config = config(&a.config, &b.config);
        difference.layers = Some(layers(a, b));
    }
    difference
}

fn packages(difference: &mut PlatformDifference, a: &Contents, b: &Contents) {
    let all: BTreeSet<_> = a.packages.keys().chain(b.packages.keys()).collect();
    for key in all {
        let (kind, name) = key;
        let (from, to) = (a.packages.get(key), b.packages.get(key));
        let change = match (from, to) {
            (Some(from), Some(to)) => change(*kind, from, to),
            (Some(from), None) if knows(b, a, *kind, from) => Some(Change::Removed),
            (None, Some(to)) if knows(a, b, *kind, to) => Some(Change::Added),
            _ => {
                difference.not_compared += 1;
                continue;
            }
        };
        difference.same += usize::from(change.is_none());
        difference.packages.extend(change.map(|change| PackageDifference {
            kind: *kind,
            name: name.clone(),
            change,
            from: from.cloned(),
            to: to.cloned(),
        }));
    }
}

/// What only one side knows does not differ.
fn changed<T: Clone + PartialEq>(from: Option<&T>, to: Option<&T>) -> Option<Changed<T>> {
    let (from, to) = (from?, to?);
    (from != to).then(|| Changed { from: from.clone(), to: to.clone() })
}

/// Whether a side would name a package of the other, if it had it.
fn knows(side: &Contents, other: &Contents, kind: PackageKind, package: &Package) -> bool {
    match kind {
        _ if side.image.is_some() => true,
        PackageKind::Debian => {
            matches!((side.debian, other.debian), (Debian::All, _) | (Debian::Added, Debian::Added))
        }
        PackageKind::Conda | PackageKind::Pypi => !package.of_base,
    }
}

fn change(kind: PackageKind, from: &Package, to: &Package) -> Option<Change> {
    let order = match kind {
        PackageKind::Debian => order::debian(&from.version, &to.version),
        PackageKind::Conda => order::conda(&from.version, &to.version),
        PackageKind::Pypi => order::pypi(&from.version, &to.version),
    };
    match order {
        Some(Ordering::Less) => return Some(Change::Upgraded),
        Some(Ordering::Greater) => return Some(Change::Downgraded),
        None if from.version != to.version => return Some(Change::Changed),
        _ => {}
    }
    let is_rebuilt = changed(from.build.as_ref(), to.build.as_ref()).is_some()
        || changed(from.sha256.as_ref(), to.sha256.as_ref()).is_some();
    is_rebuilt.then_some(Change::Rebuilt)
}

/// Settings that differ, by name. Variables and labels are settings of their own.
fn config(from: &Value, to: &Value) -> Vec<ConfigDifference> {
    let (from, to) = (settings(from), settings(to));
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let differing = keys.into_iter().filter(|key| from.get(*key) != to.get(*key));
    differing
        .map(|key| ConfigDifference {
            key: key.clone(),
            from: from.get(key).map(|value| shown(key, value)),
            to: to.get(key).map(|value| shown(key, value)),
        })
        .collect()
}

fn settings(config: &Value) -> BTreeMap<String, Value> {
    let mut settings = BTreeMap::new();
    for (key, value) in config.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("Env", Value::Array(pairs)) => {
                for (name, value) in pairs.iter().filter_map(|pair| pair.as_str()?.split_once('=')) {
                    settings.insert(format!("Env.{name}"), json!(value));
                }
            }
            ("Labels", Value::Object(labels)) => {
                let own = labels.iter().filter(|(name, _)| !TOLD.contains(&name.as_str()));
                settings.extend(own.map(|(name, value)| (format!("Labels.{name}"), value.clone())));
            }
            // Docker writes what is not set, too.
            (_, Value::Null) => {}
            (_, Value::String(text)) if text.is_empty() => {}
            _ => {
                settings.insert(key.clone(), value.clone());
            }
        }
    }
    settings
}

/// A value without secrets.
fn shown(key: &str, value: &Value) -> Value {
    let name = key.split_once('.').map_or(key, |(_, name)| name);
    match value {
        Value::String(_) if is_secret_name(name) => json!("****"),
        Value::String(text) => {
            // A name that announces a secret counts as much as the value itself.
            let (start, pair) = (name.len() + 1, format!("{name}={text}"));
            json!(Redactor::default().redact(&pair).get(start..).unwrap_or("****"))
        }
        Value::Array(items) => items.iter().map(|item| shown("", item)).collect(),
        Value::Object(pairs) => pairs.iter().map(|(key, value)| (key.clone(), shown(key, value))).collect(),
        other => other.clone(),
    }
}

fn layers(a: &ImageFacts, b: &ImageFacts) -> LayersDifference {
    let by_digest = |image: &ImageFacts| image.layers.iter().copied().collect::<BTreeMap<Digest, u64>>();
    let (of_a, of_b) = (by_digest(a), by_digest(b));
    let sum = |layers: &BTreeMap<Digest, u64>, others: &BTreeMap<Digest, u64>, shared: bool| {
        let wanted = layers.iter().filter(|(digest, _)| others.contains_key(digest) == shared);
        wanted.fold(LayerSum::default(), |sum, (_, size)| LayerSum {
            count: sum.count + 1,
            bytes: sum.bytes + size,
        })
    };
    LayersDifference {
        both: sum(&of_a, &of_b, true),
        only_a: sum(&of_a, &of_b, false),
        only_b: sum(&of_b, &of_a, false),
        same_files: a.diff_ids == b.diff_ids,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{contents::Packages, difference::BaseImage};

    fn named(all: &[(PackageKind, &str, Package)]) -> Packages {
        all.iter().map(|(kind, name, package)| ((*kind, (*name).to_owned()), package.clone())).collect()
    }

    fn changes(a: &Contents, b: &Contents) -> Vec<(String, Change)> {
        let difference = compare(Platform::AMD64, a, b);
        difference.packages.into_iter().map(|package| (package.name, package.change)).collect()
    }

    fn lock(debian: Debian, all: &[(PackageKind, &str, Package)]) -> Contents {
        Contents { packages: named(all), debian, ..Contents::default() }
    }

    fn image(all: &[(PackageKind, &str, Package)]) -> Contents {
        Contents { image: Some(ImageFacts::default()), ..lock(Debian::All, all) }
    }

    #[test]
    fn one_version_in_two_files_is_a_package_rebuilt_where_both_sides_know_the_file() {
        let build = |build: &str| Package { build: Some(build.to_owned()), ..Package::of("1.0") };
        let file = |text: &[u8]| Package { sha256: Some(Digest::of(text)), ..build("0") };
        let side = |package: Package| lock(Debian::All, &[(PackageKind::Conda, "a", package)]);
        let rebuilt = [("a".to_owned(), Change::Rebuilt)];
        assert_eq!(changes(&side(build("0")), &side(build("1"))), rebuilt);
        assert_eq!(changes(&side(file(b"1")), &side(file(b"2"))), rebuilt);
        assert_eq!(changes(&side(file(b"1")), &side(build("0"))), []);
        assert_eq!(changes(&side(Package::of("1.0")), &side(build("1"))), []);
    }

    #[test]
    fn what_the_other_side_cannot_know_is_not_compared() {
        let of_base = |version: &str| Package { of_base: true, ..Package::of(version) };
        let (debian, pypi) = (PackageKind::Debian, PackageKind::Pypi);
        let added =
            lock(Debian::Added, &[(debian, "tool", Package::of("1")), (pypi, "six", Package::of("1"))]);
        let whole = image(&[
            (debian, "base-files", Package::of("1")),
            (debian, "tool", Package::of("1")),
            (pypi, "pip", of_base("1")),
            (pypi, "new", Package::of("1")),
        ]);
        let difference = compare(Platform::AMD64, &added, &whole);
        assert_eq!((difference.same, difference.not_compared), (1, 2));
        let found = [("new".to_owned(), Change::Added), ("six".to_owned(), Change::Removed)];
        assert_eq!(changes(&added, &whole), found);
        // Two locks of one kind name the same.
        let less = lock(Debian::Added, &[]);
        assert_eq!(changes(&less, &added).len(), 2);
        assert_eq!(changes(&lock(Debian::Unknown, &[]), &added), [("six".to_owned(), Change::Added)]);
    }

    #[test]
    fn a_base_differs_by_its_digest_and_is_not_compared_with_an_unknown_one() {
        let base = |text: &[u8]| Contents {
            base: Some(BaseImage { name: "python:3.11".to_owned(), digest: Some(Digest::of(text)) }),
            ..Contents::default()
        };
        let compared = |a: &Contents, b: &Contents| compare(Platform::AMD64, a, b);
        assert!(compared(&base(b"1"), &base(b"2")).base.is_some());
        assert!(!compared(&base(b"1"), &base(b"1")).differs());
        assert!(!compared(&base(b"1"), &Contents::default()).differs());
    }

    #[test]
    fn settings_are_compared_one_by_one_and_secrets_stay_in_them() {
        let from = json!({
            "Env": ["PATH=/bin", "DB_PASSWORD=one", "INDEX=https://me:hunter2@index.example/"],
            "Labels": {"org.opencontainers.image.created": "then", "team": "a"},
            "User": "",
        });
        let to = json!({
            "Env": ["PATH=/bin", "DB_PASSWORD=two", "INDEX=https://index.example/"],
            "Labels": {"org.opencontainers.image.created": "now", "team": "b"},
            "Cmd": ["serve", "--password=hunter2"],
        });
        let found = config(&from, &to);
        let keys: Vec<&str> = found.iter().map(|setting| setting.key.as_str()).collect();
        assert_eq!(keys, ["Cmd", "Env.DB_PASSWORD", "Env.INDEX", "Labels.team"]);
        let text = serde_json::to_string(&found).unwrap();
        assert!(
            !text.contains("hunter2") && !text.contains("two") && text.contains("index.example"),
            "{text}"
        );
    }

    #[test]
    fn the_same_files_in_other_layers_do_not_differ() {
        let of = |layer: &[u8], files: &[u8]| Contents {
            image: Some(ImageFacts {
                layers: vec![(Digest::of(b"base"), 5), (Digest::of(layer), 7)],
                diff_ids: vec![Digest::of(b"base"), Digest::of(files)],
                ..ImageFacts::default()
            }),
            ..Contents::default()
        };
        let difference = compare(Platform::AMD64, &of(b"gzip", b"files"), &of(b"zstd", b"files"));
        assert!(!difference.differs());
        let layers = difference.layers.unwrap();
        assert_eq!((layers.both.bytes, layers.only_b), (5, LayerSum { count: 1, bytes: 7 }));
        assert!(compare(Platform::AMD64, &of(b"gzip", b"files"), &of(b"gzip", b"others")).differs());
    }
}
