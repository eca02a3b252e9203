//! the pipeline from definition to image
