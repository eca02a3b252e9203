//! Logins of conda's tools, from the file that rattler, pixi and mamba keep (rattler's `authentication_storage`).

use envwright_redact::Secret;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

/// Logins by host; `*.` before it stands for all below.
#[derive(Default)]
pub(crate) struct Logins(BTreeMap<String, Login>);

/// What opens a host.
#[derive(Clone)]
pub(crate) enum Login {
    /// A token in a header.
    Bearer(Secret),
    /// User and password.
    Basic(String, Secret),
    /// A token of conda's, which stands in the path.
    Path(Secret),
}

impl Logins {
    /// Reads `$RATTLER_AUTH_FILE`, else `~/.rattler/credentials.json`; one that cannot be read is empty.
    pub(crate) fn load() -> Self {
        let named = env::var_os("RATTLER_AUTH_FILE").map(PathBuf::from);
        let path = named.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".rattler/credentials.json")));
        let text = path.and_then(|path| fs_err::read_to_string(path).ok());
        text.map(|text| Self::parse(&text)).unwrap_or_default()
    }

    /// The login of a host: its own, else that of the nearest domain.
    pub(crate) fn get(&self, host: &str) -> Option<&Login> {
        let domains = host.match_indices('.').map(|(at, _)| format!("*{}", &host[at..]));
        self.0.get(host).or_else(|| domains.into_iter().find_map(|domain| self.0.get(&domain)))
    }

    fn parse(text: &str) -> Self {
        let Ok(Value::Object(entries)) = serde_json::from_str(text) else { return Self::default() };
        Self(entries.iter().filter_map(|(host, entry)| Some((host.clone(), login(entry)?))).collect())
    }
}

fn login(entry: &Value) -> Option<Login> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(token) = entry.get("BearerToken").and_then(text) {
        return Some(Login::Bearer(Secret::new(token)));
    }
    if let Some(token) = entry.get("CondaToken").and_then(text) {
        return Some(Login::Path(Secret::new(token)));
    }
    let basic = entry.get("BasicHTTP")?;
    let (user, password) = (text(basic.get("username")?)?, text(basic.get("password")?)?);
    Some(Login::Basic(user, Secret::new(password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read_for_its_host_and_for_a_domain() {
        let logins = Logins::parse(
            r#"{"*.a.example": {"BearerToken": "t"}, "b.example": {"BasicHTTP": {"username": "u", "password": "p"}},
                "x.a.example": {"CondaToken": "c"}, "d.example": {"S3Credentials": {}}}"#,
        );
        assert!(matches!(logins.get("y.a.example"), Some(Login::Bearer(token)) if token.expose() == "t"));
        assert!(matches!(logins.get("x.a.example"), Some(Login::Path(token)) if token.expose() == "c"));
        assert!(matches!(logins.get("b.example"), Some(Login::Basic(user, _)) if user == "u"));
        assert!(logins.get("a.example").is_none() && logins.get("d.example").is_none());
        assert!(Logins::parse("no JSON").get("b.example").is_none());
    }
}
