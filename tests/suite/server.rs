//! The frame around every route: ids, headers, refusals, listeners, TLS and the way to the end.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use countersign::app::App;
use countersign::config::{Config, RsaPool, Tls};
use countersign::http::routes::TABLE;
use countersign::http::server::{self, Running};
use countersign::model::error::{Code, Error};
use countersign::model::time::Clock;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ureq::http::Method;

use crate::support::http::Http;
use crate::support::node;

fn config() -> Config {
    let mut config = Config::in_directory(node::directory());
    config.keys.rsa_pool = RsaPool { rsa_2048: 0, rsa_3072: 0, rsa_4096: 0 };
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config
}

fn app(config: Config) -> App {
    node::open(config, Clock::System)
}

fn start(app: App) -> (Running, Http) {
    let running = server::start(Arc::new(app)).unwrap();
    let http = Http::new(&running.url());
    (running, http)
}

#[test]
fn every_answer_has_an_id_and_is_hardened() {
    let (_running, http) = start(app(config()));
    for path in ["/health/live", "/", "/nowhere", "/docs/", "/problems/not_found"] {
        let reply = http.get(path).header("x-request-id", "mine.1").send();
        for (name, value) in [
            ("x-request-id", "mine.1"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path}");
        }
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("http"), "{path}: {policy}");
        assert!(reply.header("strict-transport-security").is_none(), "{path} is plain HTTP");
    }
    let replaced = http.get("/health/live").header("x-request-id", "forged line").send();
    assert_ne!(replaced.header("x-request-id"), Some("forged line"));
}

#[test]
fn what_is_not_there_is_a_problem() {
    let (_running, http) = start(app(config()));
    let unknown = http.get("/nowhere").header("x-request-id", "mine.2").send().expect(404);
    assert_eq!(unknown.header("content-type"), Some("application/problem+json"));
    let problem = unknown.json();
    assert_eq!((&problem["code"], &problem["requestId"]), (&"not_found".into(), &"mine.2".into()));
    assert_eq!(problem["status"], 404);

    let wrong = http.post("/health/live").send().expect(405);
    assert_eq!(wrong.header("allow"), Some("GET, HEAD"));
    assert_eq!(wrong.json()["code"], "method_not_allowed");

    http.request(Method::HEAD, "/health/live").send().expect(200);
    http.get("/problems/%FF").send().expect(404);
}

#[test]
fn every_code_has_its_page() {
    let (_running, http) = start(app(config()));
    for code in Code::ALL {
        let page = http.get(&format!("/problems/{}", code.as_str())).send().expect(200);
        assert!(page.text().contains(code.as_str()), "{}", code.as_str());
    }
    http.get("/problems/no_such_problem").send().expect(404);
}

#[test]
fn the_reference_page_needs_nothing_from_elsewhere() {
    let (_running, http) = start(app(config()));
    assert_eq!(http.get("/docs").send().expect(308).header("location"), Some("docs/"));
    let page = http.get("/docs/").send().expect(200).text();
    let mut files = 0;
    for part in page.split('"').filter(|part| part.ends_with(".js") || part.ends_with(".css")) {
        http.get(&format!("/docs/{}", part.trim_start_matches("./"))).send().expect(200);
        files += 1;
    }
    assert!(files >= 4, "{page}");
    let start = http.get("/docs/swagger-initializer.js").send().expect(200).text();
    assert!(start.contains("../openapi.json") && !start.contains("petstore"), "{start}");
    assert_eq!(http.get("/openapi.json").send().expect(200).json()["openapi"], "3.1.0");
}

#[test]
fn operators_have_a_port_of_their_own_when_they_want_one() {
    let mut config = config();
    config.server.service_listen = Some(config.server.listen);
    let (running, public) = start(app(config));
    let service = Http::new(&format!("http://{}", running.service_address().unwrap()));
    for path in ["/metrics", "/health/ready"] {
        public.get(path).send().expect(404);
        service.get(path).send().expect(200);
    }
    service.get("/openapi.json").send().expect(404);
    let text = service.get("/metrics").send().text();
    assert!(text.contains(r#"countersign_refusals_total{code="not_found"}"#), "{text}");
}

#[test]
fn a_node_is_ready_when_all_its_parts_are() {
    let mut failing = app(config());
    failing.add_check("clock", || Ok(()));
    failing.add_check("database", || {
        Err(Error::new(Code::StorageUnavailable, "no connection").caused_by("password rejected"))
    });
    let (_running, http) = start(failing);
    let reply = http.get("/health/ready").send().expect(503);
    assert!(reply.header("retry-after").is_some());
    let checks = &reply.json()["checks"];
    assert_eq!((&checks["clock"], &checks["database"]), (&"ok".into(), &"no connection".into()));
    http.get("/health/live").send().expect(200);
}

#[test]
fn stopping_finishes_what_is_in_flight() {
    let (entered, has_entered) = mpsc::channel();
    let (go, gate) = mpsc::channel();
    let gate = Mutex::new(gate);
    let mut slow = app(config());
    slow.add_check("slow", move || {
        entered.send(()).map_err(Error::internal)?;
        gate.lock().unwrap().recv().map_err(Error::internal)
    });
    let (running, http) = start(slow);
    let in_flight = thread::spawn(move || http.get("/health/ready").send());
    has_entered.recv().unwrap();
    let address = running.address();
    let stopping = thread::spawn(move || running.stop());
    // Once nobody accepts any more, the stop is under way.
    while TcpStream::connect(address).is_ok() {
        thread::yield_now();
    }
    go.send(()).unwrap();
    in_flight.join().unwrap().expect(200);
    stopping.join().unwrap().unwrap();
}

#[test]
fn an_address_that_is_taken_is_named() {
    let (running, _) = start(app(config()));
    let mut second = config();
    second.server.listen = running.address();
    let refused = server::start(Arc::new(app(second))).err().unwrap();
    assert!(
        refused.detail().contains("--listen") && refused.detail().contains(&running.address().to_string())
    );
}

#[test]
fn a_new_certificate_is_served_after_a_reload_and_a_broken_one_is_not() {
    let directory = Directory::new("tls-reload");
    let (one, two) = (rcgen::KeyPair::generate().unwrap(), rcgen::KeyPair::generate().unwrap());
    let first = directory.write(&one, &one);
    let mut config = config();
    config.server.tls = Some(directory.files());
    let (running, _) = start(app(config));
    assert!(running.url().starts_with("https://"));
    assert_eq!(served(running.address(), &first), first);

    let second = directory.write(&two, &two);
    running.reload_certificate().unwrap();
    assert_eq!(served(running.address(), &second), second);

    directory.write(&one, &two);
    let refused = running.reload_certificate().unwrap_err();
    assert!(refused.detail().contains("--tls-key"), "{refused}");
    assert_eq!(served(running.address(), &second), second);
}

/// The certificate by which a server answers a client that trusts just `root`; the answer must be hardened for TLS.
fn served(address: SocketAddr, root: &CertificateDer<'static>) -> CertificateDer<'static> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(address).unwrap());
    stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("strict-transport-security"), "{answer}");
    stream.conn.peer_certificates().unwrap()[0].clone()
}

/// A directory for one test's certificate, removed with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn files(&self) -> Tls {
        Tls { certificate: self.0.join("cert.pem"), key: self.0.join("key.pem") }
    }

    /// Writes `key` beside a certificate for the key `of`.
    fn write(&self, key: &rcgen::KeyPair, of: &rcgen::KeyPair) -> CertificateDer<'static> {
        let certificate =
            rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(of).unwrap();
        std::fs::write(self.files().certificate, certificate.pem()).unwrap();
        std::fs::write(self.files().key, key.serialize_pem()).unwrap();
        certificate.der().clone()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// No route answers a stranger by dropping the connection or with a fault of ours.
#[test]
fn every_route_answers_a_bare_request() {
    let (_running, http) = start(app(config()));
    for row in TABLE {
        let path = row.path.replace(['{', '}'], "");
        let reply = http.request(row.method.as_str().parse().unwrap(), &path).send();
        // 501 is for what is not configured here.
        assert!(
            reply.status <= 501 && reply.status != 500,
            "{} {} answered {}",
            row.method,
            row.path,
            reply.text()
        );
    }
}
