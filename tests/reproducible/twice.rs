//! The second build.

use super::{REQUIREMENTS, digest};
use crate::support::{
    Envwright,
    machine::{command, output},
};
use std::process::Command;

/// Runs where there is no network: not even loopback is up.
fn cut_off(envwright: &Envwright, arguments: &[&str]) -> Command {
    let built = envwright.command();
    let mut command = command("unshare");
    command.args(["--net", "--"]).arg(built.get_program()).args(arguments);
    command.current_dir(envwright.folder());
    for (name, value) in built.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

#[test]
fn a_second_build_asks_nothing_of_the_network() {
    let envwright = Envwright::with_settings_of_machine().file("requirements.txt", REQUIREMENTS);
    let first = digest(&envwright.run(&["build", "--json"]).succeeded().stdout);
    assert_eq!(digest(&output(&mut cut_off(&envwright, &["build", "--json"]))), first);
    assert_eq!(digest(&output(&mut cut_off(&envwright, &["build", "--json", "--offline"]))), first);

    // What was fetched is enough to make the image again.
    for made in ["segments", "images", "builds"] {
        fs_err::remove_dir_all(envwright.home().join(made)).unwrap();
    }
    assert_eq!(digest(&output(&mut cut_off(&envwright, &["build", "--json", "--offline"]))), first);
}
