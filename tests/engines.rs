//! The README's image in the engines that people have: pulled from a registry, loaded, run, and asked what it holds.
//!
//! These tests need root and the engines; `cargo xtask test` installs what it may. A test whose engine is not there
//! fails and names it.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]

mod support;

mod engines {
    mod bases;
    mod buildah;
    mod conda;
    mod conditions;
    mod containerd;
    mod docker;
    mod facts;
    mod outputs;
    mod podman;
    mod quickstart;
    mod registries;
    mod settings;
    mod shared;
    mod skopeo;
    mod small;
    mod way;
}
