//! Seats: the people and things of a tenant that hold credentials.

use crate::identity::{display_name, email};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::name::{SeatName, TenantName};
use crate::model::permission::Permission;
use crate::model::tenant::Seat;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::page::{Listed, Page};
use crate::store::{seats, tenants};

#[derive(Clone, Debug)]
pub struct NewSeat {
    pub tenant: TenantName,
    pub name: SeatName,
    pub display_name: Option<String>,
    pub email: Option<String>,
}

pub fn create(service: &Service, call: &Call, new: NewSeat) -> Result<Seat> {
    new.display_name.as_deref().map_or(Ok(()), display_name)?;
    new.email.as_deref().map_or(Ok(()), email)?;
    let seat = Seat {
        tenant: new.tenant,
        name: new.name,
        display_name: new.display_name,
        email: new.email,
        created_at: call.at,
    };
    let principal = call.principal.clone();
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&principal, Permission::SeatsCreate)?;
        caller.reaches(&seat.tenant)?;
        tenants::known(tx, &seat.tenant)?;
        if seats::find(tx, &seat.tenant, &seat.name)?.is_some() {
            return Err(Error::new(
                Code::AlreadyExists,
                format!("The tenant {} has a seat {} already.", seat.tenant, seat.name),
            ));
        }
        seats::insert(tx, &seat)?;
        let event =
            Event::done("seat.create", format!("seat:{}/{}", seat.tenant, seat.name)).of(&seat.tenant);
        Ok(Audited::new(seat.clone(), event))
    })
}

pub fn list(service: &Service, call: &Call, tenant: &TenantName, page: &Page) -> Result<Listed<Seat>> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::SeatsRead)?;
        caller.reaches(tenant)?;
        tenants::known(tx, tenant)?;
        seats::list(tx, tenant, page)
    })
}

pub fn show(service: &Service, call: &Call, tenant: &TenantName, seat: &SeatName) -> Result<Seat> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::SeatsRead)?;
        caller.reaches(tenant)?;
        seats::find(tx, tenant, seat)?.ok_or_else(Error::not_found)
    })
}
