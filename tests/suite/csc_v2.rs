//! The CSC API, version 2: what it tells, what it refuses and in which words, and the same credential under both
//! versions.

use countersign::model::algorithm::{Digest, SignatureScheme};
use countersign::pki::verify::verify;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::scene::{
    Credential, Database, PIN, Plan, Scene, Status, base64_all, hash, on_both, pem_body, signatures,
};
use crate::support::world::World;

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const ECDSA: &str = "1.2.840.10045.4.3.2";

const METHODS: [&str; 5] = [
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "credentials/extendTransaction",
    "signatures/signHash",
];

/// A call of the CSC API, version 2, by the credential's application.
fn csc(scene: &Scene, credential: &Credential, method: &str, body: &Value) -> Reply {
    scene.http.post(&format!("/csc/v2/{method}")).bearer(&credential.token).json(body).send()
}

/// CSC's form of a refusal, with the description under both its names.
#[track_caller]
fn refused(reply: Reply, status: u16, error: &str, description: &str) {
    let reply = reply.expect(status);
    assert_eq!(reply.header("content-type"), Some("application/json"), "{}", reply.what);
    let wanted = json!({ "error": error, "error_description": description, "errorDescription": description });
    assert_eq!(reply.json(), wanted, "{}", reply.what);
}

#[track_caller]
fn invalid(reply: Reply, description: &str) {
    refused(reply, 400, "invalid_request", description);
}

#[track_caller]
fn wrong_factor(reply: Reply) {
    refused(reply, 400, "invalid_authentication_data", "The authentication data is invalid");
}

/// Right factors for hashes, as version 2 has them.
fn authorization(scene: &Scene, credential: &Credential, signatures: usize, hashes: &[Vec<u8>]) -> Value {
    let mut data = vec![json!({ "id": "PIN", "value": PIN })];
    if credential.otp.is_some() {
        data.push(json!({ "id": "OTP", "value": scene.otp_code(credential) }));
    }
    json!({
        "credentialID": credential.id,
        "numSignatures": signatures,
        "hashes": base64_all(hashes),
        "hashAlgorithmOID": SHA256,
        "authData": data,
    })
}

#[track_caller]
fn authorize(scene: &Scene, credential: &Credential, signatures: usize, hashes: &[Vec<u8>]) -> String {
    let body = authorization(scene, credential, signatures, hashes);
    let sad = csc(scene, credential, "credentials/authorize", &body).expect(200).json();
    assert_eq!(sad["expiresIn"], 300, "{sad}");
    sad["SAD"].as_str().expect("a SAD").to_owned()
}

fn signing(credential: &Credential, sad: &str, hashes: &[Vec<u8>]) -> Value {
    json!({
        "credentialID": credential.id,
        "SAD": sad,
        "hashes": base64_all(hashes),
        "hashAlgorithmOID": SHA256,
        "signAlgo": ECDSA,
        "signAlgoParams": null,
        "operationMode": "S",
    })
}

/// `body` with one field more, or another value for it.
fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

fn without(body: &Value, name: &str) -> Value {
    with(body, name, Value::Null)
}

#[test]
fn whoever_asks_is_told_what_this_service_is() {
    let world = World::sqlite();
    let info = world.http.get("/csc/v2/info").send().expect(200).json();
    assert_eq!((&info["specs"], &info["lang"]), (&json!("2.2.0.0"), &json!("en-US")));
    assert_eq!(info["authType"], json!(["oauth2code", "oauth2client", "basic"]));
    assert_eq!(info["supportsRar"], true);
    assert_eq!(info["oauth2"], "http://localhost:8080");
    assert!(info.get("oauth2Issuer").is_none() && info.get("oauth2Servers").is_none(), "{info}");
    let methods = info["methods"].as_array().unwrap();
    for method in METHODS {
        assert!(methods.contains(&json!(method)), "{method}: {info}");
    }
    for missing in ["info", "signatures/signDoc"] {
        assert!(!methods.contains(&json!(missing)), "{missing}: {info}");
    }
    for field in ["name", "region", "description", "logo"] {
        assert!(info[field].is_string(), "{field}: {info}");
    }
    let algorithms = &info["signAlgorithms"];
    let (algos, params) =
        (algorithms["algos"].as_array().unwrap(), algorithms["algoParams"].as_array().unwrap());
    assert!(algos.contains(&json!(ECDSA)) && algos.len() == params.len(), "{info}");
    assert!(params.iter().all(Value::is_string), "{info}");
    assert_eq!(info["signature_formats"], json!({ "formats": [], "envelope_properties": [] }));
    assert_eq!(info["conformance_levels"], json!([]));
    assert_eq!(info["supportedHashTypes"], json!(["dtbsr"]));
    assert_eq!(info["validationInfo"], false);
    let polling = methods.contains(&json!("signatures/signPolling"));
    assert_eq!(info["asynchronousOperationMode"], polling);

    let post = |body: &str| world.http.post("/csc/v2/info").bytes("application/json", body).send();
    for body in ["", "{}", r#"{"lang":null,"other":[1]}"#] {
        assert_eq!(post(body).expect(200).json(), info, "{body}");
    }
    assert_eq!(post(r#"{"lang":"it-IT"}"#).expect(200).json()["lang"], "it-IT");
    assert_eq!(world.http.get("/csc/v2/info?lang=it-IT").send().expect(200).json()["lang"], "it-IT");
    invalid(post(r#"{"lang":7}"#), "Invalid parameter lang");
}

#[test]
fn an_operator_has_the_service_called_as_it_is() {
    let world = World::configured(|config| {
        config.identity.specs = "2.0.0.2".parse().unwrap();
        config.identity.name = "Acme Trust".parse().unwrap();
        config.identity.description = "Seals".parse().unwrap();
        config.identity.region = "DE".parse().unwrap();
    });
    for (version, specs) in [("v1", "1.0.4.0"), ("v2", "2.0.0.2")] {
        let info = world.http.get(&format!("/csc/{version}/info")).send().expect(200).json();
        for (field, value) in
            [("specs", specs), ("name", "Acme Trust"), ("description", "Seals"), ("region", "DE")]
        {
            assert_eq!(info[field], value, "{version}");
        }
    }
}

#[test]
fn what_no_handler_answers_is_refused_in_the_same_form() {
    let world = World::sqlite();
    for path in ["/csc/v2/", "/csc/v2/no/such", "/csc/v2/signatures/signDoc"] {
        let reply = world.http.post(path).json(&json!({})).send();
        refused(reply, 501, "access_denied", "The user or Remote Service denied the request.");
    }
    for method in METHODS {
        let path = format!("/csc/v2/{method}");
        let reply = world.http.get(&path).send();
        refused(reply, 405, "invalid_request", "This path answers POST.");
        let nobody = world.http.post(&path).json(&json!({})).send().expect(401).json();
        assert_eq!((&nobody["error"], nobody.as_object().unwrap().len()), (&json!("invalid_token"), 3));
        let malformed = world.http.post(&path).header("authorization", "Bearer").json(&json!({})).send();
        invalid(malformed, "Malformed authorization header");
    }
}

#[test]
fn a_list_has_what_is_asked_for_and_clients_spellings_count() {
    on_both(|scene| {
        let plan = Plan {
            configuration: Some(scene.configuration(json!({ "secondFactors": ["PIN"] }))),
            ..Plan::pin_only()
        };
        let lasting = scene.enrol(&plan, Status::Active);
        // Lists are in the order of time.
        scene.clock.advance(1);
        let short = scene.enrol(&Plan { certificate_days: 1, ..plan.clone() }, Status::Active);
        scene.enrol(&plan, Status::AwaitingCertificate);
        scene.clock.advance(86_400 - 60);
        let token = scene.token("acme", "seat:jdoe@acme tenant:acme");
        let list =
            |body: Value| scene.http.post("/csc/v2/credentials/list").bearer(&token).json(&body).send();
        let listed = |body: Value| list(body).expect(200).json();
        let both = json!([lasting.id, short.id]);

        assert_eq!(listed(json!({})), json!({ "credentialIDs": both }));
        assert_eq!(listed(json!({ "onlyValid": true })), json!({ "credentialIDs": both, "onlyValid": true }));
        scene.clock.advance(120);
        assert_eq!(
            listed(json!({ "only_valid": true })),
            json!({ "credentialIDs": [lasting.id], "onlyValid": true })
        );
        assert_eq!(listed(json!({ "onlyValid": false })), json!({ "credentialIDs": both }));

        // As one known client sends it, nulls and all.
        let described = listed(json!({
            "credentialInfo": true, "certificates": "chain", "certInfo": false, "authInfo": false,
            "onlyValid": false, "lang": null, "clientData": null, "userID": null,
        }));
        assert_eq!(described["credentialIDs"], both);
        let infos = described["credentialInfos"].as_array().unwrap();
        let ids: Vec<&Value> = infos.iter().map(|info| &info["credentialID"]).collect();
        assert_eq!(json!(ids), both);
        let statuses: Vec<&Value> = infos.iter().map(|info| &info["cert"]["status"]).collect();
        assert_eq!(json!(statuses), json!(["valid", "expired"]));
        for info in infos {
            assert_eq!(info["cert"]["certificates"].as_array().unwrap().len(), 3);
        }
        let id = json!({ "credentialID": lasting.id, "certificates": "chain" });
        let mut alone = csc(scene, &lasting, "credentials/info", &id).expect(200).json();
        alone["credentialID"] = lasting.id.as_str().into();
        assert_eq!(infos[0], alone);

        // Pages, for those who ask for them.
        let first = listed(json!({ "maxResults": 1, "credentialInfo": true }));
        assert_eq!(first["credentialIDs"], json!([lasting.id]));
        let second = listed(json!({ "maxResults": 1, "pageToken": first["nextPageToken"] }));
        assert_eq!(second, json!({ "credentialIDs": [short.id] }));

        for (name, value, said) in [
            ("userID", json!("jdoe@acme"), "userID parameter MUST be null"),
            ("user_id", json!("jdoe@acme"), "userID parameter MUST be null"),
            ("userID", json!(7), "Invalid parameter userID"),
            ("certificates", json!("all"), "Invalid parameter certificates"),
            ("credentialInfo", json!("true"), "Invalid parameter credentialInfo"),
            ("onlyValid", json!(1), "Invalid parameter onlyValid"),
            ("pageToken", json!("a/b"), "Invalid parameter pageToken"),
            ("clientData", json!({}), "Invalid parameter clientData"),
        ] {
            invalid(list(json!({ name: value })), said);
        }
    });
}

#[test]
fn a_seat_is_named_by_user_id_where_the_token_names_none() {
    on_both(|scene| {
        let own = scene.enrol(&Plan::pin_only(), Status::Active);
        scene.enrol(&Plan { seat: "eve@acme", ..Plan::pin_only() }, Status::Active);
        let any_seat = json!(["credentials:use-any-seat"]);
        scene.client(json!({ "clientId": "desk", "tenants": ["acme"], "permissions": any_seat }));
        let desk = scene.token("desk", "tenant:acme");
        let list = |body: Value| scene.http.post("/csc/v2/credentials/list").bearer(&desk).json(&body).send();
        invalid(list(json!({ "credentialInfo": true })), "Invalid parameter userID");
        invalid(list(json!({ "userID": "a b" })), "Invalid parameter userID");
        let named = list(json!({ "userID": "JDOE@acme", "credentialInfo": true })).expect(200).json();
        assert_eq!(named["credentialIDs"], json!([own.id]));
        assert_eq!(named["credentialInfos"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_credential_tells_what_it_asks_of_its_signer() {
    let scene = Scene::on(Database::Sqlite);
    let both = scene.enrol(&Plan::default(), Status::Active);
    let info = |parts: Value| {
        let body = with(&parts, "credentialID", both.id.as_str().into());
        csc(&scene, &both, "credentials/info", &body)
    };
    let told = info(json!({})).expect(200).json();
    assert!(told.get("credentialID").is_none() && told.get("authMode").is_none(), "{told}");
    let auth = &told["auth"];
    assert_eq!((&auth["mode"], &auth["expression"]), (&json!("explicit"), &json!("PIN AND OTP")));
    let [pin, otp] = auth["objects"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!((&pin["id"], &pin["type"], &pin["format"]), (&json!("PIN"), &json!("Password"), &json!("N")));
    assert!(pin.get("generator").is_none(), "{told}");
    assert_eq!((&otp["id"], &otp["type"], &otp["format"]), (&json!("OTP"), &json!("Password"), &json!("N")));
    assert_eq!(otp["generator"], "totp");
    for object in [pin, otp] {
        assert!(object["label"].is_string() && object["description"].is_string(), "{told}");
    }
    assert_eq!((&told["SCAL"], &told["scal"]), (&json!("2"), &json!("2")));
    assert_eq!(told["multisign"], 10);
    assert_eq!(told["key"]["curve"], "1.2.840.10045.3.1.7");

    // Names and dates without being asked; arrays, never null.
    assert_eq!(told["cert"]["certificates"].as_array().unwrap().len(), 1);
    for name in ["issuerDN", "serialNumber", "subjectDN", "validFrom", "validTo"] {
        assert!(told["cert"][name].is_string(), "{name}: {told}");
    }
    assert!(told["cert"]["qcStatements"].is_array() && told["cert"]["policy"].is_array(), "{told}");
    let bare = info(json!({ "certificates": "none" })).expect(200).json();
    assert!(bare["cert"].get("certificates").is_none() && bare["cert"]["subjectDN"].is_string(), "{bare}");
    let asked = json!({ "certificates": "single", "certInfo": true, "auth_info": true, "lang": "it" });
    assert_eq!(info(asked).expect(200).json(), told);

    let plan = Plan::pin_only().with(json!({ "scal": "1" }));
    let pin_only = scene.enrol(&plan, Status::Active);
    let told = csc(&scene, &pin_only, "credentials/info", &json!({ "credentialID": pin_only.id }));
    let told = told.expect(200).json();
    assert_eq!((&told["auth"]["expression"], &told["SCAL"]), (&json!("PIN"), &json!("1")));

    invalid(info(json!({ "certificates": 1 })), "Invalid parameter certificates");
    let missing = csc(&scene, &both, "credentials/info", &json!({ "certificates": "chain" }));
    invalid(missing, "Missing (or invalid type) string parameter credentialID");
    let unknown = csc(&scene, &both, "credentials/info", &json!({ "credentialID": "a/b" }));
    invalid(unknown, "Invalid parameter credentialID");
}

#[test]
fn an_authorisation_is_refused_in_the_words_of_version_2() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::default(), Status::Active);
        let one = [hash("one")];
        let right = authorization(scene, &credential, 1, &one);
        let call = |body: &Value| csc(scene, &credential, "credentials/authorize", body);
        let data = |data: Value| with(&right, "authData", data);
        let code = right["authData"][1]["value"].clone();
        let pin = json!({ "id": "PIN", "value": PIN });
        let otp = json!({ "id": "OTP", "value": code });

        for (name, value, said) in [
            ("credentialID", Value::Null, "Missing (or invalid type) string parameter credentialID"),
            ("credentialID", json!("no-such"), "Invalid parameter credentialID"),
            ("numSignatures", Value::Null, "Missing (or invalid type) integer parameter numSignatures"),
            ("numSignatures", json!(0), "Invalid value for parameter numSignatures"),
            ("numSignatures", json!(11), "Numbers of signatures is too high"),
            ("hashes", Value::Null, "Missing (or invalid type) array parameter hash"),
            ("hashes", json!("x"), "Missing (or invalid type) array parameter hash"),
            ("hashes", json!([]), "Empty hash array"),
            ("hashes", json!(["*"]), "Invalid Base64 hash string parameter"),
            ("hashes", json!(["000"]), "Invalid digest value length"),
            ("hash", json!(["AAAA"]), "The parameter hash is there twice, with different values"),
            ("hashAlgorithmOID", json!("1.2.3"), "Invalid parameter hashAlgorithmOID"),
            ("hashAlgorithmOID", json!("2.16.840.1.101.3.4.2.2"), "Invalid digest value length"),
            ("hashAlgorithmOID", json!(7), "Missing (or invalid type) string parameter hashAlgorithmOID"),
            ("description", json!("x".repeat(501)), "Invalid parameter description"),
            ("clientData", json!(1), "Invalid parameter clientData"),
            ("authData", json!("x"), "Missing (or invalid type) array parameter authData"),
            ("authData", json!([pin, pin]), "Invalid parameter authData: an id is there twice"),
            ("authData", json!([{ "id": "RING" }]), "Invalid parameter authData: no auth object has this id"),
            ("authData", json!([{ "value": PIN }]), "Invalid parameter authData: an entry's id is no text"),
            (
                "authData",
                json!([{ "id": "PIN", "value": 471_193 }]),
                "Invalid parameter authData: a value is no text",
            ),
        ] {
            invalid(call(&with(&right, name, value)), said);
        }

        // Which factor is wrong or missing is not told.
        wrong_factor(call(&data(json!([]))));
        wrong_factor(call(&without(&right, "authData")));
        wrong_factor(call(&data(json!([pin]))));
        wrong_factor(call(&data(json!([pin, { "id": "OTP" }]))));
        wrong_factor(call(&data(json!([{ "id": "PIN", "value": "000000" }, otp]))));
        let wrong = if code == "000000" { "000001" } else { "000000" };
        wrong_factor(call(&data(json!([pin, { "id": "OTP", "value": wrong }]))));
        // The same one-time password serves the good call, and no further one.
        call(&right).expect(200);
        wrong_factor(call(&right));

        // And locks.
        let wrong_pin = data(json!([{ "id": "PIN", "value": "000000" }, otp]));
        for _ in 0..5 {
            wrong_factor(call(&wrong_pin));
        }
        invalid(call(&wrong_pin), "Credential locked");
        invalid(call(&right), "Credential locked");
    });
}

#[test]
fn what_other_clients_call_things_is_understood() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::default(), Status::Active);
        let one = [hash("one")];
        // Factors in fields of their own, the singular, and v1's names.
        let authorized = csc(
            scene,
            &credential,
            "credentials/authorize",
            &json!({
                "credentialID": credential.id, "numSignature": "1", "hash": base64_all(&one), "hashAlgo": SHA256,
                "PIN": PIN, "OTP": scene.otp_code(&credential), "client_data": "x",
            }),
        );
        let sad = authorized.expect(200).json()["SAD"].clone();
        let percent = base64_all(&one)[0].as_str().unwrap().replace('=', "%3D");
        let signed = csc(
            scene,
            &credential,
            "signatures/signHash",
            &json!({
                "credentialID": credential.id, "SAD": sad, "hashes": [percent], "hashAlgorithmOID": SHA256,
                "signAlgo": ECDSA, "sign_algo_params": null, "operationMode": "S", "validity_period": null,
                "response_uri": null, "client_data": "x",
            }),
        );
        let made = signatures(&signed.expect(200));
        let scheme = SignatureScheme::Ecdsa(Digest::Sha256);
        assert!(verify(&credential.certificate, scheme, &one[0], &made[0]).unwrap());
    });
}

#[test]
fn signatures_are_refused_in_the_words_of_version_2_and_cost_nothing_then() {
    on_both(|scene| {
        let plan = Plan { certificate_days: 2, ..Plan::pin_only().with(json!({ "sadValidity": 3600 })) };
        let credential = scene.enrol(&plan, Status::Active);
        let (one, two) = ([hash("one")], [hash("two")]);
        let body = authorization(scene, &credential, 2, &one);
        let authorize = || csc(scene, &credential, "credentials/authorize", &body).expect(200).json();
        let sad = authorize()["SAD"].as_str().unwrap().to_owned();
        let right = signing(&credential, &sad, &one);
        let call = |body: &Value| csc(scene, &credential, "signatures/signHash", body);
        let rsa = "1.2.840.113549.1.1.1";
        for (name, value, said) in [
            ("credentialID", Value::Null, "Missing (or invalid type) string parameter credentialID"),
            ("credentialID", json!("no-such"), "Invalid parameter credentialID"),
            ("SAD", Value::Null, "Missing (or invalid type) string parameter SAD"),
            ("SAD", json!("xxx"), "Invalid parameter SAD"),
            ("hashes", Value::Null, "Missing (or invalid type) array parameter hash"),
            ("hashes", json!([]), "Empty hash array"),
            ("hashes", json!(["*"]), "Invalid Base64 hash string parameter"),
            ("hashes", json!(["000"]), "Invalid digest value length"),
            ("hashes", base64_all(&two), "Hash is not authorized by the SAD"),
            ("signAlgo", Value::Null, "Missing (or invalid type) string parameter signAlgo"),
            ("signAlgo", json!(rsa), "Invalid parameter signAlgo"),
            ("signAlgoParams", json!(7), "Missing (or invalid type) string parameter signAlgoParams"),
            ("hashAlgorithmOID", json!("2.16.840.1.101.3.4.2.2"), "Invalid parameter hashAlgorithmOID"),
            ("hashAlgorithmOID", json!("1.2.3"), "Invalid parameter hashAlgorithmOID"),
            ("operationMode", json!("X"), "Invalid parameter operationMode"),
            ("clientData", json!(7), "Invalid parameter clientData"),
        ] {
            invalid(call(&with(&right, name, value)), said);
        }
        let nameless = without(&with(&right, "signAlgo", json!(rsa)), "hashAlgorithmOID");
        invalid(call(&nameless), "Missing (or invalid type) string parameter hashAlgorithmOID");
        call(&right).expect(200);
        invalid(call(&right), "Hash is not authorized by the SAD");

        // The next SAD is for the next hash; the former is dead.
        let extend = |body: &Value| csc(scene, &credential, "credentials/extendTransaction", body);
        let next = json!({
            "credentialID": credential.id, "SAD": sad, "hashes": base64_all(&two), "hashAlgorithmOID": SHA256,
        });
        invalid(extend(&with(&next, "SAD", json!("xxx"))), "Invalid parameter SAD");
        invalid(extend(&without(&next, "hashes")), "Missing (or invalid type) array parameter hash");
        invalid(extend(&with(&next, "hashAlgorithmOID", json!("1"))), "Invalid parameter hashAlgorithmOID");
        let extended = extend(&next).expect(200).json();
        let renewed = extended["SAD"].as_str().unwrap();
        assert!(renewed != sad && extended["expiresIn"].is_u64(), "{extended}");
        invalid(call(&right), "Invalid parameter SAD");
        call(&signing(&credential, renewed, &two)).expect(200);
        invalid(call(&signing(&credential, renewed, &two)), "Invalid parameter SAD");

        // Time runs out for a SAD, and for the certificate.
        let old = authorize()["SAD"].as_str().unwrap().to_owned();
        scene.clock.advance(3601);
        invalid(call(&signing(&credential, &old, &one)), "SAD expired");
        scene.clock.advance(2 * 86_400 - 3601 - 60);
        let last = authorize()["SAD"].as_str().unwrap().to_owned();
        scene.clock.advance(120);
        invalid(call(&signing(&credential, &last, &one)), "Signing certificate is expired");
        invalid(csc(scene, &credential, "credentials/authorize", &body), "Invalid certificate status");
    });
}

#[test]
fn one_credential_serves_both_versions() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::default(), Status::Active);
        let hashes = [hash("one"), hash("two"), hash("three")];
        let verified = |reply: Reply, hashes: &[Vec<u8>]| {
            let made = signatures(&reply.expect(200));
            for (hash, signature) in hashes.iter().zip(&made) {
                let scheme = SignatureScheme::Ecdsa(Digest::Sha256);
                assert!(verify(&credential.certificate, scheme, hash, signature).unwrap());
            }
            assert_eq!(made.len(), hashes.len());
        };
        // Authorised under one version, used under the other, both ways and in turns.
        let sad = authorize(scene, &credential, 3, &hashes);
        verified(scene.sign(&credential, &sad, &hashes[..1]), &hashes[..1]);
        let v2 = |sad: &str, hashes: &[Vec<u8>]| {
            csc(scene, &credential, "signatures/signHash", &signing(&credential, sad, hashes))
        };
        verified(v2(&sad, &hashes[1..]), &hashes[1..]);
        let spent = scene.sign(&credential, &sad, &hashes[..1]).expect(400).json();
        assert_eq!(
            spent,
            json!({ "error": "invalid_request", "error_description": "Invalid parameter SAD" })
        );

        let sad = scene.authorize(&credential, 2, &hashes[..1]);
        verified(v2(&sad, &hashes[..1]), &hashes[..1]);
        let next = json!({
            "credentialID": credential.id, "SAD": sad, "hashes": base64_all(&hashes[1..2]),
            "hashAlgorithmOID": SHA256,
        });
        let extended = csc(scene, &credential, "credentials/extendTransaction", &next).expect(200).json();
        verified(scene.sign(&credential, extended["SAD"].as_str().unwrap(), &hashes[1..2]), &hashes[1..2]);

        // A wrong PIN in one is a wrong PIN in the other: they count together, and say it in their own words.
        let mut v1 = scene.authorization(&credential, 1, &hashes[..1]);
        v1["PIN"] = "000000".into();
        let body = authorization(scene, &credential, 1, &hashes[..1]);
        let code = body["authData"][1].clone();
        let wrong = with(&body, "authData", json!([{ "id": "PIN", "value": "000000" }, code]));
        for _ in 0..2 {
            let said = scene.csc(&credential.token, "credentials/authorize", &v1).expect(400).json();
            assert_eq!(said["error"], "invalid_pin");
            wrong_factor(csc(scene, &credential, "credentials/authorize", &wrong));
        }
        wrong_factor(csc(scene, &credential, "credentials/authorize", &wrong));
        let locked = scene.csc(&credential.token, "credentials/authorize", &v1).expect(400).json();
        assert_eq!(locked["error_description"], "PIN locked");
        invalid(csc(scene, &credential, "credentials/authorize", &body), "Credential locked");

        // Both tell the same of it.
        let id = json!({ "credentialID": credential.id, "certInfo": true });
        let v1 = scene.csc(&credential.token, "credentials/info", &id).expect(200).json();
        let v2 = csc(scene, &credential, "credentials/info", &id).expect(200).json();
        assert_eq!((&v1["key"], &v1["SCAL"], &v1["multisign"]), (&v2["key"], &v2["SCAL"], &v2["multisign"]));
        for field in
            ["status", "certificates", "issuerDN", "subjectDN", "serialNumber", "validFrom", "validTo"]
        {
            assert_eq!(v1["cert"][field], v2["cert"][field], "{field}");
        }
    });
}

/// Lets the CSC clients of acme create credentials under these configurations.
fn allow(scene: &Scene, configurations: &[&str]) -> Reply {
    let change = json!({ "cscCreation": { "configurations": configurations } });
    scene.http.patch("/api/v1/tenants/acme").bearer(&scene.admin()).json(&change).send()
}

#[test]
fn a_client_creates_what_the_tenant_allows_and_it_is_enrolled_like_any_other() {
    on_both(|scene| {
        let token = scene.token("acme", "seat:jdoe@acme tenant:acme");
        let create = |token: &str, request: Value| {
            let body = json!({ "credentialCreationRequest": request, "clientData": "x" });
            scene.http.post("/csc/v2/credentials/create").bearer(token).json(&body).send()
        };
        let refusal = create(&token, json!({})).expect(403).json();
        assert_eq!(refusal["error"], "insufficient_scope");

        let pin = scene.configuration(json!({ "name": "pin", "secondFactors": ["PIN"] }));
        let both = scene.configuration(json!({ "name": "both" }));
        let others = scene.configuration(json!({ "tenant": "globex" }));
        for odd in [&[others.as_str()][..], &["no-such"], &[&pin, &pin]] {
            assert_eq!(allow(scene, odd).expect(400).json()["code"], "invalid_request");
        }
        let allowed = allow(scene, &[&pin]).expect(200).json();
        assert_eq!(allowed["cscCreation"], json!({ "configurations": [pin] }));

        // The only one need not be named; the subject is the person's.
        let person = json!({ "givenName": "Jane", "surname": "Doe", "issuingCountry": "DE" });
        let made = create(&token, json!({ "subjectData": person })).expect(200).json();
        let id = made["credentialID"].as_str().unwrap();
        assert_eq!(made, json!({ "credentialID": id }));
        let post = |step: &str, body: Value| {
            let path = format!("/api/v1/credentials/{id}/{step}");
            scene.http.post(&path).bearer(&token).json(&body).send().expect(201).json()
        };
        post("second-factors", json!({ "type": "PIN", "value": PIN }));
        let pair = post("key-pair", json!({ "keyAlgorithm": "EC" }));
        let csr = pem_body(pair["csr"].as_str().unwrap());
        let certificate = scene.authority.issue(&csr, 365, scene.clock.now()).unwrap();
        let operator = scene.token("acme-ca", "");
        let upload = scene.http.put(&format!("/api/v1/credentials/{id}/certificate")).bearer(&operator);
        let chain = scene.authority.pkcs7_der(&certificate);
        upload.bytes("application/pkcs7-mime", chain).send().expect(200);
        let call = |method: &str, body: Value| {
            scene.http.post(&format!("/csc/v2/{method}")).bearer(&token).json(&body).send()
        };
        let told = call("credentials/info", json!({ "credentialID": id })).expect(200).json();
        assert_eq!(told["cert"]["subjectDN"], "GIVENNAME=Jane,SURNAME=Doe,CN=Jane Doe,C=DE");
        assert_eq!(told["auth"]["expression"], "PIN");

        // Of several one has to be named, by its id or by its name.
        allow(scene, &[&pin, &both]).expect(200);
        invalid(create(&token, json!({})), "Invalid parameter certificatePolicy");
        for odd in ["no-such", &others, ""] {
            let reply = create(&token, json!({ "certificatePolicy": odd }));
            invalid(reply, "Invalid parameter certificatePolicy");
        }
        for named in ["both", &both] {
            let made = create(&token, json!({ "certificatePolicy": named })).expect(200).json();
            let path = format!("/api/v1/credentials/{}", made["credentialID"].as_str().unwrap());
            let shown = scene.http.get(&path).bearer(&token).send().expect(200).json();
            assert_eq!(shown["requiredSecondFactors"], json!(["PIN", "OTP"]));
        }
        let odd =
            create(&token, json!({ "certificatePolicy": "pin", "subjectData": { "issuingCountry": "DE" } }));
        invalid(odd, "Invalid parameter subjectData");

        // It is for the seat that the token names, of those who provision.
        assert_eq!(
            create(&scene.token("acme", "tenant:acme"), json!({})).expect(403).json()["error"],
            "insufficient_scope"
        );
        let auditor = scene.token("acme-auditor", "tenant:acme");
        create(&auditor, json!({ "certificatePolicy": "pin" })).expect(403);

        // And its end.
        let other = scene.token("acme", "seat:eve@acme tenant:acme");
        let delete = |token: &str, body: Value| {
            scene.http.post("/csc/v2/credentials/delete").bearer(token).json(&body).send()
        };
        let this = json!({ "credentialID": id, "clientData": "x" });
        invalid(delete(&other, this.clone()), "Invalid parameter credentialID");
        invalid(delete(&token, json!({})), "Missing (or invalid type) string parameter credentialID");
        assert_eq!(delete(&token, this.clone()).expect(200).json(), json!({}));
        invalid(delete(&token, this.clone()), "Invalid parameter credentialID");
        invalid(call("credentials/info", this), "Invalid parameter credentialID");

        let nothing = json!({ "cscCreation": null });
        let admin = scene.admin();
        scene.http.patch("/api/v1/tenants/acme").bearer(&admin).json(&nothing).send().expect(200);
        create(&token, json!({ "certificatePolicy": "pin" })).expect(403);
    });
}
