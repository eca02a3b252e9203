//! Tests against a small index on this machine.
