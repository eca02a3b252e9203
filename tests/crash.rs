//! What is left when a command is killed, or the disk refuses, at any of its steps: the next run goes on from it, and
//! nothing is half there. `strace` puts the fault in the place of one call of the real binary.
//!
//! `CRASH_SEED=17` tries one seed alone; `CRASH_FIRST=5` takes other faults than those of every run.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]

mod support;

/// Shown by `cargo nextest run --no-capture`, and by a test that fails.
#[expect(clippy::print_stdout, reason = "a test's own words")]
fn say(text: &str) {
    println!("{text}");
}

mod crash {
    mod aftermath;
    mod campaign;
    mod fault;
    mod figures;
    mod machine;
    mod order;
    mod random;
    mod scene;
    mod space;
    mod steps;
    mod victims;

    /// In every change's tests.
    #[test]
    fn kills_and_errors_at_many_steps_leave_nothing_half_done() {
        campaign::run("sample", 60, 30);
    }

    #[test]
    #[ignore = "minutes: cargo xtask test --full"]
    fn kills_and_errors_at_all_steps_leave_nothing_half_done() {
        campaign::run("full", 520, 210);
    }
}
