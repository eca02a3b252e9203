//! Each example is checked, mended as its patch says, and checked again.

use super::{
    list::{Example, FOLDER, table},
    world::World,
};
use crate::support::{Envwright, Ran, machine::output, tool};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

/// What an example says is the snapshot of its name. All are looked at, whichever fails.
fn all(wanted: impl Fn(&Example) -> bool) {
    let world = World::start();
    let looked: Vec<Example> = table().into_iter().filter(wanted).collect();
    assert!(looked.len() >= 15, "{}", looked.len());
    let failed: Vec<&str> = looked
        .iter()
        .filter(|example| catch_unwind(AssertUnwindSafe(|| is_told_and_mended(&world, example))).is_err())
        .map(|example| example.name.as_str())
        .collect();
    assert_eq!(failed, Vec::<&str>::new());
}

fn is_yaml(example: &Example) -> bool {
    Path::new(FOLDER).join(&example.name).join("environment.yml").exists()
}

#[test]
fn yaml_is_told_and_mended() {
    all(is_yaml);
}

#[test]
fn requirements_and_projects_are_told_and_mended() {
    all(|example| !is_yaml(example));
}

fn is_told_and_mended(world: &World, example: &Example) {
    let envwright = world.envwright();
    copy(&Path::new(FOLDER).join(&example.name), &envwright.folder());
    let ran = run(&envwright, example, &[]);
    let settings = ran.settings();
    settings.bind(|| insta::assert_snapshot!(example.name.replace('-', "_"), ran.to_string()));
    has_place_cause_and_edit(&envwright, example, &ran);

    output(tool("git", "git").args(["apply", "fix.patch"]).current_dir(envwright.folder()));
    let mended = run(&envwright, example, &[]).succeeded();
    assert!(!mended.stdout.contains("warning[") && !mended.stdout.contains("error["), "{mended}");
}

fn run(envwright: &Envwright, example: &Example, more: &[&str]) -> Ran {
    let mut arguments: Vec<&str> =
        example.arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
    let definition = fs_err::read_to_string(envwright.folder().join("environment.yml")).unwrap_or_default();
    if !definition.contains("platforms:") {
        // The mirror has packages for no other.
        arguments.extend(["--platform", "linux/amd64"]);
    }
    envwright.run(&arguments)
}

/// The message says where it is, why it is so and what to write; what programs are given says the same.
fn has_place_cause_and_edit(envwright: &Envwright, example: &Example, ran: &Ran) {
    let given = run(envwright, example, &["--json"]).json();
    // A password in a definition stops no build, and what this version does not build stops no check.
    let warns = matches!(example.problem.as_str(), "definition-secret-in-url" | "not-supported-yet");
    let notes = given["notes"].as_array().unwrap();
    let note = notes.iter().find(|note| note["problem"] == *example.problem);
    let found = if warns { note.unwrap_or_else(|| panic!("{ran}")) } else { &given["root"] };
    assert_eq!(found["problem"], *example.problem, "{ran}");
    assert_eq!(ran.code, Some(i32::from(!warns)), "{ran}");
    let (file, line) = (found["file"].as_str().unwrap(), &found["evidence"][0]["line"]);
    let place = format!("╭▸ {file}:{line}:");
    assert!(ran.stdout.contains(&place), "{place} of {ran}");
    let written = fs_err::read_to_string(envwright.folder().join(file)).unwrap();
    assert!(written.lines().count() as u64 >= line.as_u64().unwrap(), "{file} has no line {line}");
    for part in ["\ncause   ", "\nfix     "] {
        assert!(ran.stdout.contains(part), "{part} of {ran}");
    }
    let patch = fs_err::read_to_string(envwright.folder().join("fix.patch")).unwrap();
    assert!(patch.contains(&format!("--- a/{file}\n")) || elsewhere(example), "the edit is of another file");
}

/// Where another file than the one shown first is mended.
fn elsewhere(example: &Example) -> bool {
    example.name == "constraint-conflict"
}

fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs_err::copy(&path, &target).unwrap();
        }
    }
}
