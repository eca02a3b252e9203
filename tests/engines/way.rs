//! The way to a registry, told to envwright and to each engine in its own words; and an image that went it.

use super::{
    buildah::Buildah,
    containerd::ctr,
    docker::Docker,
    podman::Podman,
    small::{SMALL, with_small},
};
use crate::support::{
    Envwright,
    authority::Authority,
    credentials::{PASSWORD, USER, credentials},
    index::Index,
    machine::{output, runtime},
    wheel::wheel,
    write,
};
use std::{path::PathBuf, process::Command};
use tempfile::TempDir;

/// A package of the base, one of the image's own, and a file of its own.
const SCRIPT: &str =
    "import six, greeting.words as words; print(six.__name__, words.TEXT, open('/own').read())";
const PYTHON: [&str; 3] = ["python", "-c", SCRIPT];
const PRINTED: &str = "six imported read\n";

/// Where a registry is, and what is needed to be let in: nothing, by plain http, where nothing else is said.
pub(crate) struct Way {
    host: String,
    proxy: Option<String>,
    password: bool,
    /// With Docker's configuration, and the authorities to trust.
    folder: TempDir,
}

impl Way {
    pub(crate) fn to(host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("docker/config.json"), br#"{"auths":{}}"#);
        Self { host: host.to_owned(), proxy: None, password: false, folder }
    }

    /// With name and password.
    pub(crate) fn with_password(self) -> Self {
        write(&self.folder.path().join("docker/config.json"), credentials(&self.host, PASSWORD).as_bytes());
        Self { password: true, ..self }
    }

    /// By https, with a certificate of this authority.
    pub(crate) fn trusting(self, authority: &Authority) -> Self {
        write(&self.authorities().join("ca.crt"), &fs_err::read(authority.file()).unwrap());
        self
    }

    /// Through a proxy, which does not lead to what is on this machine by its address.
    pub(crate) fn through(self, proxy: String) -> Self {
        Self { proxy: Some(proxy), ..self }
    }

    /// The folder of the authority's certificate, as podman's `--cert-dir` names it.
    pub(crate) fn authorities(&self) -> PathBuf {
        self.folder.path().join("authorities")
    }

    fn is_plain(&self) -> bool {
        !self.authorities().is_dir()
    }

    fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let docker = self.folder.path().join("docker");
        let mut variables =
            vec![("REGISTRY_AUTH_FILE", docker.join("config.json")), ("DOCKER_CONFIG", docker)];
        if let Some(proxy) = &self.proxy {
            variables.extend([("HTTPS_PROXY", proxy.into()), ("NO_PROXY", "127.0.0.1".into())]);
        }
        variables
    }

    /// Sets what engines read from their environment.
    pub(crate) fn set<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs(self.variables())
    }

    fn envwright(&self, mut envwright: Envwright) -> Envwright {
        for (name, value) in self.variables() {
            envwright = envwright.variable(name, value);
        }
        if self.is_plain() {
            return envwright;
        }
        envwright.variable("SSL_CERT_FILE", self.authorities().join("ca.crt"))
    }

    /// Options of podman, buildah and skopeo.
    fn certificates(&self) -> Vec<String> {
        if self.is_plain() {
            return vec!["--tls-verify=false".to_owned()];
        }
        vec![format!("--cert-dir={}", self.authorities().display())]
    }

    /// Pushes the small image, builds on it where it then is, pushes that and pulls it, each from another home.
    #[track_caller]
    pub(crate) fn image(&self) -> Image<'_> {
        let (base, name) = (format!("{}/team/base:1", self.host), format!("{}/team/app:1", self.host));
        self.envwright(with_small()).run(&["push", SMALL, &base]).succeeded();
        let index = Index::of(&[wheel("greeting", "1.0").file("greeting/words.py", "TEXT = 'imported'\n")]);
        let definition =
            format!("name: app\nimage: {base}\nrequirements: [greeting]\nfiles: [{{from: own, to: /own}}]\n");
        let builder = Envwright::new().file("environment.yml", &definition).file("own", "read");
        let builder = self.envwright(builder.index(&index.url()));
        let arguments = ["build", "-t", &name, "--push", "--compression", "gzip", "--json"];
        let built = builder.run(&arguments).succeeded().json();
        let pulled = self.envwright(Envwright::new()).run(&["pull", &name, "--json"]).succeeded().json();
        assert_eq!(pulled["digest"], built["digest"], "{pulled:#}");
        Image { way: self, name }
    }
}

/// An image on a base, both of which lie in a registry.
pub(crate) struct Image<'a> {
    way: &'a Way,
    name: String,
}

impl Image<'_> {
    /// podman pulls and runs it.
    #[track_caller]
    pub(crate) fn runs_in_podman(&self) {
        let podman = Podman::new();
        output(self.podman_pulls(&podman).args(self.way.certificates()));
        let run = ["--pull=never", "--network=none", &self.name];
        assert_eq!(podman.run(&[&run, &PYTHON[..]].concat()), PRINTED);
    }

    /// What podman says that is not told whom to trust.
    #[track_caller]
    pub(crate) fn refused_by_podman(&self) -> String {
        refusal(&mut self.podman_pulls(&Podman::new()))
    }

    fn podman_pulls(&self, podman: &Podman) -> Command {
        let mut pull = podman.command();
        self.way.set(&mut pull).args(["pull", "--quiet", &self.name]);
        pull
    }

    /// buildah pulls it and runs it in these isolations.
    #[track_caller]
    pub(crate) fn runs_in_buildah(&self, isolations: &[&str]) {
        let buildah = Buildah::new();
        for &isolation in isolations {
            // Without namespaces there is no network of its own.
            let network = if isolation == "chroot" { "host" } else { "none" };
            let mut from = buildah.command();
            self.way.set(&mut from).args(["from", "--quiet", "--ulimit=nofile=1024:1024"]);
            from.arg("--ulimit=nproc=1024:1024");
            let container = output(from.args(self.way.certificates()).arg(&self.name));
            let mut run = buildah.command();
            run.args(["run", "--isolation", isolation, "--runtime"]).arg(runtime());
            let printed = output(run.args(["--network", network, container.trim(), "--"]).args(PYTHON));
            assert_eq!(printed, PRINTED, "{isolation}");
        }
    }

    /// Docker pulls and runs it.
    #[track_caller]
    pub(crate) fn runs_in_docker(&self, docker: &Docker) {
        output(&mut self.docker_pulls(docker));
        let run = ["run", "--rm", "--pull=never", "--network=none", &self.name];
        assert_eq!(docker.client(&[&run, &PYTHON[..]].concat()), PRINTED);
    }

    /// What Docker says that is not told whom to trust.
    #[track_caller]
    pub(crate) fn refused_by_docker(&self, docker: &Docker) -> String {
        refusal(&mut self.docker_pulls(docker))
    }

    fn docker_pulls(&self, docker: &Docker) -> Command {
        let mut pull = docker.command();
        self.way.set(&mut pull).args(["pull", "--quiet", &self.name]);
        pull
    }

    /// containerd pulls and runs it.
    #[track_caller]
    pub(crate) fn runs_in_containerd(&self, docker: &Docker) {
        output(&mut self.ctr_pulls(docker));
        let printed = output(ctr(docker).args(["run", "--rm", &self.name, "app"]).args(PYTHON));
        assert_eq!(printed, PRINTED);
    }

    fn ctr_pulls(&self, docker: &Docker) -> Command {
        let mut pull = ctr(docker);
        self.way.set(&mut pull).args(["images", "pull"]);
        if self.way.is_plain() {
            pull.arg("--plain-http");
        } else {
            pull.arg("--tlscacert").arg(self.way.authorities().join("ca.crt"));
        }
        if self.way.password {
            pull.arg("--user").arg(format!("{USER}:{PASSWORD}"));
        }
        pull.arg(&self.name);
        pull
    }
}

/// What a command says that must not succeed.
#[track_caller]
fn refusal(command: &mut Command) -> String {
    let refused = command.output().unwrap();
    assert!(!refused.status.success(), "{refused:?}");
    String::from_utf8(refused.stderr).unwrap()
}
