//! Seats: the people and things of a tenant that hold credentials.

use diesel::prelude::*;

use crate::model::error::Result;
use crate::model::name::{SeatName, TenantName};
use crate::model::tenant::Seat;
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::dialect::each;
use crate::store::page::{Listed, Page};
use crate::store::schema::seats;

pub fn insert(tx: &mut Tx, seat: &Seat) -> Result<()> {
    diesel::insert_into(seats::table).values(Row::from(seat)).execute(tx.connection)?;
    Ok(())
}

/// Makes the seat unless it is there.
pub fn ensure(tx: &mut Tx, seat: &Seat) -> Result<()> {
    let row = Row::from(seat);
    each!(tx.connection, c => diesel::insert_into(seats::table).values(&row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

pub fn find(tx: &mut Tx, tenant: &TenantName, seat: &SeatName) -> Result<Option<Seat>> {
    let row: Option<Row> =
        seats::table.find((tenant.as_str(), seat.as_str())).get_result(tx.connection).optional()?;
    Ok(row.map(Seat::from))
}

/// A tenant's seats, by name.
pub fn list(tx: &mut Tx, tenant: &TenantName, page: &Page) -> Result<Listed<Seat>> {
    let rows: Vec<Row> = seats::table
        .filter(seats::tenant.eq(tenant.as_str()))
        .filter(seats::name.gt(page.after()))
        .order(seats::name)
        .limit(page.fetch())
        .load(tx.connection)?;
    page.cut(rows, |row| row.name.clone()).try_map(|row| Ok(Seat::from(row)))
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = seats)]
struct Row {
    tenant: String,
    name: String,
    display_name: Option<String>,
    email: Option<String>,
    created_at: i64,
}

impl From<&Seat> for Row {
    fn from(seat: &Seat) -> Self {
        Self {
            tenant: seat.tenant.to_string(),
            name: seat.name.to_string(),
            display_name: seat.display_name.clone(),
            email: seat.email.clone(),
            created_at: seat.created_at.micros(),
        }
    }
}

impl From<Row> for Seat {
    fn from(row: Row) -> Self {
        Self {
            tenant: TenantName::stored(row.tenant),
            name: SeatName::stored(row.name),
            display_name: row.display_name,
            email: row.email,
            created_at: Timestamp::from_micros(row.created_at),
        }
    }
}
