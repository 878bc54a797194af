//! What signatures the signer is asked to authorise: CSC's parameters of scope `credential`, in v1's and v2's names, or
//! RFC 9396 authorization_details of CSC's type.

use serde_json::Value;

use crate::credential::oauth2code;
use crate::model::algorithm::Digest;
use crate::model::authorization_request::{CredentialTokenType, Document, SignaturesAsked};
use crate::model::base64;
use crate::model::id::CredentialId;
use crate::oauth::authorization::answer::Refusal;
use crate::oauth::authorization::request::Parameters;

/// The types of authorization_details that are understood here.
pub const DETAILS_TYPES: [&str; 2] = ["https://cloudsignatureconsortium.org/2025/credential", "credential"];

/// Characters of a label.
const LONGEST_LABEL: usize = 255;
/// No credential takes more hashes at once.
const MOST_DOCUMENTS: usize = 1000;

/// One entry of authorization_details, of a known type.
pub struct Details(serde_json::Map<String, Value>);

/// RFC 9396, section 5: what is not understood is refused, as a whole.
pub fn details(parameter: Option<&str>) -> Result<Option<Details>, Refusal> {
    let Some(text) = parameter else { return Ok(None) };
    let refuse = |why: &str| Refusal::new("invalid_authorization_details", why);
    let entries: Vec<Value> =
        serde_json::from_str(text).map_err(|_| refuse("authorization_details is not a JSON array"))?;
    let one = "authorization_details has to hold one object of CSC's type for credentials";
    let Ok([Value::Object(entry)]) = <[Value; 1]>::try_from(entries) else {
        return Err(refuse(one));
    };
    match entry.get("type").and_then(Value::as_str) {
        Some(kind) if DETAILS_TYPES.contains(&kind) => Ok(Some(Details(entry))),
        _ => Err(refuse(one)),
    }
}

/// What is asked, by authorization_details or by parameters; by both only where they do not contradict.
pub fn asked(
    parameters: &Parameters,
    details: Option<Details>,
    description: Option<String>,
) -> Result<SignaturesAsked, Refusal> {
    let mut asked = match &details {
        Some(details) => of_details(details)?,
        None => of_parameters(parameters)?,
    };
    asked.description = description;
    if asked.documents.as_ref().is_some_and(|documents| documents.len() > MOST_DOCUMENTS) {
        return Err(Refusal::invalid_request(format!("more than {MOST_DOCUMENTS} hashes")));
    }
    oauth2code::check(&asked)?;
    Ok(asked)
}

fn of_parameters(parameters: &Parameters) -> Result<SignaturesAsked, Refusal> {
    let get = |name: &str| parameters.get(name).map(String::as_str);
    let (v1, v2) = (get("hash"), get("hashes"));
    if v1.zip(v2).is_some_and(|(v1, v2)| v1 != v2) {
        return Err(Refusal::invalid_request("hash and hashes are different"));
    }
    let digest = digest(get("hashAlgorithmOID").or(get("hashAlgo")))?;
    let documents: Option<Vec<Document>> = v2.or(v1).map(hashes).transpose()?;
    let number = match get("numSignatures").or(get("numSignature")) {
        Some(text) => {
            text.parse().map_err(|_| Refusal::invalid_request("Invalid value for parameter numSignatures"))?
        }
        None => match &documents {
            Some(documents) => u32::try_from(documents.len()).unwrap_or(u32::MAX),
            None => return Err(Refusal::invalid_request("Missing parameter numSignatures")),
        },
    };
    // v1 knows neither hashes nor hashAlgorithmOID, and PKCE came with v2.
    let is_v2 = v2.is_some() || digest.is_some() || (v1.is_none() && get("code_challenge").is_some());
    Ok(SignaturesAsked {
        credential: get("credentialID").map(credential).transpose()?,
        qualifier: get("signatureQualifier").map(str::to_owned),
        num_signatures: number,
        documents,
        digest,
        description: None,
        token_type: if is_v2 { CredentialTokenType::Bearer } else { CredentialTokenType::Sad },
        details_type: None,
    })
}

fn of_details(Details(entry): &Details) -> Result<SignaturesAsked, Refusal> {
    let refuse = |why: &str| Refusal::new("invalid_authorization_details", why);
    let text = |name: &str| match entry.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(refuse(&format!("{name} of authorization_details is not a string"))),
    };
    let documents = match entry.get("documentDigests") {
        None | Some(Value::Null) => None,
        Some(Value::Array(list)) => {
            let listed: Option<Vec<Document>> = list.iter().map(document).collect();
            let odd = "documentDigests of authorization_details are not objects with hash and label";
            Some(listed.filter(|listed| !listed.is_empty()).ok_or_else(|| refuse(odd))?)
        }
        Some(_) => return Err(refuse("documentDigests of authorization_details is not an array")),
    };
    let number = match entry.get("numSignatures") {
        None | Some(Value::Null) => {
            let count = documents.as_ref().map(Vec::len);
            count.ok_or_else(|| {
                refuse("authorization_details name neither numSignatures nor documentDigests")
            })?
        }
        Some(number) => number
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| refuse("numSignatures of authorization_details is not a number"))?,
    };
    Ok(SignaturesAsked {
        credential: text("credentialID")?.map(credential).transpose()?,
        qualifier: text("signatureQualifier")?.map(str::to_owned),
        num_signatures: u32::try_from(number).unwrap_or(u32::MAX),
        documents,
        digest: digest(text("hashAlgorithmOID")?)?,
        description: None,
        token_type: CredentialTokenType::Bearer,
        details_type: text("type")?.map(str::to_owned),
    })
}

fn document(entry: &Value) -> Option<Document> {
    let label = match entry.get("label") {
        None | Some(Value::Null) => None,
        Some(Value::String(label)) if label.chars().count() <= LONGEST_LABEL => Some(label.clone()),
        Some(_) => return None,
    };
    let hash = hash(entry.get("hash")?.as_str()?)?;
    Some(Document { hash, label })
}

/// Base64url, several joined by commas.
fn hashes(list: &str) -> Result<Vec<Document>, Refusal> {
    let read = |text: &str| hash(text).map(|hash| Document { hash, label: None });
    let read: Option<Vec<Document>> = list.split(',').map(read).collect();
    read.ok_or_else(|| Refusal::invalid_request("Invalid Base64 hash string parameter"))
}

/// A `+` of plain base64 is a space once it went through a form; some clients escape what is escaped again.
fn hash(text: &str) -> Option<Vec<u8>> {
    let text = text.trim().replace(' ', "+").replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    base64::decode(text.as_bytes()).filter(|octets| !octets.is_empty())
}

fn digest(oid: Option<&str>) -> Result<Option<Digest>, Refusal> {
    let unknown = || Refusal::invalid_request("Invalid parameter hashAlgorithmOID");
    oid.map(|oid| Digest::from_oid(oid).ok_or_else(unknown)).transpose()
}

fn credential(text: &str) -> Result<CredentialId, Refusal> {
    CredentialId::parse(text).map_err(|_| Refusal::invalid_request("Invalid parameter credentialID"))
}
