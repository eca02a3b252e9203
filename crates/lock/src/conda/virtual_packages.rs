//! What the target has besides packages, as packages (CEP 30, "Virtual packages").

use super::Request;
use envwright_target::Arch;
use rattler_conda_types::{GenericVirtualPackage, PackageName, Version};
use std::str::FromStr as _;

/// The kernel that is taken for granted: images run on many, and packages ask for those of years ago.
const LINUX: &str = "5.10";

/// Those of a request's target.
pub(super) fn of(request: &Request) -> Vec<GenericVirtualPackage> {
    let architecture = match request.platform.arch {
        Arch::Amd64 => "x86_64",
        Arch::Arm64 => "aarch64",
    };
    let glibc = request.glibc.map(|(major, minor)| ("__glibc", format!("{major}.{minor}"), "0"));
    let cuda = request.cuda.clone().map(|version| ("__cuda", version, "0"));
    let always = [
        ("__unix", "0".to_owned(), "0"),
        ("__linux", LINUX.to_owned(), "0"),
        ("__archspec", "1".to_owned(), architecture),
    ];
    let all = always.into_iter().chain(glibc).chain(cuda);
    all.filter_map(|(name, version, build)| {
        Some(GenericVirtualPackage {
            name: PackageName::from_str(name).ok()?,
            version: Version::from_str(&version).ok()?,
            build_string: build.parse().ok()?,
        })
    })
    .collect()
}
