//! Every way out of the program meets every fault of the network, and each is told apart.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "the servers here know only lower case")]

mod support;

mod network {
    mod faults;
    mod front;
    mod matrix;
    mod mirrors;
    mod offline;
    mod stores;
    mod ways;
}
