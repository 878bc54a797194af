//! What clients sign: JWTs, under the public keys of their records (RFC 7517, RFC 7519). A key verifies by an algorithm
//! that is its own; no secret is shared, so no MAC is one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::Value;

/// The algorithms that a client may sign with.
pub const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// What an assertion says of itself. A string in place of a number is a bad assertion, not an absent claim.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    /// Seconds since 1970, like the other times.
    pub exp: i64,
    #[serde(default)]
    pub nbf: Option<i64>,
    #[serde(default)]
    pub iat: Option<i64>,
    pub jti: String,
}

/// RFC 7519, 4.1.3: one, or a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    pub fn names_any(&self, audiences: &[&str]) -> bool {
        let names = |name: &String| audiences.contains(&name.as_str());
        match self {
            Self::One(one) => names(one),
            Self::Several(several) => several.iter().any(names),
        }
    }
}

/// The `sub` of an assertion that nobody has verified yet: good for choosing the client whose keys to try, and for
/// nothing else.
pub fn unverified_subject(jwt: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    insecure_decode_claims::<Subject>(jwt).ok().map(|claims| claims.sub)
}

/// Whether a JWK verifies what a client signs.
pub fn is_usable(jwk: &Value) -> bool {
    Verifier::of(jwk).is_some()
}

/// The claims of an assertion that a key of the JWK Set signed; otherwise what was wrong, for the log.
pub fn verify(jwks: &Value, jwt: &str) -> Result<Claims, &'static str> {
    let header =
        jsonwebtoken::decode_header(jwt).map_err(|_| "the assertion is not a JWT with a known alg")?;
    if header.crit.is_some() {
        return Err("the assertion has critical extensions");
    }
    let keys = jwks.get("keys").and_then(Value::as_array).ok_or("the client has no keys")?;
    let mut fitting = keys.iter().filter_map(Verifier::of).filter(|key| key.fits(&header)).peekable();
    if fitting.peek().is_none() {
        return Err("no key of the client fits the assertion's kid and alg");
    }
    fitting.find_map(|key| key.claims(jwt, header.alg)).ok_or("no key of the client verifies the assertion")
}

/// A public key, and what it may verify by.
struct Verifier<'a> {
    key: DecodingKey,
    algorithms: Vec<Algorithm>,
    kid: Option<&'a str>,
}

impl<'a> Verifier<'a> {
    fn of(jwk: &'a Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let octets = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let has_length = |name: &str, length: usize| octets(name).is_some_and(|it| it.len() == length);
        let names = |values: &[Value], name: &str| values.iter().any(|value| value == name);
        let signs = jwk.get("use").is_none_or(|value| value == "sig")
            && jwk.get("key_ops").is_none_or(|ops| ops.as_array().is_some_and(|ops| names(ops, "verify")));
        if !signs {
            return None;
        }
        let (key, mut algorithms) = match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let modulus = octets("n")?;
                // In octets: 2048 to 8192 bits.
                if !(256..=1024).contains(&modulus.len()) || modulus.first() == Some(&0) {
                    return None;
                }
                let key = DecodingKey::from_rsa_components(text("n")?, text("e")?);
                (key, RSA.to_vec())
            }
            ("EC", Some("P-256")) if has_length("x", 32) && has_length("y", 32) => {
                (DecodingKey::from_ec_components(text("x")?, text("y")?), vec![Algorithm::ES256])
            }
            ("EC", Some("P-384")) if has_length("x", 48) && has_length("y", 48) => {
                (DecodingKey::from_ec_components(text("x")?, text("y")?), vec![Algorithm::ES384])
            }
            ("OKP", Some("Ed25519")) if has_length("x", 32) => {
                (DecodingKey::from_ed_components(text("x")?), vec![Algorithm::EdDSA])
            }
            _ => return None,
        };
        if let Some(alg) = jwk.get("alg") {
            let own: Algorithm = alg.as_str()?.parse().ok()?;
            algorithms.retain(|algorithm| *algorithm == own);
        }
        let kid = text("kid");
        (!algorithms.is_empty()).then_some(Self { key: key.ok()?, algorithms, kid })
    }

    /// A header without a kid leaves it to us to find the key.
    fn fits(&self, header: &Header) -> bool {
        let named = self.kid.zip(header.kid.as_deref());
        named.is_none_or(|(own, named)| own == named) && self.algorithms.contains(&header.alg)
    }

    fn claims(&self, jwt: &str, algorithm: Algorithm) -> Option<Claims> {
        let mut validation = Validation::new(algorithm);
        // What the claims say is judged by whoever asks, by the time that it is given.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode::<Claims>(jwt, &self.key, &validation).ok().map(|decoded| decoded.claims)
    }
}

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

#[cfg(test)]
mod tests;
