"""Servers that fail, each in one way, and a plain one for files. They run in threads until the program ends."""

import http.server, pathlib, socket, socketserver, ssl, struct, subprocess, threading, time


class Files(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; `/status/404` and the like answer so."""

    def do_GET(self):
        if self.path.startswith("/status/"):
            status = int(self.path.split("/")[2])
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", self.path)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="packages"')
            if status == 429:
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path.startswith("/cut/"):
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"x" * 1000)
        else:
            super().do_GET()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Proxy(http.server.BaseHTTPRequestHandler):
    """Lets nothing through."""

    status = 403

    def refuse(self):
        self.send_response(self.status)
        if self.status == 407:
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = True

    do_GET = do_HEAD = do_CONNECT = refuse

    def log_message(self, *_):
        pass


class Asking(Proxy):
    status = 407


class Silent(socketserver.BaseRequestHandler):
    """Takes the connection and never answers."""

    def handle(self):
        time.sleep(3600)


class Resetting(socketserver.BaseRequestHandler):
    """Resets the connection once something was asked."""

    def handle(self):
        self.request.recv(1)
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request.close()


def serve(handler, context=None):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "127.0.0.1:%d" % server.server_address[1]


def certificate(folder: pathlib.Path, days):
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert]
        + ["-days", str(days), "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert, key


def closed():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % probe.getsockname()[1]
