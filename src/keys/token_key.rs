//! The keys that sign JWTs. Signing uses a key parsed once, by aws-lc; verification goes through jsonwebtoken with the
//! algorithm of the key, never the header's.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::keys::assertion::Audience;
use crate::keys::software;
pub use crate::model::algorithm::TokenAlgorithm;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretBytes;
use crate::model::time::Timestamp;

/// A private key that signs tokens, and the verifier of what it signs.
pub struct TokenKey {
    signer: Signer,
    verifier: TokenVerifier,
    public_jwk: Value,
}

/// A public key that verifies tokens.
pub struct TokenVerifier {
    kid: String,
    algorithm: TokenAlgorithm,
    key: DecodingKey,
    validation: Validation,
}

/// What a token has to say to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The header's `typ`, such as `at+jwt` (RFC 9068).
    pub typ: &'a str,
    pub issuer: &'a str,
    pub audience: &'a str,
    pub now: Timestamp,
}

/// A new private key (PKCS#8) for the algorithm.
pub fn generate(algorithm: TokenAlgorithm) -> Result<SecretBytes> {
    software::generate(algorithm.key_algorithm()).map(|key| key.pkcs8)
}

/// The `kid` of a token that nobody has verified yet: good for choosing a key, and for nothing else.
pub fn unverified_kid(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).ok()?.kid
}

impl TokenKey {
    /// Parses a private key once, for as long as it signs.
    pub fn open(algorithm: TokenAlgorithm, pkcs8: &SecretBytes) -> Result<Self> {
        let signer = Signer::open(algorithm, pkcs8.expose()).ok_or_else(|| {
            Error::internal(format!("a stored token key is not one of {}", algorithm.as_str()))
        })?;
        let public_jwk = public_jwk(&signer)?;
        let verifier = TokenVerifier::from_jwk(&public_jwk)?;
        Ok(Self { signer, verifier, public_jwk })
    }

    /// The SHA-256 thumbprint of the public key (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.verifier.kid
    }

    /// The public key as `/oauth2/jwks` publishes it, with `kid`, `alg` and `use`.
    pub fn public_jwk(&self) -> &Value {
        &self.public_jwk
    }

    pub fn verifier(&self) -> &TokenVerifier {
        &self.verifier
    }

    /// A compact JWS (RFC 7515) over the claims.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String> {
        let written = |e: serde_json::Error| Error::internal(format!("a token could not be written: {e}"));
        let header = json!({ "typ": typ, "alg": self.verifier.algorithm.as_str(), "kid": self.verifier.kid });
        let claims = serde_json::to_vec(claims).map_err(written)?;
        let mut token = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(written)?);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.signer.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

impl TokenVerifier {
    /// A verifier out of a JWK that this server published.
    pub fn from_jwk(jwk: &Value) -> Result<Self> {
        let odd = || Error::internal("a stored token key is not a JWK with kid and a known alg");
        let text = |name: &str| jwk.get(name).and_then(Value::as_str).ok_or_else(odd);
        let algorithm = TokenAlgorithm::parse(text("alg")?).ok_or_else(odd)?;
        let parsed = Jwk::deserialize(jwk).map_err(|_| odd())?;
        let mut validation = Validation::new(for_jsonwebtoken(algorithm));
        // Times, issuer and audience are checked here, by the time that is given and with none of them optional.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Ok(Self {
            kid: text("kid")?.to_owned(),
            algorithm,
            key: DecodingKey::from_jwk(&parsed).map_err(|_| odd())?,
            validation,
        })
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub fn algorithm(&self) -> TokenAlgorithm {
        self.algorithm
    }

    /// The claims of a token that this key signed and that says what is expected.
    ///
    /// [`Code::ExpiredToken`] for one whose only fault is its age, [`Code::InvalidToken`] for every other.
    pub fn verify<C: DeserializeOwned>(&self, token: &str, expected: &Expected<'_>) -> Result<C> {
        let bad = || Error::new(Code::InvalidToken, "The token was not recognised.");
        let decoded = jsonwebtoken::decode::<Value>(token, &self.key, &self.validation).map_err(|_| bad())?;
        let registered = Registered::deserialize(&decoded.claims).map_err(|_| bad())?;
        let typ = decoded.header.typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        let as_expected = decoded.header.kid.as_deref() == Some(self.kid.as_str())
            && typ.is_some_and(|typ| typ.eq_ignore_ascii_case(expected.typ))
            && registered.iss == expected.issuer
            && registered.aud.names_any(&[expected.audience])
            && registered.nbf.is_none_or(|nbf| nbf <= expected.now.seconds());
        if !as_expected {
            return Err(bad());
        }
        if registered.exp <= expected.now.seconds() {
            return Err(Error::new(Code::ExpiredToken, "The token has expired."));
        }
        serde_json::from_value(decoded.claims).map_err(|_| bad())
    }
}

/// The claims that every token has. A string in place of a number is a bad token, not an absent claim.
#[derive(Deserialize)]
struct Registered {
    iss: String,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

const fn for_jsonwebtoken(algorithm: TokenAlgorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        TokenAlgorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        TokenAlgorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        TokenAlgorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
    }
}

enum Signer {
    EdDsa(Ed25519KeyPair),
    /// In the fixed form r || s (RFC 7518, 3.4).
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl Signer {
    fn open(algorithm: TokenAlgorithm, pkcs8: &[u8]) -> Option<Self> {
        match algorithm {
            TokenAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).ok().map(Self::EdDsa),
            TokenAlgorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok().map(Self::Es256)
            }
            TokenAlgorithm::Rs256 => RsaKeyPair::from_pkcs8(pkcs8).ok().map(Self::Rs256),
        }
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::internal("a token could not be signed");
        match self {
            Self::EdDsa(key) => Ok(key.try_sign(input).map_err(failed)?.as_ref().to_vec()),
            Self::Es256(key) => Ok(key.sign(&SystemRandom::new(), input).map_err(failed)?.as_ref().to_vec()),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

/// The public half, its `kid` the thumbprint over the required members in their order (RFC 7638, 3).
fn public_jwk(signer: &Signer) -> Result<Value> {
    let text = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
    let (members, canonical, algorithm) = match signer {
        Signer::EdDsa(key) => {
            let x = text(key.public_key().as_ref());
            let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
            (json!({ "kty": "OKP", "crv": "Ed25519", "x": x }), canonical, TokenAlgorithm::EdDsa)
        }
        Signer::Es256(key) => {
            let point = key.public_key().as_ref();
            let odd = || Error::internal("a P-256 key gave an odd point");
            let (x, y) = point.strip_prefix(&[4]).and_then(|xy| xy.split_at_checked(32)).ok_or_else(odd)?;
            let (x, y) = (text(x), text(y));
            let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
            (json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }), canonical, TokenAlgorithm::Es256)
        }
        Signer::Rs256(key) => {
            let public = key.public_key();
            let n = text(public.modulus().big_endian_without_leading_zero());
            let e = text(public.exponent().big_endian_without_leading_zero());
            let canonical = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
            (json!({ "kty": "RSA", "n": n, "e": e }), canonical, TokenAlgorithm::Rs256)
        }
    };
    let kid = text(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let mut jwk = members;
    if let Some(object) = jwk.as_object_mut() {
        object.extend([
            ("kid".to_owned(), Value::from(kid)),
            ("alg".to_owned(), Value::from(algorithm.as_str())),
            ("use".to_owned(), Value::from("sig")),
        ]);
    }
    Ok(jwk)
}

#[cfg(test)]
mod tests;
