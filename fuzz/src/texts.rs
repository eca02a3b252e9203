//! Definitions, logs, and texts with secrets in them.

use envwright_definition::{Environment, Format, Options, read_text};
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _, log, report};
use envwright_redact::{Redactor, Secret};
use std::{borrow::Cow, path::Path, sync::LazyLock};

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn owned(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// A definition, or findings that can be shown.
fn definition(name: &str, bytes: &[u8]) {
    // A folder without files, so that what a text includes is not there.
    let folder = Path::new("/proc/self/fdinfo/none");
    match read_text(name, &text(bytes), folder, &Options::default()) {
        Ok(environment) => {
            let again = read_text(name, &text(bytes), folder, &Options::default());
            assert!(again.is_ok_and(|again| again.hash() == environment.hash()), "it is read in two ways");
            converted(&environment, folder);
        }
        Err(error) => {
            let findings = error.findings();
            assert!(!findings.is_empty(), "it fails without a finding");
            let diagnosis = Diagnosis::new(findings, &CATALOG);
            assert!(!report::text(&diagnosis, true, 80).is_empty(), "a finding shows nothing");
        }
    }
}

/// Every format that it can be written in can be read, and its own means the same where nothing is lost.
fn converted(environment: &Environment, folder: &Path) {
    for (format, _) in Format::ALL {
        let Ok(written) = environment.convert(format) else { continue };
        let name = match format {
            Format::Requirements | Format::Explicit => "definition.txt",
            Format::Pyproject | Format::Pixi | Format::Pylock => "definition.toml",
            Format::Dockerfile => "Dockerfile",
            _ => "definition.yml",
        };
        let again = read_text(name, &written.text, folder, &Options::default());
        if format != environment.format || !written.lost.is_empty() {
            continue;
        }
        match again {
            Ok(again) => assert!(
                again.hash() == environment.hash(),
                "{format} means something else: {:?}\n{}",
                environment.sources[0].text,
                written.text
            ),
            Err(error) => panic!("{format} cannot be read again: {:?}\n{}", error.findings(), written.text),
        }
    }
}

pub(crate) fn requirements(bytes: &[u8]) {
    definition("requirements.txt", bytes);
}

pub(crate) fn requirements_seeds() -> Vec<Vec<u8>> {
    owned(&[
        "six>=1.16  # compatibility\nattrs[dev]==23.1 ; python_version < '3.12'\n",
        "--index-url https://user:pw@index.example/simple\n--extra-index-url=https://b.example/s\n-f https://c.example\n",
        "-r other.txt\n-c constraints.txt\n-e .\n./local.whl\n",
        "six==1.16.0 \\\n    --hash=sha256:1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926\n",
        "x @ https://mirror.example/x-1.0-py3-none-any.whl#sha256=00\ngit+https://code.example/x.git@v1#egg=x\n",
        "\u{feff}numpy\r\ntorch ; sys_platform == \"linux\" and (extra == 'gpu' or os_name != \"nt\")\r\n",
    ])
}

pub(crate) fn yaml(bytes: &[u8]) {
    definition("environment.yml", bytes);
}

pub(crate) fn yaml_seeds() -> Vec<Vec<u8>> {
    owned(&[
        "name: x\nchannels: [conda-forge]\ndependencies:\n  - python=3.11\n  - pip\n  - pip:\n      - six>=1.16\n",
        "image: bootstrap:debian/bookworm\npython: '3.11'\nrequirements: [six, attrs]\napt: [git, curl]\n",
        "env: {A: b}\nuser: nobody\nworkdir: /srv\ncmd: [a]\nfiles: ['run:/run']\nplatforms: [linux/arm64]\n",
        "a: &a [1, 2]\nb: *a\nc: !!str 3\nd: |\n  text\n  more\ne: >-\n  folded\n",
        "$schema: https://schemas.example/x.json\nname: e\nversion: 1\nimage: x.example/base:1\nconda_file: conda.yml\n",
    ])
}

pub(crate) fn pyproject(bytes: &[u8]) {
    definition("pyproject.toml", bytes);
}

pub(crate) fn pyproject_seeds() -> Vec<Vec<u8>> {
    owned(&[
        "[project]\nname = \"x\"\nversion = \"1\"\nrequires-python = \">=3.10\"\ndependencies = [\"six>=1\", \"attrs\"]\n",
        "[project]\nname = \"x\"\ndependencies = []\n[project.optional-dependencies]\na = [\"six\"]\n[dependency-groups]\n\
         dev = [\"pytest\", {include-group = \"b\"}]\nb = []\n",
        "[tool.uv]\n[[tool.uv.index]]\nurl = \"https://index.example/simple\"\n[tool.uv.sources]\nsix = {index = \"x\"}\n",
    ])
}

pub(crate) fn json(bytes: &[u8]) {
    definition("azureml_environment.json", bytes);
}

pub(crate) fn json_seeds() -> Vec<Vec<u8>> {
    owned(&[
        r#"{"name": "a", "version": "1", "environmentVariables": {"A": "b"},
            "docker": {"enabled": true, "baseImage": "r.example/a:1", "baseImageRegistry": {"username": "me"}},
            "python": {"userManagedDependencies": false, "condaDependencies": {"channels": ["c"], "dependencies": ["python=3.12"]}}}"#,
        r#"{"docker": {"buildContext": {"locationType": "git", "location": "https://g.example/a.git", "dockerfilePath": "D"}}, "r": {}}"#,
        r#"{"docker": {"baseDockerfile": "FROM a\nRUN b"}, "python": {"userManagedDependencies": true}}"#,
    ])
}

pub(crate) fn conda(bytes: &[u8]) {
    definition("conda.yml", bytes);
}

pub(crate) fn conda_seeds() -> Vec<Vec<u8>> {
    owned(&[
        "name: a\nchannels: [conda-forge, https://u:p@c.example/t]\ndependencies:\n- python=3.11\n- c::numpy[version='>=1.2',build=py*]\n\
         - gcc>=6  # [linux64]\n- Pillow\n- pip:\n  - six==1.16\n  - -r more.txt\nvariables: {A: 1}\nprefix: /opt/conda\n",
        "python: 3.8.14\nbuild_dependencies: [pip==22.0.4]\ndependencies: [mlflow<3]\n",
        "# envwright: allow definition-unpinned\ndependencies: [numpy 1.2.* *_cpython, 'a[md5=00]', {pip: ['x=={{v}}']}]\n",
    ])
}

pub(crate) fn pixi(bytes: &[u8]) {
    definition("pixi.toml", bytes);
}

pub(crate) fn pixi_seeds() -> Vec<Vec<u8>> {
    owned(&[
        "[workspace]\nname = 'a'\nchannels = ['conda-forge', {channel = 'x', priority = 1}]\nplatforms = ['linux-64']\n[dependencies]\n\
         python = '3.11.*'\nnumpy = { version = '>=1.2', build = 'py*' }\n[pypi-dependencies]\nsix = { version = '*', extras = ['a'] }\n\
         [target.linux-64.dependencies]\ngcc = '>=6'\n[activation.env]\nA = 'b'\n",
        "lock-version = '1.0'\n[[packages]]\nname = 'six'\nversion = '1'\nmarker = 'a'\nwheels = [{ url = 'https://f.example/six-1-py3-none-any.whl',\
         hashes = { sha256 = '00' } }]\n",
    ])
}

pub(crate) fn lock(bytes: &[u8]) {
    definition("some.lock", bytes);
}

pub(crate) fn lock_seeds() -> Vec<Vec<u8>> {
    owned(&[
        "# platform: linux-64\n@EXPLICIT\nhttps://c.example/noarch/six-1.16.0-pyh_0.conda#f5e2c3e654b899f744e1c07904684563\n# pip a @ https://f.example/a-1-py3-none-any.whl\n",
        "version: 1\nmetadata: {channels: [{url: c}], platforms: [linux-64]}\npackage:\n- {name: a, version: '1', manager: conda, platform: linux-64,\
         url: 'https://c.example/noarch/a-1-0.conda', hash: {md5: 00}}\n",
        "version: 6\nenvironments:\n  default:\n    channels: [{url: https://c.example/c/}]\n    packages:\n      linux-64:\n      - conda: https://c.example/c/noarch/a-1-0.conda\n\
         packages:\n- conda: https://c.example/c/noarch/a-1-0.conda\n  sha256: e26d5daf5de0e31aa5e74ac56386a361b202433b83f024fdadbf07d4a244da4a\n",
    ])
}

pub(crate) fn dockerfile(bytes: &[u8]) {
    definition("Dockerfile", bytes);
}

pub(crate) fn dockerfile_seeds() -> Vec<Vec<u8>> {
    owned(&[
        "# syntax=docker/dockerfile:1\nARG V=1\nFROM --platform=$BUILDPLATFORM debian:${V:-12} AS Build\nRUN a \\\n\n  && b\nENV A b\nCMD a b\n",
        "from debian\nMAINTAINER me\ncopy --from=biuld [\"a\", \"b\"]\nEXPOSE 80/TCP 1:2\nWORKDIR a\nRUN <<EOF\npip install six\nEOF\n",
        "# escape=`\nFROM a\nRUN b `\n c\nHEALTHCHECK CMD x\nENTRYPOINT [\"a\"]\nENTRYPOINT b\nARG TOKEN\nUSER $A\n",
    ])
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::builtin);
static MATCHER: LazyLock<log::Matcher> = LazyLock::new(|| log::Matcher::new(&CATALOG));

/// A log in pieces is read as in one; every report of it can be made.
pub(crate) fn log(bytes: &[u8]) {
    let whole = log::diagnose(bytes, &MATCHER, &CATALOG, "log");
    let mut reader = log::LogReader::new(&MATCHER);
    for piece in bytes.chunks(7) {
        reader.push(piece);
    }
    let pieces = reader.finish().diagnose(&MATCHER, &CATALOG, "log", &Redactor::default());
    assert_eq!(report::json(&whole), report::json(&pieces), "pieces make a difference");
    report::text(&whole, true, 80);
    report::markdown(&whole);
    report::github(&whole);
    report::sarif(&whole, &CATALOG, "0");
    let written = report::html(&whole, &mut &*bytes, &Redactor::default(), &mut Vec::new());
    assert!(written.is_ok(), "nothing that is in memory fails to be read or written");
}

pub(crate) fn log_seeds() -> Vec<Vec<u8>> {
    let examples = CATALOG.problems().flat_map(|problem| &problem.example);
    let escapes = "\u{1b}\u{1b}\u{1b}[1msh: gadget: not found\u{1b}]8;;x\u{1b}\\\n";
    let examples = examples.take(64).map(|example| example.log.clone().into_bytes());
    std::iter::once(escapes.as_bytes().to_vec()).chain(examples).collect()
}

/// Known to the redactor; it has several lines, and bytes that every encoding escapes.
const KNOWN: &str = "first \"line\"\nsecond%line\nx";
static REDACTOR: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::new([Secret::new(KNOWN), Secret::new("hunter2")]));

/// Chunks make no difference, and no known secret is left.
pub(crate) fn redactor(bytes: &[u8]) {
    let text = text(bytes);
    let clean = REDACTOR.redact(&text);
    assert!(!clean.contains("hunter2") && !clean.contains(KNOWN), "a secret is left");
    let mut stream = REDACTOR.stream();
    let mut pushed = String::new();
    let mut rest = &*text;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.ceil_char_boundary(5.min(rest.len())));
        pushed += &stream.push(chunk);
        rest = after;
    }
    assert_eq!(pushed + &stream.finish(), clean, "chunks make a difference");
}

pub(crate) fn redactor_seeds() -> Vec<Vec<u8>> {
    owned(&[
        KNOWN,
        "first \\\"line\\\"\\nsecond%line\\nx and first%20%22line%22%0Asecond%25line%0Ax",
        "login with hunter2, aHVudGVyMg==, 68756e74657232",
        "get https://u:p@mirror.example/a?sig=abc&token=x Authorization: Bearer abc\r\nBasic dTpwYXNzd29yZA==",
        concat!("-----BEGIN PRIV", "ATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nghp_0123456789abcdefABCD"),
    ])
}
