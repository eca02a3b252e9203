//! Packages of PyPI that draw windows, and need a library of the system for that which images seldom have.

use envwright_definition::Environment;
use envwright_diagnosis::{Finding, Severity};
use envwright_lock::PlatformLock;
use envwright_target::{Files, Platform, resolve};

/// What is reported, with the library that is lacking.
pub(crate) const PROBLEM: &str = "shared-library-missing";
const LIBRARY: &str = "libGL.so.1";
/// Packages of Debian and conda that bring it.
const BRINGS: [&str; 2] = ["libgl1", "libgl"];

/// A package, and the same one without windows.
const VARIANTS: [(&str, &str); 2] = [
    ("opencv-python", "opencv-python-headless"),
    ("opencv-contrib-python", "opencv-contrib-python-headless"),
];

/// The variant of a package that needs no windows.
pub(crate) fn variant(name: &str) -> Option<&'static str> {
    VARIANTS.iter().find(|(own, _)| *own == name).map(|(_, headless)| *headless)
}

/// The packages of a lock that cannot be imported for want of the library.
pub(crate) fn findings(
    environment: &Environment,
    platform: Platform,
    base: &dyn Files,
    lock: &PlatformLock,
) -> Vec<Finding> {
    let drawing = lock.wheels.iter().filter(|wheel| variant(&wheel.name).is_some());
    let mut drawing = drawing.peekable();
    if drawing.peek().is_none() || has_library(platform, base, lock) {
        return Vec::new();
    }
    let finding = |wheel: &envwright_lock::pypi::LockedWheel| {
        let finding = Finding::new(PROBLEM)
            .severity(Severity::Warning)
            .fact("library", LIBRARY)
            .fact("package", &wheel.name)
            .fact("version", &wheel.version)
            .detail(format!(
                "{} cannot be imported without it, and nothing in the image brings it.",
                wheel.name
            ));
        let asked = environment.requirements.iter().find(|asked| asked.name.as_str() == wheel.name);
        let span = asked.and_then(|asked| asked.span.as_ref());
        span.into_iter().fold(finding, |finding, span| finding.at(span, "needs it"))
    };
    drawing.map(finding).collect()
}

fn has_library(platform: Platform, base: &dyn Files, lock: &PlatformLock) -> bool {
    let names = lock.debs.iter().map(|deb| &deb.name).chain(lock.conda.iter().map(|package| &package.name));
    let triplet = platform.arch.triplet();
    let mut places =
        [format!("usr/lib/{triplet}"), format!("lib/{triplet}"), "usr/lib64".to_owned()].into_iter();
    names.into_iter().any(|name| BRINGS.contains(&name.as_str()))
        || places.any(|folder| resolve(base, &format!("{folder}/{LIBRARY}")).is_some())
}
