//! A credential from its creation to its certificate, as an application and its CA do it.

use countersign::keys::otp;
use countersign::model::configuration::OtpRules;
use countersign::model::secret::SecretBytes;
use countersign::model::time::{Clock, Timestamp};
use countersign::pki::authority::Authority;
use serde_json::{Value, json};

use crate::http::Http;
use crate::limits::Key;

pub const PIN: &str = "471193";

/// Who enrols, and under which demands.
pub struct Enroller {
    pub token: String,
    pub configuration: String,
    /// Whether the configuration demands one.
    pub otp: bool,
    pub authority: Authority,
}

impl Enroller {
    /// The identifier of an active credential.
    pub fn enrol(&self, http: &Http, seat: &str, key: Key) -> String {
        let post = |path: &str, body: &Value| -> Value {
            http.post(path).bearer(&self.token).json(body).send().expect(201).json()
        };
        let created = post(
            "/api/v1/credentials",
            &json!({"authorizationConfiguration": self.configuration, "multiSignature": 1000, "seat": seat}),
        );
        let id = created["credentialId"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/credentials/{id}");
        post(&format!("{path}/second-factors"), &json!({"type": "PIN", "value": PIN}));
        if self.otp {
            let added = post(&format!("{path}/second-factors"), &json!({"type": "OTP"}));
            let code = code(added["secret"].as_str().unwrap());
            let confirm = http.post(&format!("{path}/second-factors/otp/confirm")).bearer(&self.token);
            confirm.json(&json!({"value": code})).send().expect(200);
        }
        let (algorithm, length, by) = match key {
            Key::Rsa2048 => ("RSA", 2048, "SHA256withRSA"),
            Key::P256 => ("EC", 256, "SHA256withECDSA"),
        };
        let made = post(
            &format!("{path}/key-pair"),
            &json!({"keyAlgorithm": algorithm, "keyLength": length, "csrSignatureAlgorithm": by,
                "subject": "CN=John Doe,O=Bench"}),
        );
        let certificate = self.authority.issue(&der(made["csr"].as_str().unwrap()), 365, now()).unwrap();
        let upload = http.put(&format!("{path}/certificate")).bearer(&self.token);
        let chain = self.authority.pkcs7_der(&certificate);
        upload.bytes("application/pkcs7-mime", chain).send().expect(200);
        id
    }
}

pub fn now() -> Timestamp {
    Clock::System.now()
}

/// What an authenticator with this secret (base32) shows now.
fn code(secret: &str) -> String {
    let (mut octets, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for letter in secret.bytes() {
        let value = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' };
        (bits, held) = (bits << 5 | u32::from(value), held + 5);
        if held >= 8 {
            held -= 8;
            octets.push((bits >> held & 0xff) as u8);
        }
    }
    let code = otp::current_code(&SecretBytes::new(octets), &OtpRules::default(), now()).unwrap();
    code.expose().to_owned()
}

/// What a PEM block holds.
fn der(pem: &str) -> Vec<u8> {
    use base64::Engine;
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
