//! The least that an HTTP service can do: actix answering a small JSON to whatever is posted. Nothing built on it is faster.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use actix_web::{App, HttpResponse, HttpServer, web};

/// This program again, as a server in a process of its own.
pub struct BareServer {
    child: Child,
    pub address: SocketAddr,
}

impl BareServer {
    pub fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("--bare-answer")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().parse().unwrap() }
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for BareServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is killed.
pub fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    let workers = std::thread::available_parallelism().unwrap().get();
    let server = HttpServer::new(|| {
        App::new().route(
            "/",
            web::post().to(|body: web::Bytes| async move {
                HttpResponse::Ok()
                    .content_type("application/json")
                    .body(format!("{{\"octets\":{}}}", body.len()))
            }),
        )
    })
    .workers(workers)
    .listen(listener)
    .unwrap();
    actix_web::rt::System::new().block_on(server.run()).unwrap();
}
