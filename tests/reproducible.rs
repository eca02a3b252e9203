//! One lock is one image: whoever builds it, where and how; and on a second time without the network.
//!
//! Needs root, to be more than one user.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]

mod support;

mod reproducible {
    mod bytecode;
    mod platforms;
    mod surroundings;
    mod twice;

    /// Wheels of several kinds, small enough to be built ten times: compiled ones, scripts, a namespace package.
    const REQUIREMENTS: &str = "numpy\npandas\nfastapi\nmlflow-skinny\nzope.interface\n";

    /// The digest that `build --json` printed.
    #[track_caller]
    fn digest(printed: &str) -> String {
        let report: serde_json::Value = serde_json::from_str(printed).unwrap();
        report["digest"].as_str().unwrap().to_owned()
    }
}
