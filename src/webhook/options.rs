//! How to serve, as the command line says it. Plain values: the flags themselves belong to the command line.

use crate::webhook::limits::Limits;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the API server connects (TLS).
    pub listen: SocketAddr,
    /// Where `/livez`, `/readyz` and `/metrics` are served (plain text).
    pub probe_listen: SocketAddr,
    /// Where the certificate comes from.
    pub certificate: CertificateSource,
    /// From SIGTERM to the end at the latest: less than the pod's terminationGracePeriodSeconds, more than the 95 s
    /// after which the last idle connection is surely given up. [`DEFAULT_GRACE`] fits a period of 120 s.
    pub grace: Duration,
}

/// From SIGTERM to the end, when nothing else is said.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(110);

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// Two PEM files, read again when they change.
    Files {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
    /// Made at start.
    SelfSigned {
        /// For these names and IP addresses.
        names: Vec<String>,
        /// The CA's certificate goes here.
        ca_file: Option<PathBuf>,
    },
}

/// The flags contradict each other, or what they name cannot be used: exit code 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

impl CertificateSource {
    /// The source that the flags `--tls-cert`, `--tls-key` and `--self-signed` ask for; without any of them the server
    /// makes its own.
    ///
    /// # Errors
    /// Both ways at once, or half of one.
    pub fn from_flags(
        tls_cert: Option<PathBuf>,
        tls_key: Option<PathBuf>,
        self_signed: bool,
    ) -> Result<Self, UsageError> {
        const WAYS: &str = "give both --tls-cert and --tls-key (PEM files), or neither: \
             then the server makes its own CA and certificate (--self-signed)";
        let refused = |seen: &str| Err(UsageError(format!("{seen}: {WAYS}")));
        match (tls_cert, tls_key) {
            (Some(_), _) | (_, Some(_)) if self_signed => refused("--self-signed beside --tls-cert or --tls-key"),
            (Some(certificate), Some(key)) => Ok(Self::Files { certificate, key }),
            (Some(_), None) => refused("--tls-cert without --tls-key"),
            (None, Some(_)) => refused("--tls-key without --tls-cert"),
            (None, None) => Ok(Self::SelfSigned {
                names: ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into(),
                ca_file: None,
            }),
        }
    }
}

impl Options {
    /// The limits of the product with what the options change.
    pub fn limits(&self) -> Limits {
        Limits { grace: self.grace, ..Limits::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_or_none() {
        let (file, names) = (|| Some(PathBuf::from("f")), ["localhost", "127.0.0.1", "::1"].map(str::to_owned));
        let files = CertificateSource::Files { certificate: "f".into(), key: "f".into() };
        let own = CertificateSource::SelfSigned { names: names.into(), ca_file: None };
        let cases = [
            (file(), file(), false, Some(files)),
            (None, None, false, Some(own.clone())),
            (None, None, true, Some(own)),
            (file(), None, false, None),
            (None, file(), false, None),
            (file(), file(), true, None),
        ];
        for (certificate, key, self_signed, wanted) in cases {
            match (CertificateSource::from_flags(certificate, key, self_signed), wanted) {
                (seen, Some(wanted)) => assert_eq!(seen, Ok(wanted)),
                (Ok(seen), None) => panic!("{seen:?}"),
                (Err(error), None) => assert!(
                    error.0.contains("--tls-cert and --tls-key") && error.0.contains("(--self-signed)"),
                    "{error}"
                ),
            }
        }
    }
}
