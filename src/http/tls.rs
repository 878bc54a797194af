//! TLS with a certificate that can be replaced while connections are open.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::config::Tls;
use crate::model::error::{Code, Error, Result};

/// The server's certificate and key, as they were last read from their files.
pub struct Certificate {
    files: Tls,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Fails when a file cannot be read, or the key is not the certificate's.
    pub fn load(files: &Tls) -> Result<Arc<Self>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let current = RwLock::new(read(files, &provider)?);
        Ok(Arc::new(Self { files: files.clone(), provider, current }))
    }

    /// Reads the files again. On failure the certificate in use stays.
    pub fn reload(&self) -> Result<()> {
        let read = read(&self.files, &self.provider)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// TLS 1.2 and 1.3 without client certificates.
    pub(super) fn server_config(self: &Arc<Self>) -> Result<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(Error::internal)?;
        Ok(builder.with_no_client_auth().with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The key stays out of it.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

fn read(files: &Tls, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>> {
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable("--tls-cert", &files.certificate, error))?;
    if chain.is_empty() {
        return Err(unusable("--tls-cert", &files.certificate, "it holds no PEM certificate"));
    }
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unusable("--tls-key", &files.key, error))?;
    CertifiedKey::from_der(chain, key, provider)
        .map(Arc::new)
        .map_err(|error| unusable("--tls-key", &files.key, format!("it does not fit --tls-cert: {error}")))
}

fn unusable(flag: &str, path: &Path, why: impl fmt::Display) -> Error {
    let detail =
        format!("{flag} {} cannot be used: {why}. Give a PEM file that this user may read.", path.display());
    Error::new(Code::InvalidRequest, detail)
}
