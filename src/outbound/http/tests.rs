use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

fn client(time: Duration) -> Client {
    Client::new(Limits { time, answer: 1000, calls: const { NonZeroUsize::new(1).unwrap() } })
}

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(200);

/// Lets `speak` answer the one connection that comes. The URL of it.
fn server(speak: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || speak(listener.accept().unwrap().0));
    format!("http://user:hunter2@{address}/path?key=hunter2")
}

/// The request up to the end of its body, which is `ping`.
fn heard(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut octet = [0];
    while !request.ends_with(b"\r\n\r\nping") {
        stream.read_exact(&mut octet).unwrap();
        request.extend(octet);
    }
    String::from_utf8(request).unwrap()
}

fn saying(answer: impl Into<Vec<u8>>) -> String {
    let answer = answer.into();
    server(move |mut stream| {
        heard(&mut stream);
        // Who stops reading a long answer is right to do so.
        let _ = stream.write_all(&answer);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read(&mut [0]);
    })
}

fn post(client: &Client, url: &str) -> Result<Answer, Failure> {
    client.post(&url.parse().unwrap(), &[("Content-Type", "text/ping")], b"ping")
}

#[test]
fn the_call_carries_headers_and_user_and_brings_status_type_and_body() {
    let (sender, receiver) = mpsc::channel();
    let url = server(move |mut stream| {
        sender.send(heard(&mut stream)).unwrap();
        let answer = "HTTP/1.1 418 No\r\nContent-Type: Text/Pong; charset=x\r\nContent-Length: 4\r\n\r\npong";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let answer = post(&client(LONG), &url).unwrap();
    assert_eq!(
        (answer.status, answer.media_type.as_str(), &answer.body[..]),
        (418, "text/pong", &b"pong"[..])
    );
    let request = receiver.recv().unwrap().to_lowercase();
    assert!(request.starts_with("post /path?key=hunter2 http/1.1\r\n"), "{request}");
    for header in ["authorization: basic dxnlcjpodw50zxiy\r\n", "content-type: text/ping\r\n"] {
        assert!(request.contains(header), "{request}");
    }
}

#[test]
fn a_redirect_is_an_answer_like_any_other() {
    let url = saying("HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(post(&client(LONG), &url).unwrap().status, 307);
}

#[test]
fn no_answer_is_longer_than_allowed() {
    let exact = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}", "x".repeat(1000));
    assert_eq!(post(&client(LONG), &saying(exact)).unwrap().body.len(), 1000);
    for (head, length) in
        [("Content-Length: 1001", 1001), ("Connection: close", 1001), ("Connection: close", 100_000)]
    {
        let long = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{}", "x".repeat(length));
        let failure = post(&client(LONG), &saying(long)).unwrap_err();
        assert!(matches!(failure, Failure::TooLong), "{head}: {failure}");
    }
}

#[test]
fn who_says_nothing_or_dribbles_is_left_when_the_time_is_up() {
    let silent = server(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let dribbling = server(|mut stream| {
        heard(&mut stream);
        let head = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
        assert!(head.is_ok());
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    for url in [silent, dribbling] {
        let begun = Instant::now();
        let failure = post(&client(SHORT), &url).unwrap_err();
        assert!(matches!(failure, Failure::Late), "{failure}");
        assert!(begun.elapsed() < LONG);
    }
}

#[test]
fn what_is_no_http_or_not_there_says_so_without_the_secrets() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let tls = saying("HTTP/1.1 200 OK\r\n\r\n").replace("http://", "https://");
    for url in [saying("220 mail hunter2\r\n\r\n"), saying(""), format!("http://u:hunter2@{gone}/?hunter2")] {
        let failure = post(&client(LONG), &url).unwrap_err();
        assert!(matches!(failure, Failure::Broken(_)), "{failure}");
        assert!(!format!("{failure} {failure:?}").contains("hunter2"), "{failure:?}");
    }
    // The server takes our ClientHello for a request that never ends, or for nonsense.
    assert!(post(&client(SHORT), &tls).is_err());
}

#[test]
fn a_server_is_believed_by_those_who_trust_its_certificate() {
    let directory = std::env::temp_dir().join(format!("countersign-outbound-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let [configuration, key, certificate] =
        ["configuration", "key", "certificate"].map(|name| directory.join(name).display().to_string());
    let extensions = "basicConstraints=critical,CA:FALSE\nsubjectAltName=IP:127.0.0.1\n";
    let request = format!("[req]\ndistinguished_name=dn\nx509_extensions=e\n[dn]\n[e]\n{extensions}");
    std::fs::write(&configuration, request).unwrap();
    let kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let named = ["-subj", "/CN=x", "-config", &configuration, "-keyout", &key, "-out", &certificate];
    let made = Command::new("openssl").args(kind).args(named).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let certificate = CertificateDer::from_pem_file(&certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(&key).unwrap();
    std::fs::remove_dir_all(directory).unwrap();

    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let limits = client(LONG).limits;
    let ours = Client::trusting(&[certificate], limits);
    for (client, believes) in [(ours, true), (Client::new(limits), false)] {
        let config = Arc::clone(&config);
        let url = server(move |stream| {
            let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
            // Who does not believe says so, and goes.
            let mut octets = [0; 1000];
            if stream.read(&mut octets).is_ok() {
                stream.write_all(b"HTTP/1.1 204 X\r\n\r\n").unwrap();
            }
        });
        match post(&client, &url.replace("http://", "https://")) {
            Ok(answer) => assert!(believes && answer.status == 204, "{answer:?}"),
            Err(failure) => assert!(!believes && failure.to_string().contains("certificate"), "{failure}"),
        }
    }
}

#[test]
fn one_call_too_many_does_not_wait() {
    let (started, starts) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let url = server(move |mut stream| {
        heard(&mut stream);
        started.send(()).unwrap();
        released.recv().unwrap();
        stream.write_all(b"HTTP/1.1 204 X\r\n\r\n").unwrap();
    });
    let client = client(LONG);
    thread::scope(|scope| {
        let first = scope.spawn(|| post(&client, &url));
        starts.recv().unwrap();
        assert!(matches!(post(&client, &url), Err(Failure::Busy)));
        release.send(()).unwrap();
        assert_eq!(first.join().unwrap().unwrap().status, 204);
    });
    // The place is free again.
    assert_eq!(post(&client, &saying("HTTP/1.1 204 X\r\n\r\n")).unwrap().status, 204);
}
