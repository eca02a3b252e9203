//! Definitions of every format, checked, fixed, watched and converted by the program.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "the servers here know only lower case")]

mod support;

mod definitions {
    mod checked;
    mod converted;
    mod fixed;
    mod watched;

    use crate::support::Envwright;

    /// A conda environment with something to say of it.
    pub(crate) const CONDA: &str = "\
# training
name: app
channels: [conda-forge]
dependencies:
  - python=3.12
  - Pillow=9  # images
  - pip:
    - six==1.16.0
";

    pub(crate) fn conda() -> Envwright {
        Envwright::new().file("environment.yml", CONDA)
    }
}
