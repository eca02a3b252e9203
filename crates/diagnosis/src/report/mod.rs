//! A diagnosis for people ([`text`](fn@text), [`markdown`](fn@markdown), [`html`](fn@html)) and for programs
//! ([`json`](fn@json), [`sarif`](fn@sarif), [`lsp`](fn@lsp), [`github`](fn@github), [`github_files`](fn@github_files)).

mod frame;
mod github;
mod html;
mod json;
mod lsp;
mod markdown;
mod sarif;
mod text;

pub use github::{github, github_files};
pub use html::html;
pub use json::json;
pub use lsp::lsp;
pub use markdown::markdown;
pub use sarif::sarif;
pub use text::text;
