//! A team's own catalog, from the first entry on.

use crate::support::Envwright;

const LOG: &str =
    "Step 3: fetching weights\nblobctl: FATAL quota of tenant ml-research is used up\nbuild failed\n";

#[test]
fn an_entry_that_was_begun_from_a_log_recognises_it_after_a_few_words() {
    let envwright = Envwright::new().file("build.log", LOG);
    let known = envwright.run(&["diagnose", "build.log", "--json", "--offline"]).succeeded().json();
    assert_eq!(known["root"]["problem"], "unrecognised");
    let begun = envwright.run(&["catalog", "new", "--from", "build.log", "--id", "team-quota"]).succeeded();
    assert!(begun.stdout.contains("team-quota") && begun.stdout.contains("quota of tenant"), "{begun}");
}

#[test]
fn entries_of_a_folder_and_of_the_home_are_checked_listed_explained_and_used() {
    let entry = r#"
id        = "team-quota"
title     = "the storage quota of {name} is used up"
stage     = "fetch"
fault     = "machine"
transient = false

[[cause]]
text = "The tenant has stored as much as it may."

[[remedy]]
title = "Ask the storage team for more"

[[reference]]
title = "Quotas"
url = "https://wiki.example/quotas"

[[signature]]
tool = "blobctl"
pattern = '''blobctl: FATAL quota of tenant (?<name>\S+) is used up'''

[[example]]
log = "blobctl: FATAL quota of tenant a is used up"
facts = { name = "a" }

[[example]]
log = "x\nblobctl: FATAL quota of tenant b is used up\nbuild failed"
facts = { name = "b" }

[[counterexample]]
log = "blobctl: quota of tenant a: 80 %"
"#;
    let envwright = Envwright::new().file("build.log", LOG).file("team/blobctl/team-quota.toml", entry);
    envwright.run(&["catalog", "check", "team"]).succeeded();
    let report = |arguments: &[&str]| {
        let arguments = [&["diagnose", "build.log", "--json", "--offline"], arguments].concat();
        envwright.run(&arguments).succeeded().json()
    };
    let told = report(&["--catalog", "team"]);
    assert_eq!(told["root"]["problem"], "team-quota");
    assert_eq!(told["root"]["title"], "the storage quota of ml-research is used up");
    assert_eq!(report(&[])["root"]["problem"], "unrecognised");
    let home = envwright.home().join("catalog/blobctl");
    fs_err::create_dir_all(&home).unwrap();
    fs_err::write(home.join("team-quota.toml"), entry).unwrap();
    assert_eq!(report(&[])["root"]["problem"], "team-quota");
    assert!(envwright.run(&["catalog", "list"]).succeeded().stdout.contains("team-quota"));
    assert!(envwright.run(&["explain", "team-quota"]).succeeded().stdout.contains("Ask the storage team"));
}

#[test]
fn an_entry_whose_example_is_not_recognised_is_a_finding() {
    let entry = "id = \"team-quota\"\ntitle = \"a\"\nstage = \"fetch\"\nfault = \"machine\"\ntransient = \"perhaps\"\n";
    let envwright = Envwright::new().file("team/blobctl/team-quota.toml", entry);
    let ran = envwright.run(&["catalog", "check", "team", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.to_string().contains("team-quota.toml"), "{ran}");
}
