//! Each failure that envwright knows of, made to happen for real, and what a user then sees.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "the servers here know only lower case")]

mod support;

/// Runs a command for people and for programs: its exit code, the problem that both are told, facts of it that hold,
/// and the text as the snapshot of this test has it.
macro_rules! assert_failure {
    ($envwright:expr, $arguments:expr, $code:literal, $problem:literal, $facts:tt) => {{
        let failed = crate::failures::failed(&$envwright, &$arguments);
        failed.is($code, $problem, &serde_json::json!($facts));
        crate::support::assert_snapshot!(failed.shown);
    }};
}

mod failures {
    mod added_packages;
    mod base;
    mod definition;
    mod downloads;
    mod hashes;
    mod indexes;
    mod locks;
    mod machine;
    mod pypi;
    mod system_packages;
    mod unsupported;
    mod warnings;

    use crate::support::{Envwright, Ran};
    use serde_json::Value;

    /// The same command's failure, shown to people and given to programs.
    pub(crate) struct Failed {
        pub(crate) shown: Ran,
        given: Ran,
    }

    /// Runs a command twice, the second time with `--json`.
    pub(crate) fn failed(envwright: &Envwright, arguments: &[&str]) -> Failed {
        let given = envwright.run(&[arguments, &["--json"]].concat());
        Failed { given, shown: envwright.run(arguments) }
    }

    impl Failed {
        /// Exit code and root problem are these, and its facts hold at least these.
        #[track_caller]
        pub(crate) fn is(&self, code: i32, problem: &str, facts: &Value) {
            assert_eq!((self.given.code, self.shown.code), (Some(code), Some(code)), "{}", self.shown);
            let root = &self.given.json()["root"];
            assert_eq!(root["problem"], problem, "{}", self.shown);
            for (name, value) in facts.as_object().unwrap() {
                assert_eq!(&root["facts"][name], value, "{name} of {root:#}");
            }
        }
    }
}
