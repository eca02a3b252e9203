//! A TLS server whose certificate an authority made that nobody knows: `openssl s_server` on loopback.

use super::{authority::Certificate, tool};
use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
};
use tempfile::TempDir;

/// A running server; it ends when this is dropped.
pub(crate) struct TlsServer {
    child: Child,
    port: String,
    _keys: TempDir,
}

impl TlsServer {
    /// Serves as `localhost`, with a certificate that vouches for itself.
    pub(crate) fn start() -> Self {
        let keys = tempfile::tempdir().unwrap();
        let made = tool("openssl", "openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"])
            .current_dir(keys.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let paths = [keys.path().join("key.pem"), keys.path().join("cert.pem")];
        Self::serve(keys, &paths)
    }

    /// Shows this certificate.
    pub(crate) fn with(Certificate { certificate, key }: &Certificate) -> Self {
        Self::serve(tempfile::tempdir().unwrap(), &[key.clone(), certificate.clone()])
    }

    /// Host and port.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    fn serve(keys: TempDir, [key, certificate]: &[PathBuf; 2]) -> Self {
        let mut child = tool("openssl", "openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-key"])
            .arg(key)
            .arg("-cert")
            .arg(certificate)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // ACCEPT 127.0.0.1:40123
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let accept = lines.map_while(Result::ok).find(|line| line.starts_with("ACCEPT")).unwrap();
        let port = accept.rsplit(':').next().unwrap().trim().to_owned();
        Self { child, port, _keys: keys }
    }

    /// Address of a path, which starts with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
