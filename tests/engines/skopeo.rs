//! skopeo, which copies an image as it is.

use super::quickstart::Quickstart;
use crate::support::machine::{command, output};
use serde_json::Value;

#[test]
fn skopeo_copies_the_quickstart_without_changing_a_byte() {
    let (image, folder) = (Quickstart::shared(), tempfile::tempdir().unwrap());
    let registry = image.registry();
    for compression in ["zstd", "gzip"] {
        let name = format!("docker://{}", registry.reference(&format!("quickstart:{compression}")));
        let copy = folder.path().join(compression);
        let skopeo = |arguments: &[&str]| output(command("skopeo").args(arguments));
        let told: Value = serde_json::from_str(&skopeo(&["inspect", "--tls-verify=false", &name])).unwrap();
        assert_eq!((&told["Digest"], &told["Os"]), (&image.digest(compression).into(), &"linux".into()));
        skopeo(&["copy", "--quiet", "--src-tls-verify=false", &name, &format!("oci:{}", copy.display())]);
        let index = fs_err::read_to_string(copy.join("index.json")).unwrap();
        let index: Value = serde_json::from_str(&index).unwrap();
        assert_eq!(index["manifests"][0]["digest"], image.digest(compression).as_str());
    }
}
