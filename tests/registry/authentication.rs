//! Registries that ask who is there.

use super::{
    image::{Empty, Image, PASSWORD, USER, basic, complete, credentials},
    proxy::{Fate, Proxy, Request},
    refusals::refused,
};

#[test]
fn a_password_of_dockers_configuration_is_given() {
    let empty = Empty::with_password();
    let proxy = Proxy::start(&empty.registry, |_| Fate::Passed);
    let image = Image::build();
    image.log_in(&proxy.address, PASSWORD);
    image.pushed(&proxy, &empty.registry);
    let blobs = complete(&empty.registry, "team/app", "1", &image.digest);
    assert_eq!(proxy.uploaded(), blobs, "nothing is sent before the password was asked for");
}

#[test]
fn a_file_of_credentials_may_be_named() {
    let empty = Empty::with_password();
    let image = Image::build();
    let name = empty.registry.reference("team/app:1");
    let file = image.envwright.folder().join("credentials.json");
    crate::support::write(&file, credentials(&empty.registry.address, PASSWORD).as_bytes());
    // The other one holds a wrong one.
    image.log_in(&empty.registry.address, "wrong");
    let mut command = image.envwright.command();
    command.args(["push", "app:1", &name, "--json"]).env("REGISTRY_AUTH_FILE", file);
    image.envwright.run_command(command, "").succeeded();
    complete(&empty.registry, "team/app", "1", &image.digest);
}

#[test]
fn nobody_is_unauthorized() {
    let empty = Empty::with_password();
    let image = Image::build();
    refused(&image, &empty.registry.reference("team/app:1"), 1, "registry-unauthorized");
    // Credentials of another registry are not for this one.
    image.log_in("registry.invalid", PASSWORD);
    refused(&image, &empty.registry.reference("team/app:1"), 1, "registry-unauthorized");
}

#[test]
fn a_wrong_password_is_unauthorized() {
    let empty = Empty::with_password();
    let proxy = Proxy::start(&empty.registry, |_| Fate::Passed);
    let image = Image::build();
    image.log_in(&proxy.address, "wrong");
    let failed = refused(&image, &proxy.reference("team/app:1"), 1, "registry-unauthorized");
    assert!(!failed.stdout.contains(USER) || !failed.stdout.contains("wrong"), "{failed}");
    assert_eq!(proxy.uploaded(), 0);
}

/// Asks for a token, which is good for so many requests and which only [`USER`] and [`PASSWORD`] get.
fn tokens(uses: u32) -> impl FnMut(&Request) -> Fate + Send + 'static {
    let (mut issued, mut left) = (0, 0);
    move |request| {
        let host = request.field("Host").unwrap().to_owned();
        if request.target.starts_with("/token") {
            if request.field("Authorization") != Some(&basic()) {
                return Fate::answered("401 Unauthorized", "", "");
            }
            (issued, left) = (issued + 1, uses);
            return Fate::answered(
                "200 OK",
                "",
                &format!(r#"{{"token":"token-{issued}","expires_in":300}}"#),
            );
        }
        let good = request.field("Authorization") == Some(&format!("Bearer token-{issued}"));
        if good && left > 0 {
            left -= 1;
            return Fate::Passed;
        }
        let challenge = format!(
            "WWW-Authenticate: Bearer realm=\"http://{host}/token\",service=\"registry\",\
             scope=\"repository:team/app:pull,push\"\r\n"
        );
        Fate::answered("401 Unauthorized", &challenge, "")
    }
}

#[test]
fn a_token_is_asked_for_once_where_it_lasts() {
    let empty = Empty::registry();
    let proxy = Proxy::start(&empty.registry, tokens(u32::MAX));
    let image = Image::build();
    image.log_in(&proxy.address, PASSWORD);
    image.pushed(&proxy, &empty.registry);
    let seen = proxy.seen();
    let asked: Vec<_> = seen.iter().filter(|one| one.target.starts_with("/token")).collect();
    assert_eq!(asked.len(), 1, "{asked:#?}");
    for part in ["service=registry", "scope=repository%3Ateam%2Fapp%3Apull%2Cpush"] {
        assert!(asked[0].target.contains(part), "{part} in {asked:#?}");
    }
    for one in seen.iter().filter(|one| one.target.starts_with("/v2/")) {
        assert_ne!(one.authorization, Some(basic()), "the password is for the token service alone");
    }
}

#[test]
fn a_token_that_expires_is_renewed() {
    for uses in [4, 5] {
        let empty = Empty::registry();
        let proxy = Proxy::start(&empty.registry, tokens(uses));
        let image = Image::build();
        image.log_in(&proxy.address, PASSWORD);
        image.pushed(&proxy, &empty.registry);
        let asked = proxy.seen().iter().filter(|one| one.target.starts_with("/token")).count();
        assert!(asked > 1, "{uses} uses: {asked} tokens");
    }
}

#[test]
fn whom_the_token_service_refuses_is_unauthorized() {
    let empty = Empty::registry();
    let proxy = Proxy::start(&empty.registry, tokens(u32::MAX));
    let image = Image::build();
    refused(&image, &proxy.reference("team/app:1"), 1, "registry-unauthorized");
    image.log_in(&proxy.address, "wrong");
    refused(&image, &proxy.reference("team/app:1"), 1, "registry-unauthorized");
}
