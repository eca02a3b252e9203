//! Wheels made for a test: real archives with METADATA, WHEEL and RECORD.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
    path::Path,
};
use zip::{CompressionMethod, write::SimpleFileOptions};

/// A wheel to be made; `py3-none-any`, with one empty module, until told otherwise.
#[derive(Clone)]
pub(crate) struct Wheel {
    pub(crate) name: String,
    pub(crate) version: String,
    tag: String,
    fields: Vec<(&'static str, String)>,
    files: Vec<(String, Vec<u8>)>,
    pub(crate) yanked: Option<String>,
    pub(crate) source_only: bool,
    archive: Option<Vec<u8>>,
}

/// A wheel of this name and version.
pub(crate) fn wheel(name: &str, version: &str) -> Wheel {
    Wheel {
        name: name.to_owned(),
        version: version.to_owned(),
        tag: "py3-none-any".to_owned(),
        fields: Vec::new(),
        files: vec![(format!("{}/__init__.py", name.replace('-', "_")), Vec::new())],
        yanked: None,
        source_only: false,
        archive: None,
    }
}

impl Wheel {
    /// For other targets: `cp311-cp311-manylinux_2_17_x86_64`.
    pub(crate) fn tag(mut self, tag: &str) -> Self {
        tag.clone_into(&mut self.tag);
        self
    }

    /// `Requires-Dist`.
    pub(crate) fn requires(mut self, requirement: &str) -> Self {
        self.fields.push(("Requires-Dist", requirement.to_owned()));
        self
    }

    /// `Requires-Python`.
    pub(crate) fn requires_python(mut self, specifiers: &str) -> Self {
        self.fields.push(("Requires-Python", specifiers.to_owned()));
        self
    }

    /// Withdrawn by its author, for this reason.
    pub(crate) fn yanked(mut self, reason: &str) -> Self {
        self.yanked = Some(reason.to_owned());
        self
    }

    /// Only its source archive is published.
    pub(crate) fn source_only(mut self) -> Self {
        self.source_only = true;
        self
    }

    /// Another file in it.
    pub(crate) fn file(mut self, path: &str, content: &str) -> Self {
        self.files.push((path.to_owned(), content.as_bytes().to_vec()));
        self
    }

    /// With these bytes as its archive, whatever they are.
    pub(crate) fn archive(mut self, bytes: Vec<u8>) -> Self {
        self.archive = Some(bytes);
        self
    }

    /// The name of its file.
    pub(crate) fn filename(&self) -> String {
        let name = self.name.replace('-', "_");
        if self.source_only {
            return format!("{name}-{}.tar.gz", self.version);
        }
        format!("{name}-{}-{}.whl", self.version, self.tag)
    }

    /// What it declares of the Python that it runs on.
    pub(crate) fn python(&self) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == "Requires-Python").map(|(_, value)| value.as_str())
    }

    /// METADATA.
    pub(crate) fn metadata(&self) -> String {
        let mut text = format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n", self.name, self.version);
        for (field, value) in &self.fields {
            writeln!(text, "{field}: {value}").unwrap();
        }
        text
    }

    /// The files of the archive, with METADATA, WHEEL and RECORD last.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let folder = format!("{}-{}.dist-info", self.name.replace('-', "_"), self.version);
        let wheel = format!("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {}\n", self.tag);
        let mut files = self.files.clone();
        files.push((format!("{folder}/METADATA"), self.metadata().into_bytes()));
        files.push((format!("{folder}/WHEEL"), wheel.into_bytes()));
        let row = |(path, content): &(String, Vec<u8>)| {
            let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(content));
            format!("{path},sha256={hash},{}\n", content.len())
        };
        let record: String = files.iter().map(row).collect();
        files.push((format!("{folder}/RECORD"), format!("{record}{folder}/RECORD,,\n").into_bytes()));
        files
    }

    /// The archive.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        if let Some(bytes) = &self.archive {
            return bytes.clone();
        }
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (path, content) in &self.files() {
            // Stored, so that sizes do not depend on who compresses.
            // The time of the wheel's own making would be part of its digest.
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Stored)
                .last_modified_time(zip::DateTime::default());
            zip.start_file(path, options).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// `sha256:…` of the archive, as requirements name it.
    pub(crate) fn hash(&self) -> String {
        format!("sha256:{}", sha256(&self.bytes()))
    }
}

/// Whether a path is a wheel's file, and not its page or metadata.
pub(crate) fn is_wheel(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "whl")
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
