//! Mechanical fixes of the text.

use super::{CONDA, conda};
use crate::support::Envwright;

const FIXED: &str = "\
# training
name: app
channels: [conda-forge]
dependencies:
  - python=3.12
  - pillow=9  # images
  - pip=24.2
  - pip:
    - six==1.16.0
";

fn text(envwright: &Envwright) -> String {
    fs_err::read_to_string(envwright.folder().join("environment.yml")).unwrap()
}

#[test]
fn fixes_keep_comments_and_layout_and_leave_nothing_to_fix() {
    let envwright = conda();
    let ran = envwright.run(&["check", "--static", "--fix"]).succeeded();
    assert_eq!(text(&envwright), FIXED, "{ran}");
    assert!(ran.stderr.starts_with("fixed 2 findings\n"), "{ran}");
    assert!(!ran.stdout.contains("definition-pip-missing"), "{ran}");
    let again = envwright.run(&["check", "--static", "--fix", "--json"]).succeeded().json();
    assert_eq!((&again["fixed"]["fixes"], &again["fixed"]["patch"]), (&0.into(), &"".into()));
}

#[test]
fn a_diff_changes_nothing_and_can_be_applied() {
    let envwright = conda();
    let ran = envwright.run(&["check", "--diff"]).succeeded();
    assert_eq!(text(&envwright), CONDA);
    for line in ["-  - Pillow=9  # images", "+  - pillow=9  # images", "+  - pip=24.2"] {
        assert!(ran.stdout.lines().any(|found| found == line), "{ran}");
    }
    fs_err::write(envwright.folder().join("fix.patch"), &ran.stdout).unwrap();
    let mut git = crate::support::tool("git", "git");
    assert!(git.args(["apply", "fix.patch"]).current_dir(envwright.folder()).status().unwrap().success());
    assert_eq!(text(&envwright), FIXED);
}

#[test]
fn included_files_are_fixed_and_standard_input_comes_back() {
    let envwright = Envwright::new()
        .file("requirements.txt", "-r more.txt\n")
        .file("more.txt", "six==1  # one\nattrs\nsix==1  # two\n");
    envwright.run(&["check", "--static", "--fix"]).succeeded();
    let more = fs_err::read_to_string(envwright.folder().join("more.txt")).unwrap();
    assert_eq!(more, "six==1  # one\nattrs\n# two\n");
    let ran = Envwright::new().run_with_input(&["check", "-", "--static", "--fix"], CONDA).succeeded();
    assert!(ran.stdout.starts_with(FIXED), "{ran}");
}

#[test]
fn a_file_keeps_its_mode_its_mark_and_its_link() {
    use std::os::unix::fs::PermissionsExt as _;
    let envwright = Envwright::new().file("real.yml", format!("\u{feff}{CONDA}"));
    let real = envwright.folder().join("real.yml");
    fs_err::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    fs_err::os::unix::fs::symlink("real.yml", envwright.folder().join("environment.yml")).unwrap();
    envwright.run(&["check", "environment.yml", "--static", "--fix"]).succeeded();
    assert_eq!(fs_err::read_to_string(&real).unwrap(), format!("\u{feff}{FIXED}"));
    assert_eq!(fs_err::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs_err::symlink_metadata(envwright.folder().join("environment.yml")).unwrap().is_symlink());
}

#[test]
fn a_diff_of_what_cannot_be_read_says_why() {
    let ran = Envwright::new().run(&["check", "--diff", "nowhere.yml"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran}");
    assert!(ran.stderr.contains("error[definition-not-found]"), "{ran}");
}

#[test]
fn a_file_of_another_tool_loses_no_line() {
    let workflow = "name: ci\non: push\njobs: {}\n";
    let envwright = Envwright::new().file("ci.yml", workflow);
    let ran = envwright.run(&["check", "ci.yml", "--static", "--fix"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert_eq!(fs_err::read_to_string(envwright.folder().join("ci.yml")).unwrap(), workflow);
}
