//! A package index of made wheels (PyPA, simple repository API), on loopback.

use super::{
    server::{Answer, Server},
    wheel::{Wheel, sha256},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// A running index.
pub(crate) struct Index(Server);

impl Index {
    /// Offers these wheels.
    pub(crate) fn of(wheels: &[Wheel]) -> Self {
        Self::with_faults(wheels, |_| None)
    }

    /// The same; where `fault` gives an answer to a path, that is the answer.
    pub(crate) fn with_faults(
        wheels: &[Wheel],
        fault: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let pages = pages(wheels);
        let nothing = || Answer::status("404 Not Found", "");
        Self(Server::start(move |path| {
            fault(path).or_else(|| pages.get(path).cloned()).unwrap_or_else(nothing)
        }))
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.0.url("/simple/")
    }

    /// Address of a file.
    pub(crate) fn file(&self, filename: &str) -> String {
        self.0.url(&format!("/files/{filename}"))
    }

    /// The header fields of all requests until now.
    pub(crate) fn fields(&self) -> String {
        self.0.fields()
    }

    /// `GET /path` of each request until now.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.0.requests()
    }
}

fn pages(wheels: &[Wheel]) -> BTreeMap<String, Answer> {
    let names: BTreeSet<&str> = wheels.iter().map(|wheel| wheel.name.as_str()).collect();
    let mut pages = BTreeMap::new();
    for name in names {
        let links: String = wheels.iter().filter(|wheel| wheel.name == name).map(link).collect();
        let page = format!("<!DOCTYPE html><html><body>{links}</body></html>");
        pages.insert(format!("/simple/{name}/"), Answer::file("text/html", page.as_bytes()));
    }
    for wheel in wheels {
        let path = format!("/files/{}", wheel.filename());
        let metadata = Answer::file("text/plain", wheel.metadata().as_bytes());
        pages.insert(format!("{path}.metadata"), metadata);
        pages.insert(path, Answer::file("application/octet-stream", &wheel.bytes()));
    }
    pages
}

fn link(wheel: &Wheel) -> String {
    let escape = |text: &str| text.replace('<', "&lt;").replace('>', "&gt;");
    let filename = wheel.filename();
    let mut link = format!("<a href=\"../../files/{filename}#sha256={}\"", sha256(&wheel.bytes()));
    if !wheel.source_only {
        link.push_str(" data-core-metadata=\"true\"");
    }
    if let Some(specifiers) = wheel.python() {
        write!(link, " data-requires-python=\"{}\"", escape(specifiers)).unwrap();
    }
    if let Some(reason) = &wheel.yanked {
        write!(link, " data-yanked=\"{}\"", escape(reason)).unwrap();
    }
    format!("{link}>{filename}</a>\n")
}
