//! The package that was probably meant by a name that no index has.

use super::{known::known, session::Session};
use envwright_diagnosis::nearest;
use uv_normalize::PackageName;

/// Packages that environments for machine learning are made of, sorted: names that are worth a guess.
const WELL_KNOWN: &str = include_str!("well-known.txt");

/// Modules that are imported by another name than their package has.
const MODULES: &[(&str, &str)] = &[
    ("attr", "attrs"),
    ("bs4", "beautifulsoup4"),
    ("cv2", "opencv-python"),
    ("dateutil", "python-dateutil"),
    ("dotenv", "python-dotenv"),
    ("faiss", "faiss-cpu"),
    ("imblearn", "imbalanced-learn"),
    ("jwt", "pyjwt"),
    ("opencv", "opencv-python"),
    ("pil", "pillow"),
    ("psycopg2-bin", "psycopg2-binary"),
    ("pytorch", "torch"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("yaml", "pyyaml"),
    ("zmq", "pyzmq"),
];

/// The nearest name that an index has. Costs a request for the page of the one candidate.
pub(super) async fn meant(session: &Session<'_>, name: &PackageName) -> Option<PackageName> {
    let candidate: PackageName = candidate(name.as_ref())?.parse().ok()?;
    let exists = !known(session, &candidate).await.versions.is_empty();
    exists.then_some(candidate)
}

/// The package that has a module of this name, where that is known to be another.
pub(super) fn of_module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(module, _)| *module == name).map(|(_, package)| *package)
}

fn candidate(name: &str) -> Option<&'static str> {
    of_module(name).or_else(|| nearest(name, WELL_KNOWN.lines().filter(|known| *known != name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_or_the_name_of_a_module_is_understood() {
        assert_eq!(candidate("sickit-learn"), Some("scikit-learn"));
        assert_eq!(candidate("sklearn"), Some("scikit-learn"));
        assert_eq!(candidate("pandsa"), Some("pandas"));
        assert_eq!(candidate("entirely-something-else"), None);
    }

    #[test]
    fn the_names_are_normal_and_sorted() {
        let names: Vec<&str> = WELL_KNOWN.lines().collect();
        assert!(names.is_sorted());
        assert!(
            names.iter().all(|name| name.parse::<PackageName>().is_ok_and(|parsed| parsed.as_ref() == *name))
        );
    }
}
