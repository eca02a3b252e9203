//! The base that `image` names.

use super::{
    Reader,
    node::{Kind, Node},
};
use crate::{Base, placeholder};

/// How values of `image` may start, for messages.
const FORMS: &str = "an image of a registry, `bootstrap:debian/<suite>`, `oci:<folder>`, `docker-archive:<file>` or `scratch`";

/// Whether an image is named in a form that is envwright's alone.
pub(super) fn is_own(text: &str) -> bool {
    let text = text.trim();
    text == "scratch" || ["bootstrap:", "oci:", "docker-archive:"].iter().any(|form| text.starts_with(form))
}

impl Reader<'_> {
    pub(super) fn image(&mut self, value: &Node) -> Option<Base> {
        let text = value.as_str().filter(|_| !self.is_azure || value.kind() == Kind::String);
        let Some(text) = text.map(str::trim) else {
            self.invalid("image", FORMS, value);
            return None;
        };
        if let Some(finding) = placeholder::finding(text, &self.span(value)) {
            self.collected.push(finding);
            return None;
        }
        if text == "scratch" {
            return Some(Base::Scratch);
        }
        match text.split_once(':') {
            Some(("bootstrap", system)) => self.bootstrap(system, value),
            Some(("oci", folder)) => Some(Base::OciLayout(self.base_path(folder, value)?)),
            Some(("docker-archive", file)) => Some(Base::DockerArchive(self.base_path(file, value)?)),
            _ => Some(Base::Registry(text.to_owned())),
        }
    }

    fn bootstrap(&mut self, system: &str, value: &Node) -> Option<Base> {
        let suite = system.strip_prefix("debian/").unwrap_or_default();
        let is_name = !suite.is_empty()
            && suite.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !is_name {
            self.invalid("image", "`bootstrap:debian/<suite>`, such as `bootstrap:debian/bookworm`", value);
            return None;
        }
        Some(Base::Bootstrap { suite: suite.to_owned() })
    }
}
