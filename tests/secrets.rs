//! A secret is found nowhere but where its owner put it: not in what is printed, kept, built or pushed.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "the servers here know only lower case")]

mod support;

mod secrets {
    mod canary;
    mod indexes;
    mod registries;
    mod stores;
}
