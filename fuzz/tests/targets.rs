//! Every target under its seeds, and under simple changes of them.

use envwright_fuzz::TARGETS;

/// Inputs longer than this are changed at fewer places.
const PLACES: usize = 150;
/// More seeds are left to the fuzzer.
const SEEDS: usize = 8;

fn target(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("it is one of them");
    let seeds = target.seeds();
    assert!(!seeds.is_empty());
    target.run(b"");
    for seed in seeds.into_iter().take(SEEDS) {
        target.run(&seed);
        let step = seed.len().div_ceil(PLACES).max(1);
        for at in (0..seed.len()).step_by(step) {
            target.run(&seed[..at]);
            for byte in [0, 0xff, seed[at] ^ 1, b'\n'] {
                let mut changed = seed.clone();
                changed[at] = byte;
                target.run(&changed);
            }
            let mut doubled = seed[..at].to_vec();
            doubled.extend_from_slice(&seed[at / 2..]);
            target.run(&doubled);
        }
    }
}

macro_rules! targets {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            target(stringify!($name));
        })*

        #[test]
        fn none_is_left_out() {
            let tested = [$(stringify!($name)),*];
            assert!(TARGETS.iter().map(|target| target.name).eq(tested));
        }
    };
}

targets!(
    requirements,
    yaml,
    pyproject,
    json,
    conda,
    pixi,
    lock,
    dockerfile,
    log,
    redactor,
    reference,
    challenge,
    manifest,
    tar,
    wheel,
    deb
);
