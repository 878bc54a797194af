//! Tenants, who belongs to them, and how people show who they are.

pub mod seats;
pub mod tenants;
pub mod trust_anchors;
pub mod users;

pub mod passwords;
pub mod sessions;
pub mod sign_in;

pub mod recent;
pub mod slow_check;
pub mod strangers;

use crate::model::error::{Error, Result};

/// A name for people to read, within bounds.
fn display_name(text: &str) -> Result<()> {
    let length = text.chars().count();
    if (1..=LONGEST_DISPLAY_NAME).contains(&length) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::field(
        "/displayName",
        format!("1 to {LONGEST_DISPLAY_NAME} characters without control characters"),
    ))
}

/// Only the shape that no address lacks: one that nothing can be sent to is found out by sending.
fn email(text: &str) -> Result<()> {
    let parts = text.rsplit_once('@');
    let fits = text.len() <= 254
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        && parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if fits { Ok(()) } else { Err(Error::field("/email", "not an e-mail address")) }
}

const LONGEST_DISPLAY_NAME: usize = 255;
