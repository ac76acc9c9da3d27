//! The files that say who the link is and which authorities it believes: certificates, its key, its password.

use crate::config::{Broker, Certificate, Fleet, Transport};
use anyhow::{Context, ensure};
use files::{key_file, read_bounded};
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use terminal::{Help, ShowPath};

/// The largest file of certificates, in bytes.
const MAX_CERTIFICATES_BYTES: u64 = 1 << 20;

/// The largest file with a private key, in bytes: RSA with 8192 bits has less than half of it.
const MAX_KEY_BYTES: u64 = 16 << 10;

/// What the link shows and believes.
pub struct Credentials {
    /// For TLS; `None` without it.
    pub tls: Option<Arc<ClientConfig>>,
    /// User and password.
    pub login: Option<(String, String)>,
}

impl Credentials {
    /// Reads the files that the configuration names.
    ///
    /// # Errors
    /// If one cannot be read, is not what it should be, or others could read a secret one.
    pub fn read(broker: &Broker) -> anyhow::Result<Self> {
        let tls = match broker.transport()? {
            Transport::Tls { ca, certificate, .. } => Some(tls(OF_BROKER, ca, certificate)?),
            Transport::Socket(_) | Transport::ClearText(_) => None,
        };
        let login = match broker.login()? {
            Some(login) => {
                let text = key_file::read_secret(login.password_file).context("[broker] password-file")?;
                let password = text.trim_end_matches(['\n', '\r']);
                let shown = login.password_file.shown();
                ensure!(!password.is_empty(), "[broker] password-file: {shown} contains no password");
                Some((login.user.to_owned(), password.to_owned()))
            }
            None => None,
        };
        Ok(Self { tls, login })
    }
}

/// The names of the configuration's keys, for messages.
#[derive(Clone, Copy)]
struct Keys {
    ca: &'static str,
    certificate: &'static str,
    key: &'static str,
}

const OF_BROKER: Keys = Keys { ca: "[broker] ca", certificate: "[broker] certificate", key: "[broker] key" };
const OF_FILES: Keys = Keys { ca: "[fleet] file-ca", certificate: "[fleet] file-certificate", key: "[fleet] file-key" };

/// What the link shows to file servers, and which ones it believes.
///
/// # Errors
/// If one of the files cannot be used.
pub fn for_files(fleet: &Fleet) -> anyhow::Result<Arc<ClientConfig>> {
    tls(OF_FILES, &fleet.file_ca, fleet.certificate()?)
}

/// Believes these authorities only, and shows this certificate.
///
/// # Errors
/// If one of the files cannot be used.
fn tls(keys: Keys, ca: &Path, certificate: Option<Certificate<'_>>) -> anyhow::Result<Arc<ClientConfig>> {
    let mut authorities = RootCertStore::empty();
    // A file of many authorities may contain some that are too old to be used.
    let (_, left_out) = authorities.add_parsable_certificates(certificates(ca).context(keys.ca)?);
    if left_out > 0 {
        tracing::debug!("{}: {left_out} certificates in {} cannot be used", keys.ca, ca.shown());
    }
    ensure!(!authorities.is_empty(), "{}: no certificate in {} can be used", keys.ca, ca.shown());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.with_root_certificates(authorities);
    let config = match certificate {
        None => builder.with_no_client_auth(),
        Some(Certificate { certificate, key }) => {
            let chain = certificates(certificate).context(keys.certificate)?;
            let built = builder.with_client_auth_cert(chain, private_key(key).context(keys.key)?);
            built.with_context(|| format!("{} and {} do not fit", certificate.shown(), key.shown()))?
        }
    };
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let bytes = read_bounded(path, MAX_CERTIFICATES_BYTES)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = read.with_context(|| format!("{} is not a file of certificates in PEM", path.shown()))?;
    match found.is_empty() {
        true => Err(anyhow::anyhow!("{} contains no certificate", path.shown()))
            .help("it must contain lines with BEGIN CERTIFICATE and END CERTIFICATE (PEM)"),
        false => Ok(found),
    }
}

fn private_key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let text = key_file::read_secret_of_at_most(path, MAX_KEY_BYTES)?;
    PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| anyhow::anyhow!("{} is not a private key in PEM", path.shown()))
        .help("it must contain lines with BEGIN PRIVATE KEY and END PRIVATE KEY, without a passphrase")
}
