//! The HTTP server: its listeners and threads, from the first socket to the last answer.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App as Actix, HttpServer, rt};

use super::access_log::surround;
use super::routes::{self, Listener};
use super::tls::Certificate;
use crate::app::App;
use crate::model::error::{Code, Error, Result};

/// A server that answers, on threads of its own. Dropping it stops it without waiting.
pub struct Running {
    address: SocketAddr,
    service_address: Option<SocketAddr>,
    certificate: Option<Arc<Certificate>>,
    handles: Vec<ServerHandle>,
    thread: Option<JoinHandle<Result<()>>>,
}

/// Starts the server of `app`. When this returns, it answers. Fails when an address is taken or the certificate
/// cannot be used.
pub fn start(app: Arc<App>) -> Result<Running> {
    let server = &app.config.server;
    let certificate = server.tls.as_ref().map(Certificate::load).transpose()?;
    let public = bind(server.listen, "--listen")?;
    let service = server.service_listen.map(|address| bind(address, "--service-listen")).transpose()?;
    let address = public.local_addr().map_err(Error::internal)?;
    let service_address =
        service.as_ref().map(TcpListener::local_addr).transpose().map_err(Error::internal)?;

    let (started, wait) = mpsc::channel();
    let tls = certificate.clone();
    let thread = thread::Builder::new()
        .name("http".to_owned())
        .spawn(move || serve(&app, public, service, tls.as_ref(), &started))
        .map_err(Error::internal)?;
    match wait.recv() {
        Ok(handles) => Ok(Running { address, service_address, certificate, handles, thread: Some(thread) }),
        Err(_) => Err(thread.join().map_or_else(
            |_| Error::internal("the server's thread panicked"),
            |ended| ended.err().unwrap_or_else(|| Error::internal("the server ended before it began")),
        )),
    }
}

impl Running {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where `/metrics` and `/health/ready` are, when they are not on the public address.
    pub fn service_address(&self) -> Option<SocketAddr> {
        self.service_address
    }

    /// The base of this server's URLs as seen from this machine, `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Reads the TLS certificate again; without TLS nothing is to be read.
    pub fn reload_certificate(&self) -> Result<()> {
        self.certificate.as_ref().map_or(Ok(()), |certificate| certificate.reload())
    }

    /// Takes no new requests, finishes what is in flight (no longer than the shutdown timeout), then returns.
    pub fn stop(mut self) -> Result<()> {
        for handle in &self.handles {
            // The stop is under way from the call on; its future only waits for it, as does joining the thread.
            drop(handle.stop(true));
        }
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(_)) => Err(Error::internal("the server's thread panicked")),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.thread.is_some() {
            for handle in &self.handles {
                drop(handle.stop(false));
            }
        }
    }
}

fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let detail = format!(
            "{flag} {address} cannot be listened on: {error}. Choose another port, or 0 for any that is free."
        );
        Error::new(Code::InvalidRequest, detail)
    })
}

/// Runs the listeners until they are stopped; `started` gets their handles once they accept.
fn serve(
    app: &Arc<App>,
    public: TcpListener,
    service: Option<TcpListener>,
    certificate: Option<&Arc<Certificate>>,
    started: &mpsc::Sender<Vec<ServerHandle>>,
) -> Result<()> {
    let system = rt::System::new();
    system.block_on(async {
        let mut servers = Vec::new();
        let on_public =
            if service.is_some() { &[Listener::Public][..] } else { &[Listener::Public, Listener::Service] };
        servers.push(listener(app, public, on_public, certificate)?);
        if let Some(service) = service {
            servers.push(listener(app, service, &[Listener::Service], None)?);
        }
        let handles = servers.iter().map(Server::handle).collect();
        let ends: Vec<_> = servers.into_iter().map(rt::spawn).collect();
        let _ = started.send(handles);
        for end in ends {
            end.await.map_err(Error::internal)?.map_err(Error::internal)?;
        }
        Ok(())
    })
}

fn listener(
    app: &Arc<App>,
    socket: TcpListener,
    listeners: &'static [Listener],
    certificate: Option<&Arc<Certificate>>,
) -> Result<Server> {
    let (settings, limits) = (&app.config.server, &app.config.limits);
    let workers = settings.workers.get();
    let data = Data::from(Arc::clone(app));
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(data.clone())
            .wrap(from_fn(surround))
            .configure(|config| routes::configure(config, listeners))
    })
    .workers(workers)
    .worker_max_blocking_threads(limits.blocking.get())
    .max_connections(limits.connections.get().div_ceil(workers))
    .keep_alive(settings.keep_alive)
    .client_request_timeout(limits.request_timeout)
    .shutdown_timeout(settings.shutdown_timeout.as_secs())
    .disable_signals();
    let server = match certificate {
        Some(certificate) => server.listen_rustls_0_23(socket, certificate.server_config()?),
        None => server.listen(socket),
    };
    Ok(server.map_err(Error::internal)?.run())
}
