"""What an image says of itself, as one line of JSON. Runs in the image."""

import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

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
    """What a client that knows the server's authority is told, and what one that does not."""
    with tempfile.TemporaryDirectory() as folder:
        key, authority = certificate(pathlib.Path(folder))
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(authority, key)
        known, unknown = ssl.create_default_context(cafile=authority), ssl.create_default_context()
        return [ask(server, known), ask(server, unknown)]


def ask(server, client):
    """A request and its answer. The two ends are joined here: not every engine gives a container a loopback."""
    here, there = socket.socketpair()
    thread = threading.Thread(target=answer, args=(server, there))
    thread.start()
    try:
        with client.wrap_socket(here, server_hostname="localhost") as connection:
            connection.sendall(b"name?")
            return connection.recv(100).decode()
    except ssl.SSLCertVerificationError as error:
        return error.reason
    finally:
        here.close()
        thread.join()


def answer(server, end):
    try:
        with server.wrap_socket(end, server_side=True) as connection:
            connection.sendall(b"answer to " + connection.recv(100))
    except (ssl.SSLError, OSError):
        end.close()


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
