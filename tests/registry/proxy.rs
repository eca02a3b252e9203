//! What stands between the program and a registry: it passes requests on, notes them, and makes the faults that a test
//! asks for.

use crate::support::registry::Registry;
use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

/// First byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;
/// What a server of plain http says to a TLS handshake.
const NO_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\r\n400 Bad Request";

/// How long a request waits for others at a gate; a client of one request at a time fails then.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running proxy; its threads end with the test's process.
pub(crate) struct Proxy {
    /// Host and port.
    pub(crate) address: String,
    log: Arc<Mutex<Log>>,
}

/// The head of a request.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Fields as they came, `Name: value`.
    fields: Vec<String>,
    /// Size of the body.
    pub(crate) length: u64,
}

/// What happens to a request.
pub(crate) enum Fate {
    /// It and the registry's answer are passed on.
    Passed,
    /// The same, with this path and query in place of its own.
    PassedAs(String),
    /// The same, with this status in place of the registry's, where that is a success.
    Restated(&'static str),
    /// The same, with addresses of the registry's answer as paths.
    Relative,
    /// It is passed on when others wait at the same gate too.
    Gathered(Arc<Gate>),
    /// It is read, and answered with this; the registry sees nothing.
    Answered(String),
    /// The connection is cut (TCP's RST) after so many bytes of its body.
    Reset {
        after: u64,
        /// The registry gets what came until then; else it sees nothing.
        forwarded: bool,
    },
}

/// A request that was seen.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    /// Bytes of its body that came.
    pub(crate) sent: u64,
    /// The answer's status; `None` if there was no answer.
    pub(crate) status: Option<u16>,
    /// When it began, as a place in the order of all beginnings and ends.
    pub(crate) began: usize,
    /// When its answer was about to go out.
    pub(crate) ended: usize,
}

#[derive(Default)]
struct Log {
    exchanges: Vec<Exchange>,
    time: usize,
}

/// Requests that go on together.
pub(crate) struct Gate {
    wanted: usize,
    came: Mutex<usize>,
    all: Condvar,
}

impl Gate {
    /// Opens for so many requests, and stays open.
    pub(crate) fn of(wanted: usize) -> Arc<Self> {
        Arc::new(Self { wanted, came: Mutex::default(), all: Condvar::new() })
    }

    /// Whether so many were under way at the same time.
    pub(crate) fn opened(&self) -> bool {
        *self.came.lock().unwrap() >= self.wanted
    }

    /// False where the others did not come.
    fn wait(&self) -> bool {
        let mut came = self.came.lock().unwrap();
        *came += 1;
        self.all.notify_all();
        let (mut came, end) =
            self.all.wait_timeout_while(came, PATIENCE, |came| *came < self.wanted).unwrap();
        if end.timed_out() {
            // Those that come later are not at the same time.
            *came -= 1;
        }
        !end.timed_out()
    }
}

type Rule = Mutex<dyn FnMut(&Request) -> Fate + Send>;

impl Fate {
    /// A status such as `404 Not Found`, further header fields, each with its line end, and a body of JSON.
    pub(crate) fn answered(status: &str, fields: &str, body: &str) -> Self {
        let length = body.len();
        Self::Answered(format!(
            "HTTP/1.1 {status}\r\n{fields}Content-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        ))
    }
}

impl Request {
    /// Value of a field, of whatever case its name is.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|field| {
            let (found, value) = field.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Whether it sends bytes of a blob that is larger than a configuration.
    pub(crate) fn sends_much(&self) -> bool {
        self.target.contains("/blobs/uploads/") && self.length > 1 << 20
    }

    /// Reads until the empty line, byte by byte: the body stays in the socket.
    fn read(client: &mut TcpStream) -> Option<Self> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            client.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let text = String::from_utf8(head).unwrap();
        let mut lines = text.lines();
        let mut words = lines.next()?.split(' ').map(str::to_owned);
        let (method, target) = (words.next()?, words.next()?);
        let fields: Vec<String> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let mut request = Self { method, target, fields, length: 0 };
        assert!(request.field("Transfer-Encoding").is_none(), "every body tells its size");
        request.length = request.field("Content-Length").map_or(0, |value| value.parse().unwrap());
        Some(request)
    }

    fn head(&self, target: &str) -> String {
        let mut head = format!("{} {target} HTTP/1.1\r\n", self.method);
        // `Host` stays the proxy's: the registry makes its addresses of it.
        for field in &self.fields {
            if !field.to_ascii_lowercase().starts_with("connection:") {
                head.push_str(field);
                head.push_str("\r\n");
            }
        }
        head.push_str("Connection: close\r\n\r\n");
        head
    }
}

impl Proxy {
    /// Stands before `registry`; each request has the fate that `rule` makes of it.
    pub(crate) fn start(registry: &Registry, rule: impl FnMut(&Request) -> Fate + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let log = Arc::new(Mutex::new(Log::default()));
        let (rule, seen, registry): (Arc<Rule>, _, _) =
            (Arc::new(Mutex::new(rule)), Arc::clone(&log), registry.address.clone());
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (rule, seen, registry) = (Arc::clone(&rule), Arc::clone(&seen), registry.clone());
                thread::spawn(move || serve(connection, &registry, &rule, &seen));
            }
        });
        Self { address, log }
    }

    /// The name of an image behind it.
    pub(crate) fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// What came until now, in the order of beginnings.
    pub(crate) fn seen(&self) -> Vec<Exchange> {
        self.log.lock().unwrap().exchanges.clone()
    }

    /// Forgets what came until now.
    pub(crate) fn forget(&self) {
        self.log.lock().unwrap().exchanges.clear();
    }

    /// Bytes of blobs that came.
    pub(crate) fn uploaded(&self) -> u64 {
        let seen = self.seen();
        seen.iter().filter(|one| one.target.contains("/blobs/")).map(|one| one.sent).sum()
    }

    /// The last write is that of the tag, it succeeded, and all others had ended when it began.
    #[track_caller]
    pub(crate) fn tagged_last(&self, repository: &str, tag: &str) {
        let mut writes = self.seen();
        writes.retain(|one| one.method != "GET" && one.method != "HEAD");
        let last = writes.pop().unwrap();
        let expected = format!("/v2/{repository}/manifests/{tag}");
        assert_eq!((&*last.method, &last.target, last.status), ("PUT", &expected, Some(201)), "{writes:#?}");
        for write in writes {
            assert!(write.ended < last.began, "{write:?} ended after {last:?} began");
        }
    }
}

fn serve(mut client: TcpStream, registry: &str, rule: &Rule, log: &Mutex<Log>) {
    let mut first = [0];
    if client.peek(&mut first).unwrap_or_default() == 0 {
        return;
    }
    if first[0] == HANDSHAKE {
        return refuse_tls(&mut client);
    }
    let Some(request) = Request::read(&mut client) else { return };
    let began = begin(log, &request);
    let fate = (rule.lock().unwrap_or_else(PoisonError::into_inner))(&request);
    let (sent, answer) = match fate {
        Fate::Passed => pass(&mut client, registry, &request, &request.target),
        Fate::Gathered(gate) => {
            if gate.wait() {
                pass(&mut client, registry, &request, &request.target)
            } else {
                (0, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec())
            }
        }
        Fate::PassedAs(target) => pass(&mut client, registry, &request, &target),
        Fate::Restated(status) => {
            let (sent, answer) = pass(&mut client, registry, &request, &request.target);
            (sent, restated(answer, status))
        }
        Fate::Relative => {
            let (sent, answer) = pass(&mut client, registry, &request, &request.target);
            (sent, relative(&answer, request.field("Host").unwrap_or_default()))
        }
        Fate::Answered(answer) => (copy(&mut client, &mut io::sink(), request.length), answer.into_bytes()),
        Fate::Reset { after, forwarded } => {
            let sent = if forwarded {
                let mut registry = TcpStream::connect(registry).unwrap();
                registry.write_all(request.head(&request.target).as_bytes()).unwrap();
                let sent = copy(&mut client, &mut registry, after);
                let _ = registry.shutdown(Shutdown::Write);
                // When it closes too, it has kept what it got.
                let _ = registry.read_to_end(&mut Vec::new());
                sent
            } else {
                copy(&mut client, &mut io::sink(), after)
            };
            end(log, began, sent, None);
            // Linux resets a connection that is closed while it holds bytes that nobody has read.
            let _ = client.peek(&mut first);
            return;
        }
    };
    end(log, began, sent, status(&answer));
    // A client may be gone.
    let _ = client.write_all(&answer);
}

/// Passes a request on, and gives the bytes of its body that came, and the whole answer.
fn pass(client: &mut TcpStream, registry: &str, request: &Request, target: &str) -> (u64, Vec<u8>) {
    let mut registry = TcpStream::connect(registry).unwrap();
    registry.write_all(request.head(target).as_bytes()).unwrap();
    let sent = copy(client, &mut registry, request.length);
    let mut answer = Vec::new();
    // One that refuses early may not have read all.
    let _ = registry.read_to_end(&mut answer);
    (sent, answer)
}

/// Reads so many bytes, and writes them as long as the other side takes them.
fn copy(from: &mut TcpStream, to: &mut impl io::Write, length: u64) -> u64 {
    let mut piece = vec![0; 1 << 16];
    let (mut sent, mut taken) = (0, true);
    while sent < length {
        let wanted = usize::try_from(length - sent).unwrap().min(piece.len());
        let Ok(read @ 1..) = from.read(&mut piece[..wanted]) else { break };
        taken = taken && to.write_all(&piece[..read]).is_ok();
        sent += read as u64;
    }
    sent
}

/// Reads the first record, so that the answer is not lost to a reset.
fn refuse_tls(client: &mut TcpStream) {
    let mut head = [0; 5];
    if client.read_exact(&mut head).is_ok() {
        copy(client, &mut io::sink(), u64::from(u16::from_be_bytes([head[3], head[4]])));
        let _ = client.write_all(NO_HTTP);
    }
}

fn begin(log: &Mutex<Log>, request: &Request) -> usize {
    let mut log = log.lock().unwrap();
    log.time += 1;
    let began = log.time;
    log.exchanges.push(Exchange {
        method: request.method.clone(),
        target: request.target.clone(),
        authorization: request.field("Authorization").map(str::to_owned),
        sent: 0,
        status: None,
        began,
        ended: usize::MAX,
    });
    began
}

fn end(log: &Mutex<Log>, began: usize, sent: u64, status: Option<u16>) {
    let mut log = log.lock().unwrap();
    log.time += 1;
    let ended = log.time;
    if let Some(exchange) = log.exchanges.iter_mut().find(|one| one.began == began) {
        (exchange.sent, exchange.status, exchange.ended) = (sent, status, ended);
    }
}

/// `HTTP/1.1 202 Accepted`
fn status(answer: &[u8]) -> Option<u16> {
    str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}

fn restated(mut answer: Vec<u8>, status: &str) -> Vec<u8> {
    if answer.get(9) == Some(&b'2') {
        let end = answer.iter().position(|&byte| byte == b'\r').unwrap();
        answer.splice(9..end, status.bytes());
    }
    answer
}

/// Answers that tell addresses have no body that could be harmed.
fn relative(answer: &[u8], host: &str) -> Vec<u8> {
    match str::from_utf8(answer) {
        Ok(text) => text.replace(&format!("http://{host}"), "").into_bytes(),
        Err(_) => answer.to_vec(),
    }
}
