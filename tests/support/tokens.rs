//! A token service, as a registry with `auth: token` sends its users to (distribution, token authentication).

use super::{
    authority::{Authority, Certificate},
    machine::command,
    registry::Access,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Stdio,
    sync::{Arc, Mutex},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

const SERVICE: &str = "registry.test";
const ISSUER: &str = "tokens.test";
/// Seconds that a registry takes a token for after its end (distribution 2.8, `registry/auth/token`).
const LEEWAY: u64 = 60;

/// A running service; its threads end with the test's process.
pub(crate) struct Tokens {
    address: SocketAddr,
    issued: Arc<Mutex<Vec<Issued>>>,
    authority: Authority,
}

/// A token that was given.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    /// What it allows, `repository:team/app:pull,push`.
    pub(crate) scopes: Vec<String>,
    /// When the registry takes it no more, in seconds since 1970.
    pub(crate) end: u64,
}

/// Who signs.
struct Signer(Certificate);

impl Tokens {
    /// Gives tokens to who sends `authorization`; `life` tells for how many seconds the token with this number, from
    /// 0, is taken.
    pub(crate) fn start(authorization: String, life: impl Fn(usize) -> u64 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let authority = Authority::new();
        let signer = Signer(authority.certificate("DNS:tokens.test"));
        let issued = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&issued);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                serve(&connection, &authorization, &signer, &life, &seen);
            }
        });
        Self { address, issued, authority }
    }

    /// What a registry lets in that trusts this service.
    pub(crate) fn access(&self) -> Access {
        Access::tokens(&format!("http://{}/token", self.address), SERVICE, ISSUER, &self.authority)
    }

    /// What was given until now.
    pub(crate) fn issued(&self) -> Vec<Issued> {
        self.issued.lock().unwrap().clone()
    }

    /// The same, for who cannot have a reference.
    pub(crate) fn log(&self) -> Arc<Mutex<Vec<Issued>>> {
        Arc::clone(&self.issued)
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn serve(
    connection: &TcpStream,
    authorization: &str,
    signer: &Signer,
    life: &dyn Fn(usize) -> u64,
    issued: &Mutex<Vec<Issued>>,
) {
    let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let fields: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let known = fields.iter().any(|field| {
        let (name, value) = field.split_once(':').unwrap();
        name.eq_ignore_ascii_case("authorization") && value.trim() == authorization
    });
    let (status, body) = if known {
        let scopes = scopes(&first);
        let mut issued = issued.lock().unwrap();
        let end = now() + life(issued.len());
        let token = signer.token(&scopes, end - LEEWAY);
        issued.push(Issued { scopes, end });
        ("200 OK", json!({ "token": token }).to_string())
    } else {
        ("401 Unauthorized", String::new())
    };
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    // A client may be gone.
    let mut connection = connection;
    let _ = connection.write_all(answer.as_bytes());
}

/// `GET /token?service=registry.test&scope=repository%3Ateam%2Fapp%3Apull%2Cpush HTTP/1.1`
fn scopes(request: &str) -> Vec<String> {
    let (_, query) = request.split(' ').nth(1).unwrap().split_once('?').unwrap();
    let decoded = query.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",");
    let values = |name| decoded.split('&').filter_map(move |pair| pair.strip_prefix(name));
    assert!(values("service=").eq([SERVICE]), "{request}");
    values("scope=").map(str::to_owned).collect()
}

impl Signer {
    /// A JSON web token, RS256, which brings the certificate of its key (RFC 7515, `x5c`).
    fn token(&self, scopes: &[String], expires: u64) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "x5c": [self.chain()] });
        let access: Vec<Value> = scopes.iter().map(|scope| access(scope)).collect();
        let claims = json!({
            "iss": ISSUER, "aud": SERVICE, "sub": "user", "jti": "1",
            "iat": 0, "nbf": 0, "exp": expires, "access": access,
        });
        let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.sign(&signed));
        format!("{signed}.{signature}")
    }

    /// The certificate as PEM has it between its lines of dashes.
    fn chain(&self) -> String {
        let pem = fs_err::read_to_string(&self.0.certificate).unwrap();
        pem.lines().filter(|line| !line.starts_with('-')).collect()
    }

    fn sign(&self, text: &str) -> Vec<u8> {
        let mut sign = command("openssl");
        sign.args(["dgst", "-sha256", "-sign"]).arg(&self.0.key);
        let mut child = sign.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let signed = child.wait_with_output().unwrap();
        assert!(signed.status.success(), "{signed:?}");
        signed.stdout
    }
}

/// Sample: `repository:team/app:pull,push`.
fn access(scope: &str) -> Value {
    let [kind, name, actions] = scope.split(':').collect::<Vec<_>>()[..] else { panic!("{scope}") };
    json!({ "type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>() })
}
