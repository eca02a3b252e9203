//! Each part of the corpus, tried.

use super::{
    corpus::{debs, honest, images, links, numbers, paths, streams, wheels, zips},
    make::{ar, tar::Tar},
    page::Section,
    references,
    tried::{self, Case, TAKEN, Verdict, build, compared},
};
use crate::support::{
    Ran,
    base::{self, BOOKWORM, Layer},
    debian::Repository,
    index::Index,
    tree,
    wheel::{sha256, wheel},
};

pub(crate) const STATUS: (&str, &str) =
    ("var/lib/dpkg/status", "Package: base\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n");

/// What went wrong with a case, where a verdict is not the expected one or an image has other files.
type Wrong = Vec<String>;

/// What users are told, for a snapshot.
fn told(case: &Case, ran: &Ran) -> String {
    if ran.code == Some(0) {
        return format!("{}: taken\n", case.name);
    }
    let root = &ran.json()["root"];
    let fact = |name: &str| root["facts"][name].as_str().unwrap_or_default().to_owned();
    let (path, reason) = (fact("path"), fact("reason"));
    // Long ones are long because the archive is.
    let path: String = path.chars().take(60).collect();
    let reason: String = reason.chars().take(200).collect();
    let problem = root["problem"].as_str().unwrap();
    format!("{}: {} {problem}: {path} {reason}\n", case.name, ran.code.unwrap())
}

fn snapshot(name: &str, told: &str, ran: &Ran) {
    ran.settings().bind(|| insta::assert_snapshot!(name, told));
}

/// Tries a tar archive as the upper layer of a base.
fn as_layer(case: &Case, layer: Layer, expected: Verdict, wrong: &mut Wrong) -> Ran {
    let envwright = tried::place("name: app\nimage: oci:base\nenv: {A: b}\n");
    let digest = sha256(&layer.bytes);
    base::write_layers(&envwright.folder().join("base"), &[Layer::of(&BOOKWORM), layer]);
    let (ran, problem) = build(case.name, &envwright, "oci:out");
    wrong.extend(compared(case, expected, problem.as_deref(), &ran));
    if problem.is_none() {
        // The layer is passed on as it is; what is known of it is what it says.
        let kept = envwright.folder().join("out/blobs/sha256").join(&digest);
        assert_eq!(sha256(&fs_err::read(kept).unwrap()), digest, "{}", case.name);
        assert_eq!(ran.json()["platforms"][0]["python"], case.python, "{}", case.name);
    }
    ran
}

/// Tries .debs, each as the only package that is added to a base. The last verdict of each case is that of it.
fn as_packages(cases: &[Case], archive: impl Fn(&Case) -> Vec<u8>, wrong: &mut Wrong) -> String {
    let plain = tried::case("plain", "", ar::deb("plain", "data.tar", &Tar::new().end()), TAKEN);
    let mut archives: Vec<(&str, Vec<u8>)> = cases.iter().map(|case| (case.name, archive(case))).collect();
    archives.push((plain.name, plain.bytes.clone()));
    let offered: Vec<(&str, &[u8])> = archives.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
    let repository = Repository::of_archives("bookworm", &offered);
    let source = repository.source("bookworm");
    let mut run = |case: &Case| {
        let definition = format!("name: app\nimage: oci:base\napt: [{}]\n", case.name);
        let source = ("etc/apt/sources.list.d/test.sources", source.as_str());
        let envwright = tried::on_debian(&definition, &[STATUS, source]);
        let (ran, problem) = build(case.name, &envwright, "docker-archive:out.tar");
        wrong.extend(compared(case, *case.verdicts.last().unwrap(), problem.as_deref(), &ran));
        (ran, envwright)
    };
    let (_, without) = run(&plain);
    let without = tree::of_docker_archive(&without.folder().join("out.tar"), |_, _| ());
    let mut text = String::new();
    for case in cases {
        let (ran, envwright) = run(case);
        text.push_str(&told(case, &ran));
        let image = envwright.folder().join("out.tar");
        if ran.code == Some(0) {
            assert_eq!(tried::brought(&image, &without), case.brings, "{}", case.name);
        }
    }
    text
}

fn checked(wrong: &Wrong) {
    assert!(wrong.is_empty(), "other verdicts than expected: {wrong:#?}");
}

#[test]
fn tar_archives_as_layers_and_as_data_of_packages() {
    let cases = [paths::cases(), links::cases(), numbers::cases(), honest::cases()].concat();
    assert!(cases.len() >= 60);
    let (mut wrong, mut text) = (Vec::new(), String::new());
    let mut last = None;
    for case in &cases {
        let ran = as_layer(case, Layer::plain(case.bytes.clone()), case.verdicts[0], &mut wrong);
        text.push_str(&told(case, &ran));
        last = Some(ran);
    }
    let packages = as_packages(&cases, |case| ar::deb(case.name, "data.tar", &case.bytes), &mut wrong);
    checked(&wrong);
    let last = last.unwrap();
    snapshot("tars_as_layers", &text, &last);
    snapshot("tars_as_packages", &packages, &last);
    let folder = references::folder(cases.iter().map(|case| (case, case.bytes.clone())));
    let readers = [
        ("`tarfile`", references::python("tar", folder.path())),
        ("GNU tar", references::gnu_tar(folder.path())),
    ];
    Section { title: "Tar archives", ways: &["As a layer", "In a .deb"], references: &readers }.check(&cases);
}

#[test]
fn compressed_archives_as_layers_and_as_data_of_packages() {
    let cases = streams::cases();
    let (mut wrong, mut text, mut last) = (Vec::new(), String::new(), None);
    for stream in cases.iter().filter(|stream| stream.as_layer) {
        let layer =
            Layer { kind: stream.kind, bytes: stream.case.bytes.clone(), diff_id: sha256(&streams::plain()) };
        let ran = as_layer(&stream.case, layer, stream.case.verdicts[0], &mut wrong);
        text.push_str(&told(&stream.case, &ran));
        last = Some(ran);
    }
    let packed: Vec<Case> = cases.iter().map(|stream| stream.case.clone()).collect();
    let name = |case: &Case| cases.iter().find(|stream| stream.case.name == case.name).unwrap().part;
    let deb = |case: &Case| ar::deb(case.name, name(case), &case.bytes);
    let packages = as_packages(&packed, deb, &mut wrong);
    checked(&wrong);
    snapshot("streams", &format!("{text}\n{packages}"), &last.unwrap());
    let folder = references::folder(packed.iter().map(|case| (case, deb(case))));
    let readers = [("`dpkg-deb`", references::dpkg_deb(folder.path()))];
    Section { title: "Compressed archives", ways: &["As a layer", "In a .deb"], references: &readers }
        .check(&packed);
}

#[test]
fn packages_of_debian() {
    let cases = debs::cases();
    let mut wrong = Vec::new();
    let text = as_packages(&cases, |case| case.bytes.clone(), &mut wrong);
    checked(&wrong);
    insta::with_settings!({ snapshot_path => "../snapshots", omit_expression => true }, {
        insta::assert_snapshot!("debs", text);
    });
    let folder = references::folder(cases.iter().map(|case| (case, case.bytes.clone())));
    let readers = [("`dpkg-deb`", references::dpkg_deb(folder.path()))];
    Section { title: "Packages of Debian", ways: &["As a .deb"], references: &readers }.check(&cases);
}

#[test]
fn wheels_and_their_zip_archives() {
    let cases = [zips::cases(), wheels::cases()].concat();
    assert!(cases.len() >= 40);
    let offered: Vec<_> =
        cases.iter().map(|case| wheel(case.name, "1.0").archive(case.bytes.clone())).collect();
    let index = Index::of(&[&offered[..], &[wheel("plain", "1.0")]].concat());
    let (mut wrong, mut text, mut last) = (Vec::new(), String::new(), None);
    let run = |name: &str| {
        let definition = format!("name: app\nimage: oci:base\nrequirements: [{name}]\n");
        let envwright = tried::on_debian(&definition, &[]).index(&index.url());
        let (ran, problem) = build(name, &envwright, "docker-archive:out.tar");
        (ran, problem, envwright)
    };
    let (ran, _, without) = run("plain");
    assert_eq!(ran.code, Some(0), "{ran}");
    let without = tree::of_docker_archive(&without.folder().join("out.tar"), |_, _| ());
    for case in &cases {
        let (ran, problem, envwright) = run(case.name);
        wrong.extend(compared(case, case.verdicts[0], problem.as_deref(), &ran));
        if problem.is_none() {
            let module =
                format!("opt/env/lib/python3.11/site-packages/{}/__init__.py=", case.name.replace('-', "_"));
            let mut brought = tried::brought(&envwright.folder().join("out.tar"), &without);
            brought.retain(|path| *path != module);
            assert_eq!(brought, case.brings, "{}", case.name);
        }
        text.push_str(&told(case, &ran));
        last = Some(ran);
    }
    checked(&wrong);
    snapshot("wheels", &text, &last.unwrap());
    let folder = references::folder(cases.iter().map(|case| (case, case.bytes.clone())));
    let readers = [("`zipfile`", references::python("zip", folder.path()))];
    Section { title: "Wheels", ways: &["As a wheel"], references: &readers }.check(&cases);
}

#[test]
fn layouts_and_archives_of_images() {
    let cases = images::cases();
    let (mut wrong, mut text, mut last) = (Vec::new(), String::new(), None);
    for image in &cases {
        let envwright = tried::place(&format!("name: app\nimage: {}\nenv: {{A: b}}\n", image.base));
        (image.write)(&envwright.folder());
        let (ran, problem) = build(image.case.name, &envwright, "oci:out");
        wrong.extend(compared(&image.case, image.case.verdicts[0], problem.as_deref(), &ran));
        text.push_str(&told(&image.case, &ran));
        last = Some(ran);
    }
    checked(&wrong);
    snapshot("images", &text, &last.unwrap());
    let cases: Vec<Case> = cases.into_iter().map(|image| image.case).collect();
    Section { title: "Layouts and archives of images", ways: &["As a base"], references: &[] }.check(&cases);
}
