//! A certificate of one's own making, for a first try and for tests: a new CA and a new leaf at each start. The keys
//! never leave the process; the CA's certificate is what `caBundle` of a webhook configuration wants.

use crate::webhook::tls::Certificate;
use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::PrivateKeyDer;
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;

/// Clocks of other machines may be behind.
const EARLIER: Duration = Duration::from_secs(3600);
/// Nobody runs a first try for longer.
const LIFE: Duration = Duration::from_secs(365 * 86_400);

/// A certificate and the CA that signed it.
#[derive(Debug)]
pub struct SelfSigned {
    /// The leaf with its key.
    pub certificate: Certificate,
    /// The CA in PEM.
    pub ca_pem: String,
}

/// Makes a CA and a certificate for names and IP addresses, valid for a year from now.
///
/// # Errors
/// A name is neither.
pub fn self_signed(names: &[String], now: SystemTime) -> anyhow::Result<SelfSigned> {
    let mut ca = params(Vec::new(), "seaworthy self-signed CA", now)?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;

    let mut leaf = params(names.to_vec(), "seaworthy", now).with_context(|| format!("a name of {names:?}"))?;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let leaf = leaf.signed_by(&key, &ca)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    Ok(SelfSigned { certificate: Certificate::from_der(vec![leaf.der().clone()], key)?, ca_pem: ca.pem() })
}

fn params(names: Vec<String>, common_name: &str, now: SystemTime) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = OffsetDateTime::from(now - EARLIER);
    params.not_after = OffsetDateTime::from(now + LIFE);
    Ok(params)
}
