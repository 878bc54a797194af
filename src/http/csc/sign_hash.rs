//! What signatures/signHash is asked and answers, alike in both versions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use super::fault;
use super::fields::{Fields, owned};
use super::hashes;
use super::parameters::{CLIENT_DATA, CREDENTIAL_ID, HASH, SAD, SIGN_ALGO, SIGN_ALGO_PARAMS};
use super::version::Version;
use crate::credential::sign::{self, SignRequest};
use crate::credential::sign_algorithm::Requested;
use crate::model::algorithm::{OID_RSA, OID_RSA_PSS};
use crate::model::error::Result;
use crate::model::id::CredentialId;
use crate::model::secret::SecretText;

/// The request, with the SAD that it has to bring unless the bearer's token is one.
pub fn sign_hash_asked<V: Version>(fields: &Fields, borne: Option<&SecretText>) -> Result<SignRequest> {
    let credential = fields.required_text(CREDENTIAL_ID)?;
    let sad = match (fields.conditional_text(SAD)?, borne) {
        (Some(sad), _) => SecretText::new(sad),
        (None, Some(borne)) => borne.clone(),
        (None, None) => return Err(fault::missing("string", SAD.name())),
    };
    let hashes = fields.list(HASH)?.ok_or_else(|| fault::missing("array", HASH.name()))?;
    let sign_algo = fields.required_text(SIGN_ALGO)?;
    let params = fields.conditional_text(SIGN_ALGO_PARAMS)?;
    let hash_algo = fields.conditional_text(V::HASH_ALGO)?;
    // Which algorithms say too little by themselves. PSS has defaults for a named digest.
    if sign_algo == OID_RSA_PSS && params.is_none() && hash_algo.is_none() {
        return Err(fault::missing("string", SIGN_ALGO_PARAMS.name()));
    }
    if sign_algo == OID_RSA && hash_algo.is_none() {
        return Err(fault::missing("string", V::HASH_ALGO.name()));
    }
    let client_data = fields.optional_text(CLIENT_DATA)?;
    let params =
        params.map(|text| hashes::octets(text).ok_or_else(|| fault::invalid(SIGN_ALGO_PARAMS.name())));
    Ok(SignRequest {
        hashes: hashes::decode(hashes)?,
        credential: CredentialId::parse(credential)?,
        sad,
        algorithm: Requested {
            sign_algo: sign_algo.to_owned(),
            hash_algo: owned(hash_algo),
            params: params.transpose()?,
        },
        client_data: owned(client_data),
    })
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscSignatures)]
pub struct Signatures {
    /// Base64-encoded, in the order of the hashes. Those of EC keys are DER.
    signatures: Vec<String>,
}

impl Signatures {
    pub fn of(signed: &sign::Signatures) -> Self {
        Self::encoded(&signed.signatures)
    }

    pub fn encoded(signatures: &[Vec<u8>]) -> Self {
        Self { signatures: signatures.iter().map(|signature| STANDARD.encode(signature)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::csc::version::{V1, V2};

    fn read(body: &str) -> Result<SignRequest> {
        sign_hash_asked::<V1>(&Fields::parse(body.as_bytes()).unwrap(), None)
    }

    #[test]
    fn each_fault_is_named_in_csc_s_words_and_order() {
        for (fields, said) in [
            ("", "Missing (or invalid type) string parameter credentialID"),
            (r#""credentialID":"c","SAD":7"#, "Missing (or invalid type) string parameter SAD"),
            (r#""credentialID":"c","SAD":"s""#, "Missing (or invalid type) array parameter hash"),
            (
                r#""credentialID":"c","SAD":"s","hash":[]"#,
                "Missing (or invalid type) string parameter signAlgo",
            ),
            (
                r#""credentialID":"c","SAD":"s","hash":["*"],"signAlgo":"1.2.840.113549.1.1.1""#,
                "Missing (or invalid type) string parameter hashAlgo",
            ),
            (
                r#""credentialID":"c","SAD":"s","hash":["*"],"signAlgo":"1.2.840.113549.1.1.10""#,
                "Missing (or invalid type) string parameter signAlgoParams",
            ),
            (
                r#""credentialID":"c","SAD":"s","hash":["*"],"signAlgo":"1","hashAlgo":7"#,
                "Missing (or invalid type) string parameter hashAlgo",
            ),
            (
                r#""credentialID":"c","SAD":"s","hash":["*"],"signAlgo":"1","clientData":{}"#,
                "Invalid parameter clientData",
            ),
            (r#""credentialID":"c","SAD":"s","hash":[],"signAlgo":"1""#, "Empty hash array"),
            (
                r#""credentialID":"c","SAD":"s","hash":["*"],"signAlgo":"1""#,
                "Invalid Base64 hash string parameter",
            ),
            (
                r#""credentialID":"c","SAD":"s","hash":["AAAA"],"signAlgo":"1","signAlgoParams":"*""#,
                "Invalid parameter signAlgoParams",
            ),
        ] {
            let error = read(&format!("{{{fields}}}")).err().expect(fields);
            assert_eq!(error.detail(), said, "{fields}");
        }
    }

    #[test]
    fn a_request_is_read_with_all_that_it_has() {
        let body = r#"{"credentialID":"c","SAD":"s","hashes":["000","AAAA"],"signAlgo":"1.2.840.113549.1.1.10",
            "hashAlgorithmOID":"2.16.840.1.101.3.4.2.1","sign_algo_params":"MAA=","clientData":"b"}"#;
        let asked = read(body).unwrap();
        assert_eq!(asked.hashes.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(asked.algorithm.params.as_deref(), Some(&[0x30, 0][..]));
        assert_eq!(asked.algorithm.hash_algo.as_deref(), Some("2.16.840.1.101.3.4.2.1"));
        assert_eq!(asked.client_data.as_deref(), Some("b"));
    }

    #[test]
    fn the_bearer_s_token_is_the_sad_where_none_is_sent() {
        let asked = |sad: &str| {
            let body = format!(r#"{{"credentialID":"c"{sad},"hash":["AAAA"],"signAlgo":"1"}}"#);
            let fields = Fields::parse(body.as_bytes()).unwrap();
            sign_hash_asked::<V1>(&fields, Some(&SecretText::new("borne")))
                .map(|asked| asked.sad.expose().to_owned())
        };
        assert_eq!(asked("").unwrap(), "borne");
        assert_eq!(asked(r#","SAD":null"#).unwrap(), "borne");
        assert_eq!(asked(r#","SAD":"sent""#).unwrap(), "sent");
        assert!(asked(r#","SAD":7"#).is_err());
    }

    #[test]
    fn version_2_names_the_digest_by_its_own_name() {
        let body = r#"{"credentialID":"c","SAD":"s","hashes":["AAAA"],"signAlgo":"1.2.840.113549.1.1.1"}"#;
        let asked = sign_hash_asked::<V2>(&Fields::parse(body.as_bytes()).unwrap(), None);
        assert_eq!(
            asked.err().unwrap().detail(),
            "Missing (or invalid type) string parameter hashAlgorithmOID"
        );
    }
}
