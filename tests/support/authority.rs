//! An authority of certificates that nobody knows.

use super::{
    machine::{command, output},
    write,
};
use std::path::PathBuf;
use tempfile::TempDir;

/// The authority; what it made goes with it.
pub(crate) struct Authority(TempDir);

/// What a server shows, and keeps.
pub(crate) struct Certificate {
    /// PEM.
    pub(crate) certificate: PathBuf,
    /// PEM.
    pub(crate) key: PathBuf,
}

impl Authority {
    #[track_caller]
    pub(crate) fn new() -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        authority.make("authority", "basicConstraints = critical, CA:TRUE\nkeyUsage = keyCertSign\n", &[]);
        authority
    }

    /// Its own certificate, as `SSL_CERT_FILE` names it.
    pub(crate) fn file(&self) -> PathBuf {
        self.0.path().join("authority.pem")
    }

    /// A certificate for a name such as `DNS:registry.test` or `IP:127.0.0.1`.
    #[track_caller]
    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        let extensions = format!("basicConstraints = critical, CA:FALSE\nsubjectAltName = {name}\n");
        self.make("server", &extensions, &["-CA", "authority.pem", "-CAkey", "authority.key"])
    }

    /// Each of its certificates has a subject of its own; the system's configuration of OpenSSL plays no part.
    #[track_caller]
    fn make(&self, name: &str, extensions: &str, signed_by: &[&str]) -> Certificate {
        let folder = self.0.path();
        let text = format!(
            "[req]\ndistinguished_name = subject\nx509_extensions = extensions\nprompt = no\n\
             [subject]\nCN = {name} of a test\n[extensions]\n{extensions}"
        );
        write(&folder.join("openssl.cnf"), text.as_bytes());
        let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
        let mut request = command("openssl");
        request.args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-config",
            "openssl.cnf",
        ]);
        request.args(["-keyout", &key, "-out", &certificate]).args(signed_by);
        output(request.current_dir(folder));
        Certificate { certificate: folder.join(certificate), key: folder.join(key) }
    }
}
