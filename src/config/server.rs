//! Where the server listens, and who stands in front of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::PublicUrl;
use crate::model::error::{Code, Error, Result};

#[derive(Clone, Debug)]
pub struct Server {
    /// `--listen`, `COUNTERSIGN_LISTEN`; default `127.0.0.1:8080`. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// `--service-listen`, `COUNTERSIGN_SERVICE_LISTEN`; default none. Moves `/metrics` and `/health/ready` here, off
    /// the public port. Plain HTTP: meant for an address that only operators reach.
    pub service_listen: Option<SocketAddr>,
    /// `--public-url`, `COUNTERSIGN_PUBLIC_URL`; default the one stored in the database at `init`.
    pub public_url: Option<PublicUrl>,
    /// `--tls-cert` and `--tls-key`; default none, which is plain HTTP.
    pub tls: Option<Tls>,
    /// `--behind-proxy`, `COUNTERSIGN_BEHIND_PROXY`; default false. Says that TLS ends in front of this server.
    pub behind_proxy: bool,
    /// `--trusted-proxy`, `COUNTERSIGN_TRUSTED_PROXY` (comma-separated); default none. Only from these networks are
    /// `X-Forwarded-For` and `Forwarded` believed.
    pub trusted_proxies: Vec<IpNet>,
    /// `--workers`, `COUNTERSIGN_WORKERS`; default one per core. Threads that read requests and write answers.
    pub workers: NonZeroUsize,
    /// `--keep-alive`, `COUNTERSIGN_KEEP_ALIVE`, in seconds; default 75. How long an idle connection stays open.
    pub keep_alive: Duration,
    /// `--shutdown-timeout`, `COUNTERSIGN_SHUTDOWN_TIMEOUT`, in seconds; default 30. How long what is in flight may
    /// take after SIGTERM.
    pub shutdown_timeout: Duration,
}

/// The files of the server's own certificate, read again on SIGHUP.
#[derive(Clone, Debug)]
pub struct Tls {
    /// `--tls-cert`, `COUNTERSIGN_TLS_CERT`: PEM, the server's certificate first, then its intermediates.
    pub certificate: PathBuf,
    /// `--tls-key`, `COUNTERSIGN_TLS_KEY`: PEM, PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            service_listen: None,
            public_url: None,
            tls: None,
            behind_proxy: false,
            trusted_proxies: Vec::new(),
            workers: cores(),
            keep_alive: Duration::from_secs(75),
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

impl Server {
    pub(super) fn check(&self) -> Result<()> {
        if !self.listen.ip().is_loopback() && self.tls.is_none() && !self.behind_proxy {
            return Err(contradiction(format!(
                "--listen {} is reachable from other machines, and without TLS everyone on the way can read PINs and tokens. \
                 Give --tls-cert and --tls-key, or --behind-proxy when a proxy in front of it ends TLS.",
                self.listen
            )));
        }
        if self.service_listen.is_some_and(|service| service == self.listen && service.port() != 0) {
            return Err(contradiction(format!(
                "--listen and --service-listen are both {}. Give them different ports, or leave --service-listen out.",
                self.listen
            )));
        }
        Ok(())
    }
}

/// The cores that this process may use.
pub(super) fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn contradiction(detail: String) -> Error {
    Error::new(Code::InvalidRequest, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(server: &Server) -> String {
        server.check().unwrap_err().detail().to_owned()
    }

    #[test]
    fn listening_to_the_world_needs_tls_or_a_proxy() {
        let mut server = Server { listen: "0.0.0.0:8080".parse().unwrap(), ..Server::default() };
        let said = refusal(&server);
        assert!(
            said.contains("--listen") && said.contains("--tls-cert") && said.contains("--behind-proxy"),
            "{said}"
        );
        server.behind_proxy = true;
        server.check().unwrap();
        server.behind_proxy = false;
        server.tls = Some(Tls { certificate: "c.pem".into(), key: "k.pem".into() });
        server.check().unwrap();
    }

    #[test]
    fn loopback_needs_neither() {
        Server::default().check().unwrap();
        Server { listen: "[::1]:0".parse().unwrap(), ..Server::default() }.check().unwrap();
    }

    #[test]
    fn the_two_listeners_differ() {
        let listen = Server::default().listen;
        let said = refusal(&Server { service_listen: Some(listen), ..Server::default() });
        assert!(said.contains("--listen") && said.contains("--service-listen"), "{said}");
    }
}
