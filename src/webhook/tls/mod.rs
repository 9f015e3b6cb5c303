//! TLS as API servers speak it: 1.2 or newer, HTTP/2 or HTTP/1.1 by ALPN, no client certificates. The certificate is
//! looked up at each handshake, so that it can be exchanged while serving.

mod files;
mod self_signed;
mod validity;

pub use files::CertificateFiles;
pub use self_signed::{SelfSigned, self_signed};
pub use validity::Validity;

use crate::webhook::tls::validity::validity;
use anyhow::{Context, bail};
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

/// A certificate with its key, known to belong together.
#[derive(Debug, Clone)]
pub struct Certificate {
    key: Arc<CertifiedKey>,
    validity: Validity,
}

/// The certificate in use.
#[derive(Debug)]
pub struct CurrentCertificate(RwLock<Arc<Certificate>>);

/// Certificates of one chain. Clients give up on a handshake that is much longer.
const LONGEST_CHAIN: usize = 10;

impl Certificate {
    /// Reads a chain (the server's own certificate first) and its key, both PEM.
    ///
    /// # Errors
    /// No PEM, not of these kinds, or not belonging together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> anyhow::Result<Self> {
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().context("the certificate is not PEM")?;
        if chain.len() > LONGEST_CHAIN {
            bail!("the certificate has {} others with it: want at most {LONGEST_CHAIN} in all", chain.len() - 1);
        }
        let key = PrivateKeyDer::from_pem_slice(key).context("the key is not a PEM private key")?;
        Self::from_der(chain, key)
    }

    /// The same from DER.
    ///
    /// # Errors
    /// As [`Certificate::from_pem`].
    pub fn from_der(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> anyhow::Result<Self> {
        let Some(own) = chain.first() else { bail!("there is no certificate: wanted a PEM block `CERTIFICATE`") };
        let validity = validity(own).context("the dates of the certificate cannot be read")?;
        let key = CertifiedKey::from_der(chain, key, &provider()).context("certificate and key do not go together")?;
        Ok(Self { key: Arc::new(key), validity })
    }

    /// From when to when it is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }
}

impl CurrentCertificate {
    /// Starts with this one.
    pub fn new(certificate: Certificate) -> Self {
        Self(RwLock::new(Arc::new(certificate)))
    }

    /// From the next handshake on this one.
    pub fn replace(&self, certificate: Certificate) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certificate);
    }

    /// Whether the one in use is valid at a time.
    ///
    /// # Errors
    /// What is wrong with it, for people: it has expired, or is not valid yet.
    pub fn check(&self, now: SystemTime) -> Result<(), &'static str> {
        match self.get().validity {
            Validity { not_after, .. } if not_after <= now => Err("the certificate has expired"),
            Validity { not_before, .. } if now < not_before => Err("the certificate is not valid yet"),
            _ => Ok(()),
        }
    }

    /// When the one in use expires.
    pub fn not_after(&self) -> SystemTime {
        self.get().validity.not_after
    }

    /// The same in seconds since 1970; 0 for times before.
    pub fn not_after_seconds(&self) -> i64 {
        let since = self.not_after().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    fn get(&self) -> Arc<Certificate> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get().key.clone())
    }
}

/// The configuration of the server's side.
///
/// # Errors
/// None with the provider that is built in; passed on all the same.
pub fn server_config(certificate: Arc<CurrentCertificate>) -> anyhow::Result<rustls::ServerConfig> {
    let builder = rustls::ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13, &TLS12])?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // API servers do not resume sessions, and a resumed one would outlive a replaced certificate.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Named wherever it is needed: a process-wide default would depend on which other libraries are linked.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
