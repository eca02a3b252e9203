//! What a check says of definitions that this version reads and does not build.

use super::conda;
use crate::support::Envwright;
use serde_json::Value;

fn problems(value: &Value, member: &str) -> Vec<String> {
    let findings = value[member].as_array().unwrap();
    findings.iter().map(|finding| finding["problem"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_not_built_yet_is_a_warning_of_a_check_and_an_error_of_a_build() {
    let text = "name: app\nbuild: {path: .}\nenv: {A: b}\n";
    let envwright = Envwright::new()
        .file("environment.yml", text)
        .file("Dockerfile", "FROM debian:latest\nRUN apt-get\n");
    let checked = envwright.run(&["check", "--json"]).succeeded().json();
    assert_eq!(checked["outcome"], "succeeded");
    let notes = problems(&checked, "notes");
    assert!(notes.iter().any(|note| note == "not-supported-yet"), "{notes:?}");
    assert_eq!(
        (&checked["checks"][1]["what"], &checked["checks"][1]["state"]),
        (&"build".into(), &"skipped".into())
    );
    let built = envwright.run(&["build", "--json"]);
    assert_eq!((built.code, &built.json()["root"]["problem"]), (Some(1), &"not-supported-yet".into()));
}

#[test]
fn a_static_check_says_what_the_definition_alone_says() {
    let ran = conda().run(&["check", "--static", "--offline"]).succeeded();
    assert!(
        ran.stdout.contains("warning[definition-pip-missing]") && !ran.stdout.contains("not-supported"),
        "{ran}"
    );
    let ran = Envwright::new().file("requirements.txt", "six==1\n").run(&["check", "--static"]).succeeded();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "nothing to say of requirements.txt\n"));
    let ran = Envwright::new().file("requirements.txt", "six==\n").run(&["check", "--static"]);
    assert_eq!(ran.code, Some(1), "{ran}");
}

#[test]
fn levels_are_configured_and_allowed_in_the_file() {
    let level = |level: &str| conda().config(&format!("[check]\ndefinition-pip-missing = \"{level}\"\n"));
    let ran = level("error").run(&["check", "--static", "--json"]);
    assert_eq!((ran.code, &ran.json()["root"]["problem"]), (Some(1), &"definition-pip-missing".into()));
    let ran = level("error").run(&["build", "--json"]);
    assert_eq!((ran.code, &ran.json()["root"]["problem"]), (Some(1), &"definition-pip-missing".into()));
    let ran = level("off").run(&["check", "--static"]).succeeded();
    assert!(!ran.stdout.contains("definition-pip-missing"), "{ran}");
    let text = format!("# envwright: allow definition-pip-missing\n{}", super::CONDA);
    let ran = Envwright::new().file("environment.yml", text).run(&["check", "--static"]).succeeded();
    assert!(
        !ran.stdout.contains("definition-pip-missing") && ran.stdout.contains("definition-name-spelling"),
        "{ran}"
    );
}

#[test]
fn a_level_of_no_problem_is_told_with_the_nearest() {
    let ran = conda().config("[check]\ndefinition-pip-mising = \"off\"\n").run(&["check", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert_eq!(ran.json()["root"]["problem"], "configuration-invalid");
    assert!(ran.stdout.contains("the nearest is `definition-pip-missing`"), "{ran}");
}

#[test]
fn editors_and_code_hosts_get_their_forms() {
    let lsp = conda().run(&["check", "--format", "lsp"]).succeeded().json();
    let file = &lsp[0];
    assert_eq!(file["uri"], "environment.yml");
    let pillow =
        file["diagnostics"].as_array().unwrap().iter().find(|one| one["code"] == "definition-name-spelling");
    let pillow = pillow.unwrap_or_else(|| panic!("{lsp:#}"));
    assert_eq!(
        (&pillow["range"]["start"]["line"], &pillow["range"]["start"]["character"]),
        (&5.into(), &4.into())
    );
    assert!(pillow["codeDescription"]["href"].as_str().unwrap().starts_with("https://"));
    assert!(pillow["data"]["patch"].as_str().unwrap().contains("+  - pillow=9  # images"));

    let sarif = conda().run(&["check", "--format", "sarif"]).succeeded().json();
    assert_eq!(sarif["version"], "2.1.0");
    let github = conda().run(&["check", "--format", "github"]).succeeded();
    assert!(
        github.stdout.contains("::warning file=environment.yml,line=7,col=5,title=definition-pip-missing"),
        "{github}"
    );
    let html = conda().run(&["check", "--format", "html"]);
    assert_eq!(html.code, Some(2), "{html}");
}

#[test]
fn azures_own_verdict_is_kept_to() {
    let azure =
        |text: &str| Envwright::new().file("environment.yml", text).run(&["check", "--static", "--json"]);
    azure("name: a\nimage: registry.example/base:1\nconda_file: {dependencies: [python=3.12]}\n").succeeded();
    let ran = azure("image: registry.example/base:1\nversion: 1\n");
    assert_eq!((ran.code, &ran.json()["root"]["facts"]["key"]), (Some(1), &"name".into()), "{ran}");
}

#[test]
fn a_dockerfile_is_checked_in_its_folder() {
    let envwright = Envwright::new()
        .file("Dockerfile", "FROM debian:12 as build\nCOPY app.py ./\nCMD python app.py\n")
        .file("app.py", "")
        .file(".dockerignore", "*.py\n");
    let ran = envwright.run(&["check", "Dockerfile", "--json"]);
    let checked = ran.json();
    assert_eq!(
        (ran.code, problems(&checked, "roots")),
        (Some(1), vec!["dockerfile-copy-ignored".to_owned()]),
        "{ran}"
    );
    let mut notes = problems(&checked, "notes");
    notes.sort_unstable();
    assert_eq!(notes, ["dockerfile-from-as-casing", "dockerfile-json-args"]);
}

#[test]
fn passwords_and_tokens_of_a_definition_are_shown_nowhere() {
    let v1 = r#"{"name": "a", "docker": {"baseImage": "r.example/a:1", "enabled": true, "baseImageRegistry":
        {"username": "me", "password": "hunter2"}}, "python": {"userManagedDependencies": true}}"#;
    let broken = v1.replace("\"name\": \"a\"", "\"name\": [1]");
    let conda = "channels: ['https://c.example/t/me-hunter2-abcd/team', 'https://me:hunter2@c.example/x']\n\
                 dependencies: [python=3.12, 'https://me:hunter2@c.example/noarch/a-1-0.conda']\n";
    for (name, text) in
        [("azureml_environment.json", v1), ("azureml_environment.json", &broken), ("environment.yml", conda)]
    {
        let envwright = Envwright::new().file(name, text);
        for command in [
            &["check"][..],
            &["check", "--static", "--json"],
            &["check", "--static", "--format", "lsp"],
            &["check", "--static", "--format", "sarif"],
            &["check", "--diff"],
            &["build"],
            &["convert", "--to", "conda"],
            &["convert", "--to", "azureml", "--json"],
            &["check", "--fix"],
        ] {
            let ran = envwright.run(command);
            assert!(!ran.to_string().contains("hunter2"), "{name} {command:?}: {ran}");
        }
    }
}

#[test]
fn every_described_format_has_a_schema() {
    for format in ["azureml", "azureml-v1", "conda", "mlflow", "conda-lock", "pixi-lock"] {
        let schema = Envwright::new().run(&["schema", format]).succeeded().json();
        assert!(schema["$schema"].is_string() && schema["properties"].is_object(), "{format}");
    }
    assert_eq!(Envwright::new().run(&["schema"]).succeeded().json()["title"], "envwright environment");
    assert_eq!(Envwright::new().run(&["schema", "requirements"]).code, Some(2));
}
