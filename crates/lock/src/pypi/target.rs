//! Which files of a lock are for a target.

use super::markers::{markers, tags};
use envwright_target::Platform;
use std::str::FromStr as _;
use uv_distribution_filename::WheelFilename;
use uv_pep508::MarkerTree;
use uv_platform_tags::TagCompatibility;

/// What a wheel has to run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The platform.
    pub platform: Platform,
    /// The `CPython`: major, minor, patch.
    pub python: (u8, u8, u8),
    /// The glibc; without one only wheels for any platform fit.
    pub glibc: Option<(u32, u32)>,
}

impl Target {
    /// The position of the wheel that fits best; none where none fits. What is no wheel fits nothing.
    pub fn best(&self, filenames: &[String]) -> Option<usize> {
        let tags = tags(self.platform, self.python, self.glibc).ok()?;
        let fits =
            |(at, name): (usize, &String)| match WheelFilename::from_str(name).ok()?.compatibility(&tags) {
                TagCompatibility::Compatible(priority) => Some((priority, at)),
                TagCompatibility::Incompatible(_) => None,
            };
        let best = filenames.iter().enumerate().filter_map(fits);
        best.max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, at)| at)
    }

    /// Whether an environment marker (PEP 508) means it; one that cannot be read means every target.
    pub fn is_meant(&self, marker: &str) -> bool {
        let (Ok(tree), Ok(markers)) = (MarkerTree::from_str(marker), markers(self.platform, self.python))
        else {
            return true;
        };
        tree.evaluate(&markers, &[])
    }
}

/// The version in the name of a wheel.
pub fn version_of(filename: &str) -> Option<String> {
    Some(WheelFilename::from_str(filename).ok()?.version.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_of_the_wheels_that_run_is_the_best() {
        let target = Target { platform: Platform::AMD64, python: (3, 11, 2), glibc: Some((2, 36)) };
        let best = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            target.best(&names)
        };
        assert_eq!(best(&["a-1-py3-none-any.whl", "a-1-cp311-cp311-manylinux_2_17_x86_64.whl"]), Some(1));
        assert_eq!(best(&["a-1-cp312-cp312-manylinux_2_17_x86_64.whl", "a-1-py3-none-any.whl"]), Some(1));
        assert_eq!(best(&["a-1-cp311-cp311-win_amd64.whl", "a-1.tar.gz"]), None);
        assert!(target.is_meant("sys_platform == 'linux'") && !target.is_meant("python_version < '3.10'"));
        assert_eq!(version_of("a_b-1.2-py3-none-any.whl").as_deref(), Some("1.2"));
    }
}
