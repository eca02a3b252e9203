//! What definitions in each format are read as.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use envwright_definition::{Base, Environment, FindLinks, Options, read, read_text};
use envwright_diagnosis::{Explain as _, Severity};
use std::path::Path;
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    dir
}

fn texts(environment: &Environment) -> Vec<&str> {
    environment.requirements.iter().map(|one| one.text.as_str()).collect()
}

/// The errors that a build would stop at.
fn problems(name: &str, text: &str, dir: &Path) -> Vec<String> {
    let read = read_text(name, text, dir, &Options::default());
    let findings = match read.and_then(Environment::buildable) {
        Ok(environment) => environment.findings,
        Err(error) => error.findings(),
    };
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.problem.to_string()).collect()
}

#[test]
fn requirements_include_others_relative_to_themselves() {
    let dir = folder(&[
        ("requirements.txt", "-r sub/base.txt\n-c limits.txt\nFlask[async] >= 2 ; python_version > '3.8'\n"),
        ("sub/base.txt", "-r more.txt\nsix==1.16.0 \\\n  --hash=sha256:aa \\\n  --hash=sha256:00 # two\n"),
        ("sub/more.txt", "attrs\n"),
        ("limits.txt", "six<2\n"),
    ]);
    let environment = read(dir.path(), &Options::default()).unwrap();
    assert_eq!(
        texts(&environment),
        ["attrs", "six==1.16.0", "flask[async]>=2 ; python_full_version >= '3.9'"]
    );
    assert_eq!(environment.requirements[1].hashes, ["sha256:00", "sha256:aa"]);
    assert_eq!(environment.constraints[0].text, "six<2");
    assert_eq!(environment.sources.len(), 4);
    let span = environment.requirements[1].span.as_ref().unwrap();
    assert_eq!((span.text(), span.line()), ("six==1.16.0", 2));
    assert!(span.source().name.ends_with("sub/base.txt"));
    assert_eq!(environment.base, Base::Bootstrap { suite: "bookworm".to_owned() });
}

#[test]
fn index_options_have_pips_effect() {
    let dir = folder(&[("wheels/.keep", "")]);
    let text = "--extra-index-url https://a.example/simple\n-i https://b.example/simple\n\
                --extra-index-url=https://c.example/simple --pre --require-hashes\n-f wheels\n\
                -f https://d.example/list.html\nsix\n";
    let environment = read_text("requirements.txt", text, dir.path(), &Options::default()).unwrap();
    let indexes = &environment.indexes;
    assert_eq!(indexes.index.as_ref().unwrap().to_string(), "https://b.example/simple");
    assert_eq!(
        indexes.extra.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["https://c.example/simple"]
    );
    assert_eq!(indexes.find_links[0], FindLinks::Path(dir.path().join("wheels")));
    assert!(matches!(&indexes.find_links[1], FindLinks::Url(_)));
    assert!(indexes.prerelease && environment.require_hashes && !indexes.no_index);
}

#[test]
fn wheels_get_their_name_from_the_file() {
    let dir = folder(&[("w/Six_Seven-1.0-py3-none-any.whl", "")]);
    let text = "./w/Six_Seven-1.0-py3-none-any.whl[extra] ; python_version >= '3.9'\n\
                https://mirror.example/Foo-2.0-1-cp311-cp311-linux_x86_64.whl#sha256=ab\n";
    let environment = read_text("requirements.txt", text, dir.path(), &Options::default()).unwrap();
    let file = format!("file://{}/w/Six_Seven-1.0-py3-none-any.whl", dir.path().display());
    let local = format!("six-seven[extra] @ {file} ; python_full_version >= '3.9'");
    let remote = "foo @ https://mirror.example/Foo-2.0-1-cp311-cp311-linux_x86_64.whl#sha256=ab";
    assert_eq!(texts(&environment), [local.as_str(), remote]);
}

#[test]
fn what_needs_a_source_build_is_not_supported_yet() {
    let dir = folder(&[("project/setup.py", ""), ("a.tar.gz", "")]);
    for line in [
        "-e .",
        "--editable ./project",
        "git+https://mirror.example/a.git",
        "a @ git+ssh://git@mirror.example/a.git@main",
        "./project",
        "./a.tar.gz",
        "https://mirror.example/a-1.0.tar.gz",
        "a @ https://mirror.example/a-1.0.zip",
        "--no-binary :all:",
        "-r https://mirror.example/requirements.txt",
    ] {
        assert_eq!(problems("requirements.txt", line, dir.path()), ["not-supported-yet"], "{line}");
    }
}

#[test]
fn including_oneself_is_a_finding() {
    let dir = folder(&[("requirements.txt", "-r a.txt\n"), ("a.txt", "six\n-r requirements.txt\n")]);
    let error = read(dir.path(), &Options::default()).unwrap_err();
    assert_eq!(error.findings()[0].problem.as_str(), "definition-invalid-value");
}

#[test]
fn credentials_in_urls_warn_and_variables_do_not() {
    let text = "-i https://me:hunter2@index.example/simple\n\
                --extra-index-url https://me:${ENVWRIGHT_UNSET_TOKEN}@index.example/simple\nsix\n";
    let environment = read_text("requirements.txt", text, Path::new("."), &Options::default()).unwrap();
    assert_eq!(environment.findings.len(), 1);
    assert_eq!(environment.findings[0].problem.as_str(), "definition-secret-in-url");
    assert_eq!(environment.findings[0].severity, Severity::Warning);
    assert!(!format!("{environment:?}").contains("hunter2"));
}

#[test]
fn a_project_gives_dependencies_extras_and_groups() {
    let text = r#"
[project]
name = "My.App"
version = "1.2"
requires-python = ">=3.10"
dependencies = ["six>=1.16", 'attrs ; extra == "never"']
[project.optional-dependencies]
web = ["flask"]
all = ["my-app[web]", "click"]
[dependency-groups]
test = ["pytest", {include-group = "lint"}]
lint = ["ruff"]
[[tool.uv.index]]
url = "https://a.example/simple"
default = true
[[tool.uv.index]]
url = "https://b.example/simple"
[tool.uv.sources]
six = { git = "https://mirror.example/six" }
"#;
    let options = Options { extras: vec!["All".into()], groups: vec!["test".into()], ..Options::default() };
    let environment = read_text("pyproject.toml", text, Path::new("."), &options).unwrap();
    let names: Vec<&str> = environment.requirements.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["six", "attrs", "click", "flask", "pytest", "ruff"]);
    assert_eq!(environment.name.as_deref(), Some("My.App"));
    assert_eq!(environment.requires_python.as_ref().unwrap().value, ">=3.10");
    assert_eq!(environment.requirements[0].span.as_ref().unwrap().text(), "six>=1.16");
    assert_eq!(environment.indexes.index.as_ref().unwrap().to_string(), "https://a.example/simple");
    assert_eq!(environment.indexes.extra.len(), 1);
    assert_eq!(environment.findings[0].problem.as_str(), "not-supported-yet");
    assert_eq!(environment.findings[0].severity, Severity::Warning);
}

#[test]
fn yaml_is_read_with_every_key() {
    let dir = folder(&[("requirements.txt", "six\n"), ("model.bin", "m"), ("src/a.py", "")]);
    let text = "
$schema: https://schemas.example/environment.schema.json
name: training
version: 3
tags: {os_version: 20.04}
image: bootstrap:debian/trixie
requirements: [-r requirements.txt, 'flask==3.0', --pre]
apt: [libgl1, git]
python: 3.10
env:
  A: 1
  EMPTY:
files:
- {from: model.bin, to: /opt/model/}
- src:/srv/app
user: 1000:1000
workdir: /srv
cmd: python -m app
platforms: [linux/amd64, arm64]
os_type: linux
";
    let environment = read_text("e.yml", text, dir.path(), &Options::default()).unwrap();
    assert_eq!(texts(&environment), ["six", "flask==3.0"]);
    assert_eq!(environment.requirements[1].span.as_ref().unwrap().text(), "flask==3.0");
    assert!(environment.indexes.prerelease);
    assert_eq!(environment.base, Base::Bootstrap { suite: "trixie".to_owned() });
    assert_eq!(environment.version.as_deref(), Some("3"));
    assert_eq!(environment.tags["os_version"], "20.04");
    let python = environment.python.as_ref().unwrap();
    assert!(python.matches((3, 10, 4)) && !python.matches((3, 1, 0)));
    assert_eq!((environment.env["A"].as_str(), environment.env["EMPTY"].as_str()), ("1", ""));
    let to: Vec<&str> = environment.files.iter().map(|copy| copy.to.as_str()).collect();
    assert_eq!(to, ["/opt/model/model.bin", "/srv/app"]);
    let entries = environment.files[1].entries().unwrap();
    assert_eq!(entries.iter().map(|(_, to)| to.as_str()).collect::<Vec<_>>(), ["/srv/app", "/srv/app/a.py"]);
    assert_eq!(environment.cmd.as_ref().unwrap(), &["/bin/sh", "-c", "python -m app"]);
    assert_eq!((environment.apt.len(), environment.platforms.len()), (2, 2));
    assert_eq!(environment.user.as_deref(), Some("1000:1000"));
}

#[test]
fn azure_files_without_an_image_get_the_default_base_only_with_a_key_of_ours() {
    let here = Path::new(".");
    assert_eq!(problems("e.yml", "name: a\nversion: 1\n", here), ["definition-image-missing"]);
    let environment = read_text("e.yml", "name: a\napt: [curl]\n", here, &Options::default()).unwrap();
    assert_eq!(environment.base, Base::default());
    assert_eq!(problems("e.yml", "image: scratch\n", here), [""; 0]);
    assert_eq!(
        problems("e.yml", "version: 1\nimage: registry.example/a:1\n", here),
        ["definition-key-missing"]
    );
    let environment = read_text("e.yml", "image: registry.example/a:1\n", here, &Options::default()).unwrap();
    assert_eq!(environment.base, Base::Registry("registry.example/a:1".to_owned()));
}

#[test]
fn formats_that_are_not_built_yet_are_named() {
    let here = Path::new(".");
    for (name, text) in [
        ("Dockerfile", "FROM debian\n"),
        ("e.yml", "name: a\nbuild: {path: https://git.example/a.git}\n"),
        ("pyproject.toml", "[project]\nname = 'a'\ndynamic = ['dependencies']\n"),
    ] {
        assert_eq!(problems(name, text, here), ["not-supported-yet"], "{name}: {text}");
    }
}

#[test]
fn an_empty_definition_is_a_finding() {
    for (name, text) in [
        ("requirements.txt", "# nothing\n\n"),
        ("e.yml", ""),
        ("e.yml", "env: {A: b}\n"),
        ("pyproject.toml", "[project]\nname = 'a'\n"),
        ("pyproject.toml", "[tool.x]\n"),
    ] {
        assert_eq!(problems(name, text, Path::new(".")), ["definition-empty"], "{name}: {text}");
    }
}

#[test]
fn what_is_not_there_or_not_text_is_a_finding() {
    let dir = folder(&[("Makefile.d/x", "")]);
    let problem =
        |path: &Path| read(path, &Options::default()).unwrap_err().findings()[0].problem.to_string();
    assert_eq!(problem(dir.path()), "definition-not-found");
    assert_eq!(problem(&dir.path().join("requirements.txt")), "definition-not-found");
    fs_err::write(dir.path().join("requirements.txt"), b"six\n\xff\n").unwrap();
    assert_eq!(problem(dir.path()), "definition-encoding");
    assert_eq!(problems("e.yml", "files: [a:/b]\n", dir.path()), ["definition-file-missing"]);
}
