//! Tokens: asked for, checked, revoked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::model::algorithm::TokenAlgorithm;
use countersign::model::event::Actor;
use countersign::oauth::keyring;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::world::{Client, World, on_each_database};

#[test]
fn a_client_gets_a_token_that_says_what_it_is() {
    on_each_database(|world| {
        let reply = world.ask_token(&world.admin, "service other").expect(200);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("pragma"), Some("no-cache"));
        let body = reply.json();
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
        assert_eq!(body["scope"], "service");

        let checked =
            world.check_token(&world.admin, body["access_token"].as_str().unwrap()).expect(200).json();
        assert_eq!((&checked["active"], &checked["client_id"]), (&json!(true), &json!("admin")));
        assert_eq!(checked["scope"], json!(["service"]));
        assert_eq!(checked["authorities"], json!(["ROLE_ADMINISTRATOR"]));
        assert_eq!(checked["exp"], json!(1_800_003_600));
        assert_eq!(checked["aud"], json!(["http://localhost:8080"]));
    });
}

#[test]
fn what_is_no_good_is_refused_in_the_words_of_the_rfc() {
    let world = World::sqlite();
    let wrong = Client { secret: "cs_wrong".into(), ..world.admin.clone() };
    let nobody = Client { id: "nobody".into(), secret: "cs_wrong".into() };
    for client in [&wrong, &nobody] {
        let reply = refused(world.ask_token(client, ""), 401, "invalid_client");
        assert!(reply.header("www-authenticate").unwrap().starts_with("Basic "));
    }
    let post = || world.http.post("/oauth2/token").basic(&world.admin.id, &world.admin.secret);
    refused(post().form(&[("scope", "a")]).send(), 400, "invalid_request");
    refused(post().form(&[("grant_type", "implicit")]).send(), 400, "unsupported_grant_type");
    for scope in ["credential", "seat:a seat:b", "tenant:nowhere", "seat:a/b"] {
        refused(world.ask_token(&world.admin, scope), 400, "invalid_scope");
    }
    let twice = [("grant_type", "client_credentials"), ("grant_type", "client_credentials")];
    refused(post().form(&twice).send(), 400, "invalid_request");
    let two_methods = [("grant_type", "client_credentials"), ("client_secret", &world.admin.secret)];
    refused(post().form(&two_methods).send(), 400, "invalid_request");
    let assertion_beside = [("grant_type", "client_credentials"), ("client_assertion", "e30.e30.e30")];
    refused(post().form(&assertion_beside).send(), 400, "invalid_request");
    refused(post().json(&json!({})).send(), 415, "invalid_request");
}

#[test]
fn form_data_and_the_older_paths_are_answered_alike() {
    let world = World::sqlite();
    let part = |name: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = [
        part("grant_type", "client_credentials"),
        part("client_id", &world.admin.id),
        part("client_secret", &world.admin.secret),
        "--x--\r\n".to_owned(),
    ]
    .concat();
    let post = |path| world.http.post(path).bytes("multipart/form-data; boundary=x", body.clone()).send();
    let token = post("/oauth/token").expect(200).json()["access_token"].as_str().unwrap().to_owned();
    let asked = || world.http.post("/oauth/check_token").basic(&world.admin.id, &world.admin.secret);
    asked().form(&[("token", &token)]).send().expect(200);
    let revoke = world.http.post("/revoke").basic(&world.admin.id, &world.admin.secret);
    let revoked = revoke.form(&[("token", &token), ("token_type_hint", "refresh_token")]).send().expect(200);
    assert_eq!(revoked.text(), "");
    refused(asked().form(&[("token", &token)]).send(), 400, "invalid_token");
}

#[test]
fn an_expired_token_is_told_apart_from_one_that_is_unknown() {
    on_each_database(|world| {
        let token = world.admin_token();
        let mut forged = token.clone();
        forged.replace_range(token.len() - 4.., "AAAA");
        for (token, why) in [(forged.as_str(), "Token was not recognised"), ("x", "Token was not recognised")]
        {
            let reply = refused(world.check_token(&world.admin, token), 400, "invalid_token");
            assert_eq!(reply.json()["error_description"], why);
        }
        world.clock.advance(3600);
        let reply = refused(world.check_token(&world.admin, &token), 400, "invalid_token");
        assert_eq!(reply.json()["error_description"], "Token has expired");
        let introspected = world.http.post("/oauth2/introspect").basic(&world.admin.id, &world.admin.secret);
        let body = introspected.form(&[("token", &token)]).send().expect(200).json();
        assert_eq!(body, json!({"active": false}));
    });
}

#[test]
fn a_revoked_token_works_nowhere_and_on_no_node() {
    let world = World::postgres();
    let other = world.second_node();
    let token = world.admin_token();
    other.check_token(&world.admin, &token).expect(200);
    let revoke = || world.http.post("/oauth2/revoke").basic(&world.admin.id, &world.admin.secret);
    for _ in 0..2 {
        revoke().form(&[("token", &token)]).send().expect(200);
        refused(other.check_token(&world.admin, &token), 400, "invalid_token");
        refused(world.check_token(&world.admin, &token), 400, "invalid_token");
    }
    revoke().form(&[("token", "no token at all")]).send().expect(200);
    refused(revoke().form(&[("token_type_hint", "x")]).send(), 400, "invalid_request");
}

#[test]
fn keys_and_metadata_are_published() {
    let world = World::sqlite();
    let jwks = world.http.get("/oauth2/jwks").send().expect(200).json();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
    assert_eq!((&jwks["keys"][0]["alg"], &jwks["keys"][0]["d"]), (&json!("EdDSA"), &json!(null)));
    let metadata = world.http.get("/.well-known/oauth-authorization-server").send().expect(200).json();
    assert_eq!(metadata["issuer"], "http://localhost:8080");
    assert_eq!(
        metadata["grant_types_supported"],
        json!(["client_credentials", "authorization_code", "refresh_token", "password", "implicit"])
    );
}

#[test]
fn another_algorithm_takes_over_after_its_key_was_published_for_an_hour() {
    on_each_database(|world| {
        let other = world.second_node();
        let old = world.admin_token();
        let actor = || Actor { name: "job".into(), request_id: None, at: world.clock.now() };
        let rotate = |algorithm| keyring::rotate(&world.app.service, actor(), algorithm).unwrap();
        assert_eq!(rotate(TokenAlgorithm::EdDsa), None, "the first key is young");
        let kid = rotate(TokenAlgorithm::Rs256).unwrap();
        assert_eq!(rotate(TokenAlgorithm::Rs256), None, "the next key waits already");
        world.clock.advance(61);
        for node in [world, &other] {
            let keys = node.http.get("/oauth2/jwks").send().expect(200).json();
            assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
            assert_eq!(algorithm_and_kid(&node.admin_token()).0, "EdDSA");
        }
        world.clock.advance(3600 - 62);
        world.check_token(&world.admin, &old).expect(200);
        world.clock.advance(1);
        for node in [world, &other] {
            let token = node.admin_token();
            assert_eq!(algorithm_and_kid(&token), ("RS256".to_owned(), kid.clone()));
            world.check_token(&world.admin, &token).expect(200);
            other.check_token(&world.admin, &token).expect(200);
        }
    });
}

#[test]
fn a_key_that_a_node_has_not_read_yet_is_read_when_a_token_names_it() {
    on_each_database(|world| {
        let other = world.second_node();
        // Nobody turned the wheel for so long that no key is left: the next one signs at once.
        world.clock.advance(91 * 24 * 3600);
        let actor = Actor { name: "job".into(), request_id: None, at: world.clock.now() };
        keyring::rotate(&world.app.service, actor, TokenAlgorithm::Es256).unwrap().unwrap();
        let token = world.admin_token();
        assert_eq!(algorithm_and_kid(&token).0, "ES256");
        other.http.get("/api/v1/clients").bearer(&token).send().expect(200);
    });
}

fn algorithm_and_kid(token: &str) -> (String, String) {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let text = |name: &str| header[name].as_str().unwrap().to_owned();
    assert_eq!(text("typ"), "at+jwt");
    (text("alg"), text("kid"))
}

#[track_caller]
fn refused(reply: Reply, status: u16, error: &str) -> Reply {
    let reply = reply.expect(status);
    assert_eq!(reply.json()["error"], error, "{}", reply.text());
    reply
}
