//! What the comparison of our trees with uv's is made of.

mod compared;
mod difference;
mod machine;
mod record;
mod tree;
mod wheels;

pub(crate) use compared::{Compared, all};
pub(crate) use difference::{Concern, Difference};
