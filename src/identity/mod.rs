//! Tenants, who belongs to them, and how people show who they are.

pub mod seats;
pub mod tenants;
pub mod trust_anchors;

pub mod recent;
pub mod slow_check;

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

const LONGEST_DISPLAY_NAME: usize = 255;
