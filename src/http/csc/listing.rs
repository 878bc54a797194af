//! What credentials/list is asked: whose credentials, and which page of them.

use super::fault;
use super::fields::{Fields, Value, owned};
use super::parameters::{CLIENT_DATA, MAX_RESULTS, PAGE_TOKEN, USER_ID};
use crate::model::error::Result;
use crate::model::id::CredentialId;
use crate::model::name::SeatName;
use crate::model::token::Call;
use crate::store::page::Page;

/// What credentials/list is asked.
pub struct ListAsked {
    seat: Option<String>,
    pub page: Page,
}

impl ListAsked {
    /// A caller whose token names the seat has no say in whose credentials they are.
    pub fn read(fields: &Fields, call: &Call) -> Result<Self> {
        let asked = Self::of(fields)?;
        if call.principal.seat().is_some() && asked.seat.is_some() {
            return Err(fault::user_given_twice());
        }
        Ok(asked)
    }

    fn of(fields: &Fields) -> Result<Self> {
        let seat = owned(fields.optional_text(USER_ID)?);
        let limit = match fields.find(MAX_RESULTS)? {
            Some(Value::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        };
        let token = fields.optional_text(PAGE_TOKEN)?;
        fields.optional_text(CLIENT_DATA)?;
        // The token is the last id of the page before.
        let after =
            token.map(CredentialId::parse).transpose().map_err(|_| fault::invalid(PAGE_TOKEN.name()))?;
        Ok(Self { seat, page: Page::at_most(limit, after.map(|id| id.to_string())) })
    }

    /// CSC `userID`.
    pub fn seat(&self) -> Result<Option<SeatName>> {
        let seat = self.seat.as_deref().map(SeatName::parse);
        seat.transpose().map_err(|_| fault::invalid(USER_ID.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<ListAsked> {
        ListAsked::of(&Fields::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn odd_page_sizes_are_the_server_s_and_odd_page_tokens_refused() {
        for odd in ["0", "-1", "1.5", "\"x\"", "99999", "null"] {
            let asked = read(&format!(r#"{{"maxResults":{odd}}}"#)).unwrap();
            assert_eq!(asked.page, Page::at_most(None, None), "{odd}");
        }
        let asked = read(r#"{"maxResults":5,"pageToken":"c-7"}"#).unwrap();
        assert_eq!(asked.page, Page::at_most(Some(5), Some("c-7".to_owned())));
        for (body, said) in [
            (r#"{"pageToken":"a/b"}"#, "Invalid parameter pageToken"),
            (r#"{"pageToken":7}"#, "Invalid parameter pageToken"),
            (r#"{"userID":7}"#, "Invalid parameter userID"),
        ] {
            assert_eq!(read(body).err().unwrap().detail(), said);
        }
        let odd_seat = read(r#"{"user_id":"a b"}"#).unwrap().seat();
        assert_eq!(odd_seat.unwrap_err().detail(), "Invalid parameter userID");
    }
}
