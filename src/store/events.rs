//! The audit log's rows: indexed columns, and the canonical bytes (RFC 8785) that a proof will hash.

use diesel::prelude::*;
use serde_json::{Map, Value};

use crate::model::error::{Error, Result};
use crate::model::event::{Actor, Event, StoredEvent};
use crate::model::name::TenantName;
use crate::model::permission::TenantReach;
use crate::model::time::Timestamp;
use crate::store::page::{Listed, Page};
use crate::store::schema::audit_events;
use crate::store::{Tx, failure};

/// Appends an event to the transaction of the change that it tells of.
pub fn append(tx: &mut Tx, actor: &Actor, event: &Event) -> Result<()> {
    diesel::insert_into(audit_events::table)
        .values((
            audit_events::at.eq(actor.at.micros()),
            audit_events::tenant.eq(event.tenant.as_ref().map(TenantName::as_str)),
            audit_events::actor.eq(&actor.name),
            audit_events::action.eq(event.action),
            audit_events::target.eq(&event.target),
            audit_events::record.eq(canonical(actor, event)?),
        ))
        .execute(tx.connection)?;
    Ok(())
}

/// Which events are meant; what is left out does not matter.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    pub tenant: Option<TenantName>,
    pub actor: Option<String>,
    pub action: Option<String>,
    pub target: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// Those of the tenants within reach, oldest first. Events of no tenant are for those who reach all.
pub fn list(
    tx: &mut Tx,
    reach: &TenantReach,
    filter: &EventFilter,
    page: &Page,
) -> Result<Listed<StoredEvent>> {
    let after: i64 = match page.after().as_str() {
        "" => 0,
        cursor => {
            cursor.parse().map_err(|_| Error::field("/cursor", "not a cursor that this service gave"))?
        }
    };
    let mut query = audit_events::table.filter(audit_events::sequence.gt(after)).into_boxed();
    if let TenantReach::Only(_) = reach {
        query = query.filter(audit_events::tenant.eq_any(reach.names()));
    }
    if let Some(tenant) = &filter.tenant {
        query = query.filter(audit_events::tenant.eq(tenant.as_str()));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(audit_events::actor.eq(actor));
    }
    if let Some(action) = &filter.action {
        query = query.filter(audit_events::action.eq(action));
    }
    if let Some(target) = &filter.target {
        query = query.filter(audit_events::target.eq(target));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_events::at.ge(from.micros()));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_events::at.lt(to.micros()));
    }
    let rows: Vec<Row> = query.order(audit_events::sequence).limit(page.fetch()).load(tx.connection)?;
    page.cut(rows, |row| row.sequence.to_string()).try_map(StoredEvent::try_from)
}

/// When the last event was, by the clock of the node that wrote it.
pub fn latest(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let query = audit_events::table.select(audit_events::at).order(audit_events::sequence.desc());
    let at: Option<i64> = query.first(tx.connection).optional()?;
    Ok(at.map(Timestamp::from_micros))
}

/// RFC 8785: members in the order of their names, no white space. All names are ASCII and all numbers integers, so
/// sorting by octets and the usual escapes are canonical.
fn canonical(actor: &Actor, event: &Event) -> Result<Vec<u8>> {
    let mut record = Map::new();
    record.insert("action".into(), event.action.into());
    record.insert("actor".into(), actor.name.as_str().into());
    record.insert("at".into(), actor.at.to_string().into());
    record.insert("details".into(), Value::Object(event.details.clone()));
    record.insert("outcome".into(), event.outcome.as_str().into());
    record.insert("requestId".into(), actor.request_id.clone().into());
    record.insert("target".into(), event.target.as_str().into());
    record.insert("tenant".into(), event.tenant.as_ref().map(TenantName::as_str).into());
    let mut record = Value::Object(record);
    record.sort_all_objects();
    serde_json::to_vec(&record).map_err(Error::internal)
}

#[derive(Queryable)]
struct Row {
    sequence: i64,
    at: i64,
    tenant: Option<String>,
    actor: String,
    action: String,
    target: String,
    record: Vec<u8>,
}

impl TryFrom<Row> for StoredEvent {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let record: Value =
            serde_json::from_slice(&row.record).map_err(|_| failure::corrupt("audit event"))?;
        let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            sequence: row.sequence,
            at: Timestamp::from_micros(row.at),
            actor: row.actor,
            action: row.action,
            target: row.target,
            tenant: row.tenant.map(TenantName::stored),
            outcome: text("outcome").unwrap_or_default(),
            request_id: text("requestId"),
            details: record.get("details").cloned().unwrap_or_default(),
        })
    }
}
