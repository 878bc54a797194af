//! A tenant's gateway for text messages on a port of its own: it keeps what is posted to it, and answers with the status
//! that it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub struct Gateway {
    address: SocketAddr,
    inside: Arc<Inside>,
}

struct Inside {
    /// The status line behind the version, with further headers.
    answer: Mutex<String>,
    posted: Mutex<Vec<Posted>>,
    ended: AtomicBool,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Posted {
    pub path: String,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Gateway {
    pub fn start() -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Inside {
            answer: Mutex::new("204 No Content".to_owned()),
            posted: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let shared = Arc::clone(&inside);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                let (shared, stream) = (Arc::clone(&shared), stream.unwrap());
                thread::spawn(move || take(&stream, &shared).unwrap_or_default());
            }
        });
        Gateway { address, inside }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}/sms?key=k", self.address)
    }

    /// From here on it answers so: `500 Oops`, or with headers behind.
    pub fn answer(&self, answer: &str) {
        *self.inside.answer.lock().unwrap() = answer.to_owned();
    }

    /// What was posted, oldest first.
    pub fn posted(&self) -> Vec<Posted> {
        self.inside.posted.lock().unwrap().clone()
    }

    /// The link in the last message to somebody.
    #[track_caller]
    pub fn link(&self, to: &str) -> String {
        let all = self.posted();
        let last = all.iter().rev().map(Posted::json).find(|body| body["to"] == to);
        last.unwrap_or_else(|| panic!("no message to {to}"))["link"].as_str().expect("a link").to_owned()
    }

    /// The code in the last message to a number.
    #[track_caller]
    pub fn code(&self, to: &str) -> String {
        let all = self.posted();
        let last = all.iter().rev().map(Posted::json).find(|body| body["to"] == to);
        last.unwrap_or_else(|| panic!("no message to {to}"))["code"].as_str().expect("a code").to_owned()
    }
}

impl Posted {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether it was signed with this secret, as a receiver checks it.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let secret = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed =
            format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        let Some(signature) = self.header("webhook-signature").strip_prefix("v1,") else { return false };
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        hmac::verify(&key, signed.as_bytes(), &STANDARD.decode(signature).unwrap()).is_ok()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.inside.ended.store(true, Ordering::SeqCst);
        // Wakes the one who waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

fn take(stream: &TcpStream, inside: &Inside) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8(body).unwrap();
    inside.posted.lock().unwrap().push(Posted { path, headers, body });
    let answer = inside.answer.lock().unwrap().clone();
    (&mut &*stream)
        .write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes())
}
