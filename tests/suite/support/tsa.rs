//! A time-stamping authority on a port of its own: `openssl ts` behind the smallest of HTTP servers. It answers as it
//! is told to, also badly.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

use super::node;

pub struct Tsa {
    address: SocketAddr,
    inside: Arc<Inside>,
}

struct Inside {
    directory: PathBuf,
    manner: Mutex<Manner>,
    /// The heads of the requests that came.
    heads: Mutex<Vec<String>>,
    /// Those who get no answer.
    unanswered: Mutex<Vec<TcpStream>>,
}

/// How it answers.
#[derive(Clone)]
pub enum Manner {
    /// As RFC 3161 has it.
    Good,
    /// A good token, for this query instead of the one that was sent.
    For(Vec<u8>),
    /// These octets, which are a whole HTTP answer or none.
    Saying(Vec<u8>),
    /// These octets as the body of a 200.
    Body(Vec<u8>),
    /// Nothing, until [`Tsa::hang_up`].
    Silent,
}

const CONFIGURATION: &str = "\
[tsa]
default_tsa = only
[only]
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha1, sha256, sha384
signer_digest = sha256
ess_cert_id_alg = sha256
";

impl Tsa {
    pub fn start() -> Tsa {
        let directory = node::directory();
        fs::create_dir(&directory).unwrap();
        let inside = Inside {
            directory,
            manner: Mutex::new(Manner::Good),
            heads: Mutex::default(),
            unanswered: Mutex::default(),
        };
        let configuration = format!("{CONFIGURATION}serial = {}\n", inside.path("serial"));
        fs::write(inside.path("configuration"), configuration).unwrap();
        fs::write(inside.path("serial"), "0A").unwrap();
        let usage = "extendedKeyUsage=critical,timeStamping";
        let kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let (key, certificate) = (inside.path("key"), inside.path("certificate"));
        let named = ["-subj", "/CN=TSA", "-addext", usage, "-keyout", &key, "-out", &certificate];
        openssl(&[&kind[..], &named].concat());

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tsa = Tsa { address: listener.local_addr().unwrap(), inside: Arc::new(inside) };
        let inside = Arc::downgrade(&tsa.inside);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // The test is over.
                let Some(inside) = inside.upgrade() else { return };
                thread::spawn(move || inside.serve(stream.unwrap()));
            }
        });
        tsa
    }

    /// With a user and a password.
    pub fn url(&self) -> String {
        format!("http://countersign:hunter2@{}/tsr", self.address)
    }

    pub fn behave(&self, manner: Manner) {
        *self.inside.manner.lock().unwrap() = manner;
    }

    /// The heads of the requests since it was asked last.
    pub fn heads(&self) -> Vec<String> {
        std::mem::take(&mut *self.inside.heads.lock().unwrap())
    }

    /// How many wait for an answer that does not come.
    pub fn waiting(&self) -> usize {
        self.inside.unanswered.lock().unwrap().len()
    }

    pub fn hang_up(&self) {
        self.inside.unanswered.lock().unwrap().clear();
    }

    /// What openssl makes of a token over this digest: it verifies it, and writes it out.
    #[track_caller]
    pub fn inspect(&self, token: &[u8], hexadecimal_digest: &str) -> String {
        let file = self.inside.path("token");
        fs::write(&file, token).unwrap();
        let ca = self.inside.path("certificate");
        openssl(&["ts", "-verify", "-digest", hexadecimal_digest, "-token_in", "-in", &file, "-CAfile", &ca]);
        let text = openssl(&["ts", "-reply", "-token_in", "-in", &file, "-token_out", "-text"]);
        String::from_utf8(text.stdout).unwrap()
    }
}

impl Inside {
    fn path(&self, name: &str) -> String {
        self.directory.join(name).to_string_lossy().into_owned()
    }

    fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        });
        let mut query = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut query).unwrap();
        self.heads.lock().unwrap().push(head);
        let manner = self.manner.lock().unwrap().clone();
        let answer = match manner {
            Manner::Good => ok(&self.reply(&query)),
            Manner::For(other) => ok(&self.reply(&other)),
            Manner::Body(body) => ok(&body),
            Manner::Saying(octets) => octets,
            Manner::Silent => {
                self.unanswered.lock().unwrap().push(stream.into_inner());
                return;
            }
        };
        // Who has read enough may leave.
        let _ = stream.get_mut().write_all(&answer);
    }

    /// One at a time: openssl counts serial numbers in a file.
    fn reply(&self, query: &[u8]) -> Vec<u8> {
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap();
        let [query_file, answer, configuration] =
            ["query", "answer", "configuration"].map(|name| self.path(name));
        fs::write(&query_file, query).unwrap();
        let (key, certificate) = (self.path("key"), self.path("certificate"));
        let signer = ["-inkey", &key, "-signer", &certificate, "-config", &configuration];
        openssl(&[&["ts", "-reply", "-queryfile", &query_file, "-out", &answer][..], &signer].concat());
        fs::read(answer).unwrap()
    }
}

impl Drop for Tsa {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.inside.directory);
    }
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[track_caller]
fn openssl(arguments: &[&str]) -> Output {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
