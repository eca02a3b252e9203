//! Names of query parameters and settings whose value grants access.

/// Whether a query parameter of this name holds a signature, token or key: SAS (`sig`), S3 and GCS
/// signatures, API keys, passwords. Case does not matter.
pub(crate) fn is_signature(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_unmistakable(&name)
        || matches!(name.as_str(), "signature" | "token" | "key" | "secret" | "code")
        || ["x-amz-s", "x-amz-cred", "x-goog-s", "x-goog-cred"].iter().any(|start| name.starts_with(start))
}

/// Whether `name=value` is a secret wherever it stands, not only in a URL's query. Expects lower case.
pub(crate) fn is_unmistakable(name: &str) -> bool {
    matches!(
        name,
        "sig"
            | "access_token"
            | "accesskey"
            | "accountkey"
            | "api_key"
            | "apikey"
            | "client_secret"
            | "passwd"
            | "password"
            | "pwd"
            | "refresh_token"
            | "sharedaccesskey"
    )
}
