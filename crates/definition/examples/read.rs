//! Reads definitions and prints what is said of each: `cargo run --example read -- PATH…`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use envwright_definition::{Options, read};
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _, report};
use std::path::Path;

fn main() {
    for path in std::env::args().skip(1) {
        let (verdict, findings) = match read(Path::new(&path), &Options::default()) {
            Ok(environment) => (format!("read as {}", environment.format), environment.findings),
            Err(error) => ("refused".to_owned(), error.findings()),
        };
        println!("{path}: {verdict}");
        let diagnosis = Diagnosis::new(findings, &Catalog::builtin());
        println!("{}", report::text(&diagnosis, false, 100));
    }
}
