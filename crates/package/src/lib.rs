//! one locked package to one deterministic segment
