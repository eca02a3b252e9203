//! Debian's `docker-registry` on loopback.

use crate::support::{
    authority::{Authority, Certificate},
    machine::{command, output},
    service::Service,
    wheel::sha256,
};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
};
use tempfile::TempDir;

/// A registry over a folder.
pub(crate) struct Registry {
    _service: Service,
    _folder: TempDir,
    /// Host and port.
    pub(crate) address: String,
}

/// Whom a registry lets in, and how it is spoken to: everybody, by plain http, where nothing else is said.
#[derive(Default)]
pub(crate) struct Access {
    tls: String,
    auth: String,
}

impl Access {
    /// Those alone who have this name and password, which are kept in `storage`.
    #[track_caller]
    pub(crate) fn password(storage: &Path, user: &str, password: &str) -> Self {
        let line = output(command("htpasswd").args(["-Bbn", user, password]));
        let passwords = storage.join("htpasswd");
        super::write(&passwords, line.as_bytes());
        let path = passwords.display();
        let auth = format!("auth: {{htpasswd: {{realm: registry, path: '{path}'}}}}\n");
        Self { auth, ..Self::default() }
    }

    /// Those alone who have a token of this service, whose certificate is of this authority.
    pub(crate) fn tokens(realm: &str, service: &str, issuer: &str, authority: &Authority) -> Self {
        let bundle = authority.file();
        let auth = format!(
            "auth: {{token: {{realm: '{realm}', service: {service}, issuer: {issuer}, rootcertbundle: '{}'}}}}\n",
            bundle.display()
        );
        Self { auth, ..Self::default() }
    }

    /// The same, by https alone.
    pub(crate) fn certified(self, Certificate { certificate, key }: &Certificate) -> Self {
        let (certificate, key) = (certificate.display(), key.display());
        Self { tls: format!(", tls: {{certificate: '{certificate}', key: '{key}'}}"), ..self }
    }
}

impl Registry {
    /// Serves what lies in `storage`, on a port that the kernel chooses.
    #[track_caller]
    pub(crate) fn start(storage: &Path) -> Self {
        Self::with_access(storage, &Access::default())
    }

    /// The same for those alone who have this name and password.
    #[track_caller]
    pub(crate) fn with_password(storage: &Path, user: &str, password: &str) -> Self {
        Self::with_access(storage, &Access::password(storage, user, password))
    }

    /// The same for those whom `access` lets in.
    #[track_caller]
    pub(crate) fn with_access(storage: &Path, Access { tls, auth }: &Access) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{formatter: text}}\nstorage: {{filesystem: {{rootdirectory: '{}'}}}}\n\
             http: {{addr: \"127.0.0.1:0\"{tls}}}\n{auth}",
            storage.display()
        );
        fs_err::write(&configuration, text).unwrap();
        let mut service = Service::start("docker-registry", folder.path(), |command| {
            command.arg("serve").arg(&configuration);
        });
        let address = service.wait_for(|service| address(&service.said()));
        Self { _service: service, _folder: folder, address }
    }

    /// The port of its address.
    pub(crate) fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    /// The name of an image in it.
    pub(crate) fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// What it answers: the head, with line ends, and the body.
    #[track_caller]
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        authorization: &str,
        accept: &str,
    ) -> (String, Vec<u8>) {
        let fields = format!("Authorization: {authorization}\r\nAccept: {accept}\r\n");
        self.exchange(method, path, &fields, b"")
    }

    /// Puts an artifact there that has these layers, each a media type and its bytes.
    #[track_caller]
    pub(crate) fn push(&self, repository: &str, tag: &str, layers: &[(&str, Vec<u8>)]) {
        let put = |path: &str, kind: &str, body: &[u8]| {
            let fields = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
            let (head, _) = self.exchange("PUT", path, &fields, body);
            assert!(head.contains(" 201 "), "{path}: {head}");
        };
        let blob = |(kind, bytes): &(&str, Vec<u8>)| {
            let path = format!("/v2/{repository}/blobs/uploads/");
            let (head, _) = self.exchange("POST", &path, "Content-Length: 0\r\n", b"");
            let location = head.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
            let (_, place) = location.split_once(&self.address).unwrap();
            let digest = format!("sha256:{}", sha256(bytes));
            put(&format!("{place}&digest={digest}"), "application/octet-stream", bytes);
            json!({ "mediaType": kind, "digest": digest, "size": bytes.len() })
        };
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let config = blob(&("application/vnd.unknown.config.v1+json", b"{}".to_vec()));
        let layers: Vec<Value> = layers.iter().map(blob).collect();
        let manifest = json!({ "schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers });
        put(&format!("/v2/{repository}/manifests/{tag}"), kind, manifest.to_string().as_bytes());
    }

    #[track_caller]
    fn exchange(&self, method: &str, path: &str, fields: &str, body: &[u8]) -> (String, Vec<u8>) {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        // In HTTP/1.0 the body ends with the connection.
        let request = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n{fields}\r\n", self.address);
        connection.write_all(&[request.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let body = answer.split_off(end);
        (String::from_utf8(answer).unwrap(), body)
    }
}

/// `… level=info msg="listening on 127.0.0.1:36415" go.version=…`
fn address(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("listening on ")?;
    let end = rest.find(|letter: char| letter != '.' && letter != ':' && !letter.is_ascii_digit())?;
    Some(rest[..end].to_owned())
}
