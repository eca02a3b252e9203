//! Names of hosts, each looked up once for all connections that begin at the same time. Many lookups at once are answered
//! badly by small name servers, and each keeps a thread busy until the system gives up.

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::{Arc, Mutex, PoisonError},
};

/// Errors go to everybody who waited.
type Answer = Result<Vec<SocketAddr>, Arc<io::Error>>;

/// The system's resolver.
#[derive(Default)]
pub(crate) struct Resolver {
    begun: Arc<Mutex<HashMap<String, Shared<BoxFuture<'static, Answer>>>>>,
    /// The last answers.
    known: Arc<Mutex<HashMap<String, Vec<IpAddr>>>>,
}

impl Resolver {
    /// An address that a name led to, where all of them are private, though the name looks like one for everybody: it
    /// has a dot, and is in none of the domains for local use (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`).
    pub(crate) fn private(&self, name: &str) -> Option<IpAddr> {
        const LOCAL: [&str; 8] =
            ["local", "localhost", "internal", "test", "home.arpa", "lan", "intranet", "corp"];
        let is_local = LOCAL.iter().any(|domain| name == *domain || name.ends_with(&format!(".{domain}")));
        if is_local || !name.contains('.') || name.parse::<IpAddr>().is_ok() {
            return None;
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let addresses = known.get(name)?;
        addresses.first().copied().filter(|_| addresses.iter().all(is_private))
    }

    fn answer(&self, name: &str) -> Shared<BoxFuture<'static, Answer>> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.entry(name.to_owned()).or_insert_with(|| look_up(name.to_owned()).boxed().shared()).clone()
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let (answer, begun) = (self.answer(&name), Arc::clone(&self.begun));
        let known = Arc::clone(&self.known);
        Box::pin(async move {
            let answer = answer.await;
            // What is asked for later is looked up anew.
            begun.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
            let addresses = answer.map_err(|error| io::Error::new(error.kind(), error.to_string()))?;
            let found = addresses.iter().map(SocketAddr::ip).collect();
            known.lock().unwrap_or_else(PoisonError::into_inner).insert(name, found);
            Ok::<Addrs, _>(Box::new(addresses.into_iter()))
        })
    }
}

/// Whether an address is one of a private network (RFC 1918, RFC 4193, RFC 6598).
fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private() || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

async fn look_up(name: String) -> Answer {
    let looked_up = tokio::task::spawn_blocking(move || {
        // The port is the connection's own.
        (name.as_str(), 0).to_socket_addrs().map(Iterator::collect)
    });
    looked_up.await.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn those_who_ask_at_once_share_one_lookup() {
        let resolver = Resolver::default();
        let (first, second) = (resolver.answer("localhost"), resolver.answer("localhost"));
        assert!(first.ptr_eq(&second));
        let addresses = first.await.unwrap();
        assert!(addresses.iter().all(|address| address.ip().is_loopback()), "{addresses:?}");
    }

    #[test]
    fn a_private_address_behind_a_public_name_is_told() {
        let resolver = Resolver::default();
        let known = |name: &str, addresses: &[&str]| {
            let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
            resolver.known.lock().unwrap().insert(name.to_owned(), addresses);
            resolver.private(name).map(|address| address.to_string())
        };
        assert_eq!(known("registry.example.com", &["10.1.2.3", "fd00::1"]).as_deref(), Some("10.1.2.3"));
        assert_eq!(known("carrier.example.com", &["100.64.0.1"]).as_deref(), Some("100.64.0.1"));
        assert_eq!(known("public.example.com", &["93.184.216.34"]), None);
        assert_eq!(known("both.example.com", &["10.1.2.3", "93.184.216.34"]), None);
        for local in ["registry", "registry.internal", "registry.local", "10.1.2.3"] {
            assert_eq!(known(local, &["10.1.2.3"]), None, "{local}");
        }
        assert_eq!(resolver.private("never.asked.example.com"), None);
    }

    #[tokio::test]
    async fn a_lookup_that_ended_is_not_kept() {
        let resolver = Resolver::default();
        for name in ["localhost", "no-such-host.invalid"] {
            let outcome = resolver.resolve(name.parse().unwrap()).await;
            assert_eq!(outcome.is_ok(), name == "localhost");
            assert!(resolver.begun.lock().unwrap().is_empty());
        }
    }
}
