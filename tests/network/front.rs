//! What stands before a server and makes faults of its answers. It reads an answer whole, and gives ranges of it itself.

use std::{
    collections::HashSet,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What happens to the answers of one way.
#[derive(Clone)]
pub(crate) enum Fault {
    /// This status and these fields, each with its line end, so many times; then nothing.
    Status { status: &'static str, fields: &'static str, times: usize },
    /// The connection is cut (TCP's RST) after each tenth of what is sent, one after the other, and then no more. Where
    /// a request has a body, it is what is sent.
    ResetAtTenths,
    /// It is cut after so many tenths, so many times; then nothing.
    Reset { tenths: usize, times: usize },
    /// The length of the whole is told, and the first half comes.
    Truncated,
    /// As many other bytes.
    WrongBytes,
    /// An address that leads back to itself.
    Circle,
    /// Nothing, for as long as the client waits.
    Silence,
    /// So many bytes a second.
    Slow(usize),
}

/// A running front; its threads end with the test's process.
pub(crate) struct Front {
    /// Host and port.
    pub(crate) address: String,
    met: Met,
}

/// Method and target of the requests that met the fault.
type Met = Arc<Mutex<Vec<String>>>;

struct Request {
    method: String,
    target: String,
    head: String,
    body: Vec<u8>,
}

impl Front {
    /// Stands before `upstream`, host and port; what `is_way` says of method and target meets the fault.
    pub(crate) fn start(upstream: &str, fault: &Fault, is_way: fn(&str, &str) -> bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let met = Met::default();
        let (upstream, fault, seen) = (upstream.to_owned(), fault.clone(), Arc::clone(&met));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (upstream, fault, seen) = (upstream.clone(), fault.clone(), Arc::clone(&seen));
                thread::spawn(move || serve(connection, &upstream, &fault, is_way, &seen));
            }
        });
        Self { address, met }
    }

    /// Whether a request that met the fault was sent again.
    pub(crate) fn asked_again(&self) -> bool {
        let met = self.met.lock().unwrap();
        assert!(!met.is_empty(), "nothing went this way");
        met.iter().collect::<HashSet<_>>().len() < met.len()
    }
}

impl Fault {
    /// After how many tenths of what is sent the connection is cut; `before` requests met the fault before.
    fn cut_after(&self, before: usize) -> Option<usize> {
        match self {
            Self::ResetAtTenths if before < 9 => Some(before + 1),
            Self::Reset { tenths, times } if before < *times => Some(*tenths),
            Self::Truncated => Some(5),
            _ => None,
        }
    }
}

fn serve(mut client: TcpStream, upstream: &str, fault: &Fault, is_way: fn(&str, &str) -> bool, met: &Met) {
    let Some(mut request) = Request::head(&mut client) else { return };
    let on_way = is_way(&request.method, &request.target);
    let before = if on_way { request.note(met) } else { 0 };
    let cut = fault.cut_after(before).filter(|_| on_way && request.length() > 0);
    if let Some(tenths) = cut {
        request.receive(&mut client, request.length() * tenths / 10);
        return reset(&client);
    }
    if request.receive(&mut client, request.length()).is_none() {
        return;
    }
    match fault {
        _ if !on_way => pass(&mut client, &request.sent_to(upstream), None, &request),
        Fault::Status { status, fields, times } if before < *times => {
            say(
                &mut client,
                &format!("HTTP/1.1 {status}\r\n{fields}Content-Length: 0\r\nConnection: close\r\n\r\n"),
            );
        }
        Fault::Circle => {
            let target = &request.target;
            say(
                &mut client,
                &format!(
                    "HTTP/1.1 301 Moved\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                ),
            );
        }
        // Returns when the client gives up.
        Fault::Silence => drop(client.read(&mut [0])),
        Fault::WrongBytes if request.length() > 0 => {
            request.body.fill(b'x');
            pass(&mut client, &request.sent_to(upstream), None, &request);
        }
        fault => pass(&mut client, &request.sent_to(upstream), Some((fault, before)), &request),
    }
}

/// Passes an answer on, with a fault in its body.
fn pass(client: &mut TcpStream, answer: &[u8], fault: Option<(&Fault, usize)>, request: &Request) {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let (head, whole) = (String::from_utf8_lossy(&answer[..end]).into_owned(), &answer[end..]);
    let success = head.starts_with("HTTP/1.1 200");
    let mut body = whole.to_vec();
    if matches!(fault, Some((Fault::WrongBytes, _))) {
        body.fill(b'x');
    }
    let from = request.range().filter(|from| success && *from < body.len());
    let mut lines: Vec<&str> = head
        .trim_end()
        .lines()
        .filter(|line| {
            let line = line.to_ascii_lowercase();
            !line.starts_with("connection:") && !line.starts_with("transfer-encoding:")
        })
        .collect();
    let range = from.map(|from| format!("Content-Range: bytes {from}-{}/{}", body.len() - 1, body.len()));
    let length = format!("Content-Length: {}", body.len() - from.unwrap_or_default());
    if request.method != "HEAD" {
        lines.retain(|line| !line.to_ascii_lowercase().starts_with("content-length:"));
        lines.push(&length);
    }
    if let Some(range) = &range {
        lines[0] = "HTTP/1.1 206 Partial Content";
        lines.push(range);
    }
    say(client, &format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n")));
    let body = if request.method == "HEAD" { &[] } else { &body[from.unwrap_or_default()..] };
    let kept = |tenths: usize| (whole.len() * tenths / 10).saturating_sub(from.unwrap_or_default());
    let cut = fault.and_then(|(fault, before)| fault.cut_after(before)).filter(|_| request.length() == 0);
    if let Some(tenths) = cut {
        write(client, &body[..kept(tenths).min(body.len())]);
        if !matches!(fault, Some((Fault::Truncated, _))) {
            reset(client);
        }
        return;
    }
    match fault {
        Some((Fault::Slow(rate), _)) => {
            for piece in body.chunks((rate / 10).max(1)) {
                write(client, piece);
                thread::sleep(Duration::from_millis(100));
            }
        }
        _ => write(client, body),
    }
}

/// A client may have read enough, and be gone.
fn write(client: &mut TcpStream, bytes: &[u8]) {
    let _ = client.write_all(bytes);
}

fn say(client: &mut TcpStream, text: &str) {
    write(client, text.as_bytes());
}

/// What was written is let arrive; then no time to linger makes the end a reset.
fn reset(client: &TcpStream) {
    thread::sleep(Duration::from_millis(50));
    socket2::SockRef::from(client).set_linger(Some(Duration::ZERO)).unwrap();
}

impl Request {
    /// All before its body.
    fn head(client: &mut TcpStream) -> Option<Self> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            client.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).ok()?;
        let mut words = head.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        Some(Self { method, target, head, body: Vec::new() })
    }

    /// Bytes of its body.
    fn length(&self) -> usize {
        self.field("content-length").map_or(0, |value| value.parse().unwrap())
    }

    /// So many bytes of its body.
    fn receive(&mut self, client: &mut TcpStream, bytes: usize) -> Option<()> {
        self.body.resize(bytes, 0);
        client.read_exact(&mut self.body).ok()
    }

    /// Notes that it met the fault, and tells how many did before.
    fn note(&self, met: &Met) -> usize {
        let mut met = met.lock().unwrap();
        met.push(format!("{} {}", self.method, self.target));
        met.len() - 1
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// `Range: bytes=10-`.
    fn range(&self) -> Option<usize> {
        self.field("range")?.strip_prefix("bytes=")?.split('-').next()?.parse().ok()
    }

    /// The upstream's whole answer.
    fn sent_to(&self, upstream: &str) -> Vec<u8> {
        let mut lines: Vec<&str> = self
            .head
            .trim_end()
            .lines()
            .filter(|line| {
                let line = line.to_ascii_lowercase();
                !line.starts_with("connection:")
                    && !line.starts_with("range:")
                    && !line.starts_with("accept-encoding:")
            })
            .collect();
        lines.push("Connection: close");
        let mut server = TcpStream::connect(upstream).unwrap();
        server.write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes()).unwrap();
        server.write_all(&self.body).unwrap();
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).unwrap();
        answer
    }
}
