//! What the target answers to markers and which wheel tags it takes: never the host's own.

use envwright_target::{Arch, Platform};
use uv_pep440::{Version, VersionParseError};
use uv_pep508::{MarkerEnvironment, MarkerEnvironmentBuilder};
use uv_platform_tags::{Arch as UvArch, Os, Platform as UvPlatform, Tags, TagsError, TagsOptions};

/// The marker values of `CPython` `python` on `platform` (dependency specifiers, "Environment markers").
/// What only a running kernel knows (`platform_release`, `platform_version`) is empty.
pub(super) fn markers(
    platform: Platform,
    python: (u8, u8, u8),
) -> Result<MarkerEnvironment, VersionParseError> {
    let (major, minor, patch) = python;
    let full = format!("{major}.{minor}.{patch}");
    MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: &full,
        os_name: "posix",
        platform_machine: platform.arch.machine(),
        platform_python_implementation: "CPython",
        platform_release: "",
        platform_system: "Linux",
        platform_version: "",
        python_full_version: &full,
        python_version: &format!("{major}.{minor}"),
        sys_platform: "linux",
    })
}

/// The wheel tags that the target takes, best first. Without a glibc only wheels for any platform fit.
pub(super) fn tags(
    platform: Platform,
    python: (u8, u8, u8),
    glibc: Option<(u32, u32)>,
) -> Result<Tags, TagsError> {
    let (major, minor) = glibc.unwrap_or((2, 0));
    let narrow = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    let os = Os::Manylinux { major: narrow(major), minor: narrow(minor) };
    let version = (python.0, python.1);
    let options =
        TagsOptions { manylinux_compatible: glibc.is_some(), is_cross: true, ..TagsOptions::default() };
    Tags::from_env(UvPlatform::new(os, architecture(platform)), version, "cpython", version, options)
}

/// The target's Python as a version.
pub(super) fn python_version(python: (u8, u8, u8)) -> Version {
    Version::new([u64::from(python.0), u64::from(python.1), u64::from(python.2)])
}

/// uv's name of the target's processor.
pub(super) fn architecture(platform: Platform) -> UvArch {
    match platform.arch {
        Arch::Amd64 => UvArch::X86_64,
        Arch::Arm64 => UvArch::Aarch64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;
    use uv_pep508::MarkerTree;
    use uv_pypi_types::ResolverMarkerEnvironment;

    #[test]
    fn markers_describe_the_target() {
        let environment = ResolverMarkerEnvironment::from(markers(Platform::ARM64, (3, 11, 2)).unwrap());
        for (text, holds) in [
            ("platform_machine == 'aarch64'", true),
            ("sys_platform == 'win32'", false),
            ("python_version < '3.11'", false),
            ("python_full_version >= '3.11.2'", true),
        ] {
            let marker = MarkerTree::from_str(text).unwrap();
            assert_eq!(marker.evaluate(&environment, &[]), holds, "{text}");
        }
    }

    #[test]
    fn tags_follow_glibc_and_processor() {
        let fits = |name: &str, platform, glibc| {
            let wheel = uv_distribution_filename::WheelFilename::from_str(name).unwrap();
            wheel.is_compatible(&tags(platform, (3, 11, 2), glibc).unwrap())
        };
        let wheel = "a-1-cp311-cp311-manylinux_2_28_x86_64.whl";
        assert!(fits(wheel, Platform::AMD64, Some((2, 36))));
        assert!(!fits(wheel, Platform::AMD64, Some((2, 27))));
        assert!(!fits(wheel, Platform::AMD64, None));
        assert!(!fits(wheel, Platform::ARM64, Some((2, 36))));
        assert!(fits("a-1-py3-none-any.whl", Platform::ARM64, None));
    }
}
