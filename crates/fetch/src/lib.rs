//! the one HTTP client
