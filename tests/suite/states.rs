//! Steps in any order never bring a credential into a state that its life does not have: random walks over the wire,
//! held against a model of a few lines.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::http::Reply;
use crate::support::scene::{Credential, PIN, Plan, Scene, Status, hash, on_both};

/// Walks per database. Another set of them: `COUNTERSIGN_TEST_SEED=<number>`.
const WALKS: u64 = 8;
const STEPS: usize = 24;
/// Fewer than lock a factor here.
const MOST_WRONG_CODES: usize = 5;

#[test]
fn steps_in_any_order_lead_only_where_the_life_of_a_credential_goes() {
    let first = std::env::var("COUNTERSIGN_TEST_SEED").map_or(1, |seed| seed.parse().unwrap());
    on_both(|scene| {
        let mut seen = BTreeSet::new();
        for seed in first..first + WALKS {
            seen.extend(walk(scene, seed));
        }
        let life = ["active", "awaiting_certificate", "created", "destroyed", "protected"];
        assert_eq!(seen, BTreeSet::from(life), "the walks did not come far enough");
    });
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    AddPin,
    AddWeakPin,
    AddOtp,
    Confirm,
    ConfirmWrongly,
    MakeKey,
    AttachChain,
    AttachForeignChain,
    Authorize,
    AuthorizeWrongly,
    Sign,
    Destroy,
}

const CHOICES: [Step; 12] = [
    Step::AddPin,
    Step::AddWeakPin,
    Step::AddOtp,
    Step::Confirm,
    Step::ConfirmWrongly,
    Step::MakeKey,
    Step::AttachChain,
    Step::AttachForeignChain,
    Step::Authorize,
    Step::AuthorizeWrongly,
    Step::Sign,
    Step::Destroy,
];

/// What the contract says of a credential, as little of it as decides which step is open.
#[derive(Clone, Debug, Default)]
struct Model {
    needs_pin: bool,
    needs_otp: bool,
    pin: bool,
    otp: bool,
    confirmed: bool,
    key: bool,
    chain: bool,
    destroyed: bool,
    /// Signatures left on the last SAD.
    budget: usize,
}

impl Model {
    fn status(&self) -> &'static str {
        let protected = (self.pin || !self.needs_pin) && (self.confirmed || !self.needs_otp);
        match self {
            Model { destroyed: true, .. } => "destroyed",
            Model { chain: true, .. } => "active",
            Model { key: true, .. } => "awaiting_certificate",
            _ if protected => "protected",
            _ => "created",
        }
    }

    fn next_step(&self) -> Option<&'static str> {
        match self.status() {
            "created" if (self.needs_pin && !self.pin) || (self.needs_otp && !self.otp) => {
                Some("add_second_factor")
            }
            "created" => Some("confirm_otp"),
            "protected" => Some("generate_key_pair"),
            "awaiting_certificate" => Some("add_certificate"),
            _ => None,
        }
    }

    /// The step that `nextStep` speaks of.
    fn leading_on(&self) -> Option<Step> {
        match self.next_step()? {
            "add_second_factor" if self.needs_pin && !self.pin => Some(Step::AddPin),
            "add_second_factor" => Some(Step::AddOtp),
            "confirm_otp" => Some(Step::Confirm),
            "generate_key_pair" => Some(Step::MakeKey),
            _ => Some(Step::AttachChain),
        }
    }

    /// Whether a step has to succeed here; if so, it is taken.
    fn take(&mut self, step: Step) -> bool {
        let status = self.status();
        match step {
            Step::AddPin if status == "created" && self.needs_pin && !self.pin => self.pin = true,
            Step::AddOtp if status == "created" && self.needs_otp && !self.confirmed => self.otp = true,
            Step::Confirm if status == "created" && self.otp && !self.confirmed => self.confirmed = true,
            Step::MakeKey if status == "protected" => self.key = true,
            Step::AttachChain if status == "awaiting_certificate" => self.chain = true,
            // The same chain again is the same answer.
            Step::AttachChain if status == "active" => {}
            Step::Authorize if status == "active" => self.budget = 2,
            Step::Sign if status == "active" && self.budget > 0 => self.budget -= 1,
            Step::Destroy if status != "destroyed" => self.destroyed = true,
            _ => return false,
        }
        true
    }
}

/// What the walker has in hand besides the credential.
#[derive(Default)]
struct Hand {
    csr: Option<String>,
    chain: Option<Vec<u8>>,
    sad: String,
}

/// The statuses that the credential had on its way.
fn walk(scene: &Scene, seed: u64) -> BTreeSet<&'static str> {
    let mut random = Random(seed);
    let factors = [json!(["PIN"]), json!(["OTP"]), json!(["PIN", "OTP"])][random.below(3)].clone();
    let needs = |factor: &str| factors.as_array().unwrap().contains(&factor.into());
    let mut model = Model { needs_pin: needs("PIN"), needs_otp: needs("OTP"), ..Model::default() };
    let plan = Plan::default().with(json!({ "secondFactors": factors, "maxAttempts": 10 }));
    let mut credential = scene.enrol(&plan, Status::Created);
    let mut hand = Hand::default();
    let mut path: Vec<Step> = Vec::new();
    let mut wrong_codes = 0;
    let mut seen = BTreeSet::new();
    while path.len() < STEPS {
        let anything = CHOICES[random.below(CHOICES.len())];
        // Every other step leads on, or the walk would dwell where it began.
        let step = if random.below(2) == 0 { model.leading_on().unwrap_or(anything) } else { anything };
        // An end too soon leaves nothing to see.
        if step == Step::Destroy && path.len() < STEPS / 2 {
            continue;
        }
        if matches!(step, Step::ConfirmWrongly | Step::AuthorizeWrongly) {
            wrong_codes += 1;
            if wrong_codes > MOST_WRONG_CODES {
                continue;
            }
        }
        path.push(step);
        let was = model.status();
        let open = model.take(step);
        let reply = attempt(scene, &mut credential, &mut hand, step);
        let told = format!("seed {seed}, {factors}, {path:?} from {was}: {} {}", reply.status, reply.text());
        // Destroying what is destroyed may be refused or be nothing new.
        if !(step == Step::Destroy && was == "destroyed") {
            assert_eq!((200..300).contains(&reply.status), open, "{told}");
        }
        assert!(reply.status < 500, "{told}");
        let shown = scene.show(&credential);
        assert_eq!(shown["status"], model.status(), "{told}");
        assert_eq!(shown["nextStep"], json!(model.next_step()), "{told}");
        if reply.status == 409 && reply.json()["code"] == "invalid_state" {
            assert_eq!(reply.json()["credentialStatus"], model.status(), "{told}");
        }
        seen.insert(model.status());
    }
    seen
}

fn attempt(scene: &Scene, credential: &mut Credential, hand: &mut Hand, step: Step) -> Reply {
    let one = [hash("one")];
    match step {
        Step::AddPin => scene.add_pin(credential, PIN),
        Step::AddWeakPin => scene.add_pin(credential, "123456"),
        Step::AddOtp => {
            let reply = scene.step(credential, "second-factors", &json!({ "type": "OTP" }));
            if reply.status == 201 {
                credential.scan(&reply.json());
            }
            reply
        }
        Step::Confirm => {
            let code = if credential.otp.is_some() { scene.otp_code(credential) } else { "123456".into() };
            scene.confirm(credential, &code)
        }
        Step::ConfirmWrongly => scene.confirm(credential, "12345"),
        Step::MakeKey => {
            let key =
                json!({ "keyAlgorithm": "EC", "keyLength": 256, "csrSignatureAlgorithm": "SHA256withECDSA" });
            let reply = scene.key_pair(credential, &key);
            if reply.status == 201 {
                hand.csr = Some(reply.json()["csr"].as_str().unwrap().to_owned());
            }
            reply
        }
        Step::AttachChain => {
            if let (Some(csr), None) = (&hand.csr, &hand.chain) {
                hand.chain = Some(scene.authority.pkcs7_der(&scene.certificate(csr)));
            }
            match &hand.chain {
                Some(chain) => scene.attach(credential, chain),
                None => attach_foreign(scene, credential),
            }
        }
        Step::AttachForeignChain => attach_foreign(scene, credential),
        Step::Authorize | Step::AuthorizeWrongly => {
            let mut body = json!({ "credentialID": credential.id, "numSignatures": 2 });
            body["hash"] = scene.signing(credential, "", &[one[0].clone(), one[0].clone()])["hash"].clone();
            body["PIN"] = if step == Step::Authorize { PIN } else { "308251" }.into();
            let code = match &credential.otp {
                Some(_) if step == Step::Authorize => scene.otp_code(credential),
                _ => "12345".to_owned(),
            };
            body["OTP"] = code.into();
            let reply = scene.csc(&credential.token, "credentials/authorize", &body);
            if reply.status == 200 {
                hand.sad = reply.json()["SAD"].as_str().unwrap().to_owned();
            }
            reply
        }
        Step::Sign => scene.sign(credential, &hand.sad, &one),
        Step::Destroy => scene.http.delete(&credential.path).bearer(&credential.token).send(),
    }
}

fn attach_foreign(scene: &Scene, credential: &Credential) -> Reply {
    let stranger = scene.authority.issue_to_a_stranger("S", 30, scene.clock.now()).unwrap();
    scene.attach(credential, &scene.authority.pkcs7_der(&stranger))
}

/// SplitMix64: the same walk for the same seed, everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}
