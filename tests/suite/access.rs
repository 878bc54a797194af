//! Who may call what: every route, as nobody, as the wrong one, and as the right one. A new route needs a row here.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use countersign::http::routes::TABLE;
use countersign::model::permission::Permission;
use serde_json::{Value, json};

use crate::support::http::{Reply, Request};
use crate::support::people::{PASSWORD, Person, sign_in};
use crate::support::scene::{Credential, PIN, Plan, Scene, Status, hash, on_both};

/// What stands before a route.
enum Door {
    /// Whoever asks is answered.
    Open,
    /// A client shows its id and secret.
    Client,
    Native(Native),
    Csc(Csc),
    /// For users' tokens with scope `openid`.
    Person,
    /// CSC's auth/login, where a client shows its id and secret.
    Login,
    /// CSC's auth/revoke, for the bearer of any token.
    Revoke(Csc),
    /// What is not configured is not there for anybody; the tests of what it belongs to say who may call it.
    Unconfigured,
    /// Whoever holds a link that was sent is answered, and nobody is without one.
    Link,
    /// Browsers without a cookie of ours see a page of this status, and so do tokens.
    Page(u16),
}

/// A route of the native API, about something of the tenant acme.
struct Native {
    /// One who may, by client id, with the scope that it asks for.
    right: (&'static str, &'static str),
    /// One of the same tenant whose role does not cover it.
    lesser: &'static str,
    /// The twin of `right` in the tenant globex.
    stranger: (&'static str, &'static str),
    /// The status for the stranger, who must not learn whether the thing is there.
    to_stranger: u16,
    /// The status for the same client under another seat's scope, where seats matter.
    to_other_seat: Option<u16>,
    /// The status for the right one, who is let through.
    to_right: u16,
    body: Value,
}

/// A method of the CSC API.
struct Csc {
    /// Those of the same tenant whose roles do not cover it.
    lesser: &'static [&'static str],
    to_right: u16,
    body: Value,
}

impl Csc {
    fn of(to_right: u16, body: Value) -> Csc {
        Csc { lesser: &USE_NOTHING, to_right, body }
    }
}

/// Administrators do not use credentials, and operators of CAs neither.
const USE_NOTHING: [&str; 3] = ["acme-admin", "acme-ca", "acme-auditor"];
const PROVISION_NOTHING: [&str; 2] = ["acme-ca", "acme-auditor"];

const SEAT: &str = "seat:jdoe@acme tenant:acme";
const OTHER_SEAT: &str = "seat:mroe@acme tenant:acme";

/// Something of each kind in acme, for the routes to speak of.
struct Things {
    active: Credential,
    doomed: Credential,
    configuration: String,
    token_id: String,
    anchor: String,
    user: String,
    leaver: String,
}

impl Things {
    fn make(scene: &Scene) -> Things {
        let active = scene.enrol(&Plan::pin_only(), Status::Active);
        let doomed = scene.enrol(&Plan::pin_only(), Status::Created);
        let configuration = scene.configuration(json!({}));
        scene.client(json!({ "clientId": "passing", "tenants": ["acme"] }));
        scene.token("passing", "tenant:acme");
        let admin = scene.admin();
        // CSC clients of both tenants may create credentials.
        for (tenant, configuration) in
            [("acme", &configuration), ("globex", &scene.configuration(json!({ "tenant": "globex" })))]
        {
            let allowed = json!({ "cscCreation": { "configurations": [configuration] } });
            let path = format!("/api/v1/tenants/{tenant}");
            scene.http.patch(&path).bearer(&admin).json(&allowed).send().expect(200);
        }
        let tokens =
            scene.http.get("/api/v1/tokens?clientId=passing").bearer(&admin).send().expect(200).json();
        let token_id = tokens["items"][0]["tokenId"].as_str().unwrap().to_owned();
        let anchors = scene.http.post("/api/v1/tenants/acme/trust-anchors").bearer(&admin);
        let pinned = anchors.bytes("application/x-pem-file", scene.authority.root_pem()).send().expect(201);
        let anchor = pinned.json()["fingerprintSha256"].as_str().unwrap().to_owned();
        let [user, leaver] = ["user", "leaver"].map(|name| {
            let record = json!({ "name": name, "tenant": "acme" });
            let made = scene.http.post("/api/v1/users").bearer(&admin).json(&record).send().expect(201);
            made.json()["id"].as_str().unwrap().to_owned()
        });
        Things { active, doomed, configuration, token_id, anchor, user, leaver }
    }

    /// The path with the things of acme in it, or with things that do not exist.
    fn path(&self, route: &str, exists: bool) -> String {
        let (method, pattern) = route.split_once(' ').unwrap();
        let credential = if method == "DELETE" { &self.doomed.id } else { &self.active.id };
        let id = match pattern {
            _ if pattern.contains("authorization-configurations") => &self.configuration,
            "/api/v1/users/{id}" if method == "DELETE" => &self.leaver,
            _ if pattern.contains("users") => &self.user,
            _ => credential,
        };
        let or = |thing: &str, nothing: &str| if exists { thing.to_owned() } else { nothing.to_owned() };
        let no_id = "01a3185c500000000000000000000000";
        pattern
            .replace("{id}", &or(id, no_id))
            .replace("{tokenId}", &or(&self.token_id, no_id))
            .replace("{fingerprint}", &or(&self.anchor, &"0".repeat(64)))
            .replace("{clientId}", &or("passing", "no-such-client"))
            .replace("{name}", &or("acme", "no-such-tenant"))
            .replace("{seat}", &or("jdoe@acme", "no-such-seat"))
            .replace("{code}", "not_found")
            .replace("{file}", "swagger-ui.css")
    }
}

/// The rows, in the order of the table; the right ones are let through in this order too.
fn rows(things: &Things) -> Vec<(&'static str, Door)> {
    let application = |to_right, body| Native {
        right: ("acme", SEAT),
        lesser: "acme-auditor",
        stranger: ("globex", "seat:jdoe@acme tenant:globex"),
        to_stranger: 404,
        to_other_seat: Some(404),
        to_right,
        body,
    };
    let administrator = |to_right, body| Native {
        right: ("acme-admin", ""),
        lesser: "acme",
        stranger: ("globex-admin", ""),
        to_stranger: 404,
        to_other_seat: None,
        to_right,
        body,
    };
    let operator = |to_right, body| Native {
        right: ("acme-ca", ""),
        lesser: "acme-auditor",
        stranger: ("globex-ca", ""),
        to_stranger: 404,
        to_other_seat: None,
        to_right,
        body,
    };
    // A list shows others less; it does not refuse them.
    let list = |native: Native| Native {
        to_stranger: 200,
        to_other_seat: native.to_other_seat.map(|_| 200),
        ..native
    };
    let csc = |to_right, body| Door::Csc(Csc::of(to_right, body));
    let nothing = || Value::Null;
    let new = json!({ "authorizationConfiguration": things.configuration });
    let credential = json!({ "credentialID": things.active.id });
    let one = crate::support::scene::base64_all(&[hash("one")]);
    // Of the right form, and nobody's.
    let sad = "A".repeat(43);
    let authorize = json!({ "credentialID": things.active.id, "numSignatures": 1, "hash": one, "PIN": PIN });
    let challenge = json!({ "credentialID": things.active.id, "authObjectID": "OTP" });
    let extend = json!({ "credentialID": things.active.id, "SAD": sad, "hash": one });
    let sign = json!({
        "credentialID": things.active.id, "SAD": sad, "hash": one, "signAlgo": "1.2.840.10045.4.3.2",
    });
    let configuration =
        json!({ "name": "new", "tenant": "acme", "type": "explicit", "secondFactors": ["PIN"] });
    let revoke = || Door::Revoke(Csc::of(204, json!({ "token": "A".repeat(43) })));
    use Door::{Client, Link, Login, Native as N, Open, Page, Person as User, Unconfigured};
    vec![
        (
            "POST /api/v1/credentials",
            // The other seat's token makes a credential for the other seat.
            N(Native { to_other_seat: Some(201), ..application(201, new) }),
        ),
        ("GET /api/v1/credentials", N(list(application(200, nothing())))),
        ("GET /api/v1/credentials/{id}", N(application(200, nothing()))),
        ("DELETE /api/v1/credentials/{id}", N(application(204, nothing()))),
        (
            "POST /api/v1/credentials/{id}/second-factors",
            N(application(409, json!({ "type": "PIN", "value": PIN }))),
        ),
        (
            "POST /api/v1/credentials/{id}/second-factors/otp/confirm",
            N(application(409, json!({ "value": "123456" }))),
        ),
        ("POST /api/v1/credentials/{id}/enrolment-link", N(application(409, nothing()))),
        ("POST /api/v1/credentials/{id}/key-pair", N(application(409, json!({ "keyAlgorithm": "Ed25519" })))),
        ("GET /api/v1/credentials/{id}/csr", N(operator(200, nothing()))),
        (
            "PUT /api/v1/credentials/{id}/certificate",
            N(operator(400, json!({ "pkcs7": "nothing of the kind" }))),
        ),
        ("GET /api/v1/certificate-requests", N(Native { lesser: "acme", ..list(operator(200, nothing())) })),
        ("POST /api/v1/authorization-configurations", N(administrator(201, configuration))),
        (
            "GET /api/v1/authorization-configurations",
            N(Native { lesser: "acme-auditor", ..list(administrator(200, nothing())) }),
        ),
        (
            "GET /api/v1/authorization-configurations/{id}",
            N(Native { lesser: "acme-auditor", ..administrator(200, nothing()) }),
        ),
        ("GET /api/v1/audit-events", N(list(administrator(200, nothing())))),
        (
            "POST /api/v1/tenants",
            // Administrators of a tenant make none.
            N(Native {
                right: ("admin", ""),
                to_stranger: 403,
                ..administrator(201, json!({ "name": "new" }))
            }),
        ),
        ("GET /api/v1/tenants", N(list(administrator(200, nothing())))),
        ("GET /api/v1/tenants/{name}", N(administrator(200, nothing()))),
        (
            "PATCH /api/v1/tenants/{name}",
            // Nor do they change their own.
            N(Native {
                right: ("admin", ""),
                to_stranger: 403,
                ..administrator(200, json!({ "displayName": "New" }))
            }),
        ),
        (
            "POST /api/v1/tenants/{name}/trust-anchors",
            N(administrator(422, json!({ "certificate": "nothing of the kind" }))),
        ),
        ("GET /api/v1/tenants/{name}/trust-anchors", N(administrator(200, nothing()))),
        ("GET /api/v1/tenants/{name}/trust-anchors/{fingerprint}", N(administrator(200, nothing()))),
        ("DELETE /api/v1/tenants/{name}/trust-anchors/{fingerprint}", N(administrator(204, nothing()))),
        ("POST /api/v1/tenants/{name}/seats", N(administrator(201, json!({ "seat": "new@acme" })))),
        ("GET /api/v1/tenants/{name}/seats", N(administrator(200, nothing()))),
        ("GET /api/v1/tenants/{name}/seats/{seat}", N(administrator(200, nothing()))),
        (
            "POST /api/v1/clients",
            // Nobody gives what they do not have.
            N(Native {
                to_stranger: 403,
                ..administrator(201, json!({ "clientId": "new", "tenants": ["acme"] }))
            }),
        ),
        ("GET /api/v1/clients", N(list(administrator(200, nothing())))),
        ("GET /api/v1/clients/{clientId}", N(administrator(200, nothing()))),
        ("PATCH /api/v1/clients/{clientId}", N(administrator(200, json!({ "displayName": "New" })))),
        ("POST /api/v1/clients/{clientId}/secrets", N(administrator(201, json!({})))),
        ("POST /api/v1/users", N(administrator(201, json!({ "name": "new", "tenant": "acme" })))),
        ("GET /api/v1/users", N(list(administrator(200, nothing())))),
        ("GET /api/v1/users/{id}", N(administrator(200, nothing()))),
        ("PATCH /api/v1/users/{id}", N(administrator(200, json!({ "firstName": "New" })))),
        ("DELETE /api/v1/users/{id}", N(administrator(204, nothing()))),
        (
            "POST /api/v1/users/{id}/password",
            N(administrator(204, json!({ "password": "four plain words here" }))),
        ),
        ("POST /api/v1/users/{id}/otp", N(administrator(201, nothing()))),
        ("POST /api/v1/users/{id}/otp/confirm", N(administrator(422, json!({ "value": "none" })))),
        ("DELETE /api/v1/users/{id}/otp", N(administrator(204, nothing()))),
        ("GET /api/v1/tokens", N(list(administrator(200, nothing())))),
        ("DELETE /api/v1/tokens/{tokenId}", N(administrator(204, nothing()))),
        (
            "POST /api/v1/tokens/revoke",
            // Of what it cannot see it revokes nothing.
            N(Native { to_stranger: 200, ..administrator(200, json!({ "clientId": "passing" })) }),
        ),
        ("DELETE /api/v1/clients/{clientId}", N(administrator(204, nothing()))),
        ("GET /oauth2/authorize", Page(400)),
        ("POST /oauth2/authorize", Page(400)),
        ("GET /oauth2/authorize/{handle}", Page(404)),
        ("POST /oauth2/authorize/{handle}", Page(404)),
        ("GET /oauth2/sign-out", Page(200)),
        ("POST /oauth2/sign-out", Page(200)),
        ("GET /oauth/authorize", Page(400)),
        ("POST /oauth/authorize", Page(400)),
        ("GET /csc/v1/oauth2/authorize", Page(400)),
        ("POST /csc/v1/oauth2/authorize", Page(400)),
        ("GET /csc/v2/oauth2/authorize", Page(400)),
        ("POST /csc/v2/oauth2/authorize", Page(400)),
        ("POST /oauth2/pushed_authorize", Client),
        ("POST /csc/v1/oauth2/pushed_authorize", Client),
        ("POST /csc/v2/oauth2/pushed_authorize", Client),
        ("POST /oauth2/token", Client),
        ("POST /oauth2/check_token", Client),
        ("POST /oauth2/introspect", Client),
        ("POST /oauth2/revoke", Client),
        ("POST /oauth/token", Client),
        ("POST /oauth/check_token", Client),
        ("POST /oauth/revoke", Client),
        ("POST /revoke", Client),
        ("POST /csc/v1/oauth2/token", Client),
        ("POST /csc/v1/oauth2/revoke", Client),
        ("POST /csc/v2/oauth2/token", Client),
        ("POST /csc/v2/oauth2/revoke", Client),
        ("GET /oauth2/userinfo", User),
        ("POST /oauth2/userinfo", User),
        ("GET /oauth2/jwks", Open),
        ("GET /.well-known/oauth-authorization-server", Open),
        ("GET /.well-known/openid-configuration", Open),
        ("GET /csc/v1/info", Open),
        ("POST /csc/v1/info", Open),
        ("GET /csc/v1/auth/login", Login),
        ("POST /csc/v1/auth/login", Login),
        ("POST /csc/v1/auth/revoke", revoke()),
        ("GET /csc/v2/auth/login", Login),
        ("POST /csc/v2/auth/login", Login),
        ("POST /csc/v2/auth/revoke", revoke()),
        ("POST /csc/v1/credentials/list", csc(200, json!({}))),
        ("POST /csc/v1/credentials/info", csc(200, credential.clone())),
        ("POST /csc/v1/credentials/authorize", csc(200, authorize.clone())),
        ("POST /csc/v1/credentials/sendOTP", csc(400, credential.clone())),
        ("POST /csc/v1/credentials/extendTransaction", csc(400, extend.clone())),
        ("POST /csc/v1/signatures/signHash", csc(400, sign.clone())),
        ("POST /csc/v1/signatures/timestamp", Unconfigured),
        ("GET /csc/v2/info", Open),
        ("POST /csc/v2/info", Open),
        ("POST /csc/v2/credentials/list", csc(200, json!({ "credentialInfo": true }))),
        ("POST /csc/v2/credentials/info", csc(200, credential.clone())),
        ("POST /csc/v2/credentials/authorize", csc(200, authorize)),
        ("POST /csc/v2/credentials/authorizeCheck", csc(400, json!({ "handle": sad }))),
        ("POST /csc/v2/credentials/sendOTP", csc(400, credential)),
        ("POST /csc/v2/credentials/getChallenge", csc(400, challenge)),
        ("POST /csc/v2/credentials/extendTransaction", csc(400, extend)),
        (
            "POST /csc/v2/credentials/create",
            Door::Csc(Csc {
                lesser: &PROVISION_NOTHING,
                ..Csc::of(200, json!({ "credentialCreationRequest": {} }))
            }),
        ),
        (
            "POST /csc/v2/credentials/delete",
            // The native API destroyed it before.
            Door::Csc(Csc {
                lesser: &PROVISION_NOTHING,
                ..Csc::of(400, json!({ "credentialID": things.doomed.id }))
            }),
        ),
        ("POST /csc/v2/signatures/signHash", csc(400, sign)),
        ("POST /csc/v2/signatures/signPolling", csc(400, json!({ "requestID": sad }))),
        ("POST /csc/v2/signatures/timestamp", Unconfigured),
        ("GET /csc/logo.png", Open),
        ("GET /approvals/{token}", Link),
        ("POST /approvals/{token}", Link),
        ("GET /enrolment/{token}", Link),
        ("POST /enrolment/{token}", Link),
        ("GET /health/live", Open),
        ("GET /openapi.json", Open),
        ("GET /problems/{code}", Open),
        ("GET /health/ready", Open),
        ("GET /metrics", Open),
        ("GET /", Open),
        ("GET /docs", Open),
        ("GET /docs/", Open),
        ("GET /docs/{file}", Open),
    ]
}

#[test]
fn every_route_lets_in_whom_it_should_and_nobody_else() {
    on_both(|scene| {
        let things = Things::make(scene);
        let rows = rows(&things);
        let served: BTreeSet<String> =
            TABLE.iter().map(|row| format!("{} {}", row.method, row.path)).collect();
        let listed: BTreeSet<String> = rows.iter().map(|(route, _)| (*route).to_owned()).collect();
        assert_eq!(served, listed, "the table of routes and this matrix differ");

        let tokens = Tokens { scene, taken: RefCell::default() };
        each(&rows, |route, door| match door {
            Door::Open => {
                let reply = call(scene, route, &things.path(route, true), None, &Value::Null);
                assert!(reply.status < 400, "{route}: {}", reply.text());
            }
            Door::Link => {
                for token in [None, Some("x".to_owned()), Some(tokens.of(("admin", "")))] {
                    let path = things.path(route, true).replace("{token}", &"A".repeat(43));
                    call(scene, route, &path, token.as_deref(), &json!({ "decision": "approve" }))
                        .expect(404);
                }
            }
            Door::Page(status) => {
                for token in [None, Some("x".to_owned()), Some(tokens.of(("admin", "")))] {
                    let path = things.path(route, true).replace("{handle}", "ar_x");
                    let (method, _) = route.split_once(' ').unwrap();
                    let mut request = scene.http.request(method.parse().unwrap(), &path);
                    if method == "POST" {
                        request = request.form(&[("step", "allow")]);
                    }
                    if let Some(token) = token {
                        request = request.bearer(&token);
                    }
                    let reply = request.send().expect(*status);
                    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"), "{route}");
                }
            }
            Door::Client => client_door(scene, route, &things.active.token),
            Door::Person => person_door(scene, &tokens, &things, route),
            Door::Native(native) => native_door(scene, &tokens, &things, route, native),
            Door::Csc(csc) => csc_door(scene, &tokens, &things, route, csc),
            Door::Login => login_door(scene, route),
            Door::Revoke(csc) => csc_bearer(scene, &tokens, &things, route, csc),
            Door::Unconfigured => {
                for token in [None, Some("x".to_owned()), Some(tokens.of(("acme", SEAT)))] {
                    let path = things.path(route, true);
                    let reply = call(scene, route, &path, token.as_deref(), &json!({})).expect(501);
                    assert_eq!(reply.json()["error"], "access_denied", "{route}: {}", reply.text());
                }
            }
        });
        // What the wrong ones tried changed nothing; now the right ones.
        each(&rows, |route, door| {
            let Some((client, to_right, body)) = door.right() else { return };
            let reply = call(scene, route, &things.path(route, true), Some(&tokens.of(client)), body);
            assert_eq!(reply.status, to_right, "{route} as {client:?}: {}", reply.text());
        });
        // And nobody after their time.
        scene.clock.advance(31 * 86_400);
        each(&rows, |route, door| {
            let Some((client, _, body)) = door.right() else { return };
            let reply = call(scene, route, &things.path(route, true), Some(&tokens.of(client)), body);
            unwelcome(&reply, route, "expired_token");
        });
    });
}

/// Every row is looked at, also behind one that fails.
fn each(rows: &[(&str, Door)], look: impl Fn(&str, &Door)) {
    let fails = |(route, door): &(&str, Door)| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look(route, door))).is_err()
    };
    let failed: Vec<&str> = rows.iter().filter(|row| fails(row)).map(|(route, _)| *route).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

impl Door {
    /// One who may, what they are answered, and the body that they send.
    fn right(&self) -> Option<((&'static str, &'static str), u16, &Value)> {
        match self {
            Door::Native(native) => Some((native.right, native.to_right, &native.body)),
            Door::Csc(csc) | Door::Revoke(csc) => Some((("acme", SEAT), csc.to_right, &csc.body)),
            Door::Open
            | Door::Client
            | Door::Person
            | Door::Login
            | Door::Unconfigured
            | Door::Link
            | Door::Page(_) => None,
        }
    }
}

/// Tokens, one per client and scope.
struct Tokens<'a> {
    scene: &'a Scene,
    taken: RefCell<BTreeMap<(&'static str, &'static str), String>>,
}

impl Tokens<'_> {
    fn of(&self, client: (&'static str, &'static str)) -> String {
        let mut taken = self.taken.borrow_mut();
        taken.entry(client).or_insert_with(|| self.scene.token(client.0, client.1)).clone()
    }

    /// A user's token, for the right tenant and seat, of an application whose record grants nothing to that user. The
    /// application itself may do everything, and so may others of its users.
    fn of_user(&self) -> String {
        let enter = || {
            let all: Vec<&str> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
            self.scene.client(json!({
                "clientId": "doorway", "tenants": ["acme"], "authorizedGrantTypes": ["password"],
                "roles": ["application", "ca_operator", "administrator", "auditor"], "permissions": all,
                "rolePermissions": { "signer": all },
            }));
            Person::new(self.scene, "acme", "visitor", &["administrator"], &["jdoe@acme"]);
            let signed_in = sign_in(self.scene, "doorway", "visitor", PASSWORD, &[]).expect(200).json();
            signed_in["access_token"].as_str().expect("a token").to_owned()
        };
        self.taken.borrow_mut().entry(("doorway", "")).or_insert_with(enter).clone()
    }
}

fn native_door(scene: &Scene, tokens: &Tokens<'_>, things: &Things, route: &str, native: &Native) {
    let path = things.path(route, true);
    let attempt = |token: Option<&str>| call(scene, route, &path, token, &native.body);

    let bare = attempt(None);
    unwelcome(&bare, route, "invalid_token");
    // Without a token there is no error to name (RFC 6750, 3.1).
    assert!(!bare.header("www-authenticate").unwrap().contains("error"), "{route}");
    let right = tokens.of(native.right);
    for forged in ["x", "e30.e30.e30", &format!("{right}A"), &unsigned(&right)] {
        unwelcome(&attempt(Some(forged)), route, "invalid_token");
    }
    let (client, scope) = native.right;
    let revoked = scene.token(client, scope);
    scene.revoke(client, &revoked);
    unwelcome(&attempt(Some(&revoked)), route, "invalid_token");

    let lesser = attempt(Some(&tokens.of((native.lesser, ""))));
    assert_eq!(lesser.status, 403, "{route} as {}: {}", native.lesser, lesser.text());
    assert_eq!(lesser.json()["code"], "insufficient_permission", "{route}: {}", lesser.text());

    let user = attempt(Some(&tokens.of_user()));
    assert_eq!(user.status, 403, "{route} as a user: {}", user.text());

    let stranger = attempt(Some(&tokens.of(native.stranger)));
    assert_eq!(stranger.status, native.to_stranger, "{route} as {:?}: {}", native.stranger, stranger.text());
    blind(things, &stranger, route);
    if native.to_stranger == 404 && route.contains('{') {
        // What is another's answers like what is not there.
        let nowhere = things.path(route, false);
        let unknown = call(scene, route, &nowhere, Some(&tokens.of(native.stranger)), &native.body);
        assert_eq!(anonymous(&unknown), anonymous(&stranger), "{route}");
    }
    if let Some(status) = native.to_other_seat {
        let other = attempt(Some(&tokens.of((native.right.0, OTHER_SEAT))));
        assert_eq!(other.status, status, "{route} for another seat: {}", other.text());
        blind(things, &other, route);
    }
}

/// Nobody, forgers and holders of a revoked token.
fn csc_bearer(scene: &Scene, tokens: &Tokens<'_>, things: &Things, route: &str, csc: &Csc) {
    let path = things.path(route, true);
    let attempt = |token: Option<&str>| call(scene, route, &path, token, &csc.body);
    unwelcome(&attempt(None), route, "invalid_token");
    let right = tokens.of(("acme", SEAT));
    for forged in ["x", "e30.e30.e30", &format!("{right}A"), &unsigned(&right)] {
        unwelcome(&attempt(Some(forged)), route, "invalid_token");
    }
    let revoked = scene.token("acme", SEAT);
    scene.revoke("acme", &revoked);
    unwelcome(&attempt(Some(&revoked)), route, "expired_token");
}

fn csc_door(scene: &Scene, tokens: &Tokens<'_>, things: &Things, route: &str, csc: &Csc) {
    csc_bearer(scene, tokens, things, route, csc);
    let path = things.path(route, true);
    let attempt = |token: Option<&str>| call(scene, route, &path, token, &csc.body);
    for lesser in csc.lesser {
        let reply = attempt(Some(&tokens.of((lesser, "tenant:acme"))));
        assert_eq!(reply.status, 403, "{route} as {lesser}: {}", reply.text());
    }
    if !csc.lesser.is_empty() {
        let reply = attempt(Some(&tokens.of_user()));
        assert_eq!(reply.status, 403, "{route} as a user: {}", reply.text());
    }
    for other in [("acme", OTHER_SEAT), ("globex", "seat:jdoe@acme tenant:globex")] {
        let reply = attempt(Some(&tokens.of(other)));
        let named =
            ["credentialID", "requestID", "handle"].into_iter().find(|name| csc.body.get(name).is_some());
        if let Some(parameter) = named {
            assert_eq!(reply.status, 400, "{route} as {other:?}: {}", reply.text());
            let said = reply.json()["error_description"].clone();
            assert_eq!(said, format!("Invalid parameter {parameter}"), "{route} as {other:?}");
        } else {
            blind(things, &reply.expect(200), route);
        }
    }
}

/// Nobody, clients that act for themselves, and applications that did not ask who the user is.
fn person_door(scene: &Scene, tokens: &Tokens<'_>, things: &Things, route: &str) {
    let path = things.path(route, true);
    let attempt = |token: Option<&str>| call(scene, route, &path, token, &Value::Null);
    unwelcome(&attempt(None), route, "invalid_token");
    let unasked = tokens.of_user();
    for forged in ["x", "e30.e30.e30", &format!("{unasked}A"), &unsigned(&unasked)] {
        unwelcome(&attempt(Some(forged)), route, "invalid_token");
    }
    let asked = || {
        let signed_in = sign_in(scene, "doorway", "visitor", PASSWORD, &[("scope", "openid")]).expect(200);
        signed_in.json()["access_token"].as_str().expect("a token").to_owned()
    };
    let revoked = asked();
    scene.revoke("doorway", &revoked);
    unwelcome(&attempt(Some(&revoked)), route, "invalid_token");
    for token in [tokens.of(("admin", "")), tokens.of(("acme", SEAT)), unasked] {
        let reply = attempt(Some(&token)).expect(403);
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.contains(r#"error="insufficient_scope""#), "{route}: {challenge}");
    }
    attempt(Some(&asked())).expect(200);
}

fn login_door(scene: &Scene, route: &str) {
    forgiven(scene);
    let (method, path) = route.split_once(' ').unwrap();
    let attempt = || scene.http.request(method.parse().unwrap(), path);
    let bare = attempt().send();
    assert_eq!(bare.status, 401, "{route}: {}", bare.text());
    assert!(bare.header("www-authenticate").unwrap().starts_with("Basic"), "{route}");
    let token = scene.token("acme", SEAT);
    assert_eq!(attempt().bearer(&token).send().status, 401, "{route} with a token");
    // Failures at one client's secret are slowed down; each door has a client of its own.
    let client = format!("{method}{}", path.replace('/', "-"));
    scene.client(json!({ "clientId": client, "tenants": ["acme"] }));
    for (id, secret) in [
        (client.as_str(), "wrong".to_owned()),
        (&format!("no-such{client}"), "wrong".to_owned()),
        (&client, scene.secret("globex")),
    ] {
        let reply = attempt().basic(id, &secret).send();
        assert_eq!(reply.status, 400, "{route} as {id}: {}", reply.text());
        assert_eq!(reply.json()["error"], "authentication_error", "{route} as {id}");
    }
    attempt().basic(&client, &scene.secret(&client)).send().expect(200);
}

/// The doors where clients show who they are.
fn client_door(scene: &Scene, route: &str, token: &str) {
    forgiven(scene);
    let path = route.split_once(' ').unwrap().1;
    let asks_for_token = path.ends_with("/token");
    let form: &[(&str, &str)] =
        if asks_for_token { &[("grant_type", "client_credentials")] } else { &[("token", token)] };
    let post = || scene.http.post(path).form(form);
    // Failures at one client's secret are slowed down; each door has a client of its own.
    let client = path.replace('/', "-");
    scene.client(json!({ "clientId": client, "tenants": ["acme"] }));
    for (request, who) in [
        (post(), "nobody"),
        (post().basic(&client, "wrong"), "a wrong secret"),
        (post().basic(&format!("no-such{client}"), "wrong"), "an unknown client"),
        (post().basic(&client, &scene.secret("globex")), "another's secret"),
    ] {
        let reply = request.send();
        assert_eq!(reply.status, 401, "{route} as {who}: {}", reply.text());
        assert_eq!(reply.json()["error"], "invalid_client", "{route} as {who}");
    }
    if asks_for_token {
        return;
    }
    if path.ends_with("/pushed_authorize") {
        // Who it is was right; what it asks is not.
        let known = post().basic(&client, &scene.secret(&client)).send();
        assert_eq!(known.expect(400).json()["error"], "invalid_request", "{route}");
        return;
    }
    // A client of another tenant learns nothing of the token, and does not end it.
    let stranger = post().basic("globex", &scene.secret("globex")).send();
    match path.rsplit('/').next().unwrap() {
        "check_token" => assert_eq!(
            stranger.expect(400).json()["error_description"],
            "Token was not recognised",
            "{route}"
        ),
        "introspect" => assert_eq!(stranger.expect(200).json(), json!({ "active": false }), "{route}"),
        _ => assert_eq!(stranger.expect(400).json()["error"], "invalid_request", "{route}"),
    }
    scene.http.get("/api/v1/credentials").bearer(token).send().expect(200);
}

/// Long enough that what failed before, from this address, holds nobody up.
fn forgiven(scene: &Scene) {
    scene.clock.advance(60);
}

fn call(scene: &Scene, route: &str, path: &str, token: Option<&str>, body: &Value) -> Reply {
    let method = route.split_once(' ').unwrap().0.parse().unwrap();
    let request: Request = scene.http.request(method, path);
    let request = match token {
        Some(token) => request.bearer(token),
        None => request,
    };
    if body.is_null() { request.send() } else { request.json(body).send() }
}

/// 401 in the form of the API that the route is of.
#[track_caller]
fn unwelcome(reply: &Reply, route: &str, error: &str) {
    assert_eq!(reply.status, 401, "{route}: {}", reply.text());
    assert!(reply.header("www-authenticate").unwrap().starts_with("Bearer"), "{route}");
    let body = reply.json();
    if route.contains("/csc/") {
        assert_eq!(body["error"], error, "{route}: {body}");
    } else {
        // The native API has one word for all of them.
        assert_eq!(body["code"], "invalid_token", "{route}: {body}");
    }
}

/// Whoever is shown this sees nothing of the things of acme.
fn blind(things: &Things, reply: &Reply, route: &str) {
    let text = reply.text();
    for thing in
        [&things.active.id, &things.doomed.id, &things.token_id, &things.anchor, &things.user, &things.leaver]
    {
        assert!(!text.contains(thing.as_str()), "{route} shows {thing}: {text}");
    }
    assert!(!text.contains("passing"), "{route}: {text}");
}

/// A problem without what differs from one to the next.
fn anonymous(reply: &Reply) -> Value {
    let mut body = reply.json();
    body.as_object_mut().unwrap().remove("requestId");
    body
}

/// The same token under `alg: none`, without its signature.
fn unsigned(token: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let claims = token.split('.').nth(1).unwrap();
    format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#))
}
