//! OAuth scopes as this service knows them: `seat:<value>`, `tenant:<value>`, `service`.

use crate::model::error::{Code, Error, Result};
use crate::model::name::{SeatName, TenantName};

/// What a token request asked for. Scopes this server does not know are left out (RFC 6749, 3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedScope {
    pub seat: Option<SeatName>,
    pub tenant: Option<TenantName>,
    /// Whether CSC's `service` was among them: accepted, and adds nothing.
    pub service: bool,
    /// Whether CSC's `credential` was among them: not for client_credentials.
    pub credential: bool,
}

impl RequestedScope {
    /// Splits on spaces only: a seat may hold a `+`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut scope = Self::default();
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            if let Some(value) = token.strip_prefix("seat:") {
                let seat = SeatName::parse(value).map_err(|e| invalid(e.detail()))?;
                if scope.seat.replace(seat).is_some() {
                    return Err(invalid("a scope names at most one seat"));
                }
            } else if let Some(value) = token.strip_prefix("tenant:") {
                let tenant = TenantName::parse(value).map_err(|e| invalid(e.detail()))?;
                if scope.tenant.replace(tenant).is_some() {
                    return Err(invalid("a scope names at most one tenant"));
                }
            } else {
                scope.service |= token == "service";
                scope.credential |= token == "credential";
            }
        }
        Ok(scope)
    }

    /// Whether nothing was asked that says who or where: the client's default scope applies then.
    pub fn names_nobody(&self) -> bool {
        self.seat.is_none() && self.tenant.is_none() && !self.credential
    }
}

/// What was granted, as the token response and the token carry it.
pub fn granted(seat: Option<&SeatName>, tenant: Option<&TenantName>, service: bool) -> String {
    let mut parts = Vec::with_capacity(3);
    parts.extend(seat.map(|seat| format!("seat:{seat}")));
    parts.extend(tenant.map(|tenant| format!("tenant:{tenant}")));
    parts.extend(service.then(|| "service".to_owned()));
    parts.join(" ")
}

fn invalid(detail: &str) -> Error {
    Error::new(Code::InvalidScope, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_come_in_any_order_and_lower_case() {
        let scope = RequestedScope::parse("tenant:ACME other seat:J+Doe@acme service").unwrap();
        assert_eq!(
            granted(scope.seat.as_ref(), scope.tenant.as_ref(), scope.service),
            "seat:j+doe@acme tenant:acme service"
        );
    }

    #[test]
    fn two_seats_are_refused() {
        assert_eq!(RequestedScope::parse("seat:a seat:a").unwrap_err().code(), Code::InvalidScope);
    }
}
