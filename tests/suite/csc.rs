//! The frame of the CSC API: who is let in, what is found where, and in which form things are refused.

use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::scene::{Database, PIN, Plan, Scene, Status, base64_all, hash, on_both, pem_body};
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
    assert_eq!(info["authType"], json!(["oauth2code", "oauth2client", "basic"]));
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

#[test]
fn bodies_are_json_within_the_limit() {
    let scene = Scene::on(Database::Sqlite);
    let token = scene.token("acme", "seat:jdoe@acme tenant:acme");
    let post = || scene.http.post("/csc/v1/credentials/list").bearer(&token);
    let empty = json!({ "credentialIDs": [] });
    assert_eq!(post().send().expect(200).json(), empty);
    assert_eq!(post().bytes("application/json; charset=utf-8", "{}").send().expect(200).json(), empty);
    assert_eq!(post().bytes("text/plain", "").send().expect(200).json(), empty);
    refused(post().bytes("application/x-www-form-urlencoded", "{}").send(), 415, "invalid_request");
    for body in ["[]", "{", "x", "{}{}"] {
        refused(post().bytes("application/json", body).send(), 400, "invalid_request");
    }
    let large = format!(r#"{{"clientData":"{}"}}"#, "x".repeat(256 * 1024));
    refused(post().bytes("application/json", large).send(), 413, "invalid_request");
}

#[test]
fn a_revoked_token_is_told_from_an_unknown_one() {
    on_both(|scene| {
        let token = scene.token("acme", "seat:jdoe@acme tenant:acme");
        scene.csc(&token, "credentials/list", &json!({})).expect(200);
        let revocation = scene.http.post("/oauth2/revoke").basic("acme", &scene.secret("acme"));
        revocation.form(&[("token", &token)]).send().expect(200);
        let body = json!({ "credentialID": "c-7", "numSignatures": 1 });
        for method in ["credentials/list", "credentials/info", "credentials/authorize"] {
            refused(scene.csc(&token, method, &body), 401, "expired_token");
        }
    });
}

#[test]
fn the_pages_of_a_list_are_all_of_it() {
    on_both(|scene| {
        let plan = Plan {
            configuration: Some(scene.configuration(json!({ "secondFactors": ["PIN"] }))),
            ..Plan::pin_only()
        };
        let mut ids: Vec<String> = (0..5).map(|_| scene.enrol(&plan, Status::Active).id).collect();
        scene.enrol(&plan, Status::AwaitingCertificate);
        scene.enrol(&Plan { seat: "other@acme", ..plan.clone() }, Status::Active);
        ids.sort();
        let token = scene.token("acme", "seat:jdoe@acme tenant:acme");
        let list = |body: Value| scene.csc(&token, "credentials/list", &body);
        for (size, pages) in
            [(json!(1), 5), (json!(2), 3), (json!(5), 1), (json!(20), 1), (json!(0), 1), (json!("x"), 1)]
        {
            let (mut seen, mut turned) = (Vec::new(), 0);
            let mut body = json!({ "maxResults": size, "clientData": "x" });
            loop {
                let page = list(body.clone()).expect(200).json();
                let found = page["credentialIDs"].as_array().unwrap();
                assert!(found.len() <= size.as_u64().filter(|n| *n > 0).unwrap_or(200) as usize);
                seen.extend(found.iter().map(|id| id.as_str().unwrap().to_owned()));
                turned += 1;
                match page.get("nextPageToken") {
                    Some(token) => body["pageToken"] = token.clone(),
                    None => break,
                }
            }
            assert_eq!((&seen, turned), (&ids, pages), "{size}");
        }
        invalid(list(json!({ "pageToken": "a/b" })), "Invalid parameter pageToken");
        invalid(list(json!({ "clientData": 1 })), "Invalid parameter clientData");
    });
}

#[test]
fn a_seat_is_named_by_the_token_or_by_user_id_and_never_by_both() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let stranger = scene.enrol(&Plan { seat: "eve@acme", ..Plan::pin_only() }, Status::Active);
        let any_seat = json!(["credentials:use-any-seat"]);
        scene.client(json!({ "clientId": "desk", "tenants": ["acme", "globex"], "permissions": any_seat }));
        let list = |token: &str, body: Value| scene.csc(token, "credentials/list", &body);
        let info =
            |token: &str, id: &str| scene.csc(token, "credentials/info", &json!({ "credentialID": id }));

        // The token names the seat.
        invalid(list(&credential.token, json!({ "userID": "jdoe@acme" })), "userID parameter MUST be null");
        let own = list(&credential.token, json!({ "userID": null })).expect(200).json();
        assert_eq!(own["credentialIDs"], json!([credential.id]));
        invalid(info(&credential.token, &stranger.id), "Invalid parameter credentialID");
        invalid(info(&credential.token, "no-such"), "Invalid parameter credentialID");
        invalid(info(&credential.token, "a/b"), "Invalid parameter credentialID");

        // The token names a tenant only: userID says who.
        let desk = scene.token("desk", "tenant:acme");
        invalid(list(&desk, json!({})), "Invalid parameter userID");
        invalid(list(&desk, json!({ "userID": "a b" })), "Invalid parameter userID");
        invalid(list(&desk, json!({ "userID": 7 })), "Invalid parameter userID");
        let named = list(&desk, json!({ "user_id": "EVE@acme" })).expect(200).json();
        assert_eq!(named["credentialIDs"], json!([stranger.id]));
        info(&desk, &credential.id).expect(200);
        info(&desk, &stranger.id).expect(200);
        let elsewhere = scene.token("desk", "tenant:globex");
        invalid(info(&elsewhere, &credential.id), "Invalid parameter credentialID");

        // Without the permission, or a tenant, there is nothing to be named.
        for token in [scene.token("acme", "tenant:acme"), scene.token("desk", "")] {
            for body in [json!({}), json!({ "userID": "jdoe@acme" })] {
                refused(list(&token, body), 403, "insufficient_scope");
            }
            refused(info(&token, &credential.id), 403, "insufficient_scope");
        }
    });
}

#[test]
fn a_credential_is_told_in_the_parts_that_are_asked_for() {
    let scene = Scene::on(Database::Sqlite);
    let credential = scene.enrol(&Plan::pin_only(), Status::Active);
    let waiting = scene.enrol(&Plan::pin_only(), Status::AwaitingCertificate);
    let info = |parts: Value| {
        let mut body = parts;
        body["credentialID"] = credential.id.as_str().into();
        scene.csc(&credential.token, "credentials/info", &body)
    };
    let brief = info(json!({})).expect(200).json();
    assert_eq!(brief["cert"]["certificates"].as_array().unwrap().len(), 1);
    for name in ["issuerDN", "serialNumber", "subjectDN", "validFrom", "validTo"] {
        assert!(brief["cert"].get(name).is_none(), "{brief}");
    }
    assert!(brief.get("PIN").is_none() && brief.get("OTP").is_none(), "{brief}");

    let bare = info(json!({ "certificates": "none" })).expect(200).json();
    assert_eq!(bare["cert"], json!({ "status": "valid" }));

    let all = json!({ "certificates": "chain", "certInfo": true, "auth_info": true, "lang": "it-IT" });
    let all = info(all).expect(200).json();
    assert_eq!(all["cert"]["certificates"].as_array().unwrap().len(), 3);
    for name in ["validFrom", "validTo"] {
        let date = all["cert"][name].as_str().unwrap();
        let digits = date.strip_suffix('Z').unwrap();
        assert!(digits.len() == 14 && digits.bytes().all(|b| b.is_ascii_digit()), "{date}");
    }
    let serial = all["cert"]["serialNumber"].as_str().unwrap();
    assert!(serial.bytes().all(|b| b.is_ascii_hexdigit()), "{serial}");
    assert_eq!((&all["PIN"]["presence"], &all["PIN"]["format"]), (&json!("true"), &json!("N")));
    assert_eq!(all["OTP"], json!({ "presence": "false" }));

    invalid(info(json!({ "certificates": "all" })), "Invalid parameter certificates");
    invalid(info(json!({ "clientData": {} })), "Invalid parameter clientData");
    let unseen = json!({ "credentialID": waiting.id });
    invalid(scene.csc(&waiting.token, "credentials/info", &unseen), "Invalid parameter credentialID");

    // A certificate of one day, two days later.
    let csr =
        scene.http.get(&format!("{}/csr", waiting.path)).bearer(&waiting.token).send().expect(200).text();
    let short = scene.authority.issue(&pem_body(&csr), 1, scene.clock.now()).unwrap();
    scene.attach(&waiting, &scene.authority.pkcs7_der(&short)).expect(200);
    scene.clock.advance(2 * 86_400);
    let ended = scene.csc(&waiting.token, "credentials/info", &unseen).expect(200).json();
    let statuses = (&ended["cert"]["status"], &ended["key"]["status"]);
    assert_eq!(statuses, (&json!("expired"), &json!("enabled")));
}

#[test]
fn names_of_other_versions_are_understood() {
    let scene = Scene::on(Database::Sqlite);
    let credential = scene.enrol(&Plan::pin_only(), Status::Active);
    let call = |method: &str, body: Value| scene.csc(&credential.token, method, &body).expect(200).json();
    let (id, digest) = (credential.id.as_str(), base64_all(&[hash("one")]));

    // Names of v2 in v1 calls, numbers as text, and hashes out of a URL.
    let escaped = digest[0].as_str().unwrap().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let sad = call(
        "credentials/authorize",
        json!({ "credentialID": id, "hashes": [escaped], "numSignature": "1", "PIN": PIN }),
    );
    call(
        "signatures/signHash",
        json!({
            "credentialID": id, "SAD": sad["SAD"], "hashes": digest, "hash": digest,
            "signAlgo": "1.2.840.10045.4.3.2", "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
            "sign_algo_params": null, "client_data": "x", "operationMode": "S",
        }),
    );
}
