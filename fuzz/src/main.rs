//! One target under libFuzzer: the one that `ENVWRIGHT_FUZZ` names; `list` prints their names. The target's seeds are
//! written to the folder `ENVWRIGHT_FUZZ_SEEDS`, where that is given.
#![no_main]

use envwright_fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;
use std::{io::Write as _, path::PathBuf, sync::LazyLock};

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("ENVWRIGHT_FUZZ").unwrap_or_default();
    if name == "list" {
        let names: String = TARGETS.iter().map(|target| format!("{}\n", target.name)).collect();
        let printed = std::io::stdout().write_all(names.as_bytes());
        std::process::exit(i32::from(printed.is_err()));
    }
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("there is no target `{name}`"))
});

fuzz_target!(
    init: {
        let target = *TARGET;
        if let Some(folder) = std::env::var_os("ENVWRIGHT_FUZZ_SEEDS").map(PathBuf::from) {
            for (number, seed) in target.seeds().into_iter().enumerate() {
                fs_err::write(folder.join(format!("seed-{number}")), seed).expect("the folder can be written to");
            }
        }
    },
    |bytes: &[u8]| TARGET.run(bytes)
);
