//! The values that Azure ML's second version has beside those of [`super::values`].

use super::{
    Described, Key, Reader,
    node::{Kind, Node, Value},
};
use crate::{BuildContext, Instruction, MaskedText, conda, dockerfile, placeholder};
use envwright_diagnosis::{Finding, Fix, Severity, nearest};
use envwright_redact::SafeUrl;
use serde_json::json;

/// Routes of `inference_config`; each has a port and a path.
const ROUTES: [&str; 3] = ["liveness_route", "readiness_route", "scoring_route"];
const BUILD: [&str; 2] = ["path", "dockerfile_path"];

impl Reader<'_> {
    /// Azure ML takes a number as a version, in the shortest form: `1.10` is version 1.1.
    pub(super) fn version(&mut self, value: &Node) -> Option<String> {
        let text = value.as_str().map(str::to_owned);
        match value.kind() {
            Kind::Float if text.as_ref().is_some_and(|text| shortened(text)) => {
                self.unquoted("version", value);
            }
            Kind::String | Kind::Int | Kind::Bool | Kind::Float => {}
            _ => self.invalid("version", "a string or number", value),
        }
        text
    }

    /// Warns of a number that other readers of YAML take for another one.
    pub(super) fn unquoted(&mut self, key: &str, value: &Node) {
        let span = self.span(value);
        // Read here as it is written; Azure ML knows the version alone.
        let severity = if self.is_azure { Severity::Warning } else { Severity::Note };
        let finding =
            Finding::new("definition-unquoted").severity(severity).fact("key", key).fact("got", span.text());
        let quoted = format!("\"{}\"", span.text());
        let fix = Fix::new(format!("Write `{quoted}`"), span.clone(), quoted);
        self.collected.push(finding.at(&span, "a number without quotes").fix(fix));
    }

    /// A path of a conda environment, or the environment itself.
    pub(super) fn conda_file(&mut self, value: &Node, described: &mut Described) {
        match &value.value {
            Value::Mapping(_) => {
                let (name, span_of_name) = (described.name.take(), described.name_span.take());
                conda::read(self.source, value, self.dir, self.path.as_deref(), self.collected, described);
                if name.is_some() {
                    (described.name, described.name_span) = (name, span_of_name);
                }
            }
            Value::Scalar(text) => self.conda_path(text, value, described),
            _ => {
                self.invalid("conda_file", "a path of a conda environment, or the environment itself", value);
            }
        }
    }

    fn conda_path(&mut self, text: &str, value: &Node, described: &mut Described) {
        let span = self.span(value);
        if let Some(finding) = placeholder::finding(text, &span) {
            return self.collected.push(finding);
        }
        let path = self.dir.join(text);
        let source = self.collected.file("definition-file-missing", &path, text, &span);
        let Some(source) = source else { return };
        let (name, span_of_name) = (described.name.take(), described.name_span.take());
        match super::node::parse(&source) {
            Ok(Some(root)) => {
                let dir = path.parent().unwrap_or(std::path::Path::new("")).to_owned();
                conda::read(&source, &root, &dir, Some(&path), self.collected, described);
            }
            Ok(None) => {
                let finding = Finding::new("definition-conda-missing").fact("path", text);
                self.collected.push(finding.at(&span, "this file is empty"));
            }
            Err(finding) => self.collected.push(finding),
        }
        // The environment's own name stands above the one of its conda file.
        if name.is_some() {
            (described.name, described.name_span) = (name, span_of_name);
        }
    }

    pub(super) fn build(&mut self, value: &Node) -> Option<BuildContext> {
        let Some(members) = value.as_mapping() else {
            self.invalid("build", "`path` and `dockerfile_path` below it", value);
            return None;
        };
        let mut build = BuildContext {
            path: None,
            dockerfile: None,
            inline: None,
            instructions: Vec::new(),
            directives: Vec::new(),
            span: Some(self.span(value)),
        };
        for (key, value) in members {
            match key.as_str().unwrap_or_default() {
                "path" => build.path = self.text_of("path", value).map(MaskedText::from),
                "dockerfile_path" => build.dockerfile = self.text_of("dockerfile_path", value),
                name => self.unknown(key, nearest(name, BUILD)),
            }
        }
        self.unsupported("a Dockerfile (`build`)", value);
        let Some(path) = &build.path else {
            let span = self.span(value);
            self.collected
                .push(Finding::new("definition-build-location-missing").at(&span, "no `path` here"));
            return Some(build);
        };
        (build.instructions, build.directives) =
            self.context(path.expose(), build.dockerfile.as_deref(), value);
        Some(build)
    }

    /// A string; Azure ML takes no number for one.
    fn text_of(&mut self, key: &str, value: &Node) -> Option<String> {
        if value.as_str().is_none() || self.is_azure && value.kind() != Kind::String {
            self.invalid(key, "a string", value);
            return None;
        }
        value.as_str().map(str::to_owned)
    }

    /// The folder of a build must be there, and hold the Dockerfile, whose instructions are read.
    fn context(
        &mut self,
        path: &str,
        dockerfile: Option<&str>,
        build: &Node,
    ) -> (Vec<Instruction>, Vec<String>) {
        let member = |key: &str| build.get(key).map_or_else(|| self.span(build), |node| self.span(node));
        let (place, dockerfile_place) = (member("path"), member("dockerfile_path"));
        if let Some(finding) = placeholder::finding(path, &place) {
            self.collected.push(finding);
            return Default::default();
        }
        if let Some((scheme, _)) = path.split_once("://") {
            if let Ok(url) = SafeUrl::parse(path) {
                self.collected.check_credentials(&url, &place);
            }
            // Azure ML takes a Git repository or an archive of a web server.
            if !matches!(scheme, "http" | "https" | "git" | "azureml") {
                let finding = Finding::new("definition-build-location-unknown").severity(Severity::Warning);
                let finding = finding.fact("path", path).fact("got", scheme);
                self.collected.push(finding.at(&place, "neither a folder nor a URL that can be read"));
            }
            return Default::default();
        }
        let folder = self.dir.join(path);
        if !folder.exists() {
            self.collected.missing("definition-build-location-invalid", path, &folder, &place);
            return Default::default();
        }
        let name = dockerfile.unwrap_or("Dockerfile");
        let file = folder.join(name);
        // Azure ML takes a file for a folder, which holds nothing.
        if !folder.is_dir() {
            return Default::default();
        }
        let place = if dockerfile.is_some() { &dockerfile_place } else { &place };
        let source = self.collected.file("definition-build-dockerfile-missing", &file, name, place);
        source.map(|source| dockerfile::read(&source, Some(&folder), self.collected)).unwrap_or_default()
    }

    pub(super) fn inference_config(&mut self, value: &Node) -> Option<serde_json::Value> {
        let Some(members) = value.as_mapping() else {
            self.invalid("inference_config", "the routes of a server below it", value);
            return None;
        };
        let mut config = serde_json::Map::new();
        for (key, route) in members {
            let name = key.as_str().unwrap_or_default();
            if !ROUTES.contains(&name) {
                self.unknown(key, nearest(name, ROUTES));
            } else if let Some(route) = self.route(name, route) {
                config.insert(name.to_owned(), route);
            }
        }
        for missing in ROUTES.iter().filter(|route| value.get(route).is_none()) {
            let span = self.span(value);
            let finding =
                Finding::new("definition-key-missing").fact("key", format!("inference_config.{missing}"));
            self.collected.push(finding.at(&span, format!("no `{missing}` here")));
        }
        Some(config.into())
    }

    fn route(&mut self, name: &str, value: &Node) -> Option<serde_json::Value> {
        let Some(members) = value.as_mapping() else {
            self.invalid(name, "`port` and `path` below it", value);
            return None;
        };
        for (key, _) in members.iter().filter(|(key, _)| !matches!(key.as_str(), Some("port" | "path"))) {
            self.unknown(key, nearest(key.as_str().unwrap_or_default(), ["port", "path"]));
        }
        let missing = ["port", "path"].into_iter().filter(|key| value.get(key).is_none());
        for missing in missing {
            let span = self.span(value);
            let finding = Finding::new("definition-key-missing").fact("key", format!("{name}.{missing}"));
            self.collected.push(finding.at(&span, format!("no `{missing}` here")));
        }
        let port = value.get("port")?;
        let Some(number) = port.as_str().and_then(|text| text.parse::<u16>().ok()) else {
            self.invalid("port", "a number", port);
            return None;
        };
        let path = self.text_of("path", value.get("path")?)?;
        Some(json!({ "port": number, "path": path }))
    }

    pub(super) fn system(&mut self, value: &Node) -> Option<String> {
        match value.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("linux") => {}
            Some("windows") => self.unsupported("an image for Windows", value),
            _ => self.invalid(Key::OsType.name(), "`linux`", value),
        }
        value.as_str().map(str::to_ascii_lowercase)
    }
}

/// Whether a decimal number is not its own shortest form. Sample: `1.10`.
fn shortened(text: &str) -> bool {
    text.contains('.') && text.ends_with('0') && !text.ends_with(".0")
}
