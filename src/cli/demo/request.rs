//! A request as a user would send it: over HTTP for real, and as a line for curl to read.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::Agent;
use ureq::http;

use super::Failure;

pub struct Request {
    method: &'static str,
    path: String,
    authorization: Authorization,
    body: Body,
}

/// A token under the name of the shell variable that stands for it.
#[derive(Clone)]
pub struct Token {
    pub variable: &'static str,
    pub value: String,
}

enum Authorization {
    None,
    Bearer(Token),
    /// A client's id and secret.
    Basic(String, String),
}

enum Body {
    None,
    Json(Value),
    Form(Vec<Field>),
    /// The file's name is what curl is shown.
    File {
        name: &'static str,
        media_type: &'static str,
        bytes: Vec<u8>,
    },
}

struct Field {
    name: &'static str,
    value: String,
    /// The shell variable that stands for the value.
    variable: Option<&'static str>,
}

pub struct Answer {
    pub status: u16,
    /// JSON, or the text where it is none.
    pub body: Value,
}

impl Answer {
    /// A part of the body by its JSON pointer (RFC 6901); null where there is none.
    pub fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }
}

impl Request {
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    pub fn put(path: impl Into<String>) -> Self {
        Self::new("PUT", path)
    }

    fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), authorization: Authorization::None, body: Body::None }
    }

    pub fn bearer(mut self, token: &Token) -> Self {
        self.authorization = Authorization::Bearer(token.clone());
        self
    }

    pub fn basic(mut self, client_id: &str, client_secret: &str) -> Self {
        self.authorization = Authorization::Basic(client_id.to_owned(), client_secret.to_owned());
        self
    }

    pub fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    pub fn form(mut self, fields: &[(&'static str, &str)]) -> Self {
        let field =
            |(name, value): &(&'static str, &str)| Field { name, value: (*value).to_owned(), variable: None };
        self.body = Body::Form(fields.iter().map(field).collect());
        self
    }

    /// A form that speaks of a token.
    pub fn token_form(mut self, token: &Token) -> Self {
        let value = token.value.clone();
        self.body = Body::Form(vec![Field { name: "token", value, variable: Some(token.variable) }]);
        self
    }

    pub fn file(mut self, name: &'static str, media_type: &'static str, bytes: Vec<u8>) -> Self {
        self.body = Body::File { name, media_type, bytes };
        self
    }

    /// The command, one line for where it goes and one for each part of what it carries.
    pub fn curl(&self) -> Vec<String> {
        let method = match (self.method, &self.body) {
            ("GET", Body::None) | ("POST", Body::Json(_) | Body::Form(_)) => String::new(),
            (method, _) => format!(" -X {method}"),
        };
        let authorization = match &self.authorization {
            Authorization::None => String::new(),
            Authorization::Bearer(token) => format!(r#" -H "Authorization: Bearer ${}""#, token.variable),
            Authorization::Basic(id, secret) => format!(" -u '{id}:{secret}'"),
        };
        // A shell may take a question mark for a pattern.
        let quote = if self.path.contains('?') { "\"" } else { "" };
        let mut lines = vec![format!("curl -s{method} {quote}$URL{}{quote}{authorization}", self.path)];
        match &self.body {
            Body::None => {}
            Body::Json(value) => lines.push(format!("--json '{value}'")),
            Body::Form(fields) => {
                let parts: Vec<String> = fields.iter().map(Field::curl).collect();
                lines.push(parts.join(" "));
            }
            Body::File { name, media_type, .. } => {
                lines.push(format!("-H 'Content-Type: {media_type}' --data-binary @{name}"));
            }
        }
        lines
    }

    pub fn send(self, agent: &Agent, base: &str) -> Result<Answer, Failure> {
        let what = format!("{} {}", self.method, self.path);
        let lost = |error: &dyn std::fmt::Display| Failure::Failed(format!("{what}: {error}"));
        let mut request = http::Request::builder().method(self.method).uri(format!("{base}{}", self.path));
        request = match &self.authorization {
            Authorization::None => request,
            Authorization::Bearer(token) => {
                request.header("authorization", format!("Bearer {}", token.value))
            }
            Authorization::Basic(id, secret) => {
                let pair = STANDARD.encode(format!("{id}:{secret}"));
                request.header("authorization", format!("Basic {pair}"))
            }
        };
        let (media_type, body) = match self.body {
            Body::None => (None, Vec::new()),
            Body::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
            Body::Form(fields) => (Some("application/x-www-form-urlencoded"), form(&fields).into_bytes()),
            Body::File { media_type, bytes, .. } => (Some(media_type), bytes),
        };
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        let answer = match self.method {
            "GET" => agent.run(request.body(()).map_err(|e| lost(&e))?),
            _ => agent.run(request.body(body).map_err(|e| lost(&e))?),
        };
        let mut answer = answer.map_err(|e| lost(&e))?;
        let text = answer.body_mut().read_to_string().map_err(|e| lost(&e))?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status: answer.status().as_u16(), body })
    }
}

/// A client without proxies, to whom every status is an answer.
pub fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(30)))
        .build();
    config.into()
}

impl Field {
    fn curl(&self) -> String {
        let Self { name, value, variable } = self;
        let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        match variable {
            Some(variable) => format!(r#"-d "{name}=${variable}""#),
            None if plain => format!("-d {name}={value}"),
            None => format!("--data-urlencode '{name}={value}'"),
        }
    }

    fn encoded(&self) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let encode =
            |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        format!("{}={}", self.name, self.value.bytes().map(encode).collect::<String>())
    }
}

fn form(fields: &[Field]) -> String {
    fields.iter().map(Field::encoded).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_line_for_curl_says_what_is_sent() {
        let token = Token { variable: "APP", value: "secret".to_owned() };
        assert_eq!(
            Request::get("/a").bearer(&token).curl(),
            [r#"curl -s $URL/a -H "Authorization: Bearer $APP""#]
        );
        assert_eq!(Request::get("/a?b=c").curl(), [r#"curl -s "$URL/a?b=c""#]);
        assert_eq!(
            Request::post("/t").basic("acme", "pass").form(&[("grant_type", "x"), ("scope", "a b")]).curl(),
            ["curl -s $URL/t -u 'acme:pass'", "-d grant_type=x --data-urlencode 'scope=a b'"]
        );
        assert_eq!(
            Request::post("/c").json(json!({"a": 1})).curl(),
            ["curl -s $URL/c", r#"--json '{"a":1}'"#]
        );
        assert_eq!(
            Request::put("/f").file("chain.p7b", "application/pkcs7-mime", vec![]).curl(),
            ["curl -s -X PUT $URL/f", "-H 'Content-Type: application/pkcs7-mime' --data-binary @chain.p7b"]
        );
        let revocation = Request::post("/r").token_form(&token);
        assert_eq!(revocation.curl(), ["curl -s $URL/r", r#"-d "token=$APP""#]);
        let Body::Form(fields) = revocation.body else { panic!("no form") };
        assert_eq!(form(&fields), "token=secret");
        let scope = Field { name: "scope", value: "seat:a@b c".to_owned(), variable: None };
        assert_eq!(scope.encoded(), "scope=seat%3Aa%40b%20c");
    }
}
