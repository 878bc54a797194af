//! Signatures that were made asynchronously are collected: as often as their caller asks, until they expire. Collecting
//! writes nothing and spends nothing, so an answer that is lost on its way loses no signature.

use crate::credential::{permit, places};
use crate::keys::sad::Sad;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::{sign_responses, tenants};

/// The signatures behind a responseID, in the order of the hashes. One that is expired, or another caller's, is as
/// unknown as one that never was ([`Code::ResponseUnknown`]).
pub fn collect(service: &Service, call: &Call, response_id: &SecretText) -> Result<Vec<Vec<u8>>> {
    let presented = Sad::parse(response_id).ok();
    let id = presented.as_ref().map(Sad::id).transpose()?;
    let (response, tenant) = service.store.read(call.at, |tx| {
        let caller = permit::admit(tx, call)?;
        let id = id.ok_or_else(unknown)?;
        let response = sign_responses::by_response_id(tx, &id)?.ok_or_else(unknown)?;
        if !response.is_for(&caller) {
            return Err(unknown());
        }
        let tenant = tenants::find(tx, &response.tenant)?.ok_or_else(unknown)?;
        Ok((response, tenant))
    })?;
    let tenant_key = service.vault.tenant_key(&tenant)?;
    let place = places::waiting_signatures(&response.id);
    let packed = presented.ok_or_else(unknown)?.open(&tenant_key, place, &response.sealed)?;
    unpack(packed.ok_or_else(unknown)?.expose())
        .ok_or_else(|| Error::internal("signatures that wait are damaged"))
}

fn unknown() -> Error {
    let detail = "No signatures wait under this responseID for this caller: it is unknown, or has expired.";
    Error::new(Code::ResponseUnknown, detail)
}

/// Each signature behind two octets that say its length.
pub(super) fn pack(signatures: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut packed = Vec::with_capacity(signatures.iter().map(|signature| signature.len() + 2).sum());
    for signature in signatures {
        packed.extend(u16::try_from(signature.len()).map_err(Error::internal)?.to_be_bytes());
        packed.extend(signature);
    }
    Ok(packed)
}

fn unpack(mut packed: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut signatures = Vec::new();
    while !packed.is_empty() {
        let (length, rest) = packed.split_first_chunk()?;
        let (signature, after) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        signatures.push(signature.to_vec());
        packed = after;
    }
    Some(signatures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_come_back_in_their_order() {
        let signatures = vec![vec![7; 512], vec![], vec![1, 2]];
        let packed = pack(&signatures).unwrap();
        assert_eq!(unpack(&packed).unwrap(), signatures);
        assert_eq!(unpack(&[]).unwrap(), Vec::<Vec<u8>>::new());
        assert_eq!(unpack(&packed[..packed.len() - 1]), None);
    }
}
