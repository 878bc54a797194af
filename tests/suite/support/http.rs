//! Requests as a user would send them, and what came back with nothing hidden: no status is an error, no
//! redirect is followed, no proxy is asked.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method};

/// A server, by its base URL. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Http {
    agent: ureq::Agent,
    base: String,
}

impl Http {
    /// `base`: `http://127.0.0.1:<port>`, as the server prints it.
    pub fn new(base: &str) -> Http {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            // A DELETE with a body: odd, but ours to try.
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Http { agent: config.into(), base: base.trim_end_matches('/').to_owned() }
    }

    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    pub fn put(&self, path: &str) -> Request {
        self.request(Method::PUT, path)
    }

    pub fn patch(&self, path: &str) -> Request {
        self.request(Method::PATCH, path)
    }

    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// `path` begins with `/` and holds the query, or is a whole URL that the server handed out.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let uri = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        Request { agent: self.agent.clone(), method, uri, headers: HeaderMap::new(), body: None }
    }
}

/// A request on its way to being sent.
#[must_use]
pub struct Request {
    agent: ureq::Agent,
    method: Method,
    uri: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

impl Request {
    /// Adds a header (a second one of the same name is sent beside the first).
    pub fn header(mut self, name: &str, value: &str) -> Request {
        let name = HeaderName::try_from(name).unwrap_or_else(|e| panic!("{name:?}: {e}"));
        let value = HeaderValue::try_from(value).unwrap_or_else(|e| panic!("{name}: {value:?}: {e}"));
        self.headers.append(name, value);
        self
    }

    pub fn bearer(self, token: &str) -> Request {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// HTTP Basic as OAuth wants it (RFC 6749, section 2.3.1): id and secret are form-encoded first.
    pub fn basic(self, client_id: &str, client_secret: &str) -> Request {
        let pair = format!("{}:{}", form_encode(client_id), form_encode(client_secret));
        self.header("authorization", &format!("Basic {}", STANDARD.encode(pair)))
    }

    pub fn json(self, body: &Value) -> Request {
        self.bytes("application/json", body.to_string())
    }

    pub fn form(self, fields: &[(&str, &str)]) -> Request {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", form_encode(name), form_encode(value)))
            .collect();
        self.bytes("application/x-www-form-urlencoded", fields.join("&"))
    }

    pub fn bytes(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Request {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// Sends it. Panics when no answer comes; an answer of any status is a [`Reply`].
    #[track_caller]
    pub fn send(self) -> Reply {
        let what = format!("{} {}", self.method, self.uri);
        let has_body =
            self.body.is_some() || [Method::POST, Method::PUT, Method::PATCH].contains(&self.method);
        let mut builder = ureq::http::Request::builder().method(self.method).uri(&self.uri);
        if let Some(headers) = builder.headers_mut() {
            *headers = self.headers;
        }
        let request = builder.body(()).unwrap_or_else(|e| panic!("{what}: {e}"));
        let sent = if has_body {
            self.agent.run(request.map(|()| self.body.unwrap_or_default()))
        } else {
            self.agent.run(request)
        };
        let (parts, mut body) = sent.unwrap_or_else(|e| panic!("{what}: {e}")).into_parts();
        let body = body.with_config().limit(64 << 20).read_to_vec().unwrap_or_else(|e| panic!("{what}: {e}"));
        Reply { what, status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

/// What the server answered.
#[derive(Debug)]
pub struct Reply {
    /// The request that it answers, for messages.
    pub what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// Itself when the status is this one; otherwise the test fails and shows the answer.
    #[track_caller]
    pub fn expect(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{} answered {}", self.what, self.text());
        self
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{}: {e} in {}", self.what, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The `application/x-www-form-urlencoded` spelling of a text.
fn form_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use serde_json::json;

    use super::*;

    #[test]
    fn requests_arrive_as_they_were_put_together() {
        for (request, expected) in [
            (
                echo_request(|http| http.get("/a?b=c").bearer("t")),
                ["GET /a?b=c HTTP/1.1", "authorization: Bearer t", ""],
            ),
            (echo_request(|http| http.post("/")), ["POST / HTTP/1.1", "content-length: 0", ""]),
            (
                echo_request(|http| http.post("/").json(&json!({"a": 1}))),
                ["POST / HTTP/1.1", "content-type: application/json", "{\"a\":1}"],
            ),
            (
                echo_request(|http| http.post("/").form(&[("scope", "a b"), ("x", "ü&")])),
                [
                    "POST / HTTP/1.1",
                    "content-type: application/x-www-form-urlencoded",
                    "scope=a+b&x=%C3%BC%26",
                ],
            ),
            (
                echo_request(|http| http.put("/").bytes("application/pkcs7-mime", *b"0\x80")),
                ["PUT / HTTP/1.1", "content-type: application/pkcs7-mime", "0\u{fffd}"],
            ),
            (
                echo_request(|http| http.patch("/").basic("a:b", "c")),
                ["PATCH / HTTP/1.1", "authorization: Basic YSUzQWI6Yw==", ""],
            ),
            (
                echo_request(|http| http.delete("/x").header("x-one", "1")),
                ["DELETE /x HTTP/1.1", "x-one: 1", ""],
            ),
            (
                echo_request(|http| http.delete("/x").json(&json!(null))),
                ["DELETE /x HTTP/1.1", "content-type: application/json", "null"],
            ),
        ] {
            let [line, header, body] = expected;
            let text = request.text();
            let (head, sent) = text.split_once("\r\n\r\n").unwrap();
            assert_eq!(head.lines().next(), Some(line));
            assert!(head.lines().any(|sent| sent.eq_ignore_ascii_case(header)), "{header} is not in {head}");
            assert_eq!(sent, body);
        }
    }

    #[test]
    fn an_answer_of_any_status_is_a_reply() {
        let (base, server) = answer_once(|_| {
            b"HTTP/1.1 302 Found\r\nlocation: /y\r\ncontent-length: 8\r\n\r\n{\"a\":[]}".to_vec()
        });
        let reply = Http::new(&base).get("/x").send().expect(302);
        server.join().unwrap();
        assert_eq!(reply.header("location"), Some("/y"));
        assert_eq!(reply.json(), json!({"a": []}));
    }

    /// Sends a request to a server that answers with the very bytes that it received.
    fn echo_request(request: impl FnOnce(&Http) -> Request) -> Reply {
        let (base, server) = answer_once(|received| {
            let mut answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", received.len()).into_bytes();
            answer.extend_from_slice(received);
            answer
        });
        let reply = request(&Http::new(&base)).send().expect(200);
        server.join().unwrap();
        reply
    }

    fn answer_once(answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> (String, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let mut received = Vec::new();
            while !received.ends_with(b"\r\n\r\n") {
                stream.read_until(b'\n', &mut received).unwrap();
            }
            let head = String::from_utf8_lossy(&received).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0);
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            received.extend_from_slice(&body);
            stream.get_mut().write_all(&answer(&received)).unwrap();
        });
        (base, server)
    }
}
