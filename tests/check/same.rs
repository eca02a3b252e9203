//! A check ends as the build would: with the same problem, facts, lines and exit code.

use crate::support::{
    Envwright,
    base::{BOOKWORM, BULLSEYE, write_base},
    credentials::{PASSWORD, USER, credentials},
    debian::{Package, Repository},
    index::Index,
    registry::Registry,
    server::{Answer, Server},
    tls::TlsServer,
    wheel::{Wheel, is_wheel, wheel},
};
use std::net::TcpListener;

/// One attempt, and a second without a byte is too long.
const IMPATIENT: &str = "[network]\nretries = 0\nread-timeout = 1\nconnect-timeout = 5\n";
const WRONG: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Fails both ways with this problem. A service that a case needs lives until its end.
#[track_caller]
fn same(envwright: &Envwright, arguments: &[&str], problem: &str) {
    let run = |command: &str| envwright.run(&[&[command], arguments, &["--json"]].concat());
    let (checked, built) = (run("check"), run("build"));
    let (root, of_build) = (checked.json()["root"].take(), built.json()["root"].take());
    assert_eq!(of_build["problem"], problem, "build: {built}");
    for member in ["problem", "facts", "evidence", "file", "title", "stage", "fault", "transient", "remedies"]
    {
        assert_eq!(root[member], of_build[member], "{member} of {problem}: {checked}");
    }
    assert_eq!(checked.code, built.code, "{problem}");
}

fn yaml(text: &str) -> Envwright {
    Envwright::new().file("environment.yml", text)
}

fn asking(requirements: &str, wheels: &[Wheel]) -> Envwright {
    Envwright::new().on_base(&BOOKWORM, requirements).index(&Index::of(wheels).url()).config(IMPATIENT)
}

#[test]
fn of_definitions() {
    let requirements = |text: &str| Envwright::new().file("requirements.txt", text);
    let cases = [
        (Envwright::new(), "definition-not-found"),
        (requirements("# later\n"), "definition-empty"),
        (requirements("numpy=1.26\npandas\nscikit learn\n"), "pip-invalid-requirement"),
        (requirements("-r more.txt\n"), "pip-requirements-file-missing"),
        (requirements("./mine.whl\n").file("mine.whl", ""), "pip-invalid-wheel-filename"),
        (requirements("./mine-1.0-py3-none-any.whl\n"), "definition-file-missing"),
        (Envwright::new().file("requirements.txt", b"# d\xe9j\xe0\nrequests\n"), "definition-encoding"),
        (Envwright::new().file("pyproject.toml", "[project\n"), "definition-invalid-toml"),
        (yaml("image: scratch\nrequirement: [requests]\n"), "definition-unknown-key"),
        (yaml("image: scratch\nenv:\n\tA: b\n"), "definition-invalid-yaml"),
        (yaml("image: scratch\napt: {libgl1: yes}\n"), "definition-invalid-value"),
        (yaml("image: scratch\napt: [git]\nimage: scratch\n"), "definition-conflicting-keys"),
        (yaml("name: app\nversion: 1\nos_type: linux\n"), "definition-image-missing"),
        (yaml("image: scratch\nfiles: [{from: model.bin, to: /m}]\n"), "definition-file-missing"),
    ];
    for (envwright, problem) in cases {
        same(&envwright, &[], problem);
    }
}

#[test]
fn of_requirements() {
    let pinned = |hash: &str| format!("requests==2.31.0 --hash={hash}\nidna==3.7\n");
    let both = [wheel("requests", "2.31.0"), wheel("idna", "3.7")];
    let numpys = [wheel("numpy", "1.26.4"), wheel("numpy", "2.1.0")];
    let cases = [
        (asking("reqeusts\n", &both), "pip-no-matching-distribution"),
        (asking("requests==3\n", &both), "pip-no-matching-distribution"),
        (asking("app\n", &[wheel("app", "1").requires("missing>=2")]), "pip-no-matching-distribution"),
        (asking("future\n", &[wheel("future", "3").requires_python(">=3.13")]), "pip-requires-python"),
        (asking("fast\n", &[wheel("fast", "1").tag("cp311-cp311-win_amd64")]), "pip-no-wheel-for-platform"),
        (asking("ancient\n", &[wheel("ancient", "0.1").source_only()]), "pip-no-wheel-for-platform"),
        (asking("numpy>=2\nnumpy<2\n", &numpys), "pip-resolution-impossible"),
        (
            asking("-c limits.txt\nnumpy>=2\n", &numpys).file("limits.txt", "numpy<2\n"),
            "pip-resolution-impossible",
        ),
        (asking("broken>=1\n", &[wheel("broken", "1.1").yanked("corrupts data")]), "pip-yanked-only"),
        (asking(&pinned(WRONG).replace("idna==3.7\n", ""), &both), "pip-hash-mismatch"),
        (asking(&pinned(&both[0].hash()), &both), "pip-hash-missing"),
        (
            asking("requests\n", &both)
                .index(&Server::start(|_| Answer::file("application/pdf", b"%PDF")).url("/")),
            "pip-index-not-simple",
        ),
    ];
    for (envwright, problem) in cases {
        same(&envwright, &[], problem);
    }
}

#[test]
fn of_index_pages() {
    let answered = |answer: Answer| Server::start(move |_| answer.clone()).url("/simple/");
    let status = |status: &str| answered(Answer::status(status, ""));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let tls = TlsServer::start();
    let page = Answer::cut_short("text/html", b"<!DOCTYPE html><html><body>requests</body></html>");
    let cases = [
        ("http://index.invalid/simple/".to_owned(), "net-dns"),
        (format!("http://{free}/simple/"), "net-unreachable"),
        (answered(Answer::Silence), "net-timeout"),
        (answered(Answer::Reset), "net-connection-reset"),
        (answered(page), "net-truncated-download"),
        (tls.url("/simple/"), "net-tls-verify"),
        (status("401 Unauthorized"), "net-unauthorized"),
        (status("403 Forbidden"), "net-forbidden"),
        (status("407 Proxy Authentication Required"), "net-proxy"),
        (status("429 Too Many Requests"), "net-rate-limited"),
        (status("500 Internal Server Error"), "net-server-error"),
        (answered(Answer::status("302 Found", "Location: /simple/requests/\r\n")), "net-redirect-loop"),
    ];
    for (url, problem) in cases {
        let envwright = Envwright::new().on_base(&BOOKWORM, "requests\n").config(IMPATIENT).index(&url);
        same(&envwright, &[], problem);
    }
}

/// What a host does to every file is seen in one of them. What only the bytes tell, such as another digest, is not.
#[test]
fn of_the_hosts_of_files() {
    type Make = fn() -> Answer;
    let cases: [(Make, &str); 8] = [
        (|| Answer::Reset, "net-connection-reset"),
        (|| Answer::Silence, "net-timeout"),
        (|| Answer::status("401 Unauthorized", ""), "net-unauthorized"),
        (|| Answer::status("403 Forbidden", ""), "net-forbidden"),
        (|| Answer::status("404 Not Found", ""), "net-not-found"),
        (|| Answer::status("429 Too Many Requests", "Retry-After: 1\r\n"), "net-rate-limited"),
        (|| Answer::status("503 Service Unavailable", ""), "net-server-error"),
        (
            || Answer::status("302 Found", "Location: /files/requests-2.31.0-py3-none-any.whl\r\n"),
            "net-redirect-loop",
        ),
    ];
    for (answer, problem) in cases {
        let index =
            Index::with_faults(&[wheel("requests", "2.31.0")], move |path| is_wheel(path).then(answer));
        let envwright =
            Envwright::new().on_base(&BOOKWORM, "requests\n").config(IMPATIENT).index(&index.url());
        same(&envwright, &[], problem);
    }
}

#[test]
fn of_system_packages() {
    let mirror = |mirror: &str, suite: &str| {
        yaml(&format!("image: bootstrap:debian/{suite}\napt: [hello]\n"))
            .config(&format!("{IMPATIENT}\n[debian]\nmirror = \"{mirror}\"\n"))
    };
    let foreign = Repository::with("bookworm", &[Package::new("hello", "1")]);
    let nothing = Server::start(|_| Answer::status("404 Not Found", ""));
    let dead = Server::start(|_| Answer::status("503 Service Unavailable", ""));
    let page = Server::start(|_| Answer::file("text/html", b"<html>Please log in</html>"));
    let cases = [
        (mirror(&foreign.url(), "bookworm"), "apt-no-pubkey"),
        (mirror(&nothing.url("/debian"), "bookwurm"), "apt-no-release-file"),
        (mirror(&page.url("/debian"), "bookworm"), "apt-no-release-file"),
        (mirror(&dead.url("/debian"), "bookworm"), "net-server-error"),
        (mirror("http://mirror.invalid/debian", "bookworm"), "net-dns"),
        (on_debian(&foreign, "helo"), "apt-unable-to-locate"),
        (
            on_debian(
                &Repository::with("bookworm", &[Package::new("hello", "1").field("Depends", "gone")]),
                "hello",
            ),
            "apt-unmet-dependencies",
        ),
    ];
    for (envwright, problem) in cases {
        same(&envwright, &[], problem);
    }
}

/// Adds a package to a base whose apt asks this repository.
fn on_debian(repository: &Repository, package: &str) -> Envwright {
    let source = repository.source("bookworm");
    let status = "Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
    let files = [("var/lib/dpkg/status", status), ("etc/apt/sources.list.d/test.sources", source.as_str())];
    let envwright = yaml(&format!("image: oci:base\napt: [{package}]\n")).config(IMPATIENT);
    write_base(&envwright.folder().join("base"), &[&BOOKWORM[..], &files].concat());
    envwright
}

#[test]
fn of_bases() {
    let on = |files: &[(&str, &str)], text: &str| {
        let envwright = yaml(text);
        write_base(&envwright.folder().join("base"), files);
        envwright
    };
    let new = wheel("fast", "1").tag("cp39-abi3-manylinux_2_34_x86_64");
    let cases = [
        (yaml("image: oci:base\nenv: {A: b}\n").file("base/readme.txt", "no image"), "base-invalid"),
        (yaml("image: docker-archive:gone.tar\nenv: {A: b}\n"), "definition-file-missing"),
        (yaml("image: scratch\nrequirements: [requests]\n"), "python-not-found"),
        (on(&BOOKWORM, "image: oci:base\npython: \"3.12\"\nrequirements: [six]\n"), "python-not-found"),
        (on(&BOOKWORM, "image: oci:base\nuser: nobody-there\nenv: {A: b}\n"), "definition-invalid-value"),
        (on(&BOOKWORM, "image: oci:base\napt: [hello]\n"), "base-without-apt"),
        (Envwright::new().on_base(&BULLSEYE, "fast\n").index(&Index::of(&[new]).url()), "glibc-too-old"),
    ];
    for (envwright, problem) in cases {
        same(&envwright, &["--platform", "linux/amd64"], problem);
    }
}

#[test]
fn of_registries_that_have_the_base() {
    let storage = tempfile::tempdir().unwrap();
    let registry = Registry::with_password(storage.path(), USER, PASSWORD);
    let logged_in = |image: &str, password: &str| {
        let envwright = yaml(&format!("image: {image}\nenv: {{A: b}}\n")).config(IMPATIENT);
        let docker = envwright.folder().join("docker");
        let file = credentials(&registry.address, password);
        envwright.variable("DOCKER_CONFIG", docker).file("docker/config.json", file)
    };
    let base = registry.reference("team/base:1");
    let push =
        Envwright::new().on_base(&BOOKWORM, "").file("environment.yml", "image: oci:base\nenv: {A: b}\n");
    let docker = push.folder().join("docker");
    let push = push
        .variable("DOCKER_CONFIG", docker)
        .file("docker/config.json", credentials(&registry.address, PASSWORD));
    push.run(&["build", "-t", &base, "--push", "--platform", "linux/amd64"]).succeeded();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cases: [(Envwright, &[&str], &str); 5] = [
        (logged_in(&base, "wrong"), &[], "registry-unauthorized"),
        (logged_in(&registry.reference("team/gone:1"), PASSWORD), &[], "registry-not-found"),
        (logged_in(&base, PASSWORD), &["--platform", "linux/arm64"], "registry-platform-mismatch"),
        (logged_in(&format!("{free}/team/base:1"), PASSWORD), &[], "net-unreachable"),
        (logged_in("registry.invalid/team/base:1", PASSWORD), &[], "registry-dns"),
    ];
    for (envwright, arguments, problem) in cases {
        same(&envwright, arguments, problem);
    }
}

#[test]
fn of_registries_that_are_pushed_to() {
    let storage = tempfile::tempdir().unwrap();
    let registry = Registry::with_password(storage.path(), USER, PASSWORD);
    let refusing = |refused: &'static str| {
        Server::start(move |path| {
            let uploads = path.contains("/blobs/uploads/");
            Answer::status(if uploads { refused } else { "404 Not Found" }, "")
        })
    };
    let (denied, full) = (refusing("403 Forbidden"), refusing("507 Insufficient Storage"));
    let at = |server: &Server| format!("{}/team/app:1", server.url("").trim_start_matches("http://"));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cases = [
        (registry.reference("team/app:1"), "registry-unauthorized"),
        (at(&denied), "registry-push-denied"),
        (at(&full), "registry-quota"),
        (format!("{free}/team/app:1"), "net-unreachable"),
        ("registry.invalid/team/app:1".to_owned(), "registry-dns"),
    ];
    for (name, problem) in cases {
        let envwright = yaml("image: scratch\nenv: {A: b}\n").config(IMPATIENT);
        let docker = envwright.folder().join("docker");
        same(&envwright.variable("DOCKER_CONFIG", docker), &["-t", &name, "--push"], problem);
    }
}

#[test]
fn of_outputs_and_names() {
    let cases: [(&[&str], &str); 8] = [
        (&["-o", "oci:out"], "output-invalid"),
        (&["-o", "oci:taken/out"], "output-invalid"),
        (&["-o", "docker-archive:taken/app.tar"], "output-invalid"),
        (&["-o", "docker-archive:out"], "output-invalid"),
        (&["-o", "tarball:out.tar"], "output-invalid"),
        (&["-o", "docker:"], "engine-not-running"),
        (&["-o", "podman:"], "engine-not-running"),
        (&["-t", "Team/App:1"], "image-name-invalid"),
    ];
    for (arguments, problem) in cases {
        let envwright = yaml("image: scratch\nenv: {A: b}\n")
            .file("out/precious.txt", "keep me")
            .file("taken", "")
            .variable("PATH", "/nowhere");
        same(&envwright, arguments, problem);
    }
}

#[test]
fn of_locks_and_what_is_not_here() {
    let (envwright, _index) = super::buildable();
    same(&envwright, &["--locked"], "lock-stale");
    same(&envwright, &["--offline"], "offline-miss");
    envwright.run(&["lock"]).succeeded();
    same(&envwright, &["--offline"], "offline-miss");
    let envwright = envwright.file("requirements.txt", "idna\n");
    same(&envwright, &["--locked"], "lock-stale");
    same(&envwright.file("envwright.lock", "version = 1\ndefini"), &[], "lock-invalid");
}

#[test]
fn of_this_machine() {
    let (envwright, _index) = super::buildable();
    same(&envwright.file("taken", ""), &["--home", "taken"], "store-io");
    let (envwright, _index) = super::buildable();
    same(&envwright.config("[network]\nretry = 3\n"), &[], "configuration-invalid");
}

/// A lock knows how large a file is; no disk has room for this one.
#[test]
fn of_disks_that_are_too_small() {
    let (envwright, index) = super::buildable();
    envwright.run(&["lock"]).succeeded();
    let lock = fs_err::read_to_string(envwright.folder().join("envwright.lock")).unwrap();
    let sized = "requested = true\nsize = 4000000000000000\n";
    let envwright = envwright.file("envwright.lock", lock.replacen("requested = true\n", sized, 1));
    let run = |command: &str| envwright.run(&[command, "--json"]);
    let (checked, built) = (run("check"), run("build"));
    let (root, of_build) = (&checked.json()["root"], &built.json()["root"]);
    for root in [root, of_build] {
        assert_eq!(root["problem"], "disk-full", "{checked}");
        assert_eq!(root["facts"]["needed"], "5456.9 TiB", "{checked}");
    }
    assert_eq!(root["facts"]["path"], of_build["facts"]["path"]);
    assert_eq!((checked.code, built.code), (Some(1), Some(1)));
    let disk = &checked.json()["disk"][0];
    assert!(disk["needed"].as_u64() > disk["available"].as_u64(), "{disk}");
    let whole = index.requests().iter().filter(|request| is_wheel(request)).count();
    assert!(whole <= 1, "only the check asks for the last byte of one: {:?}", index.requests());
}
