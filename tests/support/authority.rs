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

    /// The same, valid between two times as ASN.1 writes them (`20200101000000Z`).
    #[track_caller]
    pub(crate) fn certificate_between(&self, name: &str, (from, until): (&str, &str)) -> Certificate {
        let folder = self.0.path();
        let text = format!(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = issued\nnew_certs_dir = .\nrand_serial = yes\n\
             default_md = sha256\npolicy = any\nx509_extensions = extensions\nunique_subject = no\n\
             [any]\ncommonName = supplied\n[extensions]\nsubjectAltName = {name}\n"
        );
        write(&folder.join("ca.cnf"), text.as_bytes());
        write(&folder.join("issued"), b"");
        let mut wish = command("openssl");
        wish.args([
            "req",
            "-new",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=dated",
            "-keyout",
            "dated.key",
        ]);
        output(wish.args(["-out", "dated.csr"]).current_dir(folder));
        let mut issue = command("openssl");
        issue.args(["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "authority.pem"]);
        issue.args(["-keyfile", "authority.key", "-in", "dated.csr", "-out", "dated.pem"]);
        output(issue.args(["-startdate", from, "-enddate", until]).current_dir(folder));
        Certificate { certificate: folder.join("dated.pem"), key: folder.join("dated.key") }
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
