//! A proxy of a company: it alone knows where a name leads, and may ask who is there.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A running proxy; its threads end with the test's process.
pub(crate) struct Tunnel {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    /// Leads what is for `name`, host and port, to `target`; with `authorization`, only who sends that.
    pub(crate) fn start(name: &str, target: &str, authorization: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (name, target, seen) = (name.to_owned(), target.to_owned(), Arc::clone(&requests));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (name, target, seen) = (name.clone(), target.clone(), Arc::clone(&seen));
                let authorization = authorization.clone();
                thread::spawn(move || lead(connection, &name, &target, authorization.as_deref(), &seen));
            }
        });
        Self { address, requests }
    }

    /// The value of `HTTP_PROXY` and `HTTPS_PROXY`; `user` is empty, or a name and a password with `@` behind.
    pub(crate) fn url(&self, user: &str) -> String {
        format!("http://{user}{}", self.address)
    }

    /// Method and target of the first request of each connection until now.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Serves one connection. After its first request it is one between the client and the target.
fn lead(
    mut client: TcpStream,
    name: &str,
    target: &str,
    authorization: Option<&str>,
    seen: &Mutex<Vec<String>>,
) {
    let head = head(&mut client);
    let Some((first, fields)) = head.split_once("\r\n") else { return };
    let request = first.trim_end_matches(" HTTP/1.1");
    seen.lock().unwrap().push(request.to_owned());
    let sent = |field: &str| {
        let (field, value) = field.split_once(':').unwrap_or_default();
        field.eq_ignore_ascii_case("proxy-authorization").then(|| value.trim().to_owned())
    };
    if authorization.is_some() && fields.lines().find_map(sent).as_deref() != authorization {
        return answer(&mut client, "407 Proxy Authentication Required");
    }
    let tunnel = request == format!("CONNECT {name}");
    if !tunnel && !request.contains(&format!(" http://{name}/")) {
        return answer(&mut client, "403 Forbidden");
    }
    let mut server = TcpStream::connect(target).unwrap();
    if tunnel {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    } else {
        // Not all servers take whole addresses (RFC 9112, section 3.2.2).
        let head = head.replacen(&format!(" http://{name}/"), " /", 1);
        server.write_all(head.as_bytes()).unwrap();
    }
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        // Either side may be gone.
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
}

/// What comes until the empty line, which is a part of it.
fn head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read_exact(&mut byte).is_ok() {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn answer(client: &mut TcpStream, status: &str) {
    let fields = "Proxy-Authenticate: Basic realm=\"company\"\r\nContent-Length: 0\r\nConnection: close";
    // A client may be gone.
    let _ = client.write_all(format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n").as_bytes());
}
