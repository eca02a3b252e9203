//! What the definition hash depends on, and that no text makes the reader fail otherwise than with findings.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use envwright_definition::{Environment, Options, read_text};
use envwright_diagnosis::Explain as _;
use proptest::prelude::*;
use std::path::Path;

fn environment(name: &str, text: &str, dir: &Path) -> Environment {
    read_text(name, text, dir, &Options::default()).unwrap()
}

fn yaml(text: &str) -> envwright_store::Digest {
    environment("e.yml", text, Path::new(".")).hash()
}

#[test]
fn what_only_describes_does_not_count_and_what_changes_the_image_does() {
    let hash = yaml("requirements: [six, attrs]\napt: [git, curl]\n");
    for same in [
        "name: x\nversion: 2\ndescription: d\ntags: {a: b}\napt: [curl, git]\nrequirements: [attrs, six] # c\n",
        "image: bootstrap:debian/bookworm\nrequirements: [Six, attrs]\napt: [git, curl]\n",
        "platforms: [linux/arm64]\nrequirements: [six, attrs]\napt: [git, curl]\n",
    ] {
        assert_eq!(yaml(same), hash, "{same}");
    }
    for other in
        ["image: scratch", "python: 3.11", "env: {A: b}", "user: nobody", "workdir: /srv", "cmd: [a]"]
    {
        assert_ne!(
            yaml(&format!("{other}\nrequirements: [six, attrs]\napt: [git, curl]\n")),
            hash,
            "{other}"
        );
    }
    assert_ne!(yaml("requirements: [six==1, attrs]\napt: [git, curl]\n"), hash);
}

#[test]
fn of_conda_the_order_of_channels_counts_and_nothing_of_its_form() {
    let hash = |text: &str| environment("environment.yml", text, Path::new(".")).hash();
    let one = hash(
        "name: a\nchannels:\n- conda-forge\n- team\ndependencies:\n- python=3.12\n- Pillow=9.1\n- pip=24\n- pip:\n  - six\n  - attrs\n",
    );
    for same in [
        "dependencies: [pip=24, {pip: [attrs, 'six']}, pillow 9.1.*, python=3.12]  # why\nchannels: [conda-forge, team]\n",
        "{\"channels\": [\"conda-forge\", \"team\"], \"prefix\": \"/opt\", \"dependencies\": [\"python=3.12\", \"Pillow=9.1\", \"pip=24\", {\"pip\": [\"six\", \"attrs\"]}]}",
    ] {
        assert_eq!(hash(same), one, "{same}");
    }
    for other in [
        "channels: [team, conda-forge]\ndependencies: [python=3.12, pillow=9.1, pip=24, {pip: [six, attrs]}]\n",
        "channels: [conda-forge, team]\ndependencies: [python=3.12, pillow=9, pip=24, {pip: [six, attrs]}]\n",
        "channels: [conda-forge, team]\ndependencies: [python=3.12, team::pillow=9.1, pip=24, {pip: [six, attrs]}]\n",
        "channels: [conda-forge, team]\ndependencies: [python=3.12, pillow=9.1, pip=24, {pip: [six, attrs]}]\nvariables: {A: b}\n",
    ] {
        assert_ne!(hash(other), one, "{other}");
    }
}

#[test]
fn order_of_indexes_counts_and_their_credentials_do_not() {
    let requirements = |text: &str| environment("requirements.txt", text, Path::new(".")).hash();
    let [a, b] = ["--extra-index-url https://a.example/s\n", "--extra-index-url https://b.example/s\n"];
    assert_ne!(requirements(&format!("{a}{b}six")), requirements(&format!("{b}{a}six")));
    let with = |user: &str| requirements(&format!("-i https://{user}index.example/simple\nsix"));
    assert_eq!(with("u:p@"), with(""));
    let wheel = |user: &str| requirements(&format!("six @ https://{user}m.example/six-1.0-py3-none-any.whl"));
    assert_eq!(wheel("u:p@"), wheel(""));
}

#[test]
fn files_count_by_content_and_executable_bit() {
    use std::os::unix::fs::PermissionsExt as _;
    let hash = |content: &str, mode: u32| {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("run");
        fs_err::write(&file, content).unwrap();
        fs_err::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        environment("e.yml", "files: ['run:/run']\n", dir.path()).hash()
    };
    assert_eq!(hash("a", 0o644), hash("a", 0o600));
    assert_ne!(hash("a", 0o644), hash("a", 0o755));
    assert_ne!(hash("a", 0o644), hash("b", 0o644));
}

/// Pieces that formats give a meaning to.
fn pieces() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "six",
        "==1.0",
        ">=",
        "[",
        "]",
        " ; ",
        "python_version",
        "'",
        "\"",
        "\\\n",
        "\n",
        " ",
        "#",
        "${A}",
        "-r",
        "--hash=",
        "--",
        "-e",
        "@",
        "https://u:p@h.example/",
        ".whl",
        "./",
        ": ",
        "- ",
        "image",
        "apt",
        "{",
        "}",
        "&a",
        "*a",
        "|",
        "[project]",
        "dependencies",
        "=",
        "ä",
        "\u{feff}",
        "\u{85}",
        "\0",
        "extra",
        "~=",
        ",",
        "1.*",
    ]);
    prop::collection::vec(words, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![pieces(), any::<String>()]) {
        for name in ["requirements.txt", "e.yml", "pyproject.toml", "-"] {
            match read_text(name, &text, Path::new("/nonexistent"), &Options::default()) {
                Ok(environment) => { environment.hash(); }
                Err(error) => prop_assert!(!error.findings().is_empty()),
            }
        }
    }

    #[test]
    fn order_and_comments_do_not_change_the_hash(
        lines in Just(vec!["six", "attrs>=20,<30", "Flask[async]==3.0 ; python_version > '3.9'", "numpy", "zope.event"])
            .prop_shuffle(),
        comment in "[ a-z#]{0,12}",
    ) {
        let plain = "six\nattrs<30,>=20\nflask[async]==3.0;python_version>'3.9'\nnumpy\nZope_Event\n";
        let end = format!("  #{comment}\n\n");
        let text = lines.join(&end) + &end;
        let hash = |text: &str| environment("requirements.txt", text, Path::new(".")).hash();
        prop_assert_eq!(hash(&text), hash(plain));
    }
}

/// What a definition of envwright's YAML means: a value for each key, or none.
type Meaning = std::collections::BTreeMap<&'static str, &'static str>;

/// For each key, values that differ in meaning.
const VALUES: &[(&str, &[&str])] = &[
    ("image", &["scratch", "bootstrap:debian/trixie", "base.example/team/app:1", "base.example/team/app:2"]),
    ("python", &["'3.11'", "'3.12'"]),
    ("requirements", &["[six]", "[six==1.16]", "['six[a]']", "['six;python_version>\"3\"']", "[six, attrs]"]),
    ("apt", &["[git]", "[git, curl]"]),
    ("env", &["{A: b}", "{A: c}", "{B: b}", "{A: b, B: c}"]),
    ("user", &["nobody", "'1000'"]),
    ("workdir", &["/srv", "/work"]),
    ("cmd", &["[a]", "[a, b]", "[b, a]", "['a b']"]),
];

fn meaning() -> impl Strategy<Value = Meaning> {
    let key = |(name, values): &(&'static str, &'static [&'static str])| {
        let name = *name;
        prop::option::of(prop::sample::select(values.to_vec())).prop_map(move |value| (name, value))
    };
    let keys: Vec<_> = VALUES.iter().map(key).collect();
    keys.prop_map(|keys| keys.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

proptest! {
    /// Two definitions have one hash if, and only if, they mean the same.
    #[test]
    fn every_edit_of_the_meaning_changes_the_hash_and_no_other_does(
        one in meaning(),
        key in prop::sample::select(VALUES.to_vec()),
        chosen in any::<prop::sample::Index>(),
        order in any::<u64>(),
        comment in "[ a-z#:]{0,12}",
    ) {
        let mut edited = one.clone();
        // The last choice is to leave the key out.
        match key.1.get(chosen.index(key.1.len() + 1)) {
            Some(value) => edited.insert(key.0, value),
            None => edited.remove(key.0),
        };
        let written = |meaning: &Meaning| -> String {
            let mut lines: Vec<String> = meaning.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
            // One thing is always asked for: an empty definition has no meaning.
            lines.push("name: x\nfiles: ['Cargo.toml:/srv/Cargo.toml']\n".to_owned());
            lines.concat()
        };
        let mut lines: Vec<String> =
            written(&one).lines().map(|line| format!("{line}   #{comment}\n\n")).collect();
        let turn = usize::try_from(order % lines.len() as u64).unwrap();
        lines.rotate_left(turn);
        prop_assert_eq!(yaml(&lines.concat()), yaml(&written(&one)));
        prop_assert_eq!(yaml(&written(&edited)) == yaml(&written(&one)), edited == one);
    }
}
