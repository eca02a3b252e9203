//! What of conda packages is in an image.

use super::{build, environment};
use crate::support::{channel::Channel, index::Index, tree::Kind, wheel::wheel};
use serde_json::Value;

#[test]
fn the_place_of_the_environment_is_put_into_texts_and_binaries() {
    let channel = Channel::start();
    let built = build(&environment(&channel, "- greeter\n"), &["words.txt", "greeter-script", "bin/greeter"]);
    assert_eq!(built.texts["opt/env/share/greeter/words.txt"], "hello /opt/env/share\n");
    assert!(built.texts["opt/env/bin/greeter-script"].starts_with("#!/opt/env/bin/python3.11\n"));
    let binary = &built.texts["opt/env/bin/greeter"];
    assert!(binary.contains("/opt/env/share/greeter/words.txt\0") && !binary.contains("placehold"));
    assert_eq!(built.tree["opt/env/share/greeter/same.txt"].kind, Kind::Link("words.txt".to_owned()));
}

#[test]
fn pure_python_is_linked_for_the_python_that_is_chosen() {
    let channel = Channel::start();
    let built = build(&environment(&channel, "- python=3.11\n- tabulate\n- six\n"), &["bin/tabulate"]);
    for path in ["tabulate/__init__.py", "tabulate-0.9.0.dist-info/METADATA", "six.py"] {
        assert!(built.tree.contains_key(&format!("opt/env/lib/python3.11/site-packages/{path}")), "{path}");
    }
    let script = &built.texts["opt/env/bin/tabulate"];
    assert!(
        script.starts_with("#!/opt/env/bin/python\n") && script.contains("from tabulate import _main"),
        "{script}"
    );
}

/// conda's tools read `conda-meta`, and find what is there: names, digests, sizes, and no place of this machine.
#[test]
fn condas_own_records_are_true() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- greeter\n- tabulate=0.9\n");
    let built = build(&envwright, &[".json", "conda-meta/history"]);
    let records: Vec<Value> = built
        .texts
        .iter()
        .filter(|(path, _)| path.starts_with("opt/env/conda-meta/") && path.ends_with(".json"))
        .map(|(_, text)| serde_json::from_str(text).unwrap())
        .collect();
    let names: Vec<&str> = records.iter().map(|record| record["name"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"greeter") && names.contains(&"python") && names.contains(&"openssl"),
        "{names:?}"
    );
    for record in &records {
        let text = record.to_string();
        assert!(!text.contains(envwright.folder().parent().unwrap().to_str().unwrap()), "{text}");
        for listed in record["paths_data"]["paths"].as_array().unwrap() {
            let path = format!("opt/env/{}", listed["_path"].as_str().unwrap());
            match &built.tree[&path].kind {
                Kind::File(digest) => assert_eq!(listed["sha256_in_prefix"], digest.hex(), "{path}"),
                Kind::Link(_) => assert_eq!(listed["path_type"], "softlink", "{path}"),
                other => panic!("{path} is {other:?}"),
            }
        }
    }
    let history = &built.texts["opt/env/conda-meta/history"];
    assert!(history.contains("::greeter-1.0-py311h0000000_0\n"), "{history}");
    assert!(history.contains("# update specs: ['greeter', 'tabulate 0.9.*']\n"), "{history}");
}

#[test]
fn variables_of_activation_are_set_and_scripts_that_do_more_are_told() {
    let channel = Channel::start();
    let built = build(&environment(&channel, "- greeter\n- postlink\n"), &[]);
    let variables = built.configuration["config"]["Env"].to_string();
    assert!(variables.contains("GREETER_HOME=/opt/env/share/greeter"), "{variables}");
    assert!(variables.contains("CONDA_PREFIX=/opt/env") && !variables.contains("VIRTUAL_ENV"), "{variables}");
    assert!(
        built.said.contains("greeter-other.sh") && built.said.contains(".postlink-post-link.sh"),
        "{}",
        built.said
    );
    assert!(!built.tree.contains_key("opt/env/share/postlink/made.txt"));
}

#[test]
fn scripts_at_linking_can_be_refused_or_left_untold() {
    let channel = Channel::start();
    let with = |policy: &str| {
        let config = format!("[conda]\npost-link = \"{policy}\"\n{}", channel.config());
        environment(&channel, "- postlink\n").config(&config)
    };
    for command in ["build", "check", "materialize"] {
        let prefix: &[&str] = if command == "materialize" { &["--prefix", "env"] } else { &[] };
        let refused = with("refuse").run(&[&[command, "--json"], prefix].concat());
        let problem = refused.json()["root"]["problem"].take();
        assert_eq!((refused.code, problem), (Some(1), "conda-script-not-run".into()), "{command}");
    }
    let built = with("ignore").run(&["build"]).succeeded();
    assert!(!built.stderr.contains("post-link"), "{built}");
}

#[test]
fn a_file_of_two_packages_is_of_the_later_one_and_told() {
    let channel = Channel::start();
    let built = build(&environment(&channel, "- twin-a\n- twin-b\n"), &["share/twin.txt"]);
    assert_eq!(built.texts["opt/env/share/twin.txt"], "twin-b\n");
    assert!(built.said.contains("two packages bring different files to the same place"), "{}", built.said);
}

#[test]
fn the_same_environment_is_the_same_image_in_another_home() {
    let digest = || {
        let channel = Channel::start();
        // Another port: what a mirror is called plays no part.
        let config = format!(
            "[mirrors]\n\"https://conda.example/forge\" = [\"{0}\"]\n[conda.custom-channels]\nconda-forge = \"https://conda.example/forge\"\n",
            channel.url()
        );
        let envwright = environment(&channel, "- python=3.11\n- greeter\n- tabulate\n").config(&config);
        envwright.run(&["build", "--json"]).succeeded().json()["digest"].as_str().unwrap().to_owned()
    };
    assert_eq!(digest(), digest());
}

#[test]
fn a_base_need_not_have_anything() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- busybox\n")
        .file("environment.yaml", "name: app\nimage: scratch\nconda_file: conda.yml\n");
    let built = build(&envwright, &[]);
    assert_eq!(built.tree["opt/env/bin/sh"].kind, Kind::Link("busybox".to_owned()));
    assert!(
        built.tree.keys().all(|path| path == "opt" || path.starts_with("opt/env")),
        "{:?}",
        built.tree.keys()
    );
}

/// The second time, nothing is asked for; and without the cache of images, nothing that is there already.
#[test]
fn what_is_there_is_not_asked_for_again() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- tabulate\n");
    let digest = envwright.run(&["build", "--json"]).succeeded().json()["digest"].take();
    let before = channel.requests().len();
    let again = envwright.run(&["build", "--json"]).succeeded().json();
    assert_eq!((&again["digest"], &again["reused"]), (&digest, &true.into()));
    fs_err::remove_dir_all(envwright.home().join("images")).unwrap();
    let offline = envwright.run(&["build", "--offline", "--json"]).succeeded().json();
    assert_eq!(offline["digest"], digest);
    assert_eq!(channel.requests().len(), before, "{:?}", channel.requests());
}

/// No Python is needed on this machine: the one that conda brings makes the byte code.
#[test]
fn condas_own_python_makes_the_byte_code() {
    let (channel, index) =
        (Channel::start(), Index::of(&[wheel("app", "1.0").file("app/deep.py", "x = 1\n")]));
    let envwright = environment(&channel, "- python=3.11\n- tabulate\n- pip\n- pip:\n  - app\n")
        .index(&index.url())
        .file("environment.yaml", "image: oci:base\nconda_file: conda.yml\ncompile: true\n")
        .variable("PATH", "/nowhere");
    envwright.run(&["check"]).succeeded();
    let built = build(&envwright, &[]);
    let site = "opt/env/lib/python3.11/site-packages";
    for made in ["tabulate/__pycache__/__init__.cpython-311.pyc", "app/__pycache__/deep.cpython-311.pyc"] {
        assert!(built.tree.contains_key(&format!("{site}/{made}")), "{made}");
    }
    envwright.run(&["materialize", "--prefix", "env"]).succeeded();
    let made =
        envwright.folder().join("env/lib/python3.11/site-packages/app/__pycache__/deep.cpython-311.pyc");
    assert!(made.is_file());
}
