//! The pipeline, step by step, and the refusals that make it worth having.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Failure;
use super::authenticator::{Authenticator, qr_blocks};
use super::request::{Answer, Request, Token};
use super::stage::{Expected, Stage};
use super::workshop::Workshop;
use crate::model::algorithm::{Digest, SignatureScheme};
use crate::model::id::ClientId;
use crate::model::secret::SecretText;
use crate::model::time::Clock;
use crate::pki::authority::Authority;
use crate::pki::{pem, verify};

const TENANT: &str = "acme";
const SCOPE: &str = "seat:jdoe@acme tenant:acme";
const APPLICATION: (&str, &str) = ("acme", "acme_password");
const CA_OPERATOR: &str = "acme-ca";
const PIN: &str = "471193";
const WRONG_PIN: &str = "308251";
/// sha256WithRSAEncryption.
const SIGN_ALGO: &str = "1.2.840.113549.1.1.11";
const P7B: &str = "application/x-pkcs7-certificates";

/// What is left when the story is over, to go on by hand.
pub struct Props {
    administrator: Token,
    administrator_client: (ClientId, SecretText),
    ca_operator: Token,
    ca_secret: String,
    application: Token,
    credential: String,
    otp_secret: String,
}

/// Tells the story; the first thing that comes out wrong ends it.
pub fn tell(
    stage: &mut Stage,
    workshop: &Workshop,
    administrator: (ClientId, SecretText),
) -> Result<Props, Failure> {
    let mut actors = set_up(stage, workshop, administrator)?;
    let mut enrolled = enrol(stage, &actors)?;
    certify(stage, workshop, &actors, &enrolled)?;
    let signed = sign(stage, workshop, &actors, &mut enrolled)?;
    refuse(stage, &actors, &mut enrolled, &signed)?;
    // The token of the story is revoked by now.
    actors.application = token(stage, "APP", APPLICATION, Some(SCOPE))?;
    Ok(Props {
        administrator: actors.administrator,
        administrator_client: actors.administrator_client,
        ca_operator: actors.ca_operator,
        ca_secret: actors.ca_secret,
        application: actors.application,
        credential: enrolled.credential,
        otp_secret: enrolled.otp_secret,
    })
}

impl Props {
    /// Names for the shell.
    pub fn variables(&self) -> [(&'static str, &str); 12] {
        [
            ("ADMIN_ID", self.administrator_client.0.as_str()),
            ("ADMIN_SECRET", self.administrator_client.1.expose()),
            ("ADMIN", &self.administrator.value),
            ("CA_ID", CA_OPERATOR),
            ("CA_SECRET", &self.ca_secret),
            ("CA", &self.ca_operator.value),
            ("APP_ID", APPLICATION.0),
            ("APP_SECRET", APPLICATION.1),
            ("APP", &self.application.value),
            ("PIN", PIN),
            ("OTP_SECRET", &self.otp_secret),
            ("CREDENTIAL", &self.credential),
        ]
    }
}

struct Actors {
    administrator: Token,
    administrator_client: (ClientId, SecretText),
    ca_operator: Token,
    ca_secret: String,
    application: Token,
    configuration: String,
}

/// The operator's and the administrator's part: a tenant, its clients, what its credentials demand, and tokens.
fn set_up(
    stage: &mut Stage,
    workshop: &Workshop,
    administrator_client: (ClientId, SecretText),
) -> Result<Actors, Failure> {
    let (id, secret) = &administrator_client;
    stage.step("A server was initialised and started; its administrator gets a token")?;
    stage.note(&format!("cd {}", workshop.path().display()))?;
    stage.note(&format!("URL={}", stage.url()))?;
    let administrator = token(stage, "ADMIN", (id.as_str(), secret.expose()), None)?;

    stage.step("The administrator makes a tenant")?;
    let tenant = json!({ "name": TENANT, "displayName": "Acme" });
    stage.ask(
        Request::post("/api/v1/tenants").bearer(&administrator).json(tenant),
        &Expected::status(201).says("name", TENANT).shows(&["status"]),
    )?;

    stage.step("The administrator registers the tenant's application")?;
    let application = json!({
        "clientId": APPLICATION.0, "clientSecret": APPLICATION.1, "authorizedGrantTypes": "client_credentials",
        "accessTokenValidity": 3600, "tenants": [TENANT],
    });
    stage.ask(
        Request::post("/api/v1/clients").bearer(&administrator).json(application),
        &Expected::status(201).says("clientId", APPLICATION.0).says("roles", json!(["application"])),
    )?;

    stage.step("The administrator registers the operator of its CA, whose secret the server makes")?;
    let operator = json!({ "clientId": CA_OPERATOR, "roles": ["ca_operator"], "tenants": [TENANT] });
    let made = stage.ask(
        Request::post("/api/v1/clients").bearer(&administrator).json(operator),
        &Expected::status(201).says("clientId", CA_OPERATOR).shows(&["roles", "clientSecret"]),
    )?;
    let ca_secret = text(stage, &made, "clientSecret")?;

    stage.step("The administrator says what using a credential demands: PIN and OTP")?;
    let configuration = json!({
        "name": "pin-and-otp", "tenant": TENANT, "type": "explicit", "secondFactors": ["PIN", "OTP"], "scal": "2",
    });
    let made = stage.ask(
        Request::post("/api/v1/authorization-configurations").bearer(&administrator).json(configuration),
        &Expected::status(201).says("name", "pin-and-otp").shows(&[
            "id",
            "secondFactors",
            "scal",
            "maxAttempts",
        ]),
    )?;
    let configuration = text(stage, &made, "id")?;

    stage.step("The application gets a token for John Doe's seat")?;
    let application = token(stage, "APP", APPLICATION, Some(SCOPE))?;

    stage.step("The CA operator gets a token")?;
    let ca_operator = token(stage, "CA", (CA_OPERATOR, &ca_secret), None)?;
    Ok(Actors { administrator, administrator_client, ca_operator, ca_secret, application, configuration })
}

struct Enrolled {
    credential: String,
    /// What every call about the credential begins with.
    path: String,
    authenticator: Authenticator,
    otp_secret: String,
    csr: String,
}

/// The application's part: a credential, what protects it, its key.
fn enrol(stage: &mut Stage, actors: &Actors) -> Result<Enrolled, Failure> {
    let application = &actors.application;
    stage.step("The application creates a credential")?;
    let new = json!({ "authorizationConfiguration": actors.configuration, "multiSignature": 2 });
    let created = stage.ask(
        Request::post("/api/v1/credentials").bearer(application).json(new),
        &Expected::status(201)
            .says("status", "created")
            .says("nextStep", "add_second_factor")
            .shows(&["credentialId", "requiredSecondFactors"]),
    )?;
    let credential = text(stage, &created, "credentialId")?;
    stage.name("CREDENTIAL", &credential)?;
    let path = format!("/api/v1/credentials/{credential}");

    stage.step("John chooses a PIN")?;
    let pin = json!({ "type": "PIN", "value": PIN });
    stage.ask(
        Request::post(format!("{path}/second-factors")).bearer(application).json(pin),
        &Expected::status(201)
            .says("confirmed", true)
            .says("nextStep", "add_second_factor")
            .shows(&["status"]),
    )?;

    stage.step("John's authenticator gets an OTP secret")?;
    let shown = stage.ask(
        Request::post(format!("{path}/second-factors")).bearer(application).json(json!({ "type": "OTP" })),
        &Expected::status(201)
            .says("confirmed", false)
            .says("nextStep", "confirm_otp")
            .shows(&["secret", "uri"]),
    )?;
    let uri = text(stage, &shown, "uri")?;
    if stage.has_colour() {
        for line in qr_blocks(&uri) {
            stage.note(&line)?;
        }
    }
    let otp_secret = text(stage, &shown, "secret")?;
    let mut authenticator = Authenticator::scan(&uri)?;

    stage.step("John confirms it with his authenticator's first code")?;
    let code = authenticator.fresh_code(Clock::System.now());
    stage.ask(
        Request::post(format!("{path}/second-factors/otp/confirm"))
            .bearer(application)
            .json(json!({ "value": code })),
        &Expected::status(200)
            .says("confirmed", true)
            .says("status", "protected")
            .says("nextStep", "generate_key_pair"),
    )?;

    stage.step("The key pair is made; out comes a certificate request, never the key")?;
    let wanted = json!({
        "keyAlgorithm": "RSA", "keyLength": 2048, "csrSignatureAlgorithm": "SHA256withRSA",
        "subject": "CN=John Doe,O=Acme",
    });
    let made = stage.ask(
        Request::post(format!("{path}/key-pair")).bearer(application).json(wanted),
        &Expected::status(201)
            .says("status", "awaiting_certificate")
            .says("nextStep", "add_certificate")
            .shows(&["csr"]),
    )?;
    let csr = text(stage, &made, "csr")?;
    Ok(Enrolled { credential, path, authenticator, otp_secret, csr })
}

/// The CA's part, over the operator's token.
fn certify(
    stage: &mut Stage,
    workshop: &Workshop,
    actors: &Actors,
    enrolled: &Enrolled,
) -> Result<(), Failure> {
    let now = Clock::System.now();
    let operator = &actors.ca_operator;
    let certificate_path = format!("{}/certificate", enrolled.path);

    stage.step("The CA operator sees what waits for a certificate")?;
    let waiting = stage.ask(
        Request::get(format!("/api/v1/certificate-requests?tenant={TENANT}")).bearer(operator),
        &Expected::status(200),
    )?;
    let waits = waiting.at("/items").as_array().into_iter().flatten().any(|item| {
        item.get("credentialId").is_some_and(|id| *id == *enrolled.credential)
            && item.get("csr").is_some_and(|csr| *csr == *enrolled.csr)
    });
    stage.check(waits, "the credential's request is not among them.")?;
    stage.note("The credential's request is among them; the operator saves its CSR as request.pem.")?;
    workshop.write("request.pem", enrolled.csr.as_bytes())?;
    openssl(stage, workshop, "req -in request.pem -noout -verify -subject", "CN")?;

    let authority = Authority::new("Demo", 1, now)?;
    stage.step("Refused: a chain for another key than the credential's")?;
    let stranger = authority.issue_to_a_stranger("John Doe", 365, now)?;
    let wrong = authority.pkcs7_der(&stranger);
    workshop.write("wrong.p7b", &wrong)?;
    stage.ask(
        Request::put(&certificate_path).bearer(operator).file("wrong.p7b", P7B, wrong),
        &Expected::problem(422, "public_key_mismatch"),
    )?;

    stage.step("The CA signs the request; the operator uploads the chain, and the credential is active")?;
    let Some(csr_der) = der(&enrolled.csr) else {
        return Err(stage.wrong("the certificate request is no PEM."));
    };
    let certificate = authority.issue(&csr_der, 365, now)?;
    let chain = authority.pkcs7_der(&certificate);
    workshop.write("chain.p7b", &chain)?;
    let attached = stage.ask(
        Request::put(&certificate_path).bearer(operator).file("chain.p7b", P7B, chain),
        &Expected::status(200).says("status", "active").says("nextStep", Value::Null),
    )?;
    let links: Vec<&str> = attached
        .at("/chain")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|link| link.get("subject")?.as_str())
        .collect();
    stage.note(&format!("chain: {}", links.join("  <-  ")))?;
    stage.check(links.len() == 3, "the chain is not end entity, intermediate, root.")
}

struct Signed {
    hash: String,
    sad: String,
    code: String,
}

/// John signs a file by the CSC API.
fn sign(
    stage: &mut Stage,
    workshop: &Workshop,
    actors: &Actors,
    enrolled: &mut Enrolled,
) -> Result<Signed, Failure> {
    let application = &actors.application;
    let csc =
        |path: &str, body: Value| Request::post(format!("/csc/v1/{path}")).bearer(application).json(body);

    stage.step("The application finds the credential by the CSC API")?;
    stage.ask(
        csc("credentials/list", json!({})),
        &Expected::status(200).says("credentialIDs", json!([enrolled.credential])),
    )?;
    let asked = json!({ "credentialID": enrolled.credential, "certificates": "single", "certInfo": true });
    let info = stage.ask(
        csc("credentials/info", asked),
        &Expected::status(200).says("authMode", "explicit").says("SCAL", "2").shows(&["key", "multisign"]),
    )?;
    let certificate = info.at("/cert/certificates/0").as_str().and_then(|text| STANDARD.decode(text).ok());
    let Some(certificate) = certificate else {
        return Err(stage.wrong("the end entity's certificate is missing."));
    };
    workshop.write("certificate.pem", pem::write("CERTIFICATE", &certificate).as_bytes())?;

    stage.step("John authorises one signature over the hash of his file, with PIN and OTP")?;
    let document = workshop.read(workshop.document())?;
    let hash_value = digest(&SHA256, &document);
    let hash = STANDARD.encode(hash_value.as_ref());
    stage.ran(
        &format!("openssl dgst -sha256 -binary {} | base64", workshop.document()),
        &format!("{hash}   ({} bytes)", document.len()),
    )?;
    let code = enrolled.authenticator.fresh_code(Clock::System.now());
    let authorised = stage.ask(
        csc("credentials/authorize", authorisation(enrolled, &hash, PIN, &code)),
        &Expected::status(200).shows(&["SAD", "expiresIn"]),
    )?;
    let sad = text(stage, &authorised, "SAD")?;

    stage.step("Refused: a hash that John did not authorise")?;
    let other = STANDARD.encode(digest(&SHA256, b"another file").as_ref());
    stage.ask(
        csc("signatures/signHash", signing(enrolled, &sad, &other)),
        &Expected::refusal(400, "invalid_request", "Hash is not authorized by the SAD"),
    )?;

    stage.step("The hash is signed")?;
    let signed = stage.ask(
        csc("signatures/signHash", signing(enrolled, &sad, &hash)),
        &Expected::status(200).shows(&["signatures"]),
    )?;
    let signature = signed.at("/signatures/0").as_str().and_then(|text| STANDARD.decode(text).ok());
    let Some(signature) = signature else {
        return Err(stage.wrong("the answer has no signature."));
    };
    workshop.write("signature.bin", &signature)?;

    stage.step("OpenSSL verifies it by the certificate")?;
    let scheme = SignatureScheme::RsaPkcs1(Digest::Sha256);
    let holds = verify::verify(&certificate, scheme, hash_value.as_ref(), &signature)?;
    stage.check(holds, "the built-in OpenSSL says that the signature does not verify.")?;
    stage.note("The built-in OpenSSL says: verified.")?;
    openssl(stage, workshop, "x509 -in certificate.pem -noout -pubkey -out public.pem", "")?;
    let command = format!("dgst -sha256 -verify public.pem -signature signature.bin {}", workshop.document());
    openssl(stage, workshop, &command, "Verified OK")?;
    Ok(Signed { hash, sad, code })
}

/// What must not work.
fn refuse(
    stage: &mut Stage,
    actors: &Actors,
    enrolled: &mut Enrolled,
    signed: &Signed,
) -> Result<(), Failure> {
    let application = &actors.application;
    let csc =
        |path: &str, body: Value| Request::post(format!("/csc/v1/{path}")).bearer(application).json(body);

    stage.step("Refused: the SAD again, which is spent")?;
    stage.ask(
        csc("signatures/signHash", signing(enrolled, &signed.sad, &signed.hash)),
        &Expected::refusal(400, "invalid_request", "Invalid parameter SAD"),
    )?;

    stage.step("Refused: the OTP again, which is spent")?;
    stage.ask(
        csc("credentials/authorize", authorisation(enrolled, &signed.hash, PIN, &signed.code)),
        &Expected::refusal(400, "invalid_otp", "The OTP is invalid"),
    )?;

    stage.step("Refused: a wrong PIN")?;
    stage.ask(
        csc("credentials/authorize", authorisation(enrolled, &signed.hash, WRONG_PIN, &signed.code)),
        &Expected::refusal(400, "invalid_pin", "The PIN is invalid"),
    )?;

    stage.step("Refused: a revoked token, from the moment of its revocation")?;
    let (id, secret) = APPLICATION;
    stage.ask(
        Request::post("/oauth2/revoke").basic(id, secret).token_form(application),
        &Expected::status(200),
    )?;
    stage.ask(csc("credentials/list", json!({})), &Expected::status(401).says("error", "expired_token"))?;
    stage.ask(
        Request::post("/oauth2/check_token").basic(id, secret).token_form(application),
        &Expected::refusal(400, "invalid_token", "Token was not recognised"),
    )?;

    stage.step("A new token, and the credential is there as before")?;
    Ok(())
}

fn authorisation(enrolled: &Enrolled, hash: &str, pin: &str, otp: &str) -> Value {
    json!({
        "credentialID": enrolled.credential, "numSignatures": 1, "hash": [hash], "PIN": pin, "OTP": otp,
    })
}

fn signing(enrolled: &Enrolled, sad: &str, hash: &str) -> Value {
    json!({ "credentialID": enrolled.credential, "SAD": sad, "hash": [hash], "signAlgo": SIGN_ALGO })
}

fn token(
    stage: &mut Stage,
    variable: &'static str,
    (id, secret): (&str, &str),
    scope: Option<&'static str>,
) -> Result<Token, Failure> {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(scope.map(|scope| ("scope", scope)));
    let mut expected = Expected::status(200).says("token_type", "Bearer").shows(&["expires_in"]);
    if let Some(scope) = scope {
        expected = expected.says("scope", scope);
    }
    let answer = stage.ask(Request::post("/oauth2/token").basic(id, secret).form(&form), &expected)?;
    let value = text(stage, &answer, "access_token")?;
    stage.note(&format!("{variable}=<the access_token, {} characters>", value.len()))?;
    Ok(Token { variable, value })
}

/// Runs openssl's command line where there is one; what it says has to hold `expected`.
fn openssl(stage: &mut Stage, workshop: &Workshop, words: &str, expected: &str) -> Result<(), Failure> {
    let Some((said, content)) = workshop.openssl(words) else {
        return stage.note("(There is no openssl on the PATH to ask.)");
    };
    stage.ran(&format!("openssl {words}"), &said.replace('\n', "\n    "))?;
    stage.check(content && said.contains(expected), "openssl's command line says no.")
}

/// The octets inside a PEM.
fn der(pem: &str) -> Option<Vec<u8>> {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).ok()
}

fn text(stage: &mut Stage, answer: &Answer, field: &'static str) -> Result<String, Failure> {
    match answer.body.get(field).and_then(Value::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => Err(stage.wrong(&format!("the answer has no `{field}`."))),
    }
}
