//! CSC's oauth2code: the signer authorises signatures in the browser, and the application sees none of the factors. It
//! gets a code, and for that a token of scope `credential`, which is the SAD of its authorization.

pub mod choose;
pub mod look;

pub mod authorize;
pub mod redeem;

pub mod token;

use crate::credential::authorize::AuthorizeRequest;
use crate::model::algorithm::Digest;
use crate::model::authorization_request::{Document, SignaturesAsked};
use crate::model::error::{Code, Error, Result};
use crate::model::id::CredentialId;
use crate::model::language::Language;

/// What can be refused of a request before anybody has signed in: what no credential would be authorised for.
pub fn check(asked: &SignaturesAsked) -> Result<()> {
    if asked.num_signatures < 1 {
        return Err(Error::new(Code::InvalidNumSignatures, "The number of signatures is at least 1."));
    }
    if asked.credential.is_none() && asked.qualifier.is_some() {
        return Err(Error::new(
            Code::InvalidRequest,
            "No credential has a signatureQualifier here: name one by its credentialID.",
        ));
    }
    let documents = asked.documents.as_deref().unwrap_or_default();
    if documents.len() > asked.num_signatures as usize {
        return Err(Error::new(
            Code::InvalidNumSignatures,
            format!("{} hashes for {} signatures.", documents.len(), asked.num_signatures),
        ));
    }
    if documents.iter().all(|document| Digest::fits(asked.digest, &document.hash)) {
        return Ok(());
    }
    let expected = asked.digest.map_or("32, 48 or 64".to_owned(), |digest| digest.len().to_string());
    Err(Error::new(Code::InvalidDigestLength, format!("A hash has another length than {expected} octets.")))
}

/// What is to be authorised, before the signer has typed any factor.
pub fn unanswered(
    credential: CredentialId,
    asked: &SignaturesAsked,
    client_data: Option<String>,
) -> AuthorizeRequest {
    let hashes = |documents: &Vec<Document>| documents.iter().map(|document| document.hash.clone()).collect();
    AuthorizeRequest {
        credential,
        num_signatures: asked.num_signatures,
        hashes: asked.documents.as_ref().map(hashes),
        digest: asked.digest,
        pin: None,
        otp: None,
        approval: None,
        language: Language::default(),
        description: asked.description.clone(),
        client_data,
    }
}
