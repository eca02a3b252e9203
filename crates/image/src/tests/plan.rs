//! Which segments share a layer: single cases.

use super::{directory, planned};
use crate::{Clash, ImageError, Kind, LayerPlan, MOST_LAYERS, SegmentRef, plan_layers};
use envwright_store::{Directory, EntryKind};
use envwright_target::{FileEntry, MapFiles};

const MIB: u64 = 1 << 20;

fn sized(name: &str, size: u64) -> SegmentRef {
    let path = format!("f/{name}");
    let mut segment = planned(Kind::Pypi, name, &[(&path, "")]);
    segment.index.compressed_size = size;
    segment
}

fn plan(segments: &[SegmentRef], base_layers: usize) -> LayerPlan {
    plan_layers(segments, &MapFiles::default(), base_layers).unwrap()
}

fn names(plan: &LayerPlan) -> Vec<Vec<&str>> {
    let layer = |layer: &crate::PlannedLayer| layer.segments.len();
    assert!(plan.layers.iter().all(|planned| layer(planned) > 0));
    let names = plan.layers.iter().map(|layer| layer.segments.iter().map(|segment| segment.name.as_str()));
    names.map(Iterator::collect).collect()
}

fn find<'a>(plan: &'a LayerPlan, path: &str) -> &'a Directory {
    plan.layers.iter().flat_map(|layer| &layer.directories).find(|known| known.path == path).unwrap()
}

#[test]
fn nothing_needs_no_layer() {
    assert!(plan(&[], MOST_LAYERS).layers.is_empty());
}

#[test]
fn large_segments_are_alone_and_small_ones_together() {
    let segments =
        [sized("a", 5), sized("big", 9 * MIB), sized("c", 5), sized("huge", 99 * MIB), sized("e", 5)];
    assert_eq!(names(&plan(&segments, 0)), [vec!["big"], vec!["huge"], vec!["a", "c", "e"]]);
}

#[test]
fn a_group_of_small_ones_is_bounded() {
    for (kind, size) in [(Kind::Debian, MIB / 2), (Kind::Pypi, MIB / 8)] {
        let segment = |index| SegmentRef { kind, ..sized(&format!("p{index}"), size) };
        let segments: Vec<_> = (0..10).map(segment).collect();
        let plan = plan(&segments, 0);
        assert_eq!(plan.layers.len(), 5);
        assert!(plan.layers.iter().all(|layer| layer.segments.len() == 2));
    }
}

/// Else a wheel more or less would move Debian packages.
#[test]
fn groups_of_wheels_grow_first_where_the_budget_ends() {
    let wheels = (0..120).map(|index| sized(&format!("p{index:03}"), MIB / 2));
    let debian =
        (0..10).map(|index| SegmentRef { kind: Kind::Debian, ..sized(&format!("d{index}"), MIB / 2) });
    let plan = plan(&debian.chain(wheels).collect::<Vec<_>>(), 0);
    let debian = plan.layers.iter().take_while(|layer| layer.segments[0].kind == Kind::Debian);
    assert!(plan.layers.len() <= MOST_LAYERS);
    assert_eq!(debian.map(|layer| layer.segments.len()).collect::<Vec<_>>(), [2; 5]);
}

#[test]
fn large_ones_share_a_layer_where_the_budget_ends() {
    let segments: Vec<_> = (0..300).map(|index| sized(&format!("p{index:03}"), 2 * MIB)).collect();
    for base_layers in [0, 40, 99] {
        let plan = plan(&segments, base_layers);
        assert!(plan.layers.len() + base_layers <= MOST_LAYERS, "{}", plan.layers.len());
        assert_eq!(names(&plan).concat().len(), 300);
    }
    assert_eq!(plan(&segments[..100], 0).layers.len(), 100);
}

#[test]
fn a_base_without_room_is_refused() {
    for base_layers in [MOST_LAYERS, MOST_LAYERS + 9] {
        let refused = plan_layers(&[sized("a", 1)], &MapFiles::default(), base_layers);
        assert!(matches!(refused, Err(ImageError::Layers { layers: 1, limit: 0 })));
    }
}

/// Each must cover the one before, which takes a layer each.
#[test]
fn more_owners_of_a_path_than_layers_are_refused() {
    let owners = |count: usize| -> Vec<_> {
        let owner =
            |index: usize| planned(Kind::Pypi, &format!("p{index:03}"), &[("same", &index.to_string())]);
        (0..count).map(owner).collect()
    };
    assert_eq!(plan(&owners(MOST_LAYERS), 0).layers.len(), MOST_LAYERS);
    let refused = plan_layers(&owners(MOST_LAYERS + 1), &MapFiles::default(), 0);
    assert!(matches!(refused, Err(ImageError::Layers { .. })));
}

#[test]
fn the_later_of_two_owners_comes_later_and_different_bytes_are_told() {
    let segments = [
        planned(Kind::Pypi, "b", &[("x", "b"), ("y", "b"), ("z", "same")]),
        planned(Kind::Pypi, "a", &[("x", "a"), ("y", "a"), ("z", "same")]),
        planned(Kind::Debian, "z", &[("z", "same")]),
    ];
    let plan = plan(&segments, 0);
    assert_eq!(names(&plan), [["z"], ["a"], ["b"]]);
    let clash = |loser: &str, winner: &str| Clash {
        path: "x".to_owned(),
        paths: 2,
        loser: loser.to_owned(),
        winner: winner.to_owned(),
    };
    assert_eq!(plan.clashes, [clash("a", "b")]);
}

#[test]
fn equal_bytes_with_another_mode_are_told() {
    let mut other = planned(Kind::Pypi, "b", &[("x", "same")]);
    other.index.entries[0].mode = 0o755;
    assert_eq!(plan(&[planned(Kind::Pypi, "a", &[("x", "same")]), other], 0).clashes.len(), 1);
}

/// Whatever is later takes the place: the folder's files would be gone, or the file.
#[test]
fn a_file_where_another_has_a_folder_shares_no_layer_and_is_told() {
    for (loser, winner) in [(("d", ""), ("d/e/f", "")), (("d/e/f", ""), ("d", ""))] {
        let segments = [planned(Kind::Debian, "a", &[loser]), planned(Kind::Debian, "b", &[winner])];
        let plan = plan(&segments, 0);
        assert_eq!(names(&plan), [["a"], ["b"]]);
        let told: Vec<_> = plan.clashes.iter().map(|clash| (clash.path.as_str(), clash.paths)).collect();
        assert_eq!(told, [("d", 1)]);
    }
}

#[test]
fn a_folder_shares_no_layer_with_any_of_several_files_in_its_place() {
    let file = |name: &str| planned(Kind::Pypi, name, &[("d", "")]);
    let segments = [file("a"), file("b"), planned(Kind::Pypi, "c", &[("d/f", "")])];
    assert_eq!(names(&plan(&segments, 0)), [["a"], ["b"], ["c"]]);
}

#[test]
fn the_bases_attributes_go_before_all_others() {
    let mut base = MapFiles::default();
    base.insert("d", FileEntry::Directory { mode: 0o1777, uid: 1, gid: 2, mtime: 3 }, Vec::new());
    let mut segment = planned(Kind::Environment, "e", &[("d/f", ""), ("g/f", "")]);
    segment.index.directories =
        vec![directory("d", 0o700, false), directory("g", 0o700, false), directory("h", 0o711, false)];
    let plan = plan_layers(&[segment], &base, 0).unwrap();
    let of_base = Directory { uid: 1, gid: 2, mtime: 3, ..directory("d", 0o1777, false) };
    assert_eq!(find(&plan, "d"), &of_base);
    assert_eq!(find(&plan, "g").mode, 0o700);
    assert_eq!(find(&plan, "h").mode, 0o711);
}

#[test]
fn who_names_a_folder_goes_before_who_only_needs_it_and_the_environment_before_all() {
    let of = |kind, name: &str, mode, implied| {
        let mut segment = planned(kind, name, &[(&format!("d/{name}"), "")]);
        segment.index.directories = vec![directory("d", mode, implied)];
        segment
    };
    let implied = of(Kind::Debian, "a", 0o755, true);
    let named = of(Kind::Debian, "b", 0o700, false);
    let later = of(Kind::Pypi, "c", 0o711, false);
    let own = of(Kind::Environment, "d", 0o1777, false);
    let mode = |segments: &[SegmentRef]| {
        let plan = plan(segments, 0);
        let folders = plan.layers.iter().flat_map(|layer| &layer.directories);
        let modes: std::collections::BTreeSet<u32> = folders.map(|folder| folder.mode).collect();
        assert_eq!(modes.len(), 1, "every layer says the same of a folder");
        modes.into_iter().next().unwrap()
    };
    assert_eq!(mode(&[implied.clone(), named.clone(), later.clone()]), 0o700);
    assert_eq!(mode(&[implied.clone(), later.clone()]), 0o711);
    assert_eq!(mode(&[implied, named, later, own]), 0o1777);
}

#[test]
fn nothing_lies_behind_a_link_of_the_base_or_in_its_place() {
    let mut base = MapFiles::default();
    base.symlink("lib", "usr/lib").file("usr/lib/x", "").symlink("etc/l", "x").file("etc/x", "");
    let refused = |segment: SegmentRef| match plan_layers(&[segment], &base, 0) {
        Err(ImageError::BaseLink { path }) => Some(path),
        _ => None,
    };
    let own = |path: &str| planned(Kind::Files, "files", &[(path, "")]);
    assert_eq!(refused(own("lib/new")).as_deref(), Some("lib"));
    assert_eq!(refused(own("lib")).as_deref(), Some("lib"));
    assert_eq!(refused(own("usr/lib/new")), None);
    // A file may replace a link to a file, and a newer link an older one.
    assert_eq!(refused(own("etc/l")), None);
    let mut link = own("lib");
    link.index.entries[0].kind = EntryKind::Symlink { target: "usr/lib64".to_owned() };
    assert_eq!(refused(link), None);
}
