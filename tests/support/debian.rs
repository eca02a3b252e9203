//! A small Debian repository, made with Debian's own tools and signed with a key of its own, on loopback.

use super::{
    server::{Answer, Server},
    tool, write,
};
use std::{fmt::Write as _, path::Path, process::Command};
use tempfile::TempDir;

/// A package to be made.
pub(crate) struct Package {
    name: &'static str,
    version: &'static str,
    fields: String,
    files: Vec<(&'static str, &'static str)>,
}

impl Package {
    /// A package without files.
    pub(crate) fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version, fields: String::new(), files: Vec::new() }
    }

    /// A field of its control file.
    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.extend([name, ": ", value, "\n"]);
        self
    }

    /// A file; below `DEBIAN/` one of its control archive.
    pub(crate) fn file(mut self, path: &'static str, text: &'static str) -> Self {
        self.files.push((path, text));
        self
    }
}

/// A running repository.
pub(crate) struct Repository {
    server: Server,
    key: String,
    public_key: String,
}

impl Repository {
    /// Offers these packages in `main` of a suite, for amd64.
    pub(crate) fn with(suite: &str, packages: &[Package]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        for package in packages {
            build(&root, package);
        }
        let scanned =
            output(tool("apt-ftparchive", "apt-utils").args(["packages", "pool"]).current_dir(&root));
        Self::serve(folder, suite, &scanned)
    }

    /// Offers these .debs, of whatever bytes, as packages of version 1 with these names.
    pub(crate) fn of_archives(suite: &str, archives: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let mut list = String::new();
        for (name, bytes) in archives {
            let path = format!("pool/{name}_1_amd64.deb");
            write(&root.join(&path), bytes);
            let (size, digest) = (bytes.len(), super::wheel::sha256(bytes));
            let written = write!(
                list,
                "Package: {name}\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\
                 Filename: {path}\nSize: {size}\nSHA256: {digest}\nDescription: made for a test\n\n"
            );
            written.unwrap();
        }
        Self::serve(folder, suite, list.as_bytes())
    }

    /// Signs what is in a folder, with this list of its packages.
    fn serve(folder: TempDir, suite: &str, packages: &[u8]) -> Self {
        let root = folder.path();
        write(&root.join(format!("dists/{suite}/main/binary-amd64/Packages")), packages);
        let suite_folder = format!("dists/{suite}");
        let release = output(
            tool("apt-ftparchive", "apt-utils")
                .args(["-o", &format!("APT::FTPArchive::Release::Codename={suite}")])
                .args(["-o", "APT::FTPArchive::Release::Components=main"])
                .args(["-o", "APT::FTPArchive::Release::Architectures=amd64"])
                .args(["release", &suite_folder])
                .current_dir(root),
        );
        write(&root.join(format!("{suite_folder}/Release")), &release);
        let (key, public_key) = sign(root, &suite_folder);
        let server = Server::start(move |path| file(&folder, path));
        Self { server, key, public_key }
    }

    /// A source of apt for it, with its key in place.
    pub(crate) fn source(&self, suite: &str) -> String {
        let line = |line: &str| if line.is_empty() { " .\n".to_owned() } else { format!(" {line}\n") };
        let key: String = self.public_key.lines().map(line).collect();
        format!("Types: deb\nURIs: {}\nSuites: {suite}\nComponents: main\nSigned-By:\n{key}", self.url())
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.server.url("/")
    }

    /// `GET /path` of each request until now.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.server.requests()
    }

    /// Fingerprint of the key that signed it.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// That key, armored.
    pub(crate) fn public_key(&self) -> &str {
        &self.public_key
    }
}

fn file(folder: &TempDir, path: &str) -> Answer {
    match fs_err::read(folder.path().join(path.trim_start_matches('/'))) {
        Ok(bytes) => Answer::file("application/octet-stream", &bytes),
        Err(_) => Answer::status("404 Not Found", ""),
    }
}

fn build(root: &Path, package: &Package) {
    let Package { name, version, fields, files } = package;
    let control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\
         {fields}Description: made for a test\n"
    );
    let folder = format!("build/{name}_{version}");
    write(&root.join(&folder).join("DEBIAN/control"), control.as_bytes());
    for (path, text) in files {
        let path = root.join(&folder).join(path);
        write(&path, text.as_bytes());
        let is_script = path.ends_with("DEBIAN/postinst");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(if is_script { 0o755 } else { 0o644 });
        fs_err::set_permissions(path, mode).unwrap();
    }
    fs_err::create_dir_all(root.join("pool")).unwrap();
    output(
        tool("dpkg-deb", "dpkg")
            .args(["--root-owner-group", "--build", &folder])
            .arg(format!("pool/{name}_{version}_amd64.deb"))
            .current_dir(root),
    );
}

/// Signs `Release` as `InRelease` with a new key, and gives the key's fingerprint and the key.
fn sign(root: &Path, suite_folder: &str) -> (String, String) {
    // The agent's socket has a path of at most 108 bytes.
    let keys = tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap();
    let gpg = || {
        let mut command = tool("gpg", "gnupg");
        command.args(["--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""]);
        command.env("GNUPGHOME", keys.path()).current_dir(root);
        command
    };
    output(gpg().args(["--quick-generate-key", "nobody@example.org", "ed25519", "sign", "never"]));
    let inrelease = format!("{suite_folder}/InRelease");
    output(gpg().args(["--clearsign", "--output", &inrelease, &format!("{suite_folder}/Release")]));
    let listed = String::from_utf8(output(gpg().args(["--list-keys", "--with-colons"]))).unwrap();
    // fpr:::::::::0123456789ABCDEF0123456789ABCDEF01234567:
    let fingerprint = listed.lines().find_map(|line| line.strip_prefix("fpr:")).unwrap();
    let public_key = String::from_utf8(output(gpg().args(["--armor", "--export"]))).unwrap();
    // The agent would outlive the test.
    output(tool("gpgconf", "gnupg").args(["--kill", "gpg-agent"]).env("GNUPGHOME", keys.path()));
    (fingerprint.trim_matches(':').to_owned(), public_key)
}

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
