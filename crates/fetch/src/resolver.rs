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
    net::{SocketAddr, ToSocketAddrs as _},
    sync::{Arc, Mutex, PoisonError},
};

/// Errors go to everybody who waited.
type Answer = Result<Vec<SocketAddr>, Arc<io::Error>>;

/// The system's resolver.
#[derive(Default)]
pub(crate) struct Resolver {
    begun: Arc<Mutex<HashMap<String, Shared<BoxFuture<'static, Answer>>>>>,
}

impl Resolver {
    fn answer(&self, name: &str) -> Shared<BoxFuture<'static, Answer>> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.entry(name.to_owned()).or_insert_with(|| look_up(name.to_owned()).boxed().shared()).clone()
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let (answer, begun) = (self.answer(&name), Arc::clone(&self.begun));
        Box::pin(async move {
            let answer = answer.await;
            // What is asked for later is looked up anew.
            begun.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
            let addresses = answer.map_err(|error| io::Error::new(error.kind(), error.to_string()))?;
            Ok::<Addrs, _>(Box::new(addresses.into_iter()))
        })
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
