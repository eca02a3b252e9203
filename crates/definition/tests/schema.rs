//! The JSON Schemas take what is read, and refuse what is not.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use boon::{Compiler, SchemaIndex, Schemas};
use envwright_definition::{Format, schema};
use serde_json::Value;

struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    fn of(format: Format) -> Self {
        let mut compiler = Compiler::new();
        let (mut schemas, name) = (Schemas::new(), format!("https://schemas.example/{format}.json"));
        compiler.add_resource(&name, schema(format).unwrap()).unwrap();
        let index = compiler.compile(&name, &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn takes(&self, text: &str) -> Result<(), String> {
        let value: Value = serde_yaml::from_str(text).unwrap();
        self.schemas.validate(&value, self.index).map_err(|error| error.to_string())
    }
}

#[test]
fn what_is_read_is_taken() {
    for (format, text) in [
        (
            Format::Azure,
            "name: a\nversion: 1\nimage: a/b:1\nos_type: linux\ntags: {a: 1}\nconda_file: conda.yml\n",
        ),
        (Format::Azure, "name: a\nbuild: {path: ., dockerfile_path: Dockerfile}\n"),
        (
            Format::Azure,
            "image: scratch\nrequirements: [six]\napt: [git]\npython: '3.11'\nenv: {A: 1}\nfiles: [{from: a, to: /b}]\nuser: 1000:1000\n",
        ),
        (
            Format::Azure,
            "name: a\nimage: a\nconda_file: {channels: [c], dependencies: [python=3.11, {pip: [six]}]}\n",
        ),
        (
            Format::Conda,
            "name: a\nchannels: [c]\ndependencies: [python=3.11, {pip: [six]}]\nvariables: {A: 1}\nprefix: /a\nplatforms: [linux-64]\n",
        ),
        (
            Format::AzureV1,
            r#"{"name": "a", "docker": {"baseImage": "a", "platform": {"os": "Linux"}}, "python": {"condaDependencies": {"dependencies": ["python=3.8"]}}, "spark": {}, "r": null}"#,
        ),
        (Format::Mlflow, "python: 3.8.14\nbuild_dependencies: [pip==22]\ndependencies: [mlflow]\n"),
        (
            Format::CondaLock,
            "version: 1\nmetadata: {channels: []}\npackage: [{name: a, version: '1', manager: conda, platform: linux-64, url: 'https://c.example/a-1-0.conda', hash: {md5: '00'}}]\n",
        ),
        (
            Format::PixiLock,
            "version: 6\nenvironments: {default: {channels: [{url: c}], packages: {linux-64: [{conda: u}]}}}\npackages: [{conda: u, sha256: '00'}]\n",
        ),
    ] {
        Validator::of(format).takes(text).unwrap_or_else(|error| panic!("{format}: {text}\n{error}"));
    }
}

#[test]
fn what_is_wrong_is_refused() {
    for (format, text) in [
        (Format::Azure, "image: a\nrequirments: [six]\n"),
        (Format::Azure, "image: a\nos_type: mac\n"),
        (Format::Azure, "image: [a]\n"),
        (Format::Azure, "name: a\nbuild: {paths: .}\n"),
        (Format::Azure, "name: a\nimage: a\ninference_config: {liveness_route: {port: 1, path: /}}\n"),
        (Format::Conda, "name: a\nchannels: [c]\n"),
        (Format::Conda, "dependencies: [1]\n"),
        (Format::AzureV1, r#"{"docker": {"buildContext": {"location": "a"}}}"#),
        (Format::Mlflow, "python: 3.8\n"),
        (Format::CondaLock, "version: 2\nmetadata: {}\npackage: []\n"),
        (Format::PixiLock, "version: 6\n"),
    ] {
        assert!(Validator::of(format).takes(text).is_err(), "{format}: {text}");
    }
}
