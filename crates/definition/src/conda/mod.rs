//! What is installed from conda channels.

mod file;
mod selector;
mod spec;

pub(crate) use file::{is_conda, read};
pub use spec::CondaSpec;

use crate::{MaskedText, Spanned};
use envwright_diagnosis::Span;

/// The part of an environment that comes from conda channels.
#[derive(Debug, Clone, Default)]
pub struct Conda {
    /// Channels in their order, the first one preferred: names, or URLs (which may hold credentials).
    pub channels: Vec<Spanned<MaskedText>>,
    /// What is asked for, in the order of the definition.
    pub specs: Vec<CondaSpec>,
    /// conda's platforms (subdirs) that the definition is for, such as `linux-64`; empty where it does not say.
    pub platforms: Vec<Spanned<String>>,
    /// The folder that the environment was exported from; it has no effect on an image.
    pub prefix: Option<Spanned<String>>,
    /// Where a list of pip's stands under the dependencies; none where there is none.
    pub pip_list: Option<Span>,
}

impl Conda {
    /// The last spec that names a package; conda holds to all of them, and its own answers name the last.
    pub fn spec(&self, name: &str) -> Option<&CondaSpec> {
        self.specs.iter().rev().find(|spec| spec.name == name)
    }
}
