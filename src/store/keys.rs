//! Key pairs, wrapped, with the certificate request that each of them signed when it was made.

use diesel::prelude::*;

use crate::model::algorithm::{CsrSignatureAlgorithm, KeyAlgorithm};
use crate::model::credential::{Credential, DataKeyWrap, StoredKey};
use crate::model::error::{Error, Result};
use crate::model::id::{CredentialId, KeyId};
use crate::model::time::Timestamp;
use crate::store::schema::keys;
use crate::store::{Tx, failure};

pub fn insert(tx: &mut Tx, key: &StoredKey) -> Result<()> {
    diesel::insert_into(keys::table).values(Row::from(key)).execute(tx.connection)?;
    Ok(())
}

pub fn find(tx: &mut Tx, id: &KeyId) -> Result<Option<StoredKey>> {
    let row: Option<Row> = keys::table.find(id.as_str()).get_result(tx.connection).optional()?;
    row.map(StoredKey::try_from).transpose()
}

/// The key of a credential that has got so far as to have one.
pub fn current(tx: &mut Tx, credential: &Credential) -> Result<StoredKey> {
    let missing = || Error::internal("a credential without its key");
    let id = credential.key.as_ref().ok_or_else(missing)?;
    find(tx, id)?.ok_or_else(missing)
}

/// Overwrites the wrapped private keys of a credential and every wrap of their data keys; the rows stay for the audit.
pub fn destroy(tx: &mut Tx, credential: &CredentialId) -> Result<()> {
    let wiped: &[u8] = &[];
    diesel::update(keys::table.filter(keys::credential.eq(credential.as_str())))
        .set((keys::wrapped_pkcs8.eq(wiped), keys::wrapped_data_key.eq(wiped)))
        .execute(tx.connection)?;
    Ok(())
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = keys)]
struct Row {
    id: String,
    credential: String,
    algorithm: String,
    spki: Vec<u8>,
    wrapped_pkcs8: Vec<u8>,
    data_key_kind: String,
    wrapped_data_key: Vec<u8>,
    csr: Vec<u8>,
    csr_algorithm: String,
    subject: String,
    created_at: i64,
}

const SEALED: &str = "sealed";
const TENANT: &str = "tenant";

impl From<&StoredKey> for Row {
    fn from(key: &StoredKey) -> Self {
        let (kind, wrapped) = match &key.data_key {
            DataKeyWrap::Sealed(sealed) => (SEALED, sealed),
            DataKeyWrap::Tenant(wrapped) => (TENANT, wrapped),
        };
        Self {
            id: key.id.to_string(),
            credential: key.credential.to_string(),
            algorithm: key.algorithm.as_str().to_owned(),
            spki: key.spki.clone(),
            wrapped_pkcs8: key.wrapped_pkcs8.clone(),
            data_key_kind: kind.to_owned(),
            wrapped_data_key: wrapped.clone(),
            csr: key.csr.clone(),
            csr_algorithm: key.csr_algorithm.java_name(),
            subject: key.subject.clone(),
            created_at: key.created_at.micros(),
        }
    }
}

impl TryFrom<Row> for StoredKey {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = || failure::corrupt("key");
        let algorithm = KeyAlgorithm::parse(&row.algorithm).ok_or_else(corrupt)?;
        Ok(Self {
            id: KeyId::stored(row.id),
            credential: CredentialId::stored(row.credential),
            algorithm,
            spki: row.spki,
            wrapped_pkcs8: row.wrapped_pkcs8,
            data_key: match row.data_key_kind.as_str() {
                SEALED => DataKeyWrap::Sealed(row.wrapped_data_key),
                TENANT => DataKeyWrap::Tenant(row.wrapped_data_key),
                _ => return Err(corrupt()),
            },
            csr: row.csr,
            csr_algorithm: CsrSignatureAlgorithm::parse(&row.csr_algorithm, algorithm)?,
            subject: row.subject,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}
