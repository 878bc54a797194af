//! signatures/timestamp, against a time-stamping authority that does what it should, and against one that does not.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::config::{self, Config, Database, DatabaseUrl};
use countersign::model::time::Clock;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::postgres;
use crate::support::tsa::{Manner, Tsa};
use crate::support::world::World;

const VERSIONS: [&str; 2] = ["v1", "v2"];
const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA1: &str = "1.3.14.3.2.26";
/// For the few calls that have to wait until nothing comes.
const PATIENCE: u64 = 1;

/// A service with a TSA, at the TSA's own time, and a token of someone who may sign.
struct Stage {
    world: World,
    tsa: Tsa,
    token: String,
}

impl Stage {
    fn on_sqlite(configure: impl Fn(&mut config::Tsa)) -> Stage {
        Stage::on(configure, |_| ())
    }

    fn on(configure: impl Fn(&mut config::Tsa), place: impl Fn(&mut Config)) -> Stage {
        let tsa = Tsa::start();
        let mut settings = config::Tsa::at(tsa.url().parse().unwrap());
        configure(&mut settings);
        let world = World::configured_at(Clock::System.now(), |config| {
            config.tsa = Some(settings);
            place(config);
        });
        world.tenant("acme");
        let client = world.client("acme", json!({ "tenants": ["acme"] }));
        let token = world.token(&client, "seat:jdoe@acme tenant:acme");
        Stage { world, tsa, token }
    }

    fn post(&self, version: &str, body: &Value) -> Reply {
        let path = format!("/csc/{version}/signatures/timestamp");
        self.world.http.post(&path).bearer(&self.token).json(body).send()
    }

    /// The answer to a request that is good.
    fn stamp(&self) -> Reply {
        self.post(
            "v1",
            &json!({ "hash": STANDARD.encode([7; 32]), "hashAlgo": SHA256, "nonce": "1234567890" }),
        )
    }

    #[track_caller]
    fn token_of(&self, reply: Reply) -> Vec<u8> {
        let reply = reply.expect(200);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let body = reply.json();
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        STANDARD.decode(body["timestamp"].as_str().unwrap()).unwrap()
    }
}

#[test]
fn a_digest_is_stamped_under_both_versions_and_remembered() {
    let postgres = DatabaseUrl::parse(&postgres::database()).unwrap();
    let places: [&dyn Fn(&mut Config); 2] = [&|_| (), &|config| {
        config.database = Database { url: postgres.clone(), ..config.database.clone() };
    }];
    for place in places {
        let stage = Stage::on(|_| (), place);
        for (version, hash, algorithm, nonce, shown) in [
            ("v1", vec![1; 32], SHA256, Some("1234567890"), "0x1234567890"),
            ("v2", vec![2; 32], SHA256, Some("00fF"), "0xFF"),
            ("v1", vec![3; 48], "2.16.840.1.101.3.4.2.2", None, "unspecified"),
        ] {
            let mut body =
                json!({ "hash": STANDARD.encode(&hash), "hashAlgo": algorithm, "clientData": "bill-7" });
            if let Some(nonce) = nonce {
                body["nonce"] = nonce.into();
            }
            let token = stage.token_of(stage.post(version, &body));
            let digits: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
            let text = stage.tsa.inspect(&token, &digits);
            assert!(text.contains(&format!("Nonce: {shown}\n")), "{text}");

            let asked = stage.tsa.heads();
            assert_eq!(asked.len(), 1, "{asked:?}");
            let head = asked[0].to_lowercase();
            assert!(head.starts_with("post /tsr http/1.1\r\n"), "{head}");
            for header in [
                "content-type: application/timestamp-query",
                "accept: application/timestamp-reply",
                &format!("authorization: basic {}", STANDARD.encode("countersign:hunter2").to_lowercase()),
            ] {
                assert!(head.lines().any(|line| line == header), "{header} is not in {head}");
            }
        }
        let admin = stage.world.admin_token();
        let events =
            stage.world.http.get("/api/v1/audit-events?action=timestamp.issue").bearer(&admin).send();
        let events = events.expect(200).json();
        let events = events["items"].as_array().unwrap();
        assert_eq!(events.len(), 3, "{events:?}");
        for event in events {
            assert_eq!(event["tenant"], "acme", "{event}");
            assert_eq!(event["actor"], "client:acme", "{event}");
            assert_eq!(event["details"]["clientData"], "bill-7", "{event}");
            assert!(
                event["details"]["hash"].is_string() && event["details"]["hashAlgo"].is_string(),
                "{event}"
            );
        }
    }
}

#[test]
fn it_is_there_only_with_a_tsa() {
    let methods = |world: &World| world.http.get("/csc/v1/info").send().expect(200).json()["methods"].clone();
    let is_listed = |methods: Value| methods.as_array().unwrap().contains(&json!("signatures/timestamp"));
    assert!(is_listed(methods(&Stage::on_sqlite(|_| ()).world)));
    let without = World::sqlite();
    assert!(!is_listed(methods(&without)));
    let admin = without.admin_token();
    for version in VERSIONS {
        let unknown = without.http.post(&format!("/csc/{version}/no/such")).send().expect(501).body;
        let post = || without.http.post(&format!("/csc/{version}/signatures/timestamp"));
        for request in [post(), post().bearer("x"), post().bearer(&admin).bytes("text/plain", "x")] {
            assert_eq!(request.send().expect(501).body, unknown);
        }
    }
}

#[test]
fn who_may_sign_may_have_times_stamped_and_nobody_else() {
    let stage = Stage::on_sqlite(|_| ());
    let body = json!({ "hash": STANDARD.encode([7; 32]), "hashAlgo": SHA256 });
    let world = &stage.world;
    let auditor = world.client("eyes", json!({ "tenants": ["acme"], "roles": ["auditor"] }));
    let seatless = world.client("seatless", json!({ "tenants": ["acme"] }));
    for version in VERSIONS {
        let post = || world.http.post(&format!("/csc/{version}/signatures/timestamp"));
        // Bodies are not looked at before tokens are.
        let nobody = post().bytes("text/plain", "{").send().expect(401);
        assert_eq!(nobody.json()["error"], "invalid_token");
        assert_eq!(post().bearer("x").json(&body).send().expect(401).json()["error"], "invalid_token");
        for token in
            [world.admin_token(), world.token(&auditor, "tenant:acme"), world.token(&seatless, "tenant:acme")]
        {
            let refused = post().bearer(&token).json(&body).send().expect(403).json();
            assert_eq!(refused["error"], "insufficient_scope", "{refused}");
        }
    }
    assert_eq!(stage.tsa.heads(), Vec::<String>::new());
}

#[test]
fn refusals_are_csc_s_and_ask_nobody() {
    let stage = Stage::on_sqlite(|_| ());
    let good = STANDARD.encode([7; 32]);
    for version in VERSIONS {
        for (body, said) in [
            (json!({}), "Missing (or invalid type) string parameter hash"),
            (json!({ "hash": 7 }), "Missing (or invalid type) string parameter hash"),
            (json!({ "hash": "", "hashAlgo": SHA256 }), "Empty hash parameter"),
            (json!({ "hash": "000", "hashAlgo": SHA256 }), "Invalid digest value length"),
            (json!({ "hash": "***", "hashAlgo": SHA256 }), "Invalid Base64 hash string parameter"),
            (json!({ "hash": good, "hashAlgo": "1.2.3" }), "Invalid parameter hashAlgo"),
            (json!({ "hash": good }), "Invalid parameter hashAlgo"),
            (json!({ "hash": STANDARD.encode([7; 20]), "hashAlgo": SHA1 }), "Invalid parameter hashAlgo"),
            (json!({ "hash": good, "hashAlgo": SHA256, "nonce": "xyz" }), "Invalid parameter nonce"),
            (
                json!({ "hash": good, "hashAlgo": SHA256, "nonce": "f".repeat(129) }),
                "Invalid parameter nonce",
            ),
        ] {
            let refused = stage.post(version, &body).expect(400).json();
            assert_eq!(refused["error"], "invalid_request", "{body}");
            assert_eq!(refused["error_description"], said, "{body}");
        }
    }
    assert_eq!(stage.tsa.heads(), Vec::<String>::new());
    // The TSA stamps no SHA-512; what it does not stamp is the caller's to choose otherwise.
    let sha512 = json!({ "hash": STANDARD.encode([7; 64]), "hashAlgo": "2.16.840.1.101.3.4.2.3" });
    for version in VERSIONS {
        let refused = stage.post(version, &sha512).expect(400).json();
        assert_eq!(refused["error_description"], "Invalid parameter hashAlgo");
    }
}

#[test]
fn sha_1_is_stamped_when_that_was_allowed() {
    let stage = Stage::on_sqlite(|settings| settings.allow_sha1 = true);
    // What a tester in the field sends, with a nonce and without; an older client sends a list.
    for body in [
        json!({ "hash": STANDARD.encode([7; 20]), "hashAlgo": SHA1, "nonce": "1479153617" }),
        json!({ "hash": STANDARD.encode([7; 20]), "hashAlgo": SHA1 }),
        json!({ "hash": [STANDARD.encode([7; 20])], "hashAlgo": SHA1 }),
    ] {
        let token = stage.token_of(stage.post("v1", &body));
        assert!(stage.tsa.inspect(&token, &"07".repeat(20)).contains("sha1"));
    }
}

#[test]
fn the_policy_is_the_one_that_is_set() {
    let stage = Stage::on_sqlite(|settings| settings.policy = Some("1.2.3.4.5".parse().unwrap()));
    let token = stage.token_of(stage.stamp());
    let text = stage.tsa.inspect(&token, &"07".repeat(32));
    assert!(text.contains("Policy OID: 1.2.3.4.5"), "{text}");
    let stage = Stage::on_sqlite(|settings| settings.policy = Some("1.2.3.9".parse().unwrap()));
    unavailable(stage.stamp());
}

/// 503 in CSC's words, with nothing of what is behind.
#[track_caller]
fn unavailable(reply: Reply) {
    let reply = reply.expect(503);
    assert!(reply.header("retry-after").is_some());
    let expected = json!({
        "error": "temporarily_unavailable",
        "error_description": "The time-stamping authority gave no token. Try again later.",
    });
    assert_eq!(reply.json(), expected);
}

#[test]
fn whatever_a_tsa_does_wrong_is_unavailable_and_nothing_hangs() {
    let stage = Stage::on_sqlite(|settings| settings.timeout = PATIENCE.try_into().unwrap());
    let query = |hash: u8, nonce: &[u8]| {
        let imprint = [
            &[0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65][..],
            &[0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20],
            &[hash; 32],
        ]
        .concat();
        let nonce = [&[2, nonce.len() as u8][..], nonce].concat();
        let fields = [&[2, 1, 1][..], &imprint, &nonce, &[1, 1, 0xff]].concat();
        [&[0x30, fields.len() as u8][..], &fields].concat()
    };
    let nonce = [0x12, 0x34, 0x56, 0x78, 0x90];
    // The query that the service sends, so that the others differ in one thing only.
    stage.tsa.behave(Manner::For(query(7, &nonce)));
    stage.token_of(stage.stamp());

    let redirect = format!("HTTP/1.1 307 X\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", stage.tsa.url());
    let huge = vec![0x30; 70_000];
    let rejection = vec![0x30, 0x09, 0x30, 0x07, 2, 1, 2, 3, 2, 5, 0x20];
    for (what, manner) in [
        ("another imprint", Manner::For(query(8, &nonce))),
        ("another nonce", Manner::For(query(7, &[1]))),
        ("a rejection", Manner::Body(rejection)),
        ("an empty answer", Manner::Body(Vec::new())),
        ("garbage", Manner::Body(b"<html>hunter2</html>".to_vec())),
        ("a long answer", Manner::Body(huge)),
        ("a redirect", Manner::Saying(redirect.into_bytes())),
        ("an error", Manner::Saying(b"HTTP/1.1 500 hunter2\r\ncontent-length: 7\r\n\r\nhunter2".to_vec())),
        ("no HTTP", Manner::Saying(b"220 hunter2\r\n".to_vec())),
        ("hanging up", Manner::Saying(Vec::new())),
        ("silence", Manner::Silent),
    ] {
        stage.tsa.behave(manner);
        stage.tsa.heads();
        let begun = Instant::now();
        let reply = stage.stamp();
        assert!(reply.status == 503, "{what}: {}", reply.text());
        unavailable(reply);
        assert!(begun.elapsed() < Duration::from_secs(10 * PATIENCE), "{what}");
        // Nothing is followed, nothing tried again.
        assert_eq!(stage.tsa.heads().len(), 1, "{what}");
    }
    stage.tsa.behave(Manner::Good);
    stage.token_of(stage.stamp());
    let admin = stage.world.admin_token();
    let events = stage.world.http.get("/api/v1/audit-events?action=timestamp.issue").bearer(&admin).send();
    assert_eq!(events.expect(200).json()["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_slow_tsa_holds_up_those_only_who_wait_for_it() {
    let stage = Stage::on_sqlite(|settings| settings.timeout = 600.try_into().unwrap());
    stage.tsa.behave(Manner::Silent);
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| stage.stamp())).collect();
        while stage.tsa.waiting() < 8 {
            std::thread::yield_now();
        }
        let ninth = stage.stamp().expect(503);
        assert_eq!(ninth.json()["error"], "temporarily_unavailable");
        assert!(ninth.json()["error_description"].as_str().unwrap().contains("as there may be"));
        // Others are served meanwhile.
        let list = stage.world.http.post("/csc/v1/credentials/list").bearer(&stage.token);
        list.json(&json!({})).send().expect(200);
        stage.tsa.hang_up();
        for caller in waiting {
            unavailable(caller.join().unwrap());
        }
    });
    stage.tsa.behave(Manner::Good);
    stage.token_of(stage.stamp());
}
