//! A diagnosis for people ([`text`](fn@text)) and for programs ([`json`](fn@json)).

mod frame;
mod json;
mod text;

pub use json::json;
pub use text::text;
