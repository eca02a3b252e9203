//! The faults, and what stands at an address that has them.

use super::front::{Fault, Front};
use crate::support::{authority::Authority, tls::TlsServer};
use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
};

/// How a fault is made.
pub(crate) enum Made {
    /// A front before the real server.
    Front(Fault),
    /// Another address in the place of the server's.
    At(fn() -> Elsewhere),
    /// The program has no network at all, and looks for the server at this host.
    Cut(&'static str),
}

/// A place where the server is not.
pub(crate) struct Elsewhere {
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// `SSL_CERT_FILE`.
    pub(crate) authority: Option<PathBuf>,
    /// `HTTP_PROXY` and `HTTPS_PROXY`.
    pub(crate) proxy: Option<String>,
    /// Lives as long as the address is used.
    held: Vec<Box<dyn std::any::Any>>,
}

/// All of them, by the name that the table has.
pub(crate) fn all() -> Vec<(&'static str, Made)> {
    let status = |status, fields| Made::Front(Fault::Status { status, fields, times: usize::MAX });
    let passing = |status, fields, times| Made::Front(Fault::Status { status, fields, times });
    let cut_once = |tenths| Made::Front(Fault::Reset { tenths, times: 1 });
    vec![
        ("name unknown", Made::At(unknown_name)),
        ("name server dead", Made::Cut("server.example.com")),
        ("refused", Made::At(refused)),
        ("unreachable", Made::Cut("127.0.0.1:9")),
        ("private address behind a public name", Made::Cut("private.example.com")),
        ("connecting takes too long", Made::At(never_accepted)),
        ("nothing comes", Made::Front(Fault::Silence)),
        ("64 kbit/s", Made::Front(Fault::Slow(8000))),
        ("cut once, after one tenth", cut_once(1)),
        ("cut once, after two tenths", cut_once(2)),
        ("cut once, after three tenths", cut_once(3)),
        ("cut once, after four tenths", cut_once(4)),
        ("cut once, after five tenths", cut_once(5)),
        ("cut once, after six tenths", cut_once(6)),
        ("cut once, after seven tenths", cut_once(7)),
        ("cut once, after eight tenths", cut_once(8)),
        ("cut once, after nine tenths", cut_once(9)),
        ("cut after each tenth, one after the other", Made::Front(Fault::ResetAtTenths)),
        ("always cut after five tenths", Made::Front(Fault::Reset { tenths: 5, times: usize::MAX })),
        ("ends early", Made::Front(Fault::Truncated)),
        ("other bytes", Made::Front(Fault::WrongBytes)),
        ("301 in a circle", Made::Front(Fault::Circle)),
        ("401", status("401 Unauthorized", "")),
        ("403", status("403 Forbidden", "")),
        ("404", status("404 Not Found", "")),
        ("407 of a proxy", Made::At(refusing_proxy)),
        ("429 once", passing("429 Too Many Requests", "", 1)),
        ("429 once, `Retry-After: 1`", passing("429 Too Many Requests", "Retry-After: 1\r\n", 1)),
        ("429 for ever", status("429 Too Many Requests", "Retry-After: 0\r\n")),
        ("500", status("500 Internal Server Error", "")),
        ("502", status("502 Bad Gateway", "")),
        ("503 once", passing("503 Service Unavailable", "", 1)),
        ("503 for ever", status("503 Service Unavailable", "")),
        ("authority unknown", Made::At(unknown_authority)),
        ("certificate for another name", Made::At(wrong_name)),
        ("certificate expired", Made::At(expired)),
        ("clock wrong", Made::At(not_yet)),
        ("proxy not there", Made::At(no_proxy)),
    ]
}

impl Elsewhere {
    /// A host that is not reached at all.
    pub(crate) fn nowhere(host: &str) -> Self {
        Self::http(host)
    }

    fn http(host: &str) -> Self {
        Self { origin: format!("http://{host}"), authority: None, proxy: None, held: Vec::new() }
    }

    fn tls(authority: Option<&Authority>, server: TlsServer) -> Self {
        Self {
            origin: format!("https://{}", server.host()),
            authority: authority.map(Authority::file),
            proxy: None,
            held: vec![Box::new(server)],
        }
    }

    fn holding(mut self, held: impl std::any::Any) -> Self {
        self.held.push(Box::new(held));
        self
    }
}

fn unknown_name() -> Elsewhere {
    Elsewhere::http("no-such-host.invalid")
}

fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn refused() -> Elsewhere {
    Elsewhere::http(&closed_port().to_string())
}

/// The queue of connections that nobody takes is full: Linux drops what comes then, as a firewall would.
fn never_accepted() -> Elsewhere {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let waiting = TcpStream::connect(address).unwrap();
    Elsewhere::http(&address.to_string()).holding((socket, waiting))
}

fn unknown_authority() -> Elsewhere {
    Elsewhere::tls(None, TlsServer::start())
}

fn wrong_name() -> Elsewhere {
    let authority = Authority::new();
    let server = TlsServer::with(&authority.certificate("DNS:other.example"));
    Elsewhere::tls(Some(&authority), server).holding(authority)
}

fn dated(times: (&str, &str)) -> Elsewhere {
    let authority = Authority::new();
    let server = TlsServer::with(&authority.certificate_between("DNS:localhost", times));
    Elsewhere::tls(Some(&authority), server).holding(authority)
}

fn expired() -> Elsewhere {
    dated(("20200101000000Z", "20200201000000Z"))
}

fn not_yet() -> Elsewhere {
    dated(("20900101000000Z", "20900201000000Z"))
}

fn no_proxy() -> Elsewhere {
    behind_proxy(&closed_port().to_string())
}

fn refusing_proxy() -> Elsewhere {
    let refusal =
        Fault::Status { status: "407 Proxy Authentication Required", fields: "", times: usize::MAX };
    behind_proxy(&Front::start("127.0.0.1:9", &refusal, |_, _| true).address)
}

/// A host that only a proxy could know.
fn behind_proxy(proxy: &str) -> Elsewhere {
    Elsewhere { proxy: Some(format!("http://{proxy}")), ..Elsewhere::http("server.example.com") }
}
