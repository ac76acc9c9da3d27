//! `[fleet]`: a workstation that manages many units.

use super::{Certificate, ConfigError};
use serde::Deserialize;
use std::path::PathBuf;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 6] = ["enabled", "folder", "file-ca", "file-certificate", "file-key", "file-hosts"];

/// `[fleet]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Fleet {
    /// Whether a workstation collects records, ships databases and sends signed orders over the broker.
    pub enabled: bool,
    /// Where a people database lies while it is fetched. Nobody else uses this folder.
    pub folder: PathBuf,
    /// The certificates of the authorities that may certify file servers, in PEM.
    pub file_ca: PathBuf,
    /// The certificate that the link shows to file servers, in PEM.
    pub file_certificate: Option<PathBuf>,
    /// The private key of that certificate, in PEM.
    pub file_key: Option<PathBuf>,
    /// The file servers that may be asked; any if there are none.
    pub file_hosts: Vec<String>,
}

impl Fleet {
    /// What the link shows to file servers.
    ///
    /// # Errors
    /// [`ConfigError::Missing`], if only one of the two keys is set.
    pub fn certificate(&self) -> Result<Option<Certificate<'_>>, ConfigError> {
        match (&self.file_certificate, &self.file_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(Certificate { certificate, key })),
            (Some(_), None) => Err(ConfigError::Missing {
                key: "fleet.file-key",
                beside: "fleet.file-certificate",
                wanted: "the private key of the certificate, which only the link's user can read",
            }),
            (None, Some(_)) => Err(ConfigError::Missing {
                key: "fleet.file-certificate",
                beside: "fleet.file-key",
                wanted: "the certificate of that key",
            }),
        }
    }
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            enabled: false,
            folder: PathBuf::from("/var/lib/edge-link"),
            file_ca: PathBuf::from("/etc/ssl/certs/ca-certificates.crt"),
            file_certificate: None,
            file_key: None,
            file_hosts: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_needs_its_key() {
        for (keys, named) in [
            ("file-certificate = \"/c\"", Some("fleet.file-key")),
            ("file-key = \"/k\"", Some("fleet.file-certificate")),
            ("file-certificate = \"/c\"\nfile-key = \"/k\"", None),
            ("", None),
        ] {
            let fleet: Fleet = toml::from_str(keys).unwrap();
            let refused = fleet.certificate().err().map(|refused| refused.to_string());
            assert_eq!(refused.is_some(), named.is_some(), "{keys}");
            assert!(refused.is_none_or(|refused| refused.contains(named.unwrap_or_default())), "{keys}");
        }
    }
}
