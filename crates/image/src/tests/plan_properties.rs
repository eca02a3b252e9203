//! What holds of every plan.

use super::{parents, planned};
use crate::{Kind, LayerPlan, MOST_LAYERS, PlannedLayer, SegmentRef, plan_layers};
use envwright_store::Digest;
use envwright_target::MapFiles;
use proptest::{prelude::*, sample::subsequence};
use std::collections::{BTreeMap, BTreeSet};

/// Few, so that owners meet; some are folders of others.
const PATHS: [&str; 10] = ["a", "a/x", "a/y", "a/b/x", "a/b", "c/x", "c/d/e/x", "c/d/e/y", "c-d", "z"];

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Debian), Just(Kind::Pypi), Just(Kind::Files), Just(Kind::Environment)]
}

/// Paths of one segment: no file where it has a folder itself.
fn paths() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(PATHS.to_vec(), 0..4).prop_map(|paths| {
        let folders: BTreeSet<&str> = paths.iter().flat_map(|path| parents(path)).collect();
        paths.into_iter().filter(|path| !folders.contains(path)).collect()
    })
}

fn segment() -> impl Strategy<Value = SegmentRef> {
    let size = prop_oneof![1..1000u64, 1..9_000_000u64];
    (kind(), "[a-c]", paths(), "[01]", size).prop_map(|(kind, name, paths, text, size)| {
        let files: Vec<_> = paths.into_iter().map(|path| (path, text.as_str())).collect();
        let mut segment = planned(kind, &name, &files);
        segment.index.compressed_size = size;
        segment
    })
}

/// Segments in some order, and the same in another. Keys tell them apart, as they do packages.
fn segments() -> impl Strategy<Value = (Vec<SegmentRef>, Vec<SegmentRef>)> {
    prop::collection::vec(segment(), 0..40).prop_flat_map(|mut segments| {
        for (index, segment) in segments.iter_mut().enumerate() {
            segment.key = Digest::of(&index.to_le_bytes());
        }
        let shuffled = Just(segments.clone()).prop_shuffle();
        (Just(segments), shuffled)
    })
}

fn plan(segments: &[SegmentRef], base_layers: usize) -> LayerPlan {
    plan_layers(segments, &MapFiles::default(), base_layers).unwrap()
}

fn keys(layer: &PlannedLayer) -> Vec<Digest> {
    layer.segments.iter().map(|segment| segment.key).collect()
}

fn entries(layer: &PlannedLayer) -> Vec<&str> {
    let entries = layer.segments.iter().flat_map(|segment| &segment.index.entries);
    entries.map(|entry| entry.path.as_str()).collect()
}

fn folders(layer: &PlannedLayer) -> Vec<&str> {
    layer.directories.iter().map(|folder| folder.path.as_str()).collect()
}

proptest! {
    #[test]
    fn every_segment_is_in_one_layer((segments, _) in segments()) {
        let mut all: Vec<_> = segments.iter().map(|segment| segment.key).collect();
        let mut found: Vec<_> = plan(&segments, 0).layers.iter().flat_map(keys).collect();
        all.sort();
        found.sort();
        prop_assert_eq!(all, found);
    }

    #[test]
    fn the_order_of_the_input_does_not_matter((segments, shuffled) in segments()) {
        let (one, other) = (plan(&segments, 0), plan(&shuffled, 0));
        prop_assert_eq!(one.clashes, other.clashes);
        prop_assert_eq!(one.layers.len(), other.layers.len());
        for (one, other) in one.layers.iter().zip(&other.layers) {
            prop_assert_eq!(keys(one), keys(other));
            prop_assert_eq!(&one.directories, &other.directories);
        }
    }

    #[test]
    fn a_layer_names_every_path_once_and_every_folder_that_it_needs((segments, _) in segments()) {
        for layer in plan(&segments, 0).layers {
            let (entries, folders) = (entries(&layer), folders(&layer));
            let all: Vec<_> = folders.iter().chain(&entries).copied().collect();
            prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{:?}", all);
            for path in &entries {
                prop_assert!(parents(path).all(|parent| folders.contains(&parent)), "{}", path);
            }
            for (index, path) in folders.iter().enumerate() {
                prop_assert!(parents(path).all(|parent| folders[..index].contains(&parent)), "{}", path);
            }
        }
    }

    #[test]
    fn of_two_owners_the_later_is_in_a_later_layer((segments, _) in segments()) {
        let plan = plan(&segments, 0);
        let mut owners: BTreeMap<&str, Vec<(usize, Kind, &str, Digest)>> = BTreeMap::new();
        for (position, layer) in plan.layers.iter().enumerate() {
            for segment in &layer.segments {
                let files = segment.index.entries.iter().map(|entry| entry.path.as_str());
                for path in files {
                    let owner = (position, segment.kind, segment.name.as_str(), segment.key);
                    owners.entry(path).or_default().push(owner);
                }
            }
        }
        for owners in owners.values() {
            let mut by_name = owners.clone();
            by_name.sort_by_key(|(_, kind, name, key)| (*kind, *name, *key));
            prop_assert!(by_name.windows(2).all(|pair| pair[0].0 < pair[1].0), "{:?}", owners);
        }
    }

    #[test]
    fn layers_lie_in_the_order_of_kinds_and_hold_one_kind_each((segments, _) in segments()) {
        let plan = plan(&segments, 0);
        let kinds: Vec<_> =
            plan.layers.iter().flat_map(|layer| layer.segments.iter().map(|segment| segment.kind)).collect();
        prop_assert!(kinds.is_sorted());
        for layer in &plan.layers {
            prop_assert!(layer.segments.iter().all(|segment| segment.kind == layer.segments[0].kind));
        }
    }

    #[test]
    fn the_budget_is_kept_or_refused((segments, _) in segments(), base_layers in 60..120usize) {
        match plan_layers(&segments, &MapFiles::default(), base_layers) {
            Ok(plan) => prop_assert!(plan.layers.is_empty() || plan.layers.len() + base_layers <= MOST_LAYERS),
            Err(error) => {
                let refused = matches!(error, crate::ImageError::Layers { layers, limit } if layers > limit);
                prop_assert!(refused, "{}", error);
            }
        }
    }
}
