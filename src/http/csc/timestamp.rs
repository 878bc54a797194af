//! signatures/timestamp, which both versions have alike. It is there only when a TSA is configured.

use actix_web::HttpResponse;
use actix_web::web::Data;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use super::bearer::Bearer;
use super::fault::{self, Fault, FaultBody, Refusals};
use super::fields::{Fields, Value};
use super::hashes;
use super::parameters::{CLIENT_DATA, HASH, HASH_ALGO, NONCE};
use super::posted::Posted;
use super::version::{V1, V2, Version};
use crate::app::App;
use crate::http::blocking;
use crate::model::error::{Code, Error, Result};
use crate::model::token::Call;
use crate::pki::timestamp::{ImprintAlgorithm, Nonce};
use crate::timestamp::{self, StampRequest, Tsa};

const METHOD: &str = "signatures/timestamp";

/// Whether what has a route is there too, by its path or its name in info's `methods`: without a TSA this method is not.
pub fn is_there(app: &App, path: &str) -> bool {
    !path.ends_with(METHOD) || app.tsa.is_some()
}

#[derive(ToSchema)]
#[schema(as = CscTimestampRequest, rename_all = "camelCase")]
pub struct TimestampBody {
    /// The base64-encoded digest. A list that holds one is taken too.
    pub hash: String,
    /// The digest's OID.
    #[schema(example = "2.16.840.1.101.3.4.2.1")]
    pub hash_algo: String,
    /// At most 128 hexadecimal digits; comes back in the token.
    pub nonce: Option<String>,
    pub client_data: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CscTimestamp)]
pub struct Timestamp {
    /// The token (RFC 3161, a ContentInfo in DER), base64-encoded.
    timestamp: String,
}

/// A time-stamp on a digest (CSC v1 signatures/timestamp)
///
/// It comes from the time-stamping authority that this service is configured with; without one the method is not there.
#[utoipa::path(post, path = "/csc/v1/signatures/timestamp", tag = "csc", security(("bearer" = [])),
    request_body = TimestampBody,
    responses(
        (status = 200, body = Timestamp),
        (status = 501, description = "No time-stamping authority is configured", body = FaultBody),
        Refusals,
    ),
)]
pub async fn v1(
    Bearer { call, .. }: Bearer<V1>,
    app: Data<App>,
    body: Posted<V1>,
) -> Result<HttpResponse, Fault<V1>> {
    answer(call, app, body).await
}

/// A time-stamp on a digest (CSC v2 signatures/timestamp)
///
/// It comes from the time-stamping authority that this service is configured with; without one the method is not there.
#[utoipa::path(post, path = "/csc/v2/signatures/timestamp", tag = "csc", security(("bearer" = [])),
    request_body = TimestampBody,
    responses(
        (status = 200, body = Timestamp),
        (status = 501, description = "No time-stamping authority is configured", body = FaultBody),
        Refusals,
    ),
)]
pub async fn v2(
    Bearer { call, .. }: Bearer<V2>,
    app: Data<App>,
    body: Posted<V2>,
) -> Result<HttpResponse, Fault<V2>> {
    answer(call, app, body).await
}

async fn answer<V: Version>(call: Call, app: Data<App>, body: Posted<V>) -> Result<HttpResponse, Fault<V>> {
    let request = asked(tsa(&app)?, &body.fields()?)?;
    let issued = blocking::run(&app, move |app| timestamp::issue(&app.service, tsa(app)?, &call, request));
    Ok(HttpResponse::Ok().json(Timestamp { timestamp: STANDARD.encode(issued.await?.der) }))
}

/// [`is_there`] keeps requests away where there is none.
fn tsa(app: &App) -> Result<&Tsa> {
    app.tsa.as_ref().ok_or_else(|| Error::internal("no TSA is configured"))
}

fn asked(tsa: &Tsa, fields: &Fields) -> Result<StampRequest> {
    let hash = one_hash(fields)?;
    let algorithm = match fields.find(HASH_ALGO)? {
        Some(Value::Text(oid)) => ImprintAlgorithm::from_oid(oid).filter(|found| tsa.takes(*found)),
        _ => None,
    };
    let algorithm = algorithm.ok_or_else(|| fault::invalid(HASH_ALGO.name()))?;
    let nonce = fields.optional_text(NONCE)?;
    let nonce = nonce.map(|text| Nonce::parse(text).ok_or_else(|| fault::invalid(NONCE.name())));
    let nonce = nonce.transpose()?;
    let client_data = fields.optional_text(CLIENT_DATA)?.map(str::to_owned);
    let hash = hashes::octets(hash).ok_or_else(fault::not_base64)?;
    if hash.len() != algorithm.length() {
        let detail = format!("The hash has another length than {} octets.", algorithm.length());
        return Err(Error::new(Code::InvalidDigestLength, detail));
    }
    Ok(StampRequest { algorithm, hash, nonce, client_data })
}

/// A text; older clients send a list of one.
fn one_hash<'a>(fields: &'a Fields) -> Result<&'a str> {
    let text = match fields.find(HASH)? {
        Some(Value::Text(text)) => text,
        Some(Value::List(list)) => match list.as_slice() {
            [Value::Text(text)] => text,
            [] => return Err(fault::empty_hash()),
            _ => return Err(fault::missing("string", HASH.name())),
        },
        _ => return Err(fault::missing("string", HASH.name())),
    };
    if text.is_empty() { Err(fault::empty_hash()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::time::Duration;

    use super::*;
    use crate::model::algorithm::Digest;
    use crate::timestamp::Sha1;

    fn read(sha1: Sha1, body: &str) -> Result<StampRequest> {
        let url = "http://127.0.0.1:1/".parse().unwrap();
        let tsa = Tsa::new(url, None, sha1, Duration::from_secs(1), NonZeroUsize::MIN);
        asked(&tsa, &Fields::parse(body.as_bytes()).unwrap())
    }

    const SHA_1: &str = r#"{"hash":"q83vASNFZ4mrze8BI0VniavN7wE=","hashAlgo":"1.3.14.3.2.26"}"#;

    #[test]
    fn each_fault_is_named_in_csc_s_words() {
        let sha256 = r#""hashAlgo":"2.16.840.1.101.3.4.2.1""#;
        for (fields, said) in [
            ("", "Missing (or invalid type) string parameter hash"),
            (r#""hash":7"#, "Missing (or invalid type) string parameter hash"),
            (r#""hash":["a","b"]"#, "Missing (or invalid type) string parameter hash"),
            (r#""hash":[7]"#, "Missing (or invalid type) string parameter hash"),
            (r#""hash":"""#, "Empty hash parameter"),
            (r#""hash":[]"#, "Empty hash parameter"),
            (r#""hash":[""]"#, "Empty hash parameter"),
            (r#""hash":"*""#, "Invalid parameter hashAlgo"),
            (r#""hash":"*","hashAlgo":7"#, "Invalid parameter hashAlgo"),
            (r#""hash":"*","hashAlgo":"1.2.840.113549.2.5""#, "Invalid parameter hashAlgo"),
            (&format!(r#""hash":"*","nonce":7,{sha256}"#), "Invalid parameter nonce"),
            (&format!(r#""hash":"*","nonce":"xyz",{sha256}"#), "Invalid parameter nonce"),
            (&format!(r#""hash":"*","nonce":"",{sha256}"#), "Invalid parameter nonce"),
            (&format!(r#""hash":"*","clientData":7,{sha256}"#), "Invalid parameter clientData"),
            (&format!(r#""hash":"*",{sha256}"#), "Invalid Base64 hash string parameter"),
        ] {
            let error = read(Sha1::Refused, &format!("{{{fields}}}")).err().expect(fields);
            assert_eq!(error.detail(), said, "{fields}");
        }
        let short = read(Sha1::Refused, &format!(r#"{{"hash":"000",{sha256}}}"#)).err().unwrap();
        assert_eq!(short.code(), Code::InvalidDigestLength);
    }

    #[test]
    fn a_request_is_read_in_every_spelling() {
        let hash = STANDARD.encode([0xfb; 32]);
        for body in [
            format!(r#"{{"hash":"{hash}","hashAlgo":"2.16.840.1.101.3.4.2.1"}}"#),
            format!(r#"{{"hash":["{hash}"],"hashAlgorithmOID":"2.16.840.1.101.3.4.2.1","nonce":null}}"#),
            format!(
                r#"{{"hashes":"{}","hashAlgo":"2.16.840.1.101.3.4.2.1"}}"#,
                hash.replace('+', "-").replace('/', "_").trim_end_matches('=')
            ),
        ] {
            let asked = read(Sha1::Refused, &body).unwrap();
            assert_eq!(asked.hash, [0xfb; 32]);
            assert_eq!(asked.algorithm, ImprintAlgorithm::Sha2(Digest::Sha256));
            assert_eq!((asked.nonce, asked.client_data), (None, None));
        }
    }

    #[test]
    fn sha_1_has_a_switch() {
        assert_eq!(read(Sha1::Refused, SHA_1).err().unwrap().detail(), "Invalid parameter hashAlgo");
        assert_eq!(read(Sha1::Allowed, SHA_1).unwrap().algorithm, ImprintAlgorithm::Sha1);
    }
}
