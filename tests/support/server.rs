//! A server on loopback that answers as it is told, with faults where they are asked for.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A running server; its threads end with the test's process.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    fields: Arc<Mutex<String>>,
}

/// What comes back for a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// The connection is cut: TCP's RST.
    Reset,
    /// Nothing, for as long as the client waits.
    Silence,
}

impl Answer {
    /// A whole file.
    pub(crate) fn file(kind: &str, body: &[u8]) -> Self {
        Self::with_length("200 OK", &format!("Content-Type: {kind}\r\n"), body.len(), body)
    }

    /// A status such as `404 Not Found`, and further header fields, each with its line end.
    pub(crate) fn status(status: &str, fields: &str) -> Self {
        Self::with_length(status, fields, 0, b"")
    }

    /// What follows some byte of a file, which `range` names with its line end.
    pub(crate) fn part(range: &str, body: &[u8]) -> Self {
        Self::with_length("206 Partial Content", range, body.len(), body)
    }

    /// A file of which only the first half comes.
    pub(crate) fn cut_short(kind: &str, body: &[u8]) -> Self {
        let fields = format!("Content-Type: {kind}\r\n");
        Self::with_length("200 OK", &fields, body.len(), &body[..body.len() / 2])
    }

    fn with_length(status: &str, fields: &str, length: usize, body: &[u8]) -> Self {
        let head =
            format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n");
        Self::Bytes([head.as_bytes(), body].concat())
    }
}

impl Server {
    /// Answers each request with what `answer` makes of its path.
    pub(crate) fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, fields) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(String::new())));
        let (answer, seen, read) = (Arc::new(answer), Arc::clone(&requests), Arc::clone(&fields));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (answer, seen, read) = (Arc::clone(&answer), Arc::clone(&seen), Arc::clone(&read));
                thread::spawn(move || serve(connection, &*answer, &seen, &read));
            }
        });
        Self { address, requests, fields }
    }

    /// Address of a path, which starts with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The header fields of all requests until now, each with its line end.
    pub(crate) fn fields(&self) -> String {
        self.fields.lock().unwrap().clone()
    }

    /// `GET /path` of each request until now.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(
    connection: TcpStream,
    answer: &dyn Fn(&str) -> Answer,
    seen: &Mutex<Vec<String>>,
    read: &Mutex<String>,
) {
    // A byte at a time, so that what follows the first line is left in the socket for `Reset`.
    let mut connection = connection;
    let first = line(&mut connection);
    let mut words = first.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    seen.lock().unwrap().push(format!("{method} {path}"));
    let answer = answer(path);
    if matches!(answer, Answer::Reset) {
        // Linux resets a connection that is closed while it holds bytes that nobody has read.
        return;
    }
    loop {
        let field = line(&mut connection);
        if field.len() <= 2 {
            break;
        }
        read.lock().unwrap().push_str(&field);
    }
    match answer {
        Answer::Bytes(bytes) => {
            let end = if method == "HEAD" { end_of_head(&bytes) } else { bytes.len() };
            // A client may have read enough, and be gone.
            let _ = connection.write_all(&bytes[..end]);
        }
        // Returns when the client gives up.
        _ => drop(connection.read(&mut [0])),
    }
}

/// A line with its end; empty when the connection has ended.
fn line(connection: &mut TcpStream) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.last() != Some(&b'\n') && connection.read(&mut byte).is_ok_and(|read| read == 1) {
        line.push(byte[0]);
    }
    String::from_utf8_lossy(&line).into_owned()
}

fn end_of_head(bytes: &[u8]) -> usize {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4)
}
