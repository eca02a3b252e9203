//! Every problem of definitions: a file that has it, one that looks alike and has not, and what its fix makes of it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use envwright_definition::{Options, read};
use envwright_diagnosis::{Catalog, Explain as _, Finding, edit};
use std::path::Path;
use tempfile::TempDir;

struct Case {
    problem: &'static str,
    name: &'static str,
    wrong: String,
    right: &'static str,
}

fn case(problem: &'static str, name: &'static str, wrong: impl Into<String>, right: &'static str) -> Case {
    Case { problem, name, wrong: wrong.into(), right }
}

const CONDA: &str = "environment.yml";
const AZURE: &str = "azure.yml";
const V1: &str = "azureml_environment.json";

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    vec![
        case(
            "definition-azure-refuses",
            AZURE,
            "$schema: s\nname: a\nimage: r.example/a:1\napt: [git]\n",
            "name: a\nimage: r.example/a:1\n",
        ),
        case("definition-base-conda-environment", V1, V1_BASE_CONDA, V1_GOOD),
        case(
            "definition-base-image-deprecated",
            AZURE,
            "name: a\nimage: mcr.example/azureml/intelmpi2018.3-ubuntu16.04:1\n",
            "name: a\nimage: mcr.example/azureml/openmpi4.1.0-ubuntu22.04:1\n",
        ),
        case(
            "definition-build-attribute",
            AZURE,
            "name: a\nbuild: {path: context}\nconda_file: {dependencies: [python=3.12]}\n",
            "name: a\nbuild: {path: context}\n",
        ),
        case(
            "definition-build-dockerfile-missing",
            AZURE,
            "name: a\nbuild: {path: context, dockerfile_path: Dockrfile}\n",
            "name: a\nbuild: {path: context, dockerfile_path: Dockerfile}\n",
        ),
        case(
            "definition-build-location-invalid",
            AZURE,
            "name: a\nbuild: {path: contxt}\n",
            "name: a\nbuild: {path: ./context}\n",
        ),
        case(
            "definition-build-location-missing",
            AZURE,
            "name: a\nbuild: {dockerfile_path: Dockerfile}\n",
            "name: a\nbuild: {path: context}\n",
        ),
        case(
            "definition-build-location-unknown",
            AZURE,
            "name: a\nbuild: {path: 'ftp://host.example/a'}\n",
            "name: a\nbuild: {path: 'https://git.example/a.git'}\n",
        ),
        case(
            "definition-channels-missing",
            CONDA,
            "dependencies: [python=3.12, numpy=2]\n",
            "channels: [conda-forge]\ndependencies: [python=3.12, numpy=2]\n",
        ),
        case(
            "definition-conda-and-pip",
            CONDA,
            "channels: [c]\ndependencies:\n- python=3.12\n- pip=24\n- numpy  # fast\n- pip:\n  - numpy==1.26  # pinned\n",
            "channels: [c]\ndependencies:\n- python=3.12\n- pip=24\n- numpy=1.26\n- pip:\n  - scipy==1\n",
        ),
        case(
            "definition-conda-invalid",
            AZURE,
            "name: a\nimage: r.example/a:1\nconda_file: list.yml\n",
            "name: a\nimage: r.example/a:1\nconda_file: conda.yml\n",
        ),
        case(
            "definition-conda-missing",
            CONDA,
            "name: a\nchannels: [conda-forge]\n",
            "name: a\nchannels: [conda-forge]\ndependencies: [python=3.12]\n",
        ),
        case(
            "definition-conflicting-keys",
            AZURE,
            "name: a\nimage: r.example/a:1\nname: b\n",
            "name: a\nimage: r.example/a:1\n",
        ),
        case(
            "definition-deprecated-attribute",
            V1,
            r#"{"name": "a", "docker": {"enabled": true, "baseImage": "r.example/a:1", "shmSize": "2g"}, "python": {"userManagedDependencies": true}}"#,
            V1_GOOD,
        ),
        case(
            "definition-docker-missing",
            V1,
            r#"{"name": "a", "python": {"userManagedDependencies": true}}"#,
            V1_GOOD,
        ),
        case(
            "definition-dockerfile-too-long",
            V1,
            v1_long(),
            r#"{"name": "a", "docker": {"baseDockerfile": "FROM r.example/a:1"}, "python": {"userManagedDependencies": true}}"#,
        ),
        case(
            "definition-duplicate-package",
            CONDA,
            "channels: [c]\ndependencies:\n- python=3.12\n- numpy=2  # one\n- numpy=2  # two\n",
            "channels: [c]\ndependencies:\n- python=3.12\n- gcc=1  # [linux64]\n- gcc=2  # [osx]\n",
        ),
        case(
            "definition-duplicate-package",
            "requirements.txt",
            "six==1  # one\nattrs\nsix==1  # two\n",
            "six==1 ; python_version < '3'\nsix==2 ; python_version > '3'\n",
        ),
        case("definition-empty", "requirements.txt", "# nothing yet\n", "six\n"),
        case(
            "definition-file-missing",
            AZURE,
            "name: a\nimage: r.example/a:1\nconda_file: cnda.yml\n",
            "name: a\nimage: r.example/a:1\nconda_file: conda.yml\n",
        ),
        case(
            "definition-image-conflict",
            AZURE,
            "name: a\nimage: r.example/a:1\nbuild: {path: context}\n",
            "name: a\nbuild: {path: context}\n",
        ),
        case("definition-image-missing", AZURE, "name: a\nversion: 1\n", "name: a\nimage: r.example/a:1\n"),
        case(
            "definition-image-name",
            AZURE,
            "name: a\nimage: r.example//Team\\App:1  # ours\n",
            "name: a\nimage: R.example:5000/team/app:V1\n",
        ),
        case(
            "definition-image-unpinned",
            AZURE,
            "name: a\nimage: r.example:5000/a\n",
            "name: a\nimage: r.example/a@sha256:0000000000000000000000000000000000000000000000000000000000000000\n",
        ),
        case(
            "definition-invalid-toml",
            "pyproject.toml",
            "[project\n",
            "[project]\nname = 'a'\ndependencies = ['six']\n",
        ),
        case(
            "definition-invalid-value",
            AZURE,
            "name: a\nimage: r.example/a:1\nos_type: mac\n",
            "name: a\nimage: r.example/a:1\nos_type: Linux\n",
        ),
        case("definition-invalid-yaml", AZURE, "name: a\nimage:\n\tb\n", "name: a\nimage: r.example/a:1\n"),
        case("definition-key-missing", AZURE, "version: 1\nimage: r.example/a:1\n", "image: r.example/a:1\n"),
        case(
            "definition-lock-invalid",
            "conda-lock.yml",
            "version: 7\nmetadata: {}\npackage: []\n",
            "version: 1\nmetadata: {}\npackage:\n- {name: a, version: '1', manager: conda, platform: linux-64, url: 'https://c.example/noarch/a-1-0.conda'}\n",
        ),
        case(
            "definition-name-spelling",
            CONDA,
            "channels: [c]\ndependencies:\n- python=3.12\n- Pillow=9  # images\n",
            "channels: [c]\ndependencies: [python=3.12, pillow=9]\n",
        ),
        case("definition-name-too-long", AZURE, long_name(), "name: a\nimage: r.example/a:1\n"),
        case(
            "definition-option-ignored",
            "requirements.txt",
            "--trusted-host index.example\nsix\n",
            "--pre\nsix\n",
        ),
        case(
            "definition-pip-missing",
            CONDA,
            "channels: [c]\ndependencies:\n  - python=3.12  # ours\n  - pip:  # more\n    - six==1\n",
            "channels: [c]\ndependencies: [python=3.12, pip=24, {pip: [six==1]}]\n",
        ),
        case(
            "definition-pip-unpinned",
            CONDA,
            "channels: [c]\ndependencies:\n- python=3.7\n- 'pip'  # any\n",
            "channels: [c]\ndependencies: [python=3.12, pip=24.2]\n",
        ),
        case(
            "definition-placeholder",
            CONDA,
            "channels: [c]\ndependencies:\n- python=3.12\n- pip=24\n- pip: ['azureml-core=={{latest}}']\n",
            "channels: [c]\ndependencies: [python=3.12]\n",
        ),
        case(
            "definition-prefix",
            CONDA,
            "channels: [c]\ndependencies: [python=3.12]\nprefix: /opt/conda  # exported\n",
            "channels: [c]\ndependencies: [python=3.12]\n",
        ),
        case(
            "definition-python-invalid",
            CONDA,
            "channels: [c]\ndependencies: [python=3.99]\n",
            "channels: [c]\ndependencies: [python=3.13]\n",
        ),
        case(
            "definition-python-missing",
            CONDA,
            "channels: [c]\ndependencies: [numpy=2]\n",
            "channels: [c]\ndependencies: [numpy=2, 'python>=3.12']\n",
        ),
        case(
            "definition-python-multiple",
            CONDA,
            "channels: [c]\ndependencies: [python=3.12, python=3.13]\n",
            "channels: [c]\ndependencies: [python=3.12, python-dateutil=2]\n",
        ),
        case(
            "definition-python-section-missing",
            V1,
            r#"{"name": "a", "docker": {"baseImage": "r.example/a:1"}}"#,
            V1_GOOD,
        ),
        case(
            "definition-python-unsupported",
            CONDA,
            "channels: [c]\ndependencies: [python=2.7]\n",
            "channels: [c]\ndependencies: ['python>=2.7']\n",
        ),
        case(
            "definition-r-section",
            V1,
            r#"{"name": "a", "docker": {"baseImage": "r.example/a:1"}, "python": {"userManagedDependencies": true}, "r": {"rVersion": "3.6"}}"#,
            V1_GOOD,
        ),
        case("definition-registry-credentials", V1, V1_LOGIN, V1_GOOD),
        case(
            "definition-registry-credentials-incomplete",
            V1,
            r#"{"name": "a", "docker": {"baseImage": "r.example/a:1", "baseImageRegistry": {"username": "me"}}, "python": {"userManagedDependencies": true}}"#,
            V1_GOOD,
        ),
        case(
            "definition-registry-credentials-multiple",
            V1,
            r#"{"name": "a", "docker": {"baseImage": "r.example/a:1", "baseImageRegistry": {"username": "me", "password": "x", "registryIdentity": {"clientId": "y"}}}, "python": {"userManagedDependencies": true}}"#,
            V1_GOOD,
        ),
        case(
            "definition-reserved-name",
            AZURE,
            "name: AzureML-mine\nimage: r.example/a:1\n",
            "name: my-AzureML\nimage: r.example/a:1\n",
        ),
        case(
            "definition-runtime-variables",
            V1,
            r#"{"name": "a", "environmentVariables": {"A": "b"}, "docker": {"baseImage": "r.example/a:1"}, "python": {"userManagedDependencies": true}}"#,
            V1_GOOD,
        ),
        case(
            "definition-secret-in-url",
            "requirements.txt",
            "--index-url https://me:hunter2@index.example/simple\nsix\n",
            "--index-url https://git@index.example/simple\nsix\n",
        ),
        case(
            "definition-selector",
            CONDA,
            "channels: [c]\ndependencies:\n- python=3.12\n- gcc=1  # [linux64]\n",
            "channels: [c]\ndependencies:\n- python=3.12\n- gcc=1  # [later]\n",
        ),
        case(
            "definition-unknown-key",
            AZURE,
            "name: a\nimage: r.example/a:1\nos_typ: linux  # same\n",
            "name: a\nimage: r.example/a:1\n",
        ),
        case(
            "definition-unknown-key",
            CONDA,
            "# head\nchannels: [c]\ndependencies: [python=3.12]\nqqqqqq: 1  # what\n",
            "channels: [c]\ndependencies: [python=3.12]\n",
        ),
        case(
            "definition-unpinned",
            CONDA,
            "channels: [c]\ndependencies: [python=3.12, numpy]\n",
            "channels: [c]\ndependencies: [python=3.12, numpy=2]\n",
        ),
        case(
            "definition-unquoted",
            AZURE,
            "name: a\nimage: r.example/a:1\nversion: 1.10  # ten\n",
            "name: a\nimage: r.example/a:1\nversion: '1.10'\n",
        ),
        case(
            "definition-user-managed-conda",
            V1,
            r#"{"name": "a", "docker": {"baseImage": "r.example/a:1"}, "python": {"userManagedDependencies": true, "condaDependencies": {"dependencies": ["python=3.12"]}}}"#,
            V1_GOOD,
        ),
    ]
}

const V1_GOOD: &str =
    r#"{"name": "a", "docker": {"baseImage": "r.example/a:1"}, "python": {"userManagedDependencies": true}}"#;
const V1_BASE_CONDA: &str = r#"{"name": "a", "docker": {"baseImage": "r.example/a:1"}, "python": {"baseCondaEnvironment": "base", "condaDependencies": {"channels": ["c"], "dependencies": ["python=3.12"]}}}"#;
const V1_LOGIN: &str = r#"{"name": "a", "docker": {"baseImage": "r.example/a:1", "baseImageRegistry": {"username": "me", "password": "hunter2"}}, "python": {"userManagedDependencies": true}}"#;

fn v1_long() -> String {
    let dockerfile = format!("FROM r.example/a:1\\n{}", "RUN true\\n".repeat(12_000));
    format!(
        r#"{{"name": "a", "docker": {{"baseDockerfile": "{dockerfile}"}}, "python": {{"userManagedDependencies": true}}}}"#
    )
}

fn long_name() -> String {
    format!("name: {}\nimage: r.example/a:1\n", "a".repeat(300))
}

/// Problems that no text alone can show: there is no file, it is not text, or it depends on the day (unit tests have it).
const ELSEWHERE: [&str; 3] = ["definition-not-found", "definition-encoding", "definition-python-end-of-life"];

fn findings(name: &str, text: &str) -> Vec<Finding> {
    let dir: TempDir = tempfile::tempdir().unwrap();
    let files = [
        (name, text),
        ("conda.yml", "channels: [c]\ndependencies: [python=3.12]\n"),
        ("list.yml", "- a\n- b\n"),
        ("context/Dockerfile", "FROM r.example/a:1\n"),
    ];
    for (name, text) in files.iter().rev() {
        let path = dir.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    match read(&dir.path().join(name), &Options::default()) {
        Ok(environment) => [environment.findings, environment.remarks].concat(),
        Err(error) => error.findings(),
    }
}

fn has(problem: &str, findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.problem.as_str() == problem)
}

#[test]
fn every_problem_of_definitions_has_a_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog/definition");
    let cases = cases();
    for entry in fs_err::read_dir(folder).unwrap() {
        let id = entry.unwrap().file_name().to_string_lossy().trim_end_matches(".toml").to_owned();
        assert!(
            cases.iter().any(|case| case.problem == id) || ELSEWHERE.contains(&id.as_str()),
            "{id} has no case"
        );
        assert!(Catalog::builtin().get(&id).is_some(), "{id}");
    }
}

#[test]
fn each_problem_is_found_where_it_is_and_only_there() {
    for Case { problem, name, wrong, right } in cases() {
        let found = findings(name, &wrong);
        let here = found.iter().find(|finding| finding.problem.as_str() == problem);
        let here = here.unwrap_or_else(|| panic!("{problem}: {found:?}"));
        assert!(!here.evidence.is_empty(), "{problem} has no place");
        let found = findings(name, right);
        assert!(!has(problem, &found), "{problem}: {right}\n{found:?}");
    }
}

#[test]
fn a_fix_takes_the_finding_away_and_no_comment() {
    let mut fixed = Vec::new();
    for Case { problem, name, wrong, .. } in cases() {
        let mut text = wrong.clone();
        for _ in 0..5 {
            let found = findings(name, &text);
            let own = found.iter().filter(|finding| finding.problem.as_str() == problem);
            let (texts, made) = edit::edited(own.filter_map(|finding| finding.fix.as_ref()));
            if made == 0 {
                break;
            }
            text.clone_from(&texts[0].1);
            fixed.push(problem);
        }
        if fixed.contains(&problem) && text != wrong {
            assert!(!has(problem, &findings(name, &text)), "{problem}: {text}");
            for comment in wrong.lines().filter_map(|line| line.split_once(" #").map(|(_, comment)| comment))
            {
                assert!(text.contains(comment), "{problem} lost `#{comment}`: {text}");
            }
        }
    }
    for problem in [
        "definition-conda-and-pip",
        "definition-deprecated-attribute",
        "definition-duplicate-package",
        "definition-image-name",
        "definition-name-spelling",
        "definition-pip-missing",
        "definition-pip-unpinned",
        "definition-prefix",
        "definition-unknown-key",
        "definition-unquoted",
    ] {
        assert!(fixed.contains(&problem), "{problem} has no fix");
    }
}
