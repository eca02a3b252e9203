//! Bytes that must not change. Where one of these fails, the same lock makes another image than before: then raise
//! `LAYOUT_VERSION`, so that no layer that is kept is taken for a new one, say so in the changelog, and only after
//! that write the new digests here.

use super::{Packing, Place, amd64, archive, config, directory, oci, scratch};
use crate::{
    Base, ImageConfig, Kind, LAYOUT_VERSION, PlannedLayer, assemble, assemble_index, export_docker_archive,
    plan_layers, write_layer,
};
use envwright_store::Digest;
use envwright_target::{MapFiles, Platform};
use std::collections::BTreeMap;

fn layer(place: &Place, packing: Packing) -> PlannedLayer {
    let mut segment = place.segment(Kind::Pypi, "one", &[("opt/a", "alpha"), ("opt/b", "beta")], packing);
    let long = format!("{}/{}", "d".repeat(200), "e".repeat(200));
    segment
        .index
        .directories
        .extend([directory(&long[..200], 0o700, false), directory(&long, 0o1777, false)]);
    let other = place.segment(Kind::Pypi, "two", &[("opt/c", "gamma")], packing);
    let mut plan = plan_layers(&[other, segment], &MapFiles::default(), 0).unwrap();
    plan.layers.remove(0)
}

#[test]
fn the_version_is_the_one_that_these_digests_belong_to() {
    assert_eq!(LAYOUT_VERSION, 1);
}

#[test]
fn a_layer_is_these_bytes() {
    let digests = |packing| {
        let place = Place::new();
        let layer = write_layer(&layer(&place, packing), &place.layout, &place.home).unwrap();
        [layer.diff_id, layer.digest].map(|digest| digest.hex())
    };
    assert_eq!(
        [digests(Packing::Zstd), digests(Packing::Gzip)],
        [
            [
                "03cc5007036bd612b07f9c08868f7175ce8d29fb4b782f42f732c3a4375f1b5f",
                "37977d11461c505948c2aabee3384fb49234e4c362564c6ce8f451844b3d2bf1"
            ],
            [
                "03cc5007036bd612b07f9c08868f7175ce8d29fb4b782f42f732c3a4375f1b5f",
                "cd0116a2f71bb02e2102b76272f3c7921f1a20b781bbf49325ba53634fb5406b"
            ]
        ]
    );
}

#[test]
fn an_image_is_these_bytes() {
    let place = Place::new();
    let layers = [write_layer(&layer(&place, Packing::Zstd), &place.layout, &place.home).unwrap()];
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let config = ImageConfig {
        env: vec![pair("PATH", "/opt/env/bin")],
        labels: BTreeMap::from([pair("a", "b")]),
        annotations: BTreeMap::from([pair("c", "d")]),
        cmd: Some(vec!["python".to_owned()]),
        ..config()
    };
    let on_scratch = assemble(&place.layout, &scratch(), &layers, &config).unwrap();
    oci(&place.path("base"), &[(Packing::Gzip, archive(&[("etc/a", "1")]))], amd64());
    let base = Base::oci_layout(&place.path("base"), Platform::AMD64).unwrap();
    let on_base = assemble(&place.layout, &base, &layers, &config).unwrap();
    let index = assemble_index(&place.layout, std::slice::from_ref(&on_base)).unwrap();
    let mut docker = Vec::new();
    export_docker_archive(&place.layout, &on_base.digest, &"x:1".parse().unwrap(), &mut docker).unwrap();
    let digests = [on_scratch.digest, on_base.digest, index, Digest::of(&docker)];
    assert_eq!(
        digests.map(|digest| digest.hex()),
        [
            "922a9afa0f45d99d7d3732319353b4ac20d9b2f5bf3f9f7dc34d3d1d9fc73cd2",
            "4d6596996cada819dbd77a7aca98dd0ad2fa3d81014d73f14b4b435e91a842d6",
            "373f97a7e21165bac9b7f558466de18baf07fb9f31571a1c482c6cdfee5ba6de",
            "f427b1456575e4709c974f06b8432f8de7934727d193627347d58e15bc834d3e"
        ]
    );
}
