//! Reports in SARIF keep to the schema of the standard, which lies beside this as OASIS publishes it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use boon::{Compiler, SchemaIndex, Schemas};
use envwright_diagnosis::{
    Catalog, Finding,
    log::{Matcher, diagnose},
    report,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

struct Schema {
    text: Value,
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sarif/sarif-schema-2.1.0.json");
        let text: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        compiler.add_resource("sarif.json", text.clone()).unwrap();
        let index = compiler.compile("sarif.json", &mut schemas).unwrap();
        Self { text, schemas, index }
    }

    fn wrong(&self, report: &Value) -> Option<String> {
        self.schemas.validate(report, self.index).err().map(|error| format!("{error:#}"))
    }
}

fn logs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/made/logs");
    let logs = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    logs.collect()
}

#[test]
fn every_report_keeps_to_the_schema() {
    let (schema, catalog) = (Schema::read(), Catalog::builtin());
    let matcher = Matcher::new(&catalog);
    let logs = logs();
    assert!(logs.len() > 300);
    for log in logs {
        let text = fs_err::read(&log).unwrap();
        // A name with all that a URI may not hold.
        let diagnosis = diagnose(&text, &matcher, &catalog, "täglich #7/my build?.log");
        let report = report::sarif(&diagnosis, &catalog, "1.0.0");
        assert_eq!(schema.wrong(&report), None, "{}", log.display());
        assert_eq!(report["$schema"], schema.text["id"]);
    }
}

#[test]
fn every_problem_makes_a_rule_and_a_result_without_a_place() {
    let (schema, catalog) = (Schema::read(), Catalog::builtin());
    for problem in catalog.problems() {
        let finding = Finding::new(problem.id.clone());
        let diagnosis = envwright_diagnosis::Diagnosis::new(vec![finding], &catalog);
        let report = report::sarif(&diagnosis, &catalog, "1.0.0");
        assert_eq!(schema.wrong(&report), None, "{}", problem.id);
    }
}

#[test]
fn what_breaks_the_schema_is_seen() {
    let (schema, catalog) = (Schema::read(), Catalog::builtin());
    let whole = report::sarif(&envwright_diagnosis::Diagnosis::new(Vec::new(), &catalog), &catalog, "1.0.0");
    assert_eq!(schema.wrong(&whole), None);
    for (pointer, value) in
        [("/version", json!("3")), ("/runs/0/results", json!("none")), ("/runs/0/tool", json!({}))]
    {
        let mut broken = whole.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        assert!(schema.wrong(&broken).is_some(), "{pointer}");
    }
}
