"""Makes logs of builds that fail, and of some that do not, with the real tools: `cargo xtask corpus make`.

Reads crates/diagnosis/tests/made/cases.toml and writes logs/<case>.log beside it. What differs from one machine to the
next, or from one run to the next, is replaced: hosts, ports, folders.
"""

import os, pathlib, re, shutil, signal, subprocess, sys, tempfile, time, tomllib
from functools import partial

import packages, services

ROOT = pathlib.Path(__file__).resolve().parents[3]
CASES = ROOT / "crates/diagnosis/tests/made"
LIMIT = 240

PRELUDE = """
pipi() { "$VENV/bin/pip" install --no-cache-dir --no-build-isolation "$@"; }
pip() { "$VENV/bin/pip" "$@"; }
pipn() { "$VENV/bin/python" "$PIP_NEW" install --no-cache-dir --no-build-isolation "$@"; }
pipo() { "$VENV/bin/python" "$PIP_OLD" install --no-cache-dir --no-build-isolation "$@"; }
uv() { "$VENV/bin/uv" "$@"; }
uvi() { "$VENV/bin/uv" pip install --no-cache --python "$VENV/bin/python" --index-url "$INDEX" "$@"; }
python() { "$VENV/bin/python" "$@"; }
apt_at() { rm -rf lists; mkdir -p lists/partial; echo "$1" > list
  shift; apt-get -o Dir::Etc::sourcelist="$PWD/list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$PWD/lists" \\
    -o Acquire::Retries=0 -o APT::Sandbox::User=root "$@"; }
dockerfile() { printf "$@" > Dockerfile; }
dockerb() { DOCKER_BUILDKIT=0 docker build --network=none "$@" . 2>&1 | grep -v -e DEPRECATED -e 'Install the buildx' -e '^ *https' -e '^$'; }
buildahb() { buildah bud --isolation chroot --tls-verify=false "$@" .; }
compile() { cat > x.c; gcc -c x.c -o x.o; }
crate() { mkdir -p src; printf '[package]\\nname = "gadget"\\nversion = "0.1.0"\\nedition = "2021"\\n' > Cargo.toml; cat > src/main.rs; }
"""


def start(command, log):
    return subprocess.Popen(command, stdout=open(log, "w"), stderr=subprocess.STDOUT)


def wait_for(log, pattern):
    for _ in range(300):
        found = re.search(pattern, log.read_text(errors="replace"))
        if found:
            return found[1]
        time.sleep(0.1)
    sys.exit(f"it did not start: {log.read_text()}")


def registry(work, name, more=""):
    folder = work / f"registry-{name}"
    folder.mkdir()
    (folder / "config.yml").write_text(
        f"version: 0.1\nlog: {{formatter: text}}\nstorage: {{filesystem: {{rootdirectory: '{folder}/data'}}}}\n"
        + (more or 'http: {addr: "127.0.0.1:0"}\n')
    )
    running.append(start(["docker-registry", "serve", folder / "config.yml"], folder / "log"))
    return wait_for(folder / "log", r"listening on (127\.0\.0\.1:\d+)")


def base_image(work, reference, *options):
    """A shell and nothing else."""
    top = work / "base"
    if not top.exists():
        (top / "bin").mkdir(parents=True)
        for folder in ("tmp", "etc", "dev", "proc", "sys"):
            (top / folder).mkdir()
        shutil.copy(shutil.which("busybox"), top / "bin/busybox")
        for applet in ("sh", "ls", "cat", "cp", "mkdir", "echo", "wget", "tar", "true", "false", "sleep", "kill"):
            (top / "bin" / applet).symlink_to("busybox")
        (top / "Dockerfile").write_text("FROM scratch\nCOPY bin /bin\nCOPY tmp /tmp\nCOPY etc /etc\nENV PATH=/bin\nCMD [\"sh\"]\n")
    subprocess.run(["buildah", "bud", "-q", "-t", reference, top], check=True, capture_output=True)
    subprocess.run(["buildah", "push", "--tls-verify=false", *options, reference], check=True, capture_output=True)


def variables(work):
    index = work / "index"
    packages.write(index)
    context, cert, key = services.certificate(work, 30)
    files = services.serve(partial(services.Files, directory=str(index)))
    venv = work / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    tools = ["pip==24.0", "setuptools==75.8.0", "wheel", "hatchling", "flit_core", "poetry-core", "meson-python", "ninja", "meson", "uv", "pytest"]
    subprocess.run([venv / "bin/pip", "install", "-q", *tools], check=True)
    # A wheel of pip runs as it is.
    wheels = {}
    for name, version in (("new", "pip"), ("old", "pip==21.3.1")):
        subprocess.run([venv / "bin/pip", "download", "-q", "--no-deps", "-d", work / name, version], check=True)
        wheels[f"PIP_{name.upper()}"] = str(next((work / name).glob("*.whl")) / "pip")
    subprocess.run(["htpasswd", "-Bbc", work / "users", "builder", "right"], check=True, capture_output=True)
    plain = registry(work, "plain")
    auth = registry(
        work, "auth",
        f'http: {{addr: "127.0.0.1:0"}}\nauth: {{htpasswd: {{realm: images, path: "{work}/users"}}}}\n',
    )
    secure = registry(work, "tls", f'http: {{addr: "127.0.0.1:0", tls: {{certificate: "{cert}", key: "{key}"}}}}\n')
    base_image(work, f"{plain}/base:1")
    base_image(work, f"{auth}/base:1", "--creds", "builder:right")
    docker = work / "docker"
    docker.mkdir()
    running.append(
        start(
            ["dockerd", "--iptables=false", "--bridge=none", "--data-root", docker / "data", "--exec-root", docker / "exec"]
            + ["--pidfile", docker / "pid", "-H", f"unix://{docker}/sock"],
            docker / "log",
        )
    )
    wait_for(docker / "log", r"(API listen)")
    names = {
        plain: "images.example:5000",
        auth: "private.example:5000",
        secure: "secure.example:5000",
        files: "packages.example",
    }
    closed = {"TLS": services.serve(partial(services.Files, directory=str(index)), context)}
    closed["CLOSED"] = services.closed()
    closed["SILENT"] = services.serve(services.Silent)
    closed["RESET"] = services.serve(services.Resetting)
    closed["REFUSING"] = services.serve(services.Proxy)
    closed["ASKING"] = services.serve(services.Asking)
    for name, address in closed.items():
        names[address] = f"{name.lower()}.example:8080"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(work / "home"), "LANG": "C.UTF-8", "TERM": "dumb",
        "VENV": str(venv), "INDEX": f"http://{files}/simple", "HTTP": f"http://{files}", "HOST": files,
        "REGISTRY": plain, "REGISTRY_AUTH": auth, "REGISTRY_TLS": secure, "DOCKER_HOST": f"unix://{docker}/sock",
        "PIP_INDEX_URL": f"http://{files}/simple", "PIP_DEFAULT_TIMEOUT": "2", "PIP_RETRIES": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_HTTP_TIMEOUT": "2", "UV_HTTP_RETRIES": "0", "DEBIAN_FRONTEND": "noninteractive",
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(pathlib.Path.home() / ".rustup")), "CARGO_NET_OFFLINE": "true",
        "PYTHON": sys.executable, "CERT": str(cert), "UV_NO_PROGRESS": "1", "UV_NO_CONFIG": "1", **wheels, **closed,
    }
    (work / "home").mkdir()
    return environment, names


def replaced(text, work, folder, names):
    for address, name in names.items():
        text = text.replace(address, name)
    prefix = os.path.realpath(sys.base_prefix)
    for path, name in ((folder, "/srv/build"), (work, "/srv"), (prefix, "/usr/local"), (ROOT, "/srv/source")):
        text = text.replace(str(path), name)
    for host, name in real_hosts().items():
        text = text.replace(host, name)
    return text


def real_hosts():
    """Hosts of package registries that this machine is set to, by the settings themselves."""
    from pip._internal.models.index import PyPI

    hosts = {PyPI.netloc: "index.example", PyPI.file_storage_domain: "files.example"}
    for path in [*pathlib.Path("/etc/apt/sources.list.d").glob("*"), pathlib.Path("/etc/apt/sources.list")]:
        if path.is_file():
            for host in re.findall(r"https?://([^/\s]+)", path.read_text()):
                hosts[host] = "mirror.example"
    npm = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True).stdout
    hosts.update({host: "npm.example" for host in re.findall(r"https?://([^/\s]+)", npm)})
    return hosts


def main():
    cases = tomllib.loads((CASES / "cases.toml").read_text())
    wanted = set(sys.argv[1:])
    work = pathlib.Path(tempfile.mkdtemp(prefix="made-"))
    environment, names = variables(work)
    for problem, group in cases.items():
        for name, case in group.items():
            if wanted and name not in wanted and problem not in wanted:
                continue
            run = case if isinstance(case, str) else case["run"]
            folder = work / "case"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            with open(work / "out", "wb") as out:
                process = subprocess.Popen(
                    ["bash", "-c", PRELUDE + run], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                    stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
                )
                try:
                    code = process.wait(LIMIT)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    code = "too long"
            text = (work / "out").read_bytes().decode(errors="replace")
            (CASES / "logs" / f"{name}.log").write_text(replaced(text, work, folder, names))
            print(f"{problem}: {name}: {code}", flush=True)
    shutil.rmtree(work, ignore_errors=True)


running = []
try:
    main()
finally:
    for process in running:
        process.terminate()
