//! Signatures that the signer authorises on the pages of this server, from the request to the signature.

use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::pages::{Browser, CALLBACK, Callback};
use crate::support::people::{PASSWORD, Person};
use crate::support::scene::{Credential, PIN, Plan, Scene, Status, at_once, hash, on_both, signatures};

/// Of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const SHA256: &str = "2.16.840.1.101.3.4.2.1";

/// An application of the signer jdoe, and a credential of theirs.
fn stage(scene: &Scene, factors: Value) -> Credential {
    scene.client(json!({
        "clientId": "portal", "displayName": "The Portal", "tenants": ["acme"], "roles": ["application"],
        "authorizedGrantTypes": ["authorization_code", "client_credentials"], "redirectUris": [CALLBACK],
    }));
    Person::new(scene, "acme", "jdoe", &[], &["jdoe@acme"]);
    scene.enrol(&Plan::oauth2(factors), Status::Active)
}

fn base64url(hashes: &[Vec<u8>]) -> String {
    use base64::Engine;
    let encode = |hash: &Vec<u8>| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash);
    hashes.iter().map(encode).collect::<Vec<_>>().join(",")
}

/// What v2 asks with, for the hash of "one".
fn asked(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let base = [
        ("response_type", "code"),
        ("client_id", "portal"),
        ("redirect_uri", CALLBACK),
        ("scope", "credential"),
        ("state", "s"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("description", "Sale of a house"),
    ];
    base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn sent(browser: &Browser, parameters: &[(String, String)]) -> String {
    let pairs: Vec<(&str, &str)> =
        parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.sent(&pairs)
}

fn for_credential(credential: &Credential) -> Vec<(String, String)> {
    asked(&[
        ("credentialID", &credential.id),
        ("numSignatures", "1"),
        ("hashes", &base64url(&[hash("one")])),
        ("hashAlgorithmOID", SHA256),
    ])
}

fn redeemed(scene: &Scene, code: &str) -> Reply {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    scene.http.post("/oauth2/token").basic("portal", &scene.secret("portal")).form(&form).send()
}

fn sign(scene: &Scene, token: &str, credential: &Credential) -> Reply {
    let mut body = scene.signing(credential, "", &[hash("one")]);
    body.as_object_mut().unwrap().remove("SAD");
    scene.csc2(token, "signatures/signHash", &body)
}

#[test]
fn the_signer_authorises_on_the_page_and_the_application_signs() {
    on_both(|scene| {
        let credential = stage(scene, json!(["PIN", "OTP"]));
        let browser = Browser::new(&scene.http);
        let page = sent(&browser, &for_credential(&credential));
        browser.sign_in(&page, "jdoe", PASSWORD);
        let shown = browser.get(&page).expect(200);
        let policy = shown.header("content-security-policy").unwrap().to_owned();
        assert!(policy.contains("form-action 'self' https://app.example"), "{policy}");
        let shown = shown.text();
        for text in ["The Portal (ACME)", "Sale of a house", "John Doe", "SHA-256", r#"name="pin""#] {
            assert!(shown.contains(text), "{text}: {shown}");
        }
        // No word allows what factors have to.
        browser.submit(&page, &[("step", "allow")]).expect(404);
        let otp = scene.otp_code(&credential);
        let wrong = browser.submit(&page, &[("step", "sign"), ("pin", "000000"), ("otp", &otp)]).expect(422);
        assert!(wrong.text().contains("The PIN is wrong."), "{}", wrong.text());
        let fields = [("step", "sign"), ("pin", PIN), ("otp", otp.as_str())];
        let cookie = browser.cookie();
        let replies = at_once(4, || {
            let same = Browser::new(&scene.http);
            same.plant(cookie.clone());
            same.submit(&page, &fields)
        });
        let done: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 303).collect();
        assert_eq!(done.len(), 1, "{:?}", replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
        let callback = Callback::of(done[0]);
        assert_eq!(callback.get("state").as_deref(), Some("s"));
        browser.get(&page).expect(404);

        let given = redeemed(scene, &callback.code()).expect(200).json();
        assert_eq!((&given["token_type"], &given["scope"]), (&json!("Bearer"), &json!("credential")));
        assert!(given.get("refresh_token").is_none() && given["expires_in"].is_u64(), "{given}");
        let token = given["access_token"].as_str().unwrap();
        assert_eq!(signatures(&sign(scene, token, &credential).expect(200)).len(), 1);
        sign(scene, token, &credential).expect(401);
    });
}

#[test]
fn a_code_that_comes_again_ends_the_token_that_it_gave() {
    on_both(|scene| {
        let credential = stage(scene, json!(["PIN"]));
        let browser = Browser::new(&scene.http);
        let page = sent(&browser, &for_credential(&credential));
        browser.sign_in(&page, "jdoe", PASSWORD);
        let callback = Callback::of(&browser.submit(&page, &[("step", "sign"), ("pin", PIN)]));
        let given = redeemed(scene, &callback.code()).expect(200).json();
        assert_eq!(redeemed(scene, &callback.code()).expect(400).json()["error"], "invalid_grant");
        sign(scene, given["access_token"].as_str().unwrap(), &credential).expect(401);
    });
}

#[test]
fn version_1_asks_for_a_sad_and_details_come_back_with_their_credential() {
    on_both(|scene| {
        let credential = stage(scene, json!(["PIN"]));
        let browser = Browser::new(&scene.http);
        let hashes = base64url(&[hash("one")]);
        let v1 = asked(&[("credentialID", &credential.id), ("numSignatures", "1"), ("hash", &hashes)]);
        let page = sent(&browser, &v1);
        browser.sign_in(&page, "jdoe", PASSWORD);
        let callback = Callback::of(&browser.submit(&page, &[("step", "sign"), ("pin", PIN)]));
        let given = redeemed(scene, &callback.code()).expect(200).json();
        assert_eq!(given["token_type"], "SAD");
        let service = scene.token("portal", "seat:jdoe@acme tenant:acme");
        let body = scene.signing(&credential, given["access_token"].as_str().unwrap(), &[hash("one")]);
        scene.csc(&service, "signatures/signHash", &body).expect(200);

        // The signer is signed in already; the credential is their only one.
        let kind = "https://cloudsignatureconsortium.org/2025/credential";
        let digests = json!([{ "hash": hashes, "label": "Contract <1>" }]);
        let details = json!([{
            "type": kind, "numSignatures": 1, "documentDigests": digests, "hashAlgorithmOID": SHA256,
        }]);
        let page = sent(&browser, &asked(&[("authorization_details", &details.to_string())]));
        let shown = browser.get(&page).expect(200).text();
        assert!(shown.contains("Contract &#60;1&#62;"), "{shown}");
        let callback = Callback::of(&browser.submit(&page, &[("step", "sign"), ("pin", PIN)]));
        let given = redeemed(scene, &callback.code()).expect(200).json();
        assert_eq!(given["credentialID"], credential.id);
        let entry = &given["authorization_details"][0];
        assert_eq!((&entry["type"], &entry["credentialID"]), (&json!(kind), &json!(credential.id)));
        assert_eq!(entry["documentDigests"][0]["hashType"], "DTBSR");
        sign(scene, given["access_token"].as_str().unwrap(), &credential).expect(200);
    });
}

#[test]
fn codes_are_sent_from_the_page_and_a_lock_says_until_when() {
    on_both(|scene| {
        let credential = stage(scene, json!(["PIN", "EMAIL_OTP"]));
        let browser = Browser::new(&scene.http);
        let page = sent(&browser, &for_credential(&credential));
        browser.sign_in(&page, "jdoe", PASSWORD);
        let shown = browser.get(&page).expect(200).text();
        assert!(shown.contains("j***@acme.example") && !shown.contains(r#"name="pin""#), "{shown}");
        scene.clock.advance(20);
        browser.submit(&page, &[("step", "send-code")]).expect(303);
        let otp = scene.received_code(&credential);
        for _ in 0..4 {
            let wrong = [("step", "sign"), ("pin", "000000"), ("otp", otp.as_str())];
            browser.submit(&page, &wrong).expect(422);
        }
        let right = [("step", "sign"), ("pin", PIN), ("otp", otp.as_str())];
        Callback::of(&browser.submit(&page, &right)).code();

        let page = sent(&browser, &for_credential(&credential));
        scene.clock.advance(20);
        browser.submit(&page, &[("step", "send-code")]).expect(303);
        for _ in 0..5 {
            browser.submit(&page, &[("step", "sign"), ("pin", "000000"), ("otp", "000000")]);
        }
        let locked = browser.submit(&page, &right).expect(423).text();
        assert!(locked.contains("It opens again at") && !locked.contains(r#"name="pin""#), "{locked}");
        let refused = Callback::of(&browser.submit(&page, &[("step", "refuse")]));
        assert_eq!(refused.get("error").as_deref(), Some("access_denied"));
    });
}

#[test]
fn without_factors_the_password_is_typed_for_each_request() {
    on_both(|scene| {
        let credential = stage(scene, json!([]));
        let browser = Browser::new(&scene.http);
        for _ in 0..2 {
            let page = sent(&browser, &for_credential(&credential));
            assert!(browser.get(&page).expect(200).text().contains(r#"name="password""#));
            browser.has_to_sign_in(&page, "sign");
            browser.sign_in(&page, "jdoe", PASSWORD);
            assert!(browser.get(&page).expect(200).text().contains(r#"value="sign""#));
            let callback = Callback::of(&browser.submit(&page, &[("step", "sign")]));
            let given = redeemed(scene, &callback.code()).expect(200).json();
            sign(scene, given["access_token"].as_str().unwrap(), &credential).expect(200);
        }
    });
}

#[test]
fn who_signs_in_for_another_request_signs_nothing() {
    on_both(|scene| {
        let credential = stage(scene, json!([]));
        Person::new(scene, "acme", "mallory", &[], &["mallory@acme"]);
        scene.enrol(&Plan { seat: "mallory@acme", ..Plan::oauth2(json!([])) }, Status::Active);
        // Somebody prepares a request for their own only credential, and leaves the browser to the next one.
        let browser = Browser::new(&scene.http);
        let hashes = base64url(&[hash("one")]);
        let more = [("numSignatures", "1"), ("hashes", hashes.as_str()), ("hashAlgorithmOID", SHA256)];
        let trap = sent(&browser, &asked(&more));
        browser.sign_in(&trap, "mallory", PASSWORD);
        assert!(browser.get(&trap).expect(200).text().contains("mallory@acme"));
        scene.clock.advance(60);
        let own = sent(&browser, &for_credential(&credential));
        browser.sign_in(&own, "jdoe", PASSWORD);
        // The password was typed for what is jdoe's own request.
        assert!(browser.get(&trap).expect(200).text().contains("Password"));
        browser.has_to_sign_in(&trap, "sign");
        Callback::of(&browser.submit(&own, &[("step", "sign")])).code();
    });
}

#[test]
fn what_cannot_be_authorised_goes_back_to_the_application() {
    on_both(|scene| {
        let credential = stage(scene, json!(["PIN"]));
        let explicit = scene.enrol(&Plan::pin_only(), Status::Active);
        let others = scene.enrol(&Plan { seat: "mroe@acme", ..Plan::oauth2(json!(["PIN"])) }, Status::Active);
        let browser = Browser::new(&scene.http);
        let told = |parameters: &[(String, String)]| {
            let page = sent(&browser, parameters);
            let shown = browser.get(&page);
            let reply = if shown.status == 302 {
                shown
            } else {
                browser.sign_in(&page, "jdoe", PASSWORD);
                browser.get(&page)
            };
            let callback = Callback::of(&reply);
            (callback.get("error").unwrap_or_default(), callback.get("error_description").unwrap_or_default())
        };
        let (error, description) = told(&for_credential(&others));
        assert_eq!(
            (error.as_str(), description.as_str()),
            ("invalid_request", "Invalid parameter credentialID")
        );
        let (error, description) = told(&for_credential(&explicit));
        assert_eq!(error, "invalid_request");
        assert!(description.contains("credentials/authorize"), "{description}");
        let none = asked(&[("credentialID", &credential.id), ("numSignatures", "1")]);
        assert_eq!(told(&none).0, "invalid_request");
        let mut silent = for_credential(&credential);
        silent.push(("prompt".to_owned(), "none".to_owned()));
        assert_eq!(told(&silent).0, "interaction_required");
        // Another's session does not sign for whose credential it is: somebody else may sign in.
        let page = sent(&browser, &for_credential(&others));
        assert!(browser.get(&page).expect(200).text().contains(r#"name="password""#));
    });
}
