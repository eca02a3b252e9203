//! Images pushed to Debian's `docker-registry`, with a [`proxy::Proxy`] between that notes what is sent and makes the
//! faults that registries and networks have.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]

mod support;

mod registry {
    mod authentication;
    mod bases;
    mod certificates;
    mod faults;
    mod image;
    mod proxies;
    mod proxy;
    mod pulls;
    mod pushes;
    mod refusals;
    mod stays;
    mod tokens;
}
