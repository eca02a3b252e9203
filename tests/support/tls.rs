//! A TLS server whose certificate an authority made that nobody knows: `openssl s_server` on loopback.

use super::tool;
use std::{
    io::{BufRead as _, BufReader},
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
    /// Serves as `localhost`.
    pub(crate) fn start() -> Self {
        let keys = tempfile::tempdir().unwrap();
        let made = tool("openssl", "openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"])
            .current_dir(keys.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut child = tool("openssl", "openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-key", "key.pem", "-cert", "cert.pem", "-www"])
            .current_dir(keys.path())
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
