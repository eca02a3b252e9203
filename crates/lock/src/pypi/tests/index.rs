//! A simple index of made wheels, on a loopback port.

use super::super::{IndexUrls, Request, Required};
use envwright_diagnosis::{Source, Span};
use envwright_fetch::{Client, Limits, Settings};
use envwright_redact::SafeUrl;
use envwright_target::Platform;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// A wheel to be made.
#[derive(Clone)]
pub(super) struct Made {
    name: &'static str,
    version: &'static str,
    tag: &'static str,
    requires: Vec<&'static str>,
    extras: Vec<&'static str>,
    requires_python: Option<&'static str>,
    yanked: Option<&'static str>,
    sdist: bool,
}

/// A wheel `name-version-py3-none-any.whl` that needs nothing.
pub(super) fn made(name: &'static str, version: &'static str) -> Made {
    Made {
        name,
        version,
        tag: "py3-none-any",
        requires: Vec::new(),
        extras: Vec::new(),
        requires_python: None,
        yanked: None,
        sdist: false,
    }
}

impl Made {
    pub(super) fn tag(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }
    pub(super) fn requires(mut self, requirement: &'static str) -> Self {
        self.requires.push(requirement);
        self
    }
    pub(super) fn extra(mut self, extra: &'static str) -> Self {
        self.extras.push(extra);
        self
    }
    pub(super) fn python(mut self, specifiers: &'static str) -> Self {
        self.requires_python = Some(specifiers);
        self
    }
    pub(super) fn yanked(mut self, reason: &'static str) -> Self {
        self.yanked = Some(reason);
        self
    }
    pub(super) fn source_only(mut self) -> Self {
        self.sdist = true;
        self
    }

    pub(super) fn filename(&self) -> String {
        if self.sdist {
            return format!("{}-{}.tar.gz", self.name, self.version);
        }
        format!("{}-{}-{}.whl", self.name, self.version, self.tag)
    }

    fn metadata(&self) -> String {
        let mut text = format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n", self.name, self.version);
        for extra in &self.extras {
            writeln!(text, "Provides-Extra: {extra}").unwrap();
        }
        for requirement in &self.requires {
            writeln!(text, "Requires-Dist: {requirement}").unwrap();
        }
        if let Some(specifiers) = self.requires_python {
            writeln!(text, "Requires-Python: {specifiers}").unwrap();
        }
        text
    }

    /// The bytes of the wheel.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        let folder = format!("{}-{}.dist-info", self.name, self.version);
        let wheel = format!("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {}\n", self.tag);
        for (file, text) in [("METADATA", self.metadata()), ("WHEEL", wheel), ("RECORD", String::new())] {
            zip.start_file(format!("{folder}/{file}"), options).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// `sha256:…` of the wheel.
    pub(super) fn hash(&self) -> String {
        format!("sha256:{}", hex(&self.bytes()))
    }

    fn link(&self) -> String {
        let escape = |text: &str| text.replace('<', "&lt;").replace('>', "&gt;");
        let mut link = format!("<a href=\"../../files/{}#sha256={}\"", self.filename(), hex(&self.bytes()));
        if !self.sdist {
            link.push_str(" data-core-metadata=\"true\"");
        }
        if let Some(specifiers) = self.requires_python {
            write!(link, " data-requires-python=\"{}\"", escape(specifiers)).unwrap();
        }
        if let Some(reason) = self.yanked {
            write!(link, " data-yanked=\"{reason}\"").unwrap();
        }
        format!("{link}>{}</a>\n", self.filename())
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

type Pages = BTreeMap<String, (u16, &'static str, Vec<u8>)>;

/// A running index. Its thread ends with the process.
pub(super) struct Index {
    port: u16,
    pages: Arc<AtomicUsize>,
}

impl Index {
    /// Serves these wheels below `/simple/` and `/files/`.
    pub(super) fn of(wheels: &[Made]) -> Self {
        let mut pages = Pages::new();
        let names: BTreeSet<&str> = wheels.iter().map(|wheel| wheel.name).collect();
        for name in names {
            let links: String = wheels.iter().filter(|wheel| wheel.name == name).map(Made::link).collect();
            let page = format!("<!DOCTYPE html><html><body>{links}</body></html>").into_bytes();
            pages.insert(format!("/simple/{}/", name.replace('_', "-")), (200, "text/html", page));
        }
        for wheel in wheels {
            let path = format!("/files/{}", wheel.filename());
            pages.insert(format!("{path}.metadata"), (200, "text/plain", wheel.metadata().into_bytes()));
            pages.insert(path, (200, "application/octet-stream", wheel.bytes()));
        }
        Self::serve(pages, 404)
    }

    /// Answers everything with this status.
    pub(super) fn refusing(status: u16) -> Self {
        Self::serve(Pages::new(), status)
    }

    /// Answers a package's page with what is no index page.
    pub(super) fn not_simple(name: &str) -> Self {
        let page = (200, "image/png", b"no index".to_vec());
        Self::serve(Pages::from([(format!("/simple/{name}/"), page)]), 404)
    }

    fn serve(pages: Pages, otherwise: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let pages = Arc::new(pages);
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (pages, asked) = (pages.clone(), Arc::clone(&counter));
                std::thread::spawn(move || answer(stream, &pages, otherwise, &asked));
            }
        });
        Self { port, pages: asked }
    }

    /// How often a package's page was asked for.
    pub(super) fn pages_asked(&self) -> usize {
        self.pages.load(Ordering::SeqCst)
    }

    /// Address of the index.
    pub(super) fn url(&self) -> SafeUrl {
        self.address("simple/")
    }

    /// Address of a file.
    pub(super) fn file(&self, name: &str) -> SafeUrl {
        self.address(&format!("files/{name}"))
    }

    fn address(&self, path: &str) -> SafeUrl {
        SafeUrl::parse(&format!("http://127.0.0.1:{}/{path}", self.port)).unwrap()
    }
}

fn answer(stream: TcpStream, pages: &Pages, otherwise: u16, asked: &AtomicUsize) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    if reader.read_line(&mut first).is_err() {
        return;
    }
    let mut header = String::new();
    while reader.read_line(&mut header).is_ok_and(|read| read > 2) {
        header.clear();
    }
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    if path.starts_with("/simple/") {
        asked.fetch_add(1, Ordering::SeqCst);
    }
    let nothing = (otherwise, "text/plain", Vec::new());
    let (status, kind, body) = pages.get(path).unwrap_or(&nothing);
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: max-age=600\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    let mut stream = reader.into_inner();
    // The client may have gone away; that is its affair.
    let _ = stream.write_all(head.as_bytes());
    if method != "HEAD" {
        let _ = stream.write_all(body);
    }
}

/// A request for amd64, Python 3.11.2, glibc 2.36, of the lines of a requirements file.
pub(super) fn request(index: &Index, cache: &Path, lines: &[&str]) -> Request {
    Request {
        installed: Vec::new(),
        requirements: required(lines),
        constraints: Vec::new(),
        indexes: IndexUrls { index: Some(index.url()), ..IndexUrls::default() },
        require_hashes: false,
        platform: Platform::AMD64,
        python: (3, 11, 2),
        glibc: Some((2, 36)),
        preferences: Vec::new(),
        time_limit: Duration::from_mins(1),
        cache_dir: cache.to_owned(),
        refresh: false,
        client: client(false),
    }
}

/// Requirements with their places in the text of all of them.
pub(super) fn required(lines: &[&str]) -> Vec<Required> {
    let source = Source::new("requirements.txt", lines.join("\n"));
    let mut start = 0;
    let mut all = Vec::new();
    for line in lines {
        let name: String = line.chars().take_while(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
        let span = Span::new(&source, start..start + line.len());
        all.push(Required { name, text: (*line).to_owned(), hashes: Vec::new(), span: Some(span) });
        start += line.len() + 1;
    }
    all
}

/// A client that tries once.
pub(super) fn client(offline: bool) -> Client {
    let limits = Limits { retries: 0, ..Limits::default() };
    Client::new(Settings { offline, limits, ..Settings::default() }).unwrap()
}
