//! Which of two versions is the newer; none where one is no version by the rules.

use rattler_conda_types::Version;
use std::{cmp::Ordering, str::FromStr};

fn compare<V: FromStr + Ord>(one: &str, other: &str) -> Option<Ordering> {
    Some(one.parse::<V>().ok()?.cmp(&other.parse().ok()?))
}

/// By Debian policy, section 5.6.12.
pub fn debian(one: &str, other: &str) -> Option<Ordering> {
    compare::<debversion::Version>(one, other)
}

/// By conda's rules (CEP 33).
pub fn conda(one: &str, other: &str) -> Option<Ordering> {
    compare::<Version>(one, other)
}

/// By PEP 440.
pub fn pypi(one: &str, other: &str) -> Option<Ordering> {
    compare::<uv_pep440::Version>(one, other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_packages_has_rules_of_its_own() {
        assert_eq!(debian("1:1.0", "2.0"), Some(Ordering::Greater));
        assert_eq!(debian("1.0~rc1-1", "1.0-1"), Some(Ordering::Less));
        assert_eq!(conda("1.10", "1.9"), Some(Ordering::Greater));
        assert_eq!(conda("1.0a", "1.0"), Some(Ordering::Less));
        assert_eq!(pypi("1.0.post1", "1.0"), Some(Ordering::Greater));
        assert_eq!(pypi("2.0", "2.0.0"), Some(Ordering::Equal));
        assert_eq!(pypi("of nobody", "1"), None);
    }
}
