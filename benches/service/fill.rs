//! Credentials by the hundred thousand: copies of one that was enrolled properly, made by the database itself, since
//! enrolling them would take an hour of Argon2id. Nobody can sign with a copy; there they are only in the way.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::server::Place;

/// Credentials that a copied seat has.
pub const PER_SEAT: u32 = 10;

/// The seat of the first copies.
pub const FIRST_SEAT: &str = "copy-0";

/// The first copy.
pub const FIRST: &str = "01900000000070008000001000000000";

/// Brings the number of copies of `template` from `from` to `to`.
pub fn fill(place: &Place, template: &str, from: u32, to: u32) {
    if from >= to {
        return;
    }
    let statements = statements(template, from, to);
    match place.database_url() {
        Some(url) => {
            let mut connection = PgConnection::establish(url).unwrap();
            connection.batch_execute(&statements).unwrap();
            // The server would do it by itself, within a minute.
            connection.batch_execute("ANALYZE").unwrap();
        }
        None => {
            let mut connection = SqliteConnection::establish(&place.sqlite_file().to_string_lossy()).unwrap();
            connection.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
            connection.batch_execute(&statements).unwrap();
        }
    }
}

fn statements(template: &str, from: u32, to: u32) -> String {
    // As long as real ones, and as close together.
    let id = "'0190000000007000800000' || (1000000000 + i)";
    let seat = format!("'copy-' || (i / {PER_SEAT})");
    let numbers = |first: u32, end: u32| {
        let last = end - 1;
        format!("WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})")
    };
    let rows = numbers(from, to);
    // Every tenth number stands for its seat.
    let seats = numbers(from.div_ceil(PER_SEAT), to.div_ceil(PER_SEAT));
    format!(
        "BEGIN;
        INSERT INTO seats (tenant, name, display_name, email, created_at)
        {seats} SELECT t.tenant, 'copy-' || i, t.display_name, t.email, t.created_at
        FROM seats t JOIN credentials c ON c.tenant = t.tenant AND c.seat = t.name CROSS JOIN n WHERE c.id = '{template}';
        INSERT INTO credentials (id, tenant, seat, configuration, client, description, multi_signature, status,
            required_factors, current_key, current_chain, expires_at, created_at, version)
        {rows} SELECT {id}, t.tenant, {seat}, t.configuration, t.client, t.description, t.multi_signature, t.status,
            t.required_factors, {id}, {id}, t.expires_at, t.created_at, t.version
        FROM credentials t CROSS JOIN n WHERE t.id = '{template}';
        INSERT INTO factors (id, credential, kind, confirmed, material, lockout, created_at, version)
        {rows} SELECT {id}, {id}, t.kind, t.confirmed, t.material, t.lockout, t.created_at, t.version
        FROM factors t CROSS JOIN n WHERE t.credential = '{template}';
        INSERT INTO keys (id, credential, algorithm, spki, wrapped_pkcs8, data_key_kind, wrapped_data_key, csr,
            csr_algorithm, subject, created_at)
        {rows} SELECT {id}, {id}, t.algorithm, t.spki, t.wrapped_pkcs8, t.data_key_kind, t.wrapped_data_key, t.csr,
            t.csr_algorithm, t.subject, t.created_at
        FROM keys t CROSS JOIN n WHERE t.credential = '{template}';
        INSERT INTO chains (id, credential, key, certificates, attached_at)
        {rows} SELECT {id}, {id}, {id}, t.certificates, t.attached_at
        FROM chains t CROSS JOIN n WHERE t.credential = '{template}';
        COMMIT;"
    )
}
