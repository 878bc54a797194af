//! Whether signatures are answered at once (`S`) or wait to be collected (`A`), and what is asked of the waiting.
//!
//! `validity_period` is 1000 to 86400000 milliseconds, an hour by default. `response_uri` has to be a URL that the
//! operator allows by `--webhook-host`; by default none is. Both are for `A` only and ignored with `S`: there are clients
//! that always send them.

use crate::config::WebhookHosts;
use crate::http::csc::fault;
use crate::http::csc::fields::Fields;
use crate::http::csc::parameters::{OPERATION_MODE, RESPONSE_URI, VALIDITY_PERIOD};
use crate::model::error::Result;
use crate::model::sign_response::{ResponseValidity, Wait};

#[derive(Debug, PartialEq, Eq)]
pub enum OperationMode {
    Synchronous,
    Asynchronous(Wait),
}

impl OperationMode {
    pub fn asked(fields: &Fields, hosts: &WebhookHosts) -> Result<Self> {
        match fields.optional_text(OPERATION_MODE)? {
            None | Some("S") => Ok(Self::Synchronous),
            Some("A") => wait(fields, hosts).map(Self::Asynchronous),
            Some(_) => Err(fault::invalid(OPERATION_MODE.name())),
        }
    }
}

fn wait(fields: &Fields, hosts: &WebhookHosts) -> Result<Wait> {
    let validity = match fields.optional_integer(VALIDITY_PERIOD)? {
        None => ResponseValidity::default(),
        Some(millis) => ResponseValidity::from_millis(millis)
            .ok_or_else(|| fault::out_of_bounds(VALIDITY_PERIOD.name()))?,
    };
    let refusal = || fault::invalid(RESPONSE_URI.name());
    let uri = fields.optional_text(RESPONSE_URI)?;
    let notified = uri.map(|uri| hosts.admit(uri).ok_or_else(refusal)).transpose()?;
    Ok(Wait { validity, notified })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<OperationMode> {
        let hosts = WebhookHosts::new(["hooks.example.org".parse().unwrap()]);
        OperationMode::asked(&Fields::parse(body.as_bytes()).unwrap(), &hosts)
    }

    #[test]
    fn signatures_are_answered_at_once_unless_asked_otherwise() {
        for body in [
            "{}",
            r#"{"operationMode":null}"#,
            r#"{"operationMode":"S","validity_period":0,"response_uri":"x"}"#,
            r#"{"validity_period":"x","response_uri":7}"#,
        ] {
            assert_eq!(read(body).unwrap(), OperationMode::Synchronous, "{body}");
        }
    }

    #[test]
    fn a_wait_has_a_default_and_several_spellings() {
        let waiting = |body: &str| match read(body).unwrap() {
            OperationMode::Asynchronous(asked) => asked,
            OperationMode::Synchronous => panic!("{body}"),
        };
        let plain = waiting(r#"{"operationMode":"A","validity_period":null,"response_uri":null}"#);
        assert_eq!(plain, Wait { validity: ResponseValidity::default(), notified: None });
        for body in [
            r#"{"operationMode":"A","validity_period":1000,"response_uri":"https://hooks.example.org/a"}"#,
            r#"{"operationMode":"A","validityPeriod":1000,"responseURI":"https://hooks.example.org/a"}"#,
        ] {
            let asked = waiting(body);
            assert_eq!(asked.validity, ResponseValidity::SHORTEST, "{body}");
            assert_eq!(asked.notified.unwrap().as_str(), "https://hooks.example.org/a", "{body}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_in_csc_s_words() {
        for (fields, said) in [
            (r#""operationMode":"B""#, "Invalid parameter operationMode"),
            (r#""operationMode":"a""#, "Invalid parameter operationMode"),
            (r#""operationMode":1"#, "Invalid parameter operationMode"),
            (r#""operationMode":"A","validity_period":"600000""#, "Invalid parameter validity_period"),
            (r#""operationMode":"A","validityPeriod":1.5"#, "Invalid parameter validity_period"),
            (r#""operationMode":"A","validity_period":0"#, "Out of bounds parameter validity_period"),
            (r#""operationMode":"A","validity_period":-1"#, "Out of bounds parameter validity_period"),
            (r#""operationMode":"A","validity_period":999"#, "Out of bounds parameter validity_period"),
            (r#""operationMode":"A","validity_period":86400001"#, "Out of bounds parameter validity_period"),
            (
                r#""operationMode":"A","validity_period":99999999999999999999"#,
                "Invalid parameter validity_period",
            ),
            (r#""operationMode":"A","response_uri":7"#, "Invalid parameter response_uri"),
            (r#""operationMode":"A","response_uri":"""#, "Invalid parameter response_uri"),
            (
                r#""operationMode":"A","responseURI":"https://evil.example/""#,
                "Invalid parameter response_uri",
            ),
            (
                r#""operationMode":"A","response_uri":"http://hooks.example.org/""#,
                "Invalid parameter response_uri",
            ),
            (
                r#""operationMode":"A","validity_period":1000,"validityPeriod":2000"#,
                "The parameter validity_period is there twice, with different values",
            ),
        ] {
            let refused = read(&format!("{{{fields}}}")).unwrap_err();
            assert_eq!(refused.detail(), said, "{fields}");
        }
    }
}
