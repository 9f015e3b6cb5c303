//! A certificate and its key in two files that change under us.
//!
//! The files of a mounted Secret change by a swapped symbolic link, which watches of a file miss: so their content is
//! read and compared every few seconds. A pair that is not usable leaves the one before in use.

use crate::webhook::metrics::Metrics;
use crate::webhook::tls::{Certificate, CurrentCertificate};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::AsyncReadExt;
use tokio::time::{MissedTickBehavior, interval};

/// The two files, and what was last seen in them.
#[derive(Debug)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    seen: Option<Content>,
}

#[derive(Debug, PartialEq, Eq)]
enum Content {
    Bytes { certificate: Vec<u8>, key: Vec<u8> },
    Unreadable(String),
}

impl CertificateFiles {
    /// Reads the files for the first time. A certificate that has expired is taken: the server is just not ready then,
    /// until the files change.
    ///
    /// # Errors
    /// They cannot be read, or do not hold a pair.
    pub async fn open(certificate: PathBuf, key: PathBuf) -> anyhow::Result<(Self, Certificate)> {
        let mut files = Self { certificate, key, seen: None };
        let content = files.content().await;
        let pair = files.pair(&content)?;
        files.seen = Some(content);
        Ok((files, pair))
    }

    /// Looks at the files again. True when another certificate is in use now.
    ///
    /// # Errors
    /// The files have changed to something that cannot be used. Told once for each change.
    pub async fn refresh(&mut self, current: &CurrentCertificate, now: SystemTime) -> anyhow::Result<bool> {
        let content = self.content().await;
        if self.seen.as_ref() == Some(&content) {
            return Ok(false);
        }
        let pair = self.pair(&content);
        self.seen = Some(content);
        let pair = pair?;
        let validity = pair.validity();
        if now < validity.not_before || validity.not_after <= now {
            bail!("`{}` is not valid at this time", self.certificate.display());
        }
        current.replace(pair);
        Ok(true)
    }

    /// Looks at the files again and again, for as long as the server runs.
    pub async fn keep_fresh(mut self, current: Arc<CurrentCertificate>, metrics: Arc<Metrics>, every: Duration) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.refresh(&current, SystemTime::now()).await {
                Ok(false) => {}
                Ok(true) => {
                    metrics.cert_not_after.set(current.not_after_seconds());
                    tracing::info!("a new certificate is in use");
                }
                Err(error) => {
                    metrics.cert_reload_failures.inc();
                    tracing::error!("the certificate in use stays: {error:#}");
                }
            }
        }
    }

    async fn content(&self) -> Content {
        let read = async |path: &PathBuf| {
            read_small(path).await.map_err(|error| format!("cannot read `{}`: {error}", path.display()))
        };
        match (read(&self.certificate).await, read(&self.key).await) {
            (Ok(certificate), Ok(key)) => Content::Bytes { certificate, key },
            (Err(error), _) | (_, Err(error)) => Content::Unreadable(error),
        }
    }

    fn pair(&self, content: &Content) -> anyhow::Result<Certificate> {
        match content {
            Content::Unreadable(error) => bail!("{error}"),
            Content::Bytes { certificate, key } => Certificate::from_pem(certificate, key)
                .with_context(|| format!("`{}` with `{}`", self.certificate.display(), self.key.display())),
        }
    }
}

/// Bytes of one of the files. A chain has a few KiB.
const LARGEST: u64 = 1 << 20;

/// The content of a regular file: what never ends, or never begins, would keep every later certificate from being taken.
async fn read_small(path: &Path) -> std::io::Result<Vec<u8>> {
    let seen = tokio::fs::metadata(path).await?;
    if !seen.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let mut content = Vec::new();
    tokio::fs::File::open(path).await?.take(LARGEST + 1).read_to_end(&mut content).await?;
    if content.len() as u64 > LARGEST {
        return Err(std::io::Error::other(format!("it is larger than {LARGEST} bytes")));
    }
    Ok(content)
}

#[cfg(test)]
mod tests;
