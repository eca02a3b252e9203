//! Definitions in other formats.

use super::conda;
use crate::support::Envwright;

#[test]
fn a_conda_environment_becomes_azures_and_comes_back() {
    let envwright = conda();
    let ran = envwright.run(&["convert", "--to", "azureml", "-o", "azure.yml"]).succeeded();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let ran = envwright.run(&["convert", "azure.yml", "--to", "conda"]).succeeded();
    for line in ["name: app", "- python=3.12", "- Pillow=9", "  - six==1.16.0"] {
        assert!(ran.stdout.contains(line), "{line}: {ran}");
    }
}

#[test]
fn what_is_lost_is_told_and_can_be_refused() {
    let envwright = conda();
    let ran = envwright.run(&["convert", "--to", "requirements"]).succeeded();
    assert_eq!(ran.stdout, "six==1.16.0\n");
    assert!(
        ran.stderr.contains("warning[conversion-loss]: requirements has no place for conda's channels"),
        "{ran}"
    );
    let json = envwright.run(&["convert", "--to", "requirements", "--json"]).succeeded().json();
    assert_eq!(
        (&json["text"], &json["lost"][0]),
        (&"six==1.16.0\n".into(), &"conda's channels and packages".into())
    );
    let ran = envwright.run(&["convert", "--to", "requirements", "--lossless", "-o", "r.txt"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(!envwright.folder().join("r.txt").exists());
}

#[test]
fn what_cannot_be_written_at_all_is_a_finding() {
    let ran = conda().run(&["convert", "--to", "pylock", "--json"]);
    assert_eq!(
        (ran.code, &ran.json()["root"]["problem"]),
        (Some(1), &"conversion-impossible".into()),
        "{ran}"
    );
    let ran = conda().run(&["convert", "--to", "exe"]);
    assert_eq!(ran.code, Some(2), "{ran}");
}

#[test]
fn a_list_of_urls_becomes_a_lock_of_pixi() {
    let list = "# platform: linux-64\n@EXPLICIT\n\
                https://channel.example/conda-forge/noarch/six-1.16.0-pyh6c4a22f_0.tar.bz2#e5f25f8dbc060e9a8d912e432202afc2\n";
    let envwright = Envwright::new().file("explicit.txt", list);
    envwright.run(&["convert", "explicit.txt", "--to", "pixi-lock", "-o", "pixi.lock"]).succeeded();
    let ran = envwright.run(&["convert", "pixi.lock", "--to", "explicit"]).succeeded();
    let url = "https://channel.example/conda-forge/noarch/six-1.16.0-pyh6c4a22f_0.tar.bz2#e5f25f8dbc060e9a8d912e432202afc2";
    assert!(ran.stdout.contains(url), "{ran}");
}
