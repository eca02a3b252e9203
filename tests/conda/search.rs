//! What channels and indexes have of a package, asked of both at once.

use crate::support::{
    Envwright, Ran,
    channel::{self, Channel},
    index::Index,
    server::Answer,
    wheel::{Wheel, sha256, wheel},
};
use serde_json::{Value, json};
use std::net::TcpListener;

/// The channel and the index of the configuration.
fn configured(channel: &Channel, index: &Index) -> Envwright {
    let config = format!("[conda]\nchannels = [\"conda-forge\"]\n{}", channel.config());
    Envwright::new().config(&config).index(&index.url())
}

/// Of a package that is compiled.
fn compiled(version: &str, tags: &[&str]) -> Vec<Wheel> {
    tags.iter().map(|tag| wheel("numpy", version).tag(tag)).collect()
}

fn numpy() -> Index {
    let of_311 = ["cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_17_aarch64"];
    let of_312 = ["cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-win_amd64"];
    let newest = compiled("2.2.0", &of_312).into_iter().map(|wheel| wheel.requires_python(">=3.12"));
    let mut wheels: Vec<Wheel> = newest.collect();
    wheels.extend(compiled("2.1.0", &[&of_311[..], &of_312[..]].concat()));
    wheels.extend([
        wheel("numpy", "2.0.0").source_only(),
        wheel("numpy", "1.9.0").yanked("broken"),
        wheel("numpy", "3.0rc1"),
    ]);
    Index::of(&wheels)
}

/// Lines of the text without the spaces between cells.
#[track_caller]
fn lines(ran: &Ran) -> Vec<String> {
    ran.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn versions(world: &Value) -> Vec<&str> {
    world["versions"].as_array().unwrap().iter().map(|one| one["version"].as_str().unwrap()).collect()
}

#[test]
fn both_worlds_are_shown_with_platforms_and_pythons() {
    let ran = configured(&Channel::start(), &numpy()).run(&["search", "numpy"]).succeeded();
    let lines = lines(&ran);
    let conda =
        |line: &String| line.starts_with("1.26.4 linux-64 3.11 ") && line.ends_with("py311h0000000_0");
    assert!(lines.iter().any(conda), "{ran}");
    for line in [
        "2.2.0 >=3.12 cp312 on x86_64, other",
        "2.1.0 cp311 cp312 on x86_64; cp311 on aarch64; cp312 on other",
        "2.0.0 a source archive alone",
        "1.9.0 py3, withdrawn (broken)",
        "and 1 pre-release (--all)",
    ] {
        assert!(lines.iter().any(|known| known == line), "{line}: {ran}");
    }
}

#[test]
fn a_bound_is_read_as_each_world_reads_it() {
    let envwright = configured(&Channel::start(), &numpy());
    let found = envwright.run(&["search", "numpy>=1.26,<2.2", "--json"]).succeeded().json();
    assert_eq!(versions(&found["conda"]), ["1.26.4"]);
    assert_eq!(versions(&found["pypi"]), ["2.1.0", "2.0.0"]);
    let found = envwright.run(&["search", "conda-forge::numpy=1.26.*", "--json"]).succeeded().json();
    assert_eq!(versions(&found["conda"]), ["1.26.4"]);
    assert!(found["pypi"]["note"].as_str().unwrap().contains("is not a valid requirement"), "{found:#}");
    let neither = envwright.run(&["search", ">=1.0", "--json"]);
    assert_eq!(
        (neither.code, &neither.json()["root"]["fault"]),
        (Some(1), &"definition".into()),
        "{neither}"
    );
}

#[test]
fn what_does_not_fit_is_told_with_the_reason() {
    let envwright = configured(&Channel::start(), &numpy());
    let ran = envwright.run(&["search", "numpy", "--python", "3.11"]).succeeded();
    let lines = lines(&ran);
    for line in ["2.2.0 does not fit: Python >=3.12 is needed", "2.1.0 cp311 on x86_64, aarch64"] {
        assert!(lines.iter().any(|known| known == line), "{line}: {ran}");
    }
    let found =
        envwright.run(&["search", "numpy<3", "--python", "3.12", "--platform", "linux/arm64", "--json"]);
    let found = found.succeeded().json();
    let unfit = |world: &str, at: usize| found[world]["versions"][at]["unfit"].clone();
    assert_eq!(unfit("conda", 0), "no build for linux/arm64, only for linux-64");
    assert_eq!(unfit("pypi", 0), "no wheel for linux/arm64, only for other, x86_64");
    assert_eq!(unfit("pypi", 1), "no wheel for Python 3.12, only for cp311");
    assert_eq!(unfit("pypi", 2), "a source archive alone");
    assert_eq!(unfit("pypi", 3), Value::Null);
    let nothing = envwright.run(&["search", "numpy==2.1.0", "--python", "3.9", "--json"]);
    let root = &nothing.json()["root"];
    assert_eq!((nothing.code, &root["problem"]), (Some(1), &"conda-package-not-found".into()), "{nothing}");
}

#[test]
fn a_name_that_nobody_has_is_told_the_nearest() {
    let index = Index::of(&[wheel("pandas", "2.2.0")]);
    let envwright = configured(&Channel::start(), &index);
    let ran = envwright.run(&["search", "pandsa"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stdout.contains("The nearest name that the channels have is `pandas`."), "{ran}");
    assert!(ran.stdout.contains("There is one called pandas, which may be meant."), "{ran}");
    let found = envwright.run(&["search", "pandsa", "--json"]).json();
    assert_eq!((&found["conda"]["nearest"], &found["pypi"]["nearest"]), (&"pandas".into(), &"pandas".into()));
    assert_eq!(found["roots"].as_array().unwrap().len(), 2, "{found:#}");
}

#[test]
fn what_one_world_lacks_is_no_failure_and_another_channel_that_has_it_is_named() {
    let (channel, index) = (Channel::start(), Index::of(&[wheel("only-here", "1.0")]));
    let envwright = configured(&channel, &index);
    let found = envwright.run(&["search", "only-here", "--json"]).succeeded().json();
    assert_eq!((versions(&found["conda"]), versions(&found["pypi"])), (vec![], vec!["1.0"]));
    let empty = Channel::with_faults(|path| {
        path.ends_with("repodata.json").then(|| Answer::file("application/json", b"{\"packages\": {}}"))
    });
    let config = format!("{}empty = \"{}\"\n", channel.config(), empty.at("/empty"));
    let found = envwright.config(&config).run(&["search", "tabulate", "-c", "empty", "--json"]);
    assert_eq!(
        (found.code, &found.json()["conda"]["elsewhere"]),
        (Some(1), &json!(["conda-forge"])),
        "{found}"
    );
}

#[test]
fn who_cannot_be_asked_hides_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let channel = Channel::start();
    let config =
        format!("[network]\nretries = 0\n{}gone = \"http://127.0.0.1:{port}/gone\"\n", channel.config());
    let envwright = Envwright::new().config(&config).index(&numpy().url());
    let ran = envwright.run(&["search", "numpy", "-c", "gone", "-c", "conda-forge", "--json"]);
    let found = ran.json();
    assert_eq!((ran.code, &found["root"]["problem"]), (Some(3), &"net-unreachable".into()), "{ran}");
    assert_eq!(found["root"]["facts"]["channel"], "gone");
    assert_eq!(versions(&found["conda"]), ["1.26.4", "1.25.2"]);
    assert_eq!(versions(&found["pypi"]).len(), 5);
    let refusing = Index::with_faults(&[], |_| Some(Answer::status("401 Unauthorized", "")));
    let refused = configured(&channel, &refusing).run(&["search", "numpy", "--json"]);
    let found = refused.json();
    assert_eq!((refused.code, &found["root"]["problem"]), (Some(1), &"net-unauthorized".into()), "{refused}");
    assert_eq!(versions(&found["conda"]), ["1.26.4", "1.25.2"]);
    let ran = envwright.run(&["search", "numpy", "-c", "gone"]);
    assert!(ran.stdout.contains("Not asked: ") && ran.stdout.contains("2.1.0"), "{ran}");
    assert!(ran.stderr.contains("error[net-unreachable]"), "{ran}");
}

#[test]
fn files_are_listed_with_their_digests_and_without_secrets() {
    let (channel, index) = (Channel::with_token("tk-secret"), Index::of(&[wheel("tabulate", "0.9.0")]));
    let name = "tabulate-0.9.0-pyhd8ed1ab_0.conda";
    let bytes = fs_err::read(channel::folder().join("noarch").join(name)).unwrap();
    let index_url = index.url().replace("http://", "http://me:hidden@");
    let envwright = Envwright::new().index(&index_url);
    let ran = envwright.run(&["search", "tabulate", "-c", &channel.at("/t/tk-secret/channel"), "--json"]);
    let found = ran.succeeded();
    assert!(!found.stdout.contains("secret") && !found.stdout.contains("hidden"), "{found}");
    let file = found.json()["conda"]["versions"][0]["files"][0].take();
    let expected = json!({
        "filename": name,
        "kind": "conda",
        "url": channel.at(&format!("/channel/noarch/{name}")),
        "sha256": sha256(&bytes),
        "size": bytes.len(),
        "build": "pyhd8ed1ab_0",
        "python": ">=3.8",
        "platform": "noarch",
        "requires_python": null,
        "yanked": null,
        "fits": true,
    });
    assert_eq!(file, expected);
    let wheel = wheel("tabulate", "0.9.0");
    let file = found.json()["pypi"]["versions"][0]["files"][0].take();
    assert_eq!(file["url"], index.file(&wheel.filename()));
    assert_eq!((&file["sha256"], &file["python"]), (&sha256(&wheel.bytes()).into(), &"py3".into()));
}

#[test]
fn the_channels_and_indexes_of_a_definition_are_asked_and_kept_for_offline() {
    let (channel, index) = (Channel::start(), numpy());
    let file = format!(
        "channels: [{}]\ndependencies:\n- six\n- pip:\n  - --index-url {}\n",
        channel.url(),
        index.url()
    );
    let envwright = Envwright::new().file("environment.yml", file);
    let arguments = ["search", "numpy", "--definition", "environment.yml", "--json"];
    let found = envwright.run(&arguments).succeeded().json();
    assert_eq!((versions(&found["conda"]).len(), versions(&found["pypi"]).len()), (2, 5), "{found:#}");
    let asked = (channel.requests(), index.requests());
    let again = envwright.run(&[&arguments[..], &["--offline"]].concat()).succeeded().json();
    assert_eq!(again, found);
    assert_eq!((channel.requests(), index.requests()), asked);
    let other =
        envwright.run(&["search", "tabulate", "--definition", "environment.yml", "--offline", "--json"]);
    assert_eq!((other.code, &other.json()["root"]["problem"]), (Some(1), &"offline-miss".into()), "{other}");
}
