//! OAuth scopes as this service knows them: `seat:<value>`, `tenant:<value>`, CSC's `service` and `credential`, and of
//! OpenID Connect `openid`, `profile` and `email`.

use serde::{Deserialize, Serialize};

use crate::model::error::{Code, Error, Result};
use crate::model::name::{SeatName, TenantName};

/// What a request asked for. Scopes this server does not know are left out (RFC 6749, 3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestedScope {
    pub seat: Option<SeatName>,
    pub tenant: Option<TenantName>,
    /// Whether CSC's `service` was among them: accepted, and adds nothing.
    pub service: bool,
    /// Whether CSC's `credential` was among them: for the authorization endpoint only.
    pub credential: bool,
    /// Whether the client wants to know who signed in; nothing of it without `openid`.
    pub openid: bool,
    pub profile: bool,
    pub email: bool,
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
                scope.openid |= token == "openid";
                scope.profile |= token == "profile";
                scope.email |= token == "email";
            }
        }
        Ok(scope)
    }

    /// Whether nothing was asked that says who or where: the client's default scope applies then.
    pub fn names_nobody(&self) -> bool {
        self.seat.is_none() && self.tenant.is_none() && !self.credential
    }

    /// Without what is said of people: for a client that acts for itself.
    pub fn of_nobody(self) -> Self {
        Self { openid: false, profile: false, email: false, ..self }
    }

    /// What both ask for; seat and tenant stay this one's.
    pub fn within(&self, granted: &Self) -> Self {
        Self {
            service: self.service && granted.service,
            credential: self.credential && granted.credential,
            openid: self.openid && granted.openid,
            profile: self.profile && granted.profile,
            email: self.email && granted.email,
            ..self.clone()
        }
    }

    /// What is granted of it, for this seat and tenant, as the token response and the token carry it.
    pub fn granted(&self, seat: Option<&SeatName>, tenant: Option<&TenantName>) -> String {
        let mut parts = Vec::with_capacity(3);
        parts.extend(seat.map(|seat| format!("seat:{seat}")));
        parts.extend(tenant.map(|tenant| format!("tenant:{tenant}")));
        let plain = [
            ("service", self.service),
            ("openid", self.openid),
            ("profile", self.openid && self.profile),
            ("email", self.openid && self.email),
        ];
        parts.extend(plain.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name.to_owned()));
        parts.join(" ")
    }
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
            scope.granted(scope.seat.as_ref(), scope.tenant.as_ref()),
            "seat:j+doe@acme tenant:acme service"
        );
    }

    #[test]
    fn what_is_told_of_people_needs_openid_and_a_user() {
        let granted = |text| RequestedScope::parse(text).unwrap().granted(None, None);
        assert_eq!(granted("email profile openid service"), "service openid profile email");
        assert_eq!(granted("email profile"), "");
        assert_eq!(RequestedScope::parse("openid email").unwrap().of_nobody().granted(None, None), "");
    }

    #[test]
    fn a_scope_shrinks_to_what_was_granted() {
        let granted = RequestedScope::parse("service openid").unwrap();
        let asked = RequestedScope::parse("openid email").unwrap();
        assert_eq!(asked.within(&granted), RequestedScope::parse("openid").unwrap());
    }

    #[test]
    fn two_seats_are_refused() {
        assert_eq!(RequestedScope::parse("seat:a seat:a").unwrap_err().code(), Code::InvalidScope);
    }
}
