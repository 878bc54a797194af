//! The signer's factors as requests carry them: `authData` by the ids of the credential's auth objects (v2), or fields
//! of their own (v1). Both versions take both.

use super::fault;
use super::fields::{Fields, Parameter, Value};
use super::parameters::{AUTH_DATA, OTP, PIN};
use crate::model::error::{Code, Error, Result};
use crate::model::factor::FactorType;
use crate::model::secret::SecretText;

/// The ids of auth objects. There is at most one one-time password, whatever way it takes.
pub const PIN_ID: &str = "PIN";
pub const OTP_ID: &str = "OTP";
/// Approvals, of which there is at most one too.
pub const EMAIL_LINK_ID: &str = FactorType::EmailLink.csc_name();
pub const PUSH_ID: &str = FactorType::Push.csc_name();

const ID: Parameter = Parameter(&["id"]);
const VALUE: Parameter = Parameter(&["value"]);

/// What a request says in the signer's name.
#[derive(Default)]
pub struct Factors {
    pub pin: Option<SecretText>,
    pub otp: Option<SecretText>,
    /// The approval that the caller names. It has no value here: the signer is asked apart.
    pub approval: Option<FactorType>,
}

impl Factors {
    pub fn sent(fields: &Fields) -> Result<Self> {
        let mut pin = fields.optional_text(PIN)?;
        let mut otp = fields.optional_text(OTP)?;
        let mut approval = None;
        let mut seen = Vec::new();
        for entry in fields.list(AUTH_DATA)?.unwrap_or_default() {
            let Value::Object(entry) = entry else { return Err(odd("an entry is no object")) };
            let Some(Value::Text(id)) = entry.find(ID)? else { return Err(odd("an entry's id is no text")) };
            if seen.contains(&id) {
                return Err(odd("an id is there twice"));
            }
            seen.push(id);
            let (factor, parameter) = match id.as_ref() {
                PIN_ID => (&mut pin, PIN),
                OTP_ID => (&mut otp, OTP),
                EMAIL_LINK_ID | PUSH_ID if approval.is_none() => {
                    approval = FactorType::parse(id);
                    continue;
                }
                _ => return Err(odd("no auth object has this id")),
            };
            match entry.find(VALUE)? {
                // As if it had been left out.
                None => {}
                Some(Value::Text(value)) => match factor.replace(value) {
                    Some(other) if other != value.as_ref() => {
                        return Err(fault::contradictory(parameter.name()));
                    }
                    _ => {}
                },
                Some(_) => return Err(odd("a value is no text")),
            }
        }
        Ok(Self { pin: pin.map(SecretText::new), otp: otp.map(SecretText::new), approval })
    }
}

fn odd(what: &str) -> Error {
    Error::new(Code::InvalidRequest, format!("Invalid parameter {}: {what}", AUTH_DATA.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(body: &str) -> Result<(Option<String>, Option<String>)> {
        let text = |secret: Option<SecretText>| secret.map(|secret| secret.expose().to_owned());
        Factors::sent(&Fields::parse(body.as_bytes()).unwrap()).map(|sent| (text(sent.pin), text(sent.otp)))
    }

    #[test]
    fn factors_come_by_id_or_in_fields_of_their_own() {
        let both = (Some("471193".to_owned()), Some("283019".to_owned()));
        for body in [
            r#"{"PIN":"471193","OTP":"283019"}"#,
            r#"{"authData":[{"id":"PIN","value":"471193"},{"id":"OTP","value":"283019"}]}"#,
            r#"{"OTP":"283019","authData":[{"id":"PIN","value":"471193","other":1}]}"#,
            r#"{"PIN":"471193","authData":[{"id":"PIN","value":"471193"},{"id":"OTP","value":"283019"}]}"#,
        ] {
            assert_eq!(sent(body).unwrap(), both, "{body}");
        }
        for body in ["{}", r#"{"authData":[]}"#, r#"{"authData":null}"#, r#"{"authData":[{"id":"PIN"}]}"#] {
            assert_eq!(sent(body).unwrap(), (None, None), "{body}");
        }
    }

    #[test]
    fn an_approval_is_named_and_has_no_value() {
        for (body, named) in [
            (r#"{"authData":[{"id":"PIN","value":"471193"},{"id":"PUSH"}]}"#, Some(FactorType::Push)),
            (r#"{"authData":[{"id":"EMAIL_LINK","value":null}]}"#, Some(FactorType::EmailLink)),
            (r#"{"authData":[{"id":"OTP","value":"1"}]}"#, None),
        ] {
            let sent = Factors::sent(&Fields::parse(body.as_bytes()).unwrap()).unwrap();
            assert_eq!(sent.approval, named, "{body}");
        }
    }

    #[test]
    fn what_is_odd_is_named_and_never_repeated() {
        for (body, said) in [
            (r#"{"authData":{}}"#, "Missing (or invalid type) array parameter authData"),
            (r#"{"authData":["471193"]}"#, "Invalid parameter authData: an entry is no object"),
            (r#"{"authData":[{"value":"471193"}]}"#, "Invalid parameter authData: an entry's id is no text"),
            (r#"{"authData":[{"id":7}]}"#, "Invalid parameter authData: an entry's id is no text"),
            (
                r#"{"authData":[{"id":"471193","value":"x"}]}"#,
                "Invalid parameter authData: no auth object has this id",
            ),
            (
                r#"{"authData":[{"id":"PIN","value":"x"},{"id":"PIN","value":"x"}]}"#,
                "Invalid parameter authData: an id is there twice",
            ),
            (
                r#"{"authData":[{"id":"PIN","value":471193}]}"#,
                "Invalid parameter authData: a value is no text",
            ),
            (
                r#"{"PIN":"1","authData":[{"id":"PIN","value":"2"}]}"#,
                "The parameter PIN is there twice, with different values",
            ),
            (r#"{"PIN":471193}"#, "Invalid parameter PIN"),
        ] {
            assert_eq!(sent(body).unwrap_err().detail(), said, "{body}");
        }
    }
}
