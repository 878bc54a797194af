//! The log as it is read.

use crate::model::error::Result;
use crate::model::event::StoredEvent;
use crate::model::permission::Permission;
use crate::model::token::Call;
pub use crate::store::events::EventFilter;
use crate::store::page::{Listed, Page};
use crate::store::{Store, events};

/// The events of the tenants within the caller's reach, oldest first.
pub fn list(store: &Store, call: &Call, filter: &EventFilter, page: &Page) -> Result<Listed<StoredEvent>> {
    store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::AuditRead)?;
        events::list(tx, caller.reach(), filter, page)
    })
}
