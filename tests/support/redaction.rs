//! What differs between runs is replaced before a snapshot is compared.

use std::path::Path;

/// Patterns, each under a sample of what it matches, and what stands in their place.
const FILTERS: [(&str, &str); 13] = [
    // builds/20250906T092238Z-5f8d01/20_image_build_log.txt
    (r"builds/[0-9A-Za-z_.-]+/", "builds/[BUILD]/"),
    // /tmp/.tmpAbC123
    (r"/tmp/\.tmp[A-Za-z0-9]+", "[TEMP]"),
    // http://127.0.0.1:40123/, http://localhost:40123/
    (r"(127\.0\.0\.1|localhost):[0-9]{2,5}", "$1:[PORT]"),
    // 2025-09-06T09:22:38.5Z
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", "[TIME]"),
    // 09:22:38
    (r"(?m)^\d\d:\d\d:\d\d(\.\d+)? ", "[TIME] "),
    // Sat, 06 Sep 2025 09:22:38 UTC
    (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (UTC|GMT)", "[DATE]"),
    // 5f8d… of SHA-256
    (r"\b[0-9a-f]{64}\b", "[DIGEST]"),
    // sha256:5f8d0a1b2c3d, cut short
    (r"\bsha256:[0-9a-f]{12}\b", "sha256:[DIGEST]"),
    // 1.2 s, 34 ms
    (r"\b\d+(\.\d+)? m?s\b", "[DURATION]"),
    // 6.08 KiB, 413 B
    (r"\b\d+(\.\d+)? ([KMG]iB|B)\b", "[SIZE]"),
    // 3.7.11-0+deb12u1
    (r"\b\d[0-9A-Za-z.+~:-]*\+deb\d+u\d+\b", "[VERSION]"),
    // Fingerprint of an OpenPGP key.
    (r"\b[0-9A-F]{40}\b", "[KEY]"),
    // 12.3 MB/s
    (r"\b\d+(\.\d+)? [kMG]?i?B/s\b", "[RATE]"),
];

/// Settings for snapshots of what ran below `root`.
pub(crate) fn settings(root: &Path) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/snapshots"));
    settings.set_omit_expression(true);
    let escaped = escape(&root.display().to_string());
    settings.add_filter(&format!("{escaped}/home"), "[HOME]");
    settings.add_filter(&format!("{escaped}/definition"), "[FOLDER]");
    settings.add_filter(&escaped, "[ROOT]");
    for (pattern, replacement) in FILTERS {
        settings.add_filter(pattern, replacement);
    }
    settings
}

/// Only these characters of a path mean something in a pattern.
fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|c| (!c.is_alphanumeric() && c != '/').then_some('\\').into_iter().chain([c]))
        .collect()
}
