//! The frame of the CSC API: who is let in, what is found where, and in which form things are refused.

use serde_json::json;

use crate::support::http::Reply;
use crate::support::world::World;

/// CSC's form of a refusal, whatever its status.
#[track_caller]
fn refused(reply: Reply, status: u16, error: &str) -> Reply {
    let reply = reply.expect(status);
    assert_eq!(reply.header("content-type"), Some("application/json"), "{}", reply.what);
    let body = reply.json();
    assert_eq!(body["error"], error, "{}: {body}", reply.what);
    assert!(body["error_description"].is_string(), "{}: {body}", reply.what);
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    reply
}

#[track_caller]
fn invalid(reply: Reply, description: &str) {
    let reply = refused(reply, 400, "invalid_request");
    assert_eq!(reply.json()["error_description"], description, "{}", reply.what);
}

/// Every method that takes a token.
const METHODS: [&str; 5] = [
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "credentials/extendTransaction",
    "signatures/signHash",
];

#[test]
fn whoever_asks_is_told_what_this_service_is() {
    let world = World::sqlite();
    let info = world.http.get("/csc/v1/info").send().expect(200);
    assert_eq!(info.header("content-type"), Some("application/json"));
    let info = info.json();
    assert_eq!((&info["specs"], &info["lang"]), (&json!("1.0.4.0"), &json!("en-US")));
    assert_eq!(info["authType"], json!(["oauth2client"]));
    assert_eq!(info["oauth2"], "http://localhost:8080");
    let listed: Vec<&str> = info["methods"].as_array().unwrap().iter().map(|m| m.as_str().unwrap()).collect();
    for method in METHODS {
        assert!(listed.contains(&method), "{method}");
    }
    assert!(!listed.contains(&"signatures/timestamp"));
    for field in ["name", "region", "description"] {
        assert!(info[field].is_string(), "{field}");
    }

    let post = |body: &str| world.http.post("/csc/v1/info").bytes("application/json", body).send();
    assert_eq!(world.http.post("/csc/v1/info").send().expect(200).json(), info);
    for body in ["", "{}", r#"{"lang":null,"other":[1]}"#] {
        assert_eq!(post(body).expect(200).json(), info, "{body}");
    }
    assert_eq!(post(r#"{"lang":"it-IT"}"#).expect(200).json()["lang"], "it-IT");
    assert_eq!(world.http.get("/csc/v1/info?lang=it-IT").send().expect(200).json()["lang"], "it-IT");
    invalid(post(r#"{"lang":7}"#), "Invalid parameter lang");
    refused(post("lang"), 400, "invalid_request");

    let path = info["logo"].as_str().unwrap().strip_prefix("http://localhost:8080").unwrap();
    let logo = world.http.get(path).send().expect(200);
    assert_eq!(logo.header("content-type"), Some("image/png"));
    assert!(logo.body.starts_with(b"\x89PNG\r\n\x1a\n"));
}

#[test]
fn what_is_not_there_is_501_and_a_wrong_verb_405() {
    let world = World::sqlite();
    for path in
        ["/csc", "/csc/", "/csc/v1/", "/csc/v1/no/such", "/csc/v9/info", "/csc/v1/signatures/timestamp"]
    {
        for reply in [world.http.post(path).json(&json!({})).send(), world.http.get(path).send()] {
            let reply = refused(reply, 501, "access_denied");
            let description = "The user or Remote Service denied the request.";
            assert_eq!(reply.json()["error_description"], description, "{path}");
        }
    }
    for method in METHODS {
        let reply = refused(world.http.get(&format!("/csc/v1/{method}")).send(), 405, "invalid_request");
        assert_eq!(reply.header("allow"), Some("POST"), "{method}");
    }
    // What only looks like CSC is not.
    world.http.get("/cscx").send().expect(404);
}

#[test]
fn a_method_answers_to_bearers_of_good_tokens_only() {
    let world = World::sqlite();
    let token = world.admin_token();
    let id = json!({ "credentialID": "c-7" });
    // An administrator does not use credentials.
    let info = world.http.post("/csc/v1/credentials/info").bearer(&token).json(&id).send();
    let forbidden = refused(info, 403, "insufficient_scope");
    assert!(forbidden.header("www-authenticate").unwrap().contains("insufficient_scope"));

    world.clock.advance(3601);
    for method in METHODS {
        let post = || world.http.post(&format!("/csc/v1/{method}"));
        // Bodies are not looked at before tokens are.
        let nobody = refused(post().bytes("text/plain", "{").send(), 401, "invalid_token");
        assert_eq!(nobody.header("www-authenticate"), Some(r#"Bearer realm="countersign""#));
        let unknown = refused(post().bearer("abc").json(&json!({})).send(), 401, "invalid_token");
        assert!(unknown.header("www-authenticate").unwrap().contains(r#"error="invalid_token""#));
        let expired = refused(post().bearer(&token).json(&json!({})).send(), 401, "expired_token");
        assert!(expired.header("www-authenticate").unwrap().contains(r#"error="invalid_token""#));
        for malformed in ["Bearer", "Bearer a b", "Basic YTpi", "abc"] {
            let reply = post().header("authorization", malformed).json(&json!({})).send();
            invalid(reply, "Malformed authorization header");
        }
    }
}
