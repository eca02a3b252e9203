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
                "d9ee33605cea19b792552e0e7d9f5c90c52c1075759b70716a05970ef21ece24",
                "0601d6198719ca84a76005c44c47ba75ae5f597544244dcefe5506d3c8b7b0e5"
            ],
            [
                "d9ee33605cea19b792552e0e7d9f5c90c52c1075759b70716a05970ef21ece24",
                "2b1c03d0a1491ab8cb8011d7bcacc430ca3cc3244d8f8e3e2231aaee879e9e9e"
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
            "2e421f00ef6dc87d91833438bec4303d613716c685f322e42606bbaeb37eba17",
            "0b5c3acfbd9ec35ce442c2f0c3fc7ed3d839cc942e0b5b270579b03f21433e49",
            "947468a30322249b65399e478f6b7be3962414be8b73141bc889edd9cec36d6b",
            "5c976b6ef5ac73213d09109c71f5f6429e86efda35d444ce2d4eb117b0461bba"
        ]
    );
}
