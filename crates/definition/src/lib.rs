//! text in any accepted format to one environment model with spans
