//! Machines that really have no space, no files or no right to write. No fault is made up here.

use super::{scene::Scene, steps::outside};
use crate::support::{
    Envwright, Ran,
    machine::{command, program},
    whole,
};
use std::{path::Path, process::Command};

/// A home of its own kind, mounted below the test's folder for as long as this is there.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    /// A file system in memory of so many kibibytes.
    fn of_size(home: &'a Path, kibibytes: u64) -> Self {
        let size = format!("size={kibibytes}k,nr_inodes=2000");
        mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], home);
        Self(home)
    }

    /// The same files, which may only be read.
    fn read_only(home: &'a Path) -> Self {
        mount(&["--bind", home.to_str().unwrap()], home);
        mount(&["-o", "remount,bind,ro"], home);
        Self(home)
    }

    fn grow(&self, kibibytes: u64) {
        mount(&["-o", &format!("remount,size={kibibytes}k")], self.0);
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        // The folder's removal fails where this does.
        let _ = command("umount").arg(self.0).output();
    }
}

fn mount(arguments: &[&str], at: &Path) {
    let mounted = command("mount").args(arguments).arg(at).output().unwrap();
    assert!(
        mounted.status.success(),
        "this test mounts file systems, which needs root: {}",
        String::from_utf8_lossy(&mounted.stderr)
    );
}

/// Exit code 1, one named problem, with the path that it is about.
#[track_caller]
fn assert_refused(ran: &Ran, problem: &str) {
    assert_eq!(ran.code, Some(1), "{ran}");
    let root = &ran.json()["root"];
    assert_eq!(root["problem"], problem, "{ran}");
    assert!(root["facts"]["path"].is_string(), "{root:#}");
}

fn config(envwright: &Envwright) {
    crate::support::write(&envwright.home().join("config.toml"), b"[network]\nretries = 0\n");
}

/// From a home that takes nothing to one that takes all: the write that meets the end is another each time.
#[test]
fn a_home_that_gets_full_at_any_write_is_named_and_goes_on_when_there_is_space() {
    let scene = Scene::new();
    let expected = scene.definition(2).run(&["build", "--json"]).succeeded().json();
    let (mut full, mut done) = (0, 0);
    for kibibytes in (16..=1400).step_by(36) {
        let envwright = scene.definition(2);
        let home = envwright.home();
        let mounted = Mounted::of_size(&home, kibibytes);
        config(&envwright);
        let ran = envwright.run(&["build", "--json"]);
        if ran.code == Some(0) {
            done += 1;
        } else {
            assert_refused(&ran, "disk-full");
            full += 1;
        }
        whole::assert_home(&home);
        mounted.grow(8192);
        let again = envwright.run(&["build", "--json"]).succeeded().json();
        assert_eq!(again["digest"], expected["digest"]);
        envwright.run(&["prune"]).succeeded();
        whole::assert_nothing_begun(&home);
        whole::assert_home(&home);
        whole::assert_readable(&envwright);
    }
    assert!(full > 8 && done > 2, "{full} were full, {done} were not");
}

#[test]
fn an_output_on_a_full_disk_leaves_nothing_of_itself() {
    let scene = Scene::new();
    for output in ["docker-archive:small/out.tar", "oci:small/out"] {
        for kibibytes in [4, 40, 120] {
            let envwright = scene.definition(2);
            let small = envwright.folder().join("small");
            fs_err::create_dir(&small).unwrap();
            let mounted = Mounted::of_size(&small, kibibytes);
            let ran = envwright.run(&["build", "--json", "-o", output]);
            if ran.code != Some(0) {
                assert_refused(&ran, "disk-full");
                let path = ran.json()["root"]["facts"]["path"].as_str().unwrap().to_owned();
                assert!(path.contains("small"), "another path: {path}");
            }
            assert!(!small.join("out.tar").exists() || ran.code == Some(0));
            whole::assert_nothing_begun(&small);
            whole::assert_layout(&small.join("out"));
            mounted.grow(8192);
            envwright.run(&["build", "-o", output]).succeeded();
            whole::assert_layout(&small.join("out"));
        }
    }
}

#[test]
fn a_home_that_may_only_be_read_is_named_and_still_shows_what_it_has() {
    let scene = Scene::new();
    let envwright = scene.definition(2);
    let before = envwright.run(&["build", "--json"]).succeeded().json();
    crate::support::write(&envwright.folder().join("requirements.txt"), b"beta\n");
    let home = envwright.home();
    {
        let _mounted = Mounted::read_only(&home);
        for arguments in [&["build", "--json"][..], &["lock", "--json"], &["prune", "--json"]] {
            assert_refused(&envwright.run(arguments), "store-io");
        }
        whole::assert_readable(&envwright);
        let image = whole::image(&envwright, "app:latest");
        assert_eq!(image.as_deref(), before["digest"].as_str());
    }
    envwright.run(&["build"]).succeeded();
}

#[test]
fn a_home_of_another_user_is_named() {
    let scene = Scene::new();
    let envwright = scene.definition(2);
    for folder in [envwright.home(), envwright.folder(), envwright.home().parent().unwrap().to_owned()] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs_err::set_permissions(folder, mode).unwrap();
    }
    // Where the program lies is for root alone on some machines.
    let place = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .unwrap();
    let binary = place.path().join("envwright");
    let original = envwright.command();
    fs_err::copy(original.get_program(), &binary).unwrap();
    let mut other = Command::new(program("setpriv"));
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary).args(["build", "--json"]);
    let ran = envwright.run_command(like(other, &original), "");
    assert_refused(&ran, "store-io");
    assert!(
        ran.json()["root"]["facts"]["path"].as_str().unwrap().starts_with(envwright.home().to_str().unwrap())
    );
}

/// Runs a command of the shell with the folder and the variables of another.
fn like(mut command: Command, other: &Command) -> Command {
    for (name, value) in other.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(other.get_current_dir().unwrap());
    command
}

/// A build under a limit of the shell's `ulimit`.
fn limited(envwright: &Envwright, limit: &str) -> Ran {
    let original = envwright.command();
    let mut shell = Command::new(program("bash"));
    let script = format!("ulimit {limit} && exec \"$0\" build --json -o docker-archive:out.tar");
    shell.args(["-c", &script]).arg(original.get_program());
    envwright.run_command(like(shell, &original), "")
}

#[test]
fn a_limit_of_open_files_is_named_and_leaves_nothing_half_done() {
    let scene = Scene::new();
    let expected = scene.definition(2).run(&["build", "--json"]).succeeded().json();
    let (mut refused, mut done) = (0, 0);
    for files in (12..40).chain([400]) {
        let envwright = scene.definition(2);
        let ran = limited(&envwright, &format!("-n {files}"));
        match ran.code {
            Some(0) => {
                assert_eq!(ran.json()["digest"], expected["digest"]);
                done += 1;
            }
            // Sockets are files, too.
            Some(1 | 3) => {
                let problem = &ran.json()["root"]["problem"];
                let named =
                    problem == "store-io" || problem.as_str().is_some_and(|id| id.starts_with("net-"));
                assert!(named, "{ran}");
                refused += 1;
            }
            _ => panic!("with {files} files: {ran}"),
        }
        whole::assert_home(&envwright.home());
        let again = envwright.run(&["build", "--json"]).succeeded().json();
        assert_eq!(again["digest"], expected["digest"]);
    }
    assert!(refused > 0 && done > 0, "{refused} were refused, {done} were not");
}

#[test]
fn a_limit_of_the_size_of_files_is_an_error_of_the_file_and_no_signal() {
    let scene = Scene::new();
    for blocks in [0, 1, 8, 64, 200, 330] {
        let envwright = scene.definition(2);
        let ran = limited(&envwright, &format!("-f {blocks}"));
        assert_refused(&ran, "store-io");
        assert!(!outside(&envwright).contains_key(Path::new("out.tar")));
        whole::assert_home(&envwright.home());
        envwright.run(&["build"]).succeeded();
    }
}
