//! The conda example, against a channel of real files: the same in two homes, and at work in Docker and podman.

use super::{docker::Docker, podman::Podman};
use crate::support::{
    Envwright,
    base::{BOOKWORM, write_base},
    channel::Channel,
};
use serde_json::Value;
use std::{fmt::Write as _, path::Path};

/// Uses each package, and says what tools see of them.
const INSIDE: &str = include_str!("conda.py");

/// The example as it stands, in a home of its own. Its package of PyPI comes from the machine's index.
fn example(channel: &Channel) -> Envwright {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/conda");
    let read = |name: &str| fs_err::read(folder.join(name)).unwrap();
    // What the channel is called is part of conda's records.
    let config = format!(
        "[mirrors]\n\"https://conda.example/conda-forge\" = [\"{}\"]\n[conda]\nchannel-alias = \"https://conda.example\"\n",
        channel.url()
    );
    Envwright::with_settings_of_machine()
        .config(&config)
        .file("environment.yaml", read("environment.yaml"))
        .file("conda.yml", read("conda.yml"))
}

#[test]
fn the_conda_example_is_one_image_and_works() {
    let channel = Channel::start();
    let homes = [example(&channel), example(&channel)];
    let archive = |envwright: &Envwright| {
        // Docker reads zstd since version 23 only.
        let arguments = ["build", "--compression", "gzip", "-o", "docker-archive:image.tar", "--json"];
        envwright.run(&arguments).succeeded().json()["digest"].as_str().unwrap().to_owned()
    };
    let [one, other] = homes.each_ref().map(archive);
    assert_eq!(one, other);
    let image = homes[0].folder().join("image.tar").display().to_string();
    let docker = Docker::start();
    docker.client(&["load", "--quiet", "--input", &image]);
    works(&docker.client(&["run", "--rm", "--network=none", "conda-example:1", "python", "-c", INSIDE]));
    let podman = Podman::new();
    works(&podman.run(&["--network=none", &format!("docker-archive:{image}"), "python", "-c", INSIDE]));
}

#[track_caller]
fn works(said: &str) {
    let said: Value = serde_json::from_str(said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(said["predicted"], 42.0, "{said:#}");
    assert_eq!(said["written"], "12,345", "{said:#}");
    assert_eq!(said["prefix"], "/opt/env", "{said:#}");
    assert_eq!(said["pip_check"], "No broken requirements found.\n", "{said:#}");
    for (name, version) in
        [("numpy", "1.26.4"), ("pandas", "2.2.2"), ("scikit-learn", "1.5.1"), ("humanize", "4.10.0")]
    {
        for list in ["pip_list", "importlib"] {
            assert_eq!(said[list][name], version, "{name} of {list}: {said:#}");
        }
    }
    // conda does not know of PyPI's.
    assert_eq!(
        (&said["conda_meta"]["numpy"], &said["conda_meta"]["humanize"]),
        (&"1.26.4".into(), &Value::Null)
    );
    for command in ["tabulate", "f2py", "pip"] {
        assert_eq!(said["commands"][command], 0, "{command}: {said:#}");
    }
}

#[test]
fn an_image_of_conda_packages_alone_runs() {
    let channel = Channel::start();
    let envwright = Envwright::new()
        .config(&channel.config())
        .file("environment.yaml", "name: bare\nversion: 1\nimage: scratch\nconda_file: {channels: [conda-forge], dependencies: [busybox]}\n");
    envwright.run(&["build", "--compression", "gzip", "-o", "docker-archive:image.tar"]).succeeded();
    let docker = Docker::start();
    docker.client(&[
        "load",
        "--quiet",
        "--input",
        &envwright.folder().join("image.tar").display().to_string(),
    ]);
    let said = docker.client(&["run", "--rm", "--network=none", "bare:1", "sh", "-c", "echo $CONDA_PREFIX"]);
    assert_eq!(said, "/opt/env\n");
}

/// The same packages, named by lock files of other tools: nothing is chosen, and the layers are the same.
#[test]
fn lock_files_of_other_tools_are_built_as_they_are() {
    let channel = Channel::start();
    let solved = Envwright::new().config(&channel.config()).file(
        "environment.yaml",
        "name: a\nimage: oci:base\nconda_file: {channels: [conda-forge], dependencies: [python=3.11, tabulate, six, greeter]}\n",
    );
    write_base(&solved.folder().join("base"), &BOOKWORM);
    let lock = solved.run(&["lock", "--json"]).succeeded().json();
    let packages = lock["lock"]["platforms"]["linux/amd64"]["conda"].as_array().unwrap().clone();
    let text = |package: &Value, key: &str| package[key].as_str().unwrap().to_owned();
    let (mut explicit, mut by_md5) =
        ("@EXPLICIT\n".to_owned(), "# platform: linux-64\n@EXPLICIT\n".to_owned());
    let mut conda_lock = "version: 1\nmetadata: {channels: [{url: conda-forge}]}\npackage:\n".to_owned();
    for package in &packages {
        let (url, sha256) = (text(package, "url"), text(package, "sha256"));
        let sha256 = sha256.trim_start_matches("sha256:");
        writeln!(explicit, "{url}#sha256:{sha256}").unwrap();
        writeln!(by_md5, "{url}#{}", package["record"]["md5"].as_str().unwrap()).unwrap();
        writeln!(
            conda_lock,
            "- {{name: {}, version: '{}', manager: conda, platform: linux-64, url: '{url}', hash: {{sha256: {sha256}}}}}",
            text(package, "name"),
            text(package, "version")
        )
        .unwrap();
    }
    let pixi = fs_err::read_to_string(solved.folder().join("pixi.lock")).unwrap();
    let layers = |name: &str, text: &str| {
        let envwright = Envwright::with_settings_of_machine().file(name, text);
        let built = envwright.run(&["build", name, "--json"]).succeeded().json();
        let platform = built["platforms"][0].clone();
        assert_eq!(platform["conda"], packages.len(), "{name}: {platform:#}");
        let added = platform["added"].as_array().unwrap().clone();
        added.iter().map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = layers("explicit.txt", &explicit);
    assert!(first.len() > 3, "{first:?}");
    for (name, text) in [("by-md5.txt", &by_md5), ("conda-lock.yml", &conda_lock), ("pixi.lock", &pixi)] {
        let same = layers(name, text).iter().filter(|layer| first.contains(layer)).count();
        // The last layer is of the environment's own files.
        assert!(same + 1 >= first.len(), "{name}: {same} of {}", first.len());
    }
}

/// What was built for another place finds its files in this one.
#[test]
fn programs_find_their_files_where_the_environment_is() {
    let channel = Channel::start();
    let envwright = Envwright::with_settings_of_machine()
        .config(&channel.config())
        .file("conda.yml", "name: greeter\nchannels: [conda-forge]\ndependencies: [greeter]\n");
    envwright
        .run(&["build", "-t", "greeter:1", "--compression", "gzip", "-o", "docker-archive:image.tar"])
        .succeeded();
    let podman = Podman::new();
    let image = format!("docker-archive:{}", envwright.folder().join("image.tar").display());
    let said =
        podman.run(&["--network=none", &image, "sh", "-c", "greeter; greeter-script; echo $GREETER_HOME"]);
    assert_eq!(
        said,
        "hello /opt/env/share\n from /opt/env/share/greeter/words.txt\nscript /opt/env\n/opt/env/share/greeter\n"
    );
}
