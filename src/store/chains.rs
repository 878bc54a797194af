//! Certificate chains, as DER certificates one after another: each says its own length.

use diesel::prelude::*;

use crate::model::credential::StoredChain;
use crate::model::error::{Error, Result};
use crate::model::id::{ChainId, CredentialId, KeyId};
use crate::model::time::Timestamp;
use crate::store::schema::chains;
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, chain: &StoredChain) -> Result<()> {
    let row = Row {
        id: chain.id.to_string(),
        credential: chain.credential.to_string(),
        key: chain.key.to_string(),
        certificates: chain.certificates.concat(),
        attached_at: chain.attached_at.micros(),
    };
    diesel::insert_into(chains::table).values(row).execute(tx.connection)?;
    Ok(())
}

pub fn find(tx: &mut Tx, id: &ChainId) -> Result<Option<StoredChain>> {
    let row: Option<Row> = chains::table.find(id.as_str()).get_result(tx.connection).optional()?;
    row.map(StoredChain::try_from).transpose()
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = chains)]
struct Row {
    id: String,
    credential: String,
    key: String,
    certificates: Vec<u8>,
    attached_at: i64,
}

impl TryFrom<Row> for StoredChain {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: ChainId::stored(row.id),
            credential: CredentialId::stored(row.credential),
            key: KeyId::stored(row.key),
            certificates: split(&row.certificates).ok_or_else(|| failure::corrupt("certificate chain"))?,
            attached_at: Timestamp::from_micros(row.attached_at),
        })
    }
}

/// Cuts consecutive DER values apart by their definite lengths (X.690, 8.1.3).
fn split(mut rest: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut values = Vec::new();
    while !rest.is_empty() {
        let (header, length) = match *rest.get(1)? {
            short @ 0..=0x7f => (2, usize::from(short)),
            0x81 => (3, usize::from(*rest.get(2)?)),
            0x82 => (4, usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]))),
            _ => return None,
        };
        let (value, after) = rest.split_at_checked(header + length)?;
        values.push(value.to_vec());
        rest = after;
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn der_values_are_cut_apart_by_their_lengths() {
        let long = [vec![0x30, 0x82, 0x01, 0x00], vec![7; 256]].concat();
        let middle = [vec![0x30, 0x81, 0x80], vec![8; 128]].concat();
        let all = [long.clone(), middle.clone(), vec![0x30, 0x00]].concat();
        assert_eq!(split(&all), Some(vec![long, middle, vec![0x30, 0x00]]));
        assert_eq!(split(&[0x30, 0x05, 0x00]), None);
    }
}
