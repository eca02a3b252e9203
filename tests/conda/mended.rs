//! Fixes that were checked by choosing packages anew: each is offered, applied, and then builds.

use super::environment;
use crate::support::{
    Envwright,
    base::{BOOKWORM, write_base},
    channel::{self, Channel},
    index::Index,
    wheel::wheel,
};

/// The fix of a problem is offered as checked with this title; applied, `file` is this text, and the image is built.
#[track_caller]
fn mends(envwright: &Envwright, problem: &str, title: &str, file: &str, text: &str) {
    let offered = envwright.run(&["fix", "--json"]).succeeded().json();
    let proposals = offered["proposals"].as_array().unwrap().clone();
    let proposal = proposals.iter().find(|one| one["title"] == title);
    let proposal = proposal.unwrap_or_else(|| panic!("no `{title}` in {offered:#}"));
    assert_eq!((&proposal["problem"], &proposal["checked"]), (&problem.into(), &true.into()));
    let before = fs_err::read_to_string(envwright.folder().join(file)).unwrap();
    assert_ne!(before, text);
    envwright.run(&["fix", "--apply", problem]).succeeded();
    assert_eq!(fs_err::read_to_string(envwright.folder().join(file)).unwrap(), text);
    envwright.run(&["build"]).succeeded();
}

fn conda(dependencies: &str) -> String {
    format!("channels: [conda-forge]\ndependencies:\n{dependencies}")
}

#[test]
fn a_misspelled_name() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- python=3.11  # why\n- tabulat=0.9 # tables\n");
    let text = conda("- python=3.11  # why\n- tabulate=0.9 # tables\n");
    mends(
        &envwright,
        "conda-package-not-found",
        "Write `tabulate` in the place of `tabulat`",
        "conda.yml",
        &text,
    );
}

/// Neither alone would do.
#[test]
fn two_slips_at_once() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- tabulat\n- numpy=1.27\n- six\n");
    let text = conda("- tabulate\n- numpy=1.26.4\n- six\n");
    let title = "Write `tabulate` in the place of `tabulat`";
    mends(&envwright, "conda-package-not-found", title, "conda.yml", &text);
}

#[test]
fn a_version_that_is_not_there() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- tabulate=0.8.7\n- six\n");
    let title = "Ask for tabulate 0.8.10, the nearest version that there is";
    mends(&envwright, "conda-package-not-found", title, "conda.yml", &conda("- tabulate=0.8.10\n- six\n"));
}

#[test]
fn a_package_that_is_on_pypi() {
    let channel = Channel::start();
    let index = Index::of(&[wheel("zzyzx", "1.2")]);
    let envwright =
        environment(&channel, "- python=3.11\n- zzyzx=1.2 # only there\n- six\n").index(&index.url());
    let text = conda("- python=3.11\n- six\n- pip\n- pip:\n  - zzyzx==1.2.*\n");
    mends(&envwright, "conda-package-not-found", "Take zzyzx from PyPI", "conda.yml", &text);
    let envwright = environment(&channel, "- zzyzx\n- pip\n- pip:\n  - other\n")
        .index(&Index::of(&[wheel("zzyzx", "1.2"), wheel("other", "1")]).url());
    let text = conda("- pip\n- pip:\n  - zzyzx\n  - other\n");
    mends(&envwright, "conda-package-not-found", "Take zzyzx from PyPI", "conda.yml", &text);
}

#[test]
fn a_package_of_another_channel() {
    let channel = Channel::start();
    let empty = tempfile::tempdir().unwrap();
    for subdir in ["linux-64", "noarch"] {
        fs_err::create_dir(empty.path().join(subdir)).unwrap();
        fs_err::write(
            empty.path().join(subdir).join("repodata.json"),
            format!("{{\"info\": {{\"subdir\": \"{subdir}\"}}, \"packages\": {{}}}}"),
        )
        .unwrap();
    }
    let other = Channel::of(empty.path());
    let config =
        format!("[conda.custom-channels]\nconda-forge = \"{}\"\nteam = \"{}\"\n", channel.url(), other.url());
    let envwright = environment(&channel, "")
        .config(&config)
        .file("conda.yml", "channels:\n  - team\ndependencies:\n  - busybox\n");
    let text = "channels:\n  - team\n  - conda-forge\ndependencies:\n  - busybox\n";
    mends(&envwright, "conda-package-not-found", "Add the channel `conda-forge`", "conda.yml", text);
}

#[test]
fn pins_that_exclude_each_other() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- alpha=1\n- beta\n");
    let title = "Ask for alpha 2.0, which goes with the others";
    mends(&envwright, "conda-unsatisfiable", title, "conda.yml", &conda("- alpha=2.0\n- beta\n"));
}

#[test]
fn a_driver_that_is_not_named_or_too_old() {
    let channel = Channel::start();
    let definition = |cuda: &str| format!("name: app\nimage: oci:base\nconda_file: conda.yml\n{cuda}");
    for (before, after) in [
        ("", "cuda: \"12.0\"\n"),
        ("cuda: \"11.8\" # ours\ntags: {a: b}\n", "cuda: \"12.0\" # ours\ntags: {a: b}\n"),
    ] {
        let envwright = environment(&channel, "- gpu-only\n").file("environment.yaml", definition(before));
        mends(
            &envwright,
            "conda-virtual-package-missing",
            "Say that the image is for CUDA 12.0",
            "environment.yaml",
            &definition(after),
        );
    }
}

#[test]
fn what_pip_cannot_take_away_stays_condas() {
    let channel = Channel::start();
    let index = Index::of(&[wheel("distutils-made", "2.0"), wheel("app", "1.0")]);
    let envwright =
        environment(&channel, "- distutils-made\n- pip\n- pip:\n  - distutils-made==2.0\n  - app\n")
            .index(&index.url());
    let text = conda("- distutils-made\n- pip\n- pip:\n  - app\n");
    mends(
        &envwright,
        "pip-cannot-uninstall-distutils",
        "Take distutils-made from conda alone",
        "conda.yml",
        &text,
    );
}

#[test]
fn requirements_of_pip() {
    let channel = Channel::start();
    let index = Index::of(&[
        wheel("requests", "2.31.0"),
        wheel("old", "1.0").requires_python("<3.11"),
        wheel("old", "0.9"),
    ]);
    let asking = |requirements: &str| {
        environment(&channel, "- python=3.11\n- pip\n- pip:\n  - -r requirements.txt\n")
            .index(&index.url())
            .file("requirements.txt", requirements)
    };
    let missing = "pip-no-matching-distribution";
    mends(
        &asking("reqeusts # http\n"),
        missing,
        "Write `requests` in the place of `reqeusts`",
        "requirements.txt",
        "requests # http\n",
    );
    let title = "Ask for requests 2.31.0, the nearest version that there is";
    mends(
        &asking("requests==2.32 # http\n"),
        missing,
        title,
        "requirements.txt",
        "requests==2.31.0 # http\n",
    );
}

/// Of the Pythons of the base, one for which there is a wheel.
#[test]
fn a_python_that_has_wheels() {
    let index = Index::of(&[wheel("app", "1.0").requires_python(">=3.10")]);
    let definition =
        |python: &str| format!("image: oci:base\npython: \"{python}\" # ours\nrequirements: [app]\n");
    let envwright = Envwright::new().index(&index.url()).file("environment.yaml", definition("3.9"));
    let older = [("usr/bin/python3.9", "\0x\x003.9.2\0")];
    write_base(&envwright.folder().join("base"), &BOOKWORM.into_iter().chain(older).collect::<Vec<_>>());
    let title = "Take Python 3.11";
    mends(&envwright, "pip-requires-python", title, "environment.yaml", &definition("3.11"));
}

#[test]
fn nothing_is_offered_that_does_not_help() {
    let channel = Channel::start();
    assert!(channel::folder().is_dir());
    let envwright = environment(&channel, "- qqqqqqqq\n").index(&Index::of(&[wheel("six", "1.16")]).url());
    let ran = envwright.run(&["fix", "--json"]);
    assert_eq!((ran.code, ran.json()["proposals"].as_array().unwrap().len()), (Some(1), 0), "{ran}");
    let healthy = environment(&channel, "- tabulate\n").run(&["fix"]).succeeded();
    assert!(healthy.stderr.contains("nothing to fix"), "{healthy}");
}

/// A build of `OpenCV` that draws windows cannot be imported in an image without a library for that.
#[test]
fn a_package_that_draws_windows() {
    let (channel, index) = (
        Channel::start(),
        Index::of(&[wheel("opencv-python", "4.9.0"), wheel("opencv-python-headless", "4.9.0")]),
    );
    let list = |name: &str| conda(&format!("- python=3.11\n- pip\n- pip:\n  - {name}>=4 # eyes\n"));
    let envwright = environment(&channel, "").file("conda.yml", list("opencv-python")).index(&index.url());
    let checked = envwright.run(&["check", "--json"]).succeeded().json();
    let warned =
        checked["warnings"].to_string() + &checked["findings"].to_string() + &checked["notes"].to_string();
    assert!(warned.contains("shared-library-missing") && warned.contains("libGL.so.1"), "{checked:#}");
    let title = "Ask for `opencv-python-headless`, which draws no windows";
    mends(&envwright, "shared-library-missing", title, "conda.yml", &list("opencv-python-headless"));
    assert!(envwright.run(&["fix"]).succeeded().stderr.contains("nothing to fix"));
}

/// conda adds pip by itself; the definition should say so.
#[test]
fn a_list_of_pip_without_pip() {
    let (channel, index) = (Channel::start(), Index::of(&[wheel("app", "1.0")]));
    let envwright = environment(&channel, "- python=3.11\n- pip: # ours\n  - app\n").index(&index.url());
    let text = conda("- python=3.11\n- pip=24.2\n- pip: # ours\n  - app\n");
    mends(&envwright, "definition-pip-missing", "Add `pip=24.2` to the dependencies", "conda.yml", &text);
}

#[test]
fn a_package_that_stands_twice() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- six # one\n- tabulate\n- six>=1 # two\n");
    let title = "Remove `six` in line 3";
    mends(
        &envwright,
        "definition-duplicate-package",
        title,
        "conda.yml",
        &conda("# one\n- tabulate\n- six>=1 # two\n"),
    );
    let both = "- python=3.11\n- pip\n- tabulate=0.9\n- pip:\n  - tabulate\n  - six\n";
    let index = Index::of(&[wheel("six", "1.17"), wheel("tabulate", "0.9.0")]);
    let envwright = environment(&channel, both).index(&index.url());
    let text = conda("- python=3.11\n- pip\n- tabulate=0.9\n- pip:\n  - six\n");
    mends(&envwright, "definition-conda-and-pip", "Remove `tabulate` in line 7", "conda.yml", &text);
}

/// The lines around a change may hold what opens a channel.
#[test]
fn no_patch_shows_what_opens_a_channel() {
    let channel = Channel::with_token("hunter2word");
    let url = channel.at("/t/hunter2word/channel");
    let envwright = environment(&channel, "")
        .file("conda.yml", format!("channels: [\"{url}\"]\ndependencies:\n- six\n- six>=1\n"));
    let offered = envwright.run(&["fix", "--json"]).succeeded();
    assert_eq!(offered.json()["proposals"][0]["problem"], "definition-duplicate-package", "{offered}");
    assert!(!offered.to_string().contains("hunter2word"), "{offered}");
}
