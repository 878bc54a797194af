//! Clients (applications), as administrators register and change them.

pub mod change;
pub mod create;
pub mod delete;
pub mod first_administrator;
pub mod secrets;
pub mod show;

mod authority;
pub mod settings;

use crate::model::id::ClientId;

fn target(id: &ClientId) -> String {
    format!("client:{id}")
}
