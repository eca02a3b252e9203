//! A server on loopback that answers from a script, one connection for each answer.

use crate::{Limits, Settings};
use envwright_redact::SafeUrl;
use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Refuses connections once its script has ended.
pub(super) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Gives these answers in their order.
    pub(super) fn start(script: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (script, seen) = (script.into_iter().collect::<Vec<_>>(), Arc::clone(&requests));
        thread::spawn(move || {
            for answer in script {
                let (connection, _) = listener.accept().unwrap();
                serve(&connection, &answer, &seen);
            }
        });
        Self { address, requests }
    }

    /// The address of a path here.
    pub(super) fn url(&self, path: &str) -> SafeUrl {
        self.url_as("", path)
    }

    /// The address of a path here, with `user:password@` before its host.
    pub(super) fn url_as(&self, credentials: &str, path: &str) -> SafeUrl {
        SafeUrl::parse(&format!("http://{credentials}{}{path}", self.address)).unwrap()
    }

    /// The heads of all requests until now.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The value of a header in each request.
    pub(super) fn header(&self, name: &str) -> Vec<Option<String>> {
        self.requests().iter().map(|head| header(head, name)).collect()
    }
}

fn serve(mut connection: &TcpStream, answer: &[u8], seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
    seen.lock().unwrap().push(head);
    // A client may have read enough, and be gone.
    let _ = connection.write_all(answer);
}

fn header(head: &str, name: &str) -> Option<String> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}

/// An answer whose header fields are `fields`, each with its line end.
pub(super) fn answer(status: &str, fields: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{fields}\r\n{body}").into_bytes()
}

/// A whole body.
pub(super) fn whole(body: &str) -> Vec<u8> {
    promised(body.len(), body)
}

/// A body that is announced to have `length` bytes.
pub(super) fn promised(length: usize, body: &str) -> Vec<u8> {
    answer("200 OK", &format!("Content-Length: {length}\r\n"), body)
}

/// What follows byte `from` of a file.
pub(super) fn rest(from: usize, of: &str) -> Vec<u8> {
    let (last, total) = (of.len() - 1, of.len());
    let fields =
        format!("Content-Range: bytes {from}-{last}/{total}\r\nContent-Length: {}\r\n", total - from);
    answer("206 Partial Content", &fields, &of[from..])
}

/// A status without a body.
pub(super) fn status(status: &str) -> Vec<u8> {
    answer(status, "Content-Length: 0\r\n", "")
}

/// Limits that allow for so many retries.
pub(super) fn tries(retries: u32) -> Limits {
    Limits { retries, ..Limits::default() }
}

/// Settings that wait for nothing, and read no `netrc` of this machine.
pub(super) fn settings() -> Settings {
    Settings { retry_wait: Duration::ZERO, netrc: Some("/dev/null".into()), ..Settings::default() }
}
