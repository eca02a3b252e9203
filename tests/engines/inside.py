"""What an image says of itself, as one line of JSON. Runs in the image."""

import http.server
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

import mlflow
import pandas
import sklearn


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "500"})
    if done.returncode:
        sys.exit(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def pip(*arguments):
    return run(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", *arguments)


def debs():
    """Rows of `dpkg -l` such as `ii  libc6:amd64  2.36-9  amd64  GNU C Library: Shared libraries`."""
    lines = run("dpkg", "-l").splitlines()
    rule = next(at for at, line in enumerate(lines) if line.startswith("+++-"))
    rows = [line.split() for line in lines[rule + 1 :]]
    return [[row[0], row[1].split(":")[0], row[2], row[3]] for row in rows]


def certificate(folder):
    """A key and a certificate of `localhost` that signs itself."""
    key, authority = folder / "key.pem", folder / "authority.pem"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(authority))
    return key, authority


def tls():
    """What a client that knows the server's authority gets, and one that does not."""
    with tempfile.TemporaryDirectory() as folder:
        key, authority = certificate(pathlib.Path(folder))
        os.chdir(folder)
        server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://localhost:{server.server_port}/authority.pem"
        answers = [get(url, ssl.create_default_context(cafile=authority)), get(url, ssl.create_default_context())]
        os.chdir("/")
        return [answers[0] == authority.read_text(), answers[1]]


def get(url, context):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        return opener.open(url, timeout=30).read().decode()
    except urllib.error.URLError as error:
        return getattr(error.reason, "reason", str(error))


print(json.dumps({
    "ids": [os.getuid(), os.getgid()],
    "python": list(sys.version_info[:3]),
    "libraries": [sklearn.__version__, pandas.__version__, mlflow.__version__],
    "pip": [[each["name"], each["version"]] for each in json.loads(pip("list", "--format", "json"))],
    "check": pip("check").strip(),
    "debs": debs(),
    "audit": run("dpkg", "--audit"),
    "verify": run("dpkg", "--verify"),
    "tls": tls(),
    "authorities": len(ssl.create_default_context().get_ca_certs()),
}))
