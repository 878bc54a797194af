//! What goes back to the application, by way of the browser (RFC 6749, 4.1.2 and 4.2.2). It always says who answers
//! (RFC 9207), so that an application that uses several servers mixes none up.

use url::form_urlencoded;

use crate::model::authorization_request::{Asked, ResponseType};
use crate::model::error::{Code, Error};

/// An answer on its way.
#[derive(Clone)]
pub struct Answer {
    redirect_uri: String,
    response: ResponseType,
    pairs: Vec<(&'static str, String)>,
}

/// What the application is told when it gets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub error: &'static str,
    pub description: String,
}

impl Refusal {
    pub fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
    }

    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }
}

/// In the words of RFC 6749, 4.1.2.1.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let name = match error.code() {
            Code::InvalidScope => "invalid_scope",
            Code::UnauthorizedClient | Code::InvalidClient => "unauthorized_client",
            Code::Busy
            | Code::StorageUnavailable
            | Code::RateLimited
            | Code::OutcomeUnknown
            | Code::Conflict => "temporarily_unavailable",
            Code::InternalError => "server_error",
            _ => "invalid_request",
        };
        Self::new(name, error.detail())
    }
}

impl Answer {
    pub(super) fn to(asked: &Asked, issuer: &str) -> Self {
        Self::begin(asked.redirect_uri.clone(), asked.response, asked.state.clone(), issuer)
    }

    /// Before it is known what was asked.
    pub(super) fn begin(
        redirect_uri: String,
        response: ResponseType,
        state: Option<String>,
        issuer: &str,
    ) -> Self {
        let mut pairs = vec![("iss", issuer.to_owned())];
        pairs.extend(state.map(|state| ("state", state)));
        Self { redirect_uri, response, pairs }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.pairs.push((name, value.into()));
        self
    }

    pub(super) fn refused(self, refusal: &Refusal) -> Self {
        self.with("error", refusal.error).with("error_description", plain(&refusal.description))
    }

    /// Where the browser is sent. What the redirect URI had in its query stays (RFC 6749, 3.1.2).
    pub fn location(&self) -> String {
        let mut written = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.pairs {
            written.append_pair(name, value);
        }
        let separator = match self.response {
            ResponseType::Token => '#',
            ResponseType::Code if self.redirect_uri.contains('?') => '&',
            ResponseType::Code => '?',
        };
        format!("{}{separator}{}", self.redirect_uri, written.finish())
    }
}

/// What RFC 6749, 4.1.2.1 allows in a description.
fn plain(text: &str) -> String {
    let text = text.chars().map(|c| if c == '"' { '\'' } else { c });
    text.filter(|c| (*c == ' ' || c.is_ascii_graphic()) && *c != '\\').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_keeps_the_query_of_the_redirect_uri_and_says_who_answers() {
        let answer = |uri: &str, response| {
            Answer::begin(uri.into(), response, Some("a&b".into()), "https://cs.example").with("code", "x")
        };
        assert_eq!(
            answer("https://app.example/cb?x=1", ResponseType::Code).location(),
            "https://app.example/cb?x=1&iss=https%3A%2F%2Fcs.example&state=a%26b&code=x"
        );
        assert_eq!(
            answer("com.example.app:/cb", ResponseType::Token).location(),
            "com.example.app:/cb#iss=https%3A%2F%2Fcs.example&state=a%26b&code=x"
        );
    }

    #[test]
    fn a_description_holds_what_the_rfc_allows() {
        let refusal = Refusal::invalid_request("the \"x\"\n\\é");
        let answer = Answer::begin("https://a".into(), ResponseType::Code, None, "i").refused(&refusal);
        assert!(answer.location().ends_with("error_description=the+%27x%27"));
    }
}
