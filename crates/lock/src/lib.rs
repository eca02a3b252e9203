//! environment and target to lock
