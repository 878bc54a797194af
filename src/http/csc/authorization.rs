//! What authorises signatures: the requests for a SAD and for the next one, alike in both versions.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth_data::Factors;
use super::fault;
use super::fields::{Fields, owned};
use super::hashes;
use super::parameters::{CLIENT_DATA, CREDENTIAL_ID, DESCRIPTION, HASH, LANG, NUM_SIGNATURES, SAD};
use super::version::Version;
use crate::credential::authorize::{AuthorizeRequest, Authorized, Given};
use crate::credential::extend::ExtendRequest;
use crate::model::algorithm::Digest;
use crate::model::error::{Code, Error, Result};
use crate::model::id::CredentialId;
use crate::model::language::Language;
use crate::model::secret::SecretText;

/// Characters of `description`.
const LONGEST_DESCRIPTION: usize = 500;

/// What credentials/authorize is asked.
pub fn authorize_asked<V: Version>(fields: &Fields) -> Result<AuthorizeRequest> {
    let credential = fields.required_text(CREDENTIAL_ID)?;
    let number = fields.required_integer(NUM_SIGNATURES)?;
    let hashes = fields.list(HASH)?;
    let digest = fields.conditional_text(V::HASH_ALGO)?;
    let Factors { pin, otp, approval } = Factors::sent(fields)?;
    let description = fields.optional_text(DESCRIPTION)?;
    let lang = fields.optional_text(LANG)?;
    let client_data = fields.optional_text(CLIENT_DATA)?;
    if description.is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
        return Err(fault::invalid(DESCRIPTION.name()));
    }
    let digest = digest_of(digest)?;
    Ok(AuthorizeRequest {
        credential: CredentialId::parse(credential)?,
        num_signatures: u32::try_from(number.max(0)).unwrap_or(u32::MAX),
        hashes: hashes.map(|list| hashes::decode_digests(list, digest)).transpose()?,
        digest,
        pin,
        otp,
        approval,
        language: Language::of(lang),
        description: owned(description),
        client_data: owned(client_data),
    })
}

/// What credentials/extendTransaction is asked.
pub fn extend_asked<V: Version>(fields: &Fields) -> Result<ExtendRequest> {
    let credential = fields.required_text(CREDENTIAL_ID)?;
    let sad = fields.required_text(SAD)?;
    let hashes = fields.list(HASH)?;
    let digest = fields.conditional_text(V::HASH_ALGO)?;
    let client_data = fields.optional_text(CLIENT_DATA)?;
    let digest = digest_of(digest)?;
    Ok(ExtendRequest {
        credential: CredentialId::parse(credential)?,
        sad: SecretText::new(sad),
        hashes: hashes.map(|list| hashes::decode_digests(list, digest)).transpose()?,
        digest,
        client_data: owned(client_data),
    })
}

/// Left out, the digest follows from signHash: v1 has no place for it here, and some v2 clients forget it.
fn digest_of(oid: Option<&str>) -> Result<Option<Digest>> {
    let unknown = || Error::new(Code::InvalidHashAlgo, "This digest algorithm is not known here.");
    oid.map(|oid| Digest::from_oid(oid).ok_or_else(unknown)).transpose()
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscSad)]
#[serde(rename_all = "camelCase")]
pub struct SadAnswer<'a> {
    /// Signature activation data: whoever holds it can have the authorised signatures made.
    #[serde(rename = "SAD")]
    sad: &'a str,
    /// Seconds.
    expires_in: u32,
}

pub fn sad_answer(done: &Authorized) -> HttpResponse {
    HttpResponse::Ok().json(SadAnswer { sad: done.sad.expose(), expires_in: done.expires_in })
}

/// The answer while the signer has not decided.
#[derive(Serialize, ToSchema)]
#[schema(as = CscHandle)]
#[serde(rename_all = "camelCase")]
pub struct HandleAnswer<'a> {
    /// What authorizeCheck is asked with.
    handle: &'a str,
    /// Seconds that the signer has.
    expires_in: u32,
}

/// 200 with a SAD, or 202 with a handle.
pub fn given_answer(given: &Given) -> HttpResponse {
    match given {
        Given::Sad(done) => sad_answer(done),
        Given::Handle(waiting) => HttpResponse::Accepted()
            .json(HandleAnswer { handle: waiting.handle.expose(), expires_in: waiting.expires_in }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::csc::version::{V1, V2};

    const SHA256: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn read<T>(body: &str, parse: impl Fn(&Fields) -> Result<T>) -> Result<T> {
        parse(&Fields::parse(body.as_bytes()).unwrap())
    }

    fn refusal<T>(body: &str, parse: impl Fn(&Fields) -> Result<T>) -> (Code, String) {
        let error = read(body, parse).err().expect(body);
        (error.code(), error.detail().to_owned())
    }

    #[test]
    fn types_are_refused_in_the_order_of_csc_s_table_and_before_any_value() {
        for (body, said) in [
            ("{}", "Missing (or invalid type) string parameter credentialID"),
            (r#"{"credentialID":7,"PIN":1}"#, "Missing (or invalid type) string parameter credentialID"),
            (
                r#"{"credentialID":"a/b","PIN":1}"#,
                "Missing (or invalid type) integer parameter numSignatures",
            ),
            (
                r#"{"credentialID":"c","numSignatures":1,"hash":"x"}"#,
                "Missing (or invalid type) array parameter hash",
            ),
            (r#"{"credentialID":"c","numSignatures":0,"PIN":471193,"OTP":1}"#, "Invalid parameter PIN"),
            (r#"{"credentialID":"c","numSignatures":1,"PIN":"1","OTP":1}"#, "Invalid parameter OTP"),
            (
                r#"{"credentialID":"c","numSignatures":1,"hash":["*"],"clientData":1}"#,
                "Invalid parameter clientData",
            ),
            (r#"{"credentialID":"c","numSignatures":1,"hash":[]}"#, "Empty hash array"),
            (
                r#"{"credentialID":"c","numSignatures":1,"hash":["*"]}"#,
                "Invalid Base64 hash string parameter",
            ),
        ] {
            assert_eq!(
                refusal(body, authorize_asked::<V1>),
                (Code::InvalidRequest, said.to_owned()),
                "{body}"
            );
        }
        let long = format!(r#"{{"credentialID":"c","numSignatures":1,"description":"{}"}}"#, "é".repeat(501));
        assert_eq!(refusal(&long, authorize_asked::<V1>).1, "Invalid parameter description");
        let short = r#"{"credentialID":"c","numSignatures":1,"hash":["000"]}"#;
        assert_eq!(refusal(short, authorize_asked::<V1>).0, Code::InvalidDigestLength);
        let odd_id = r#"{"credentialID":"a/b","numSignatures":1}"#;
        assert_eq!(refusal(odd_id, authorize_asked::<V1>).0, Code::NotFound);
    }

    #[test]
    fn an_authorisation_is_read_with_all_that_it_has() {
        let body = format!(
            r#"{{"credentialID":"c-7","numSignature":"2","hashes":["{SHA256}"],"PIN":"471193","OTP":null,
                 "description":"d","client_data":"x","lang":"it","rememberMe":true}}"#
        );
        let asked = read(&body, authorize_asked::<V1>).unwrap();
        assert_eq!((asked.credential.as_str(), asked.num_signatures), ("c-7", 2));
        assert_eq!(asked.hashes.unwrap().first().map(Vec::len), Some(32));
        assert_eq!(asked.pin.as_ref().map(SecretText::expose), Some("471193"));
        assert!(asked.otp.is_none());
        assert_eq!((asked.description.as_deref(), asked.client_data.as_deref()), (Some("d"), Some("x")));
    }

    #[test]
    fn numbers_out_of_range_are_left_to_the_verb() {
        for (number, read_as) in [("-3", 0), ("0", 0), ("99999999999", u32::MAX)] {
            let body = format!(r#"{{"credentialID":"c","numSignatures":{number}}}"#);
            assert_eq!(read(&body, authorize_asked::<V1>).unwrap().num_signatures, read_as);
        }
    }

    #[test]
    fn an_extension_needs_its_sad() {
        let said = refusal(r#"{"credentialID":"c","hash":[]}"#, extend_asked::<V1>).1;
        assert_eq!(said, "Missing (or invalid type) string parameter SAD");
        assert!(read(r#"{"credentialID":"c","SAD":"xxx"}"#, extend_asked::<V1>).unwrap().hashes.is_none());
    }

    #[test]
    fn version_2_says_of_which_digest_the_hashes_are() {
        let body =
            |rest: &str| format!(r#"{{"credentialID":"c-7","numSignature":1,"hashes":["{SHA256}"]{rest}}}"#);
        let v2 = authorize_asked::<V2>;
        let named =
            body(r#","hashAlgorithmOID":"2.16.840.1.101.3.4.2.1","authData":[{"id":"PIN","value":"4"}]"#);
        let asked = read(&named, v2).unwrap();
        assert_eq!(asked.digest, Some(Digest::Sha256));
        assert_eq!(asked.pin.as_ref().map(SecretText::expose), Some("4"));
        assert_eq!(read(&body(""), v2).unwrap().digest, None);
        let longer = body(r#","hashAlgo":"2.16.840.1.101.3.4.2.2""#);
        assert_eq!(refusal(&longer, v2).0, Code::InvalidDigestLength);
        assert_eq!(refusal(&body(r#","hashAlgorithmOID":"1.2.3""#), v2).0, Code::InvalidHashAlgo);
        let said = refusal(&body(r#","hashAlgorithmOID":7"#), v2).1;
        assert_eq!(said, "Missing (or invalid type) string parameter hashAlgorithmOID");
    }
}
