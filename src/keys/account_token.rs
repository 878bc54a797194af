//! Account tokens (CSC, oauth2/authorize): by them an application says whom it expects to sign in. They are JWTs under a secret
//! of the application's, so that nobody on the browser's way puts in another name; they authenticate nobody.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::keys::mac;
use crate::model::secret::SecretBytes;

/// What an account token says. A string in place of a number is a bad token, not an absent claim.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// The user's name or e-mail address.
    pub sub: String,
    /// Seconds since 1970.
    pub iat: i64,
    pub jti: String,
    /// Whatever the application calls itself.
    #[serde(default)]
    pub iss: Option<String>,
    /// The client's id.
    #[serde(default)]
    pub azp: Option<String>,
}

/// The claims of a token under the SHA-256 of the secret, by HS256; otherwise what was wrong.
pub fn verify(secret: &SecretBytes, jwt: &str) -> Result<Claims, &'static str> {
    let header = jsonwebtoken::decode_header(jwt).map_err(|_| "account_token is not a JWT")?;
    if header.alg != Algorithm::HS256 || header.crit.is_some() {
        return Err("account_token is not a JWT by HS256 without critical extensions");
    }
    let mut validation = Validation::new(Algorithm::HS256);
    // What the claims say is judged by whoever asks, by the time that it is given.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_secret(&mac::sha256(secret.expose()));
    let decoded = jsonwebtoken::decode::<serde_json::Value>(jwt, &key, &validation);
    let claims =
        decoded.map_err(|_| "account_token is not signed with the SHA-256 of the accountTokenKey")?;
    Claims::deserialize(claims.claims).map_err(|_| "account_token lacks sub, iat or jti")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    use super::*;

    fn signed(algorithm: Algorithm, key: &[u8], claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(key)).unwrap()
    }

    fn good() -> Value {
        json!({ "sub": "jdoe", "iat": 1_800_000_000, "jti": "1", "azp": "portal" })
    }

    #[test]
    fn a_token_under_the_hash_of_the_secret_is_read() {
        let secret = SecretBytes::new(*b"a key of the application");
        let key = mac::sha256(secret.expose());
        let claims = verify(&secret, &signed(Algorithm::HS256, &key, &good())).unwrap();
        assert_eq!((claims.sub.as_str(), claims.iat, claims.iss), ("jdoe", 1_800_000_000, None));
        for jwt in [
            signed(Algorithm::HS256, secret.expose(), &good()),
            signed(Algorithm::HS512, &key, &good()),
            signed(Algorithm::HS256, b"", &good()),
            "e30.e30.e30".to_owned(),
            String::new(),
        ] {
            assert!(verify(&secret, &jwt).is_err(), "{jwt}");
        }
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let claims = URL_SAFE_NO_PAD.encode(good().to_string());
        assert!(verify(&secret, &format!("{unsigned}.{claims}.")).is_err());
        for (name, value) in [("sub", Value::Null), ("iat", json!("1800000000")), ("jti", Value::Null)] {
            let mut claims = good();
            claims[name] = value;
            assert!(verify(&secret, &signed(Algorithm::HS256, &key, &claims)).is_err(), "{name}");
        }
    }
}
