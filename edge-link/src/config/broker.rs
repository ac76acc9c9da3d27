//! `[broker]`: where the MQTT broker is, and the user that the link logs in as.

use super::ConfigError;
use fleet_messages::{Addresses, Topics};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 8] =
    ["socket", "address", "ca", "certificate", "key", "user", "password-file", "topic-prefix"];

/// `[broker]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Broker {
    /// The Unix socket of a broker on this computer.
    pub socket: Option<PathBuf>,
    /// Host and port of a broker, or those of the nodes of a cluster.
    pub address: Option<Addresses>,
    /// The certificates of the authorities that may certify the broker, in PEM.
    pub ca: Option<PathBuf>,
    /// The link's certificate, in PEM, with intermediate ones after it.
    pub certificate: Option<PathBuf>,
    /// The private key of the certificate, in PEM.
    pub key: Option<PathBuf>,
    /// The user.
    pub user: Option<String>,
    /// A file with the user's password.
    pub password_file: Option<PathBuf>,
    /// The beginning of all topics of the fleet and its doors.
    pub topic_prefix: String,
}

/// How the broker is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport<'a> {
    /// A Unix socket.
    Socket(&'a Path),
    /// In clear text, to this computer.
    ClearText(&'a Addresses),
    /// TLS.
    Tls {
        /// Where it is. The certificate that it shows is valid for the host that was connected.
        addresses: &'a Addresses,
        /// The certificates of the authorities.
        ca: &'a Path,
        /// The link's own certificate.
        certificate: Option<Certificate<'a>>,
    },
}

/// A certificate and its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// The certificate.
    pub certificate: &'a Path,
    /// Its private key.
    pub key: &'a Path,
}

/// A user with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login<'a> {
    /// The user.
    pub user: &'a str,
    /// The file with the password.
    pub password_file: &'a Path,
}

impl Broker {
    /// How the broker is reached.
    ///
    /// # Errors
    /// [`ConfigError`], if the keys name no broker, contradict each other, or would send clear text through a network.
    pub fn transport(&self) -> Result<Transport<'_>, ConfigError> {
        let addresses = match (&self.socket, &self.address) {
            (None, None) => return Err(ConfigError::NoBroker),
            (Some(_), Some(_)) => {
                return Err(ConfigError::Both {
                    one: "broker.socket",
                    other: "broker.address",
                    instead: "set only the one of the broker that is used",
                });
            }
            (Some(socket), None) => {
                let tls =
                    [("broker.ca", &self.ca), ("broker.certificate", &self.certificate), ("broker.key", &self.key)];
                return match tls.into_iter().find(|(_, file)| file.is_some()) {
                    Some((other, _)) => Err(ConfigError::Both {
                        one: "broker.socket",
                        other,
                        instead: "a Unix socket has no TLS; its file's owner and mode say who may use it",
                    }),
                    None => Ok(Transport::Socket(socket)),
                };
            }
            (None, Some(addresses)) => addresses,
        };
        let certificate = self.certificate()?;
        match &self.ca {
            Some(ca) if certificate.is_some() || self.user.is_some() => {
                Ok(Transport::Tls { addresses, ca, certificate })
            }
            Some(_) => Err(ConfigError::Missing {
                key: "broker.certificate",
                beside: "broker.ca",
                wanted: "the link's certificate, or a user with a password",
            }),
            None if certificate.is_some() => Err(ConfigError::Missing {
                key: "broker.ca",
                beside: "broker.certificate",
                wanted: "the certificates of the authorities that may certify the broker",
            }),
            None if addresses.are_loopback() => Ok(Transport::ClearText(addresses)),
            None => Err(ConfigError::ClearText(addresses.clone())),
        }
    }

    /// The user that the link logs in as; `None` if its certificate or its socket says it.
    ///
    /// # Errors
    /// [`ConfigError::Missing`], if only one of the two keys is set.
    pub fn login(&self) -> Result<Option<Login<'_>>, ConfigError> {
        match (&self.user, &self.password_file) {
            (None, None) => Ok(None),
            (Some(user), Some(password_file)) => Ok(Some(Login { user, password_file })),
            (Some(_), None) => Err(ConfigError::Missing {
                key: "broker.password-file",
                beside: "broker.user",
                wanted: "a file with the password, which only the link's user can read",
            }),
            (None, Some(_)) => Err(ConfigError::Missing {
                key: "broker.user",
                beside: "broker.password-file",
                wanted: "the user whose password it is",
            }),
        }
    }

    /// The topics below the prefix.
    ///
    /// # Errors
    /// [`ConfigError::Range`], if the prefix cannot begin a topic.
    pub fn topics(&self) -> Result<Topics, ConfigError> {
        Topics::below(&self.topic_prefix).map_err(|_| ConfigError::Range {
            key: "broker.topic-prefix",
            found: format!("{:?}", self.topic_prefix),
            wanted: "1 to 64 letters, digits, \"-\", \"_\", and \"/\" between them",
        })
    }

    fn certificate(&self) -> Result<Option<Certificate<'_>>, ConfigError> {
        match (&self.certificate, &self.key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(Certificate { certificate, key })),
            (Some(_), None) => Err(ConfigError::Missing {
                key: "broker.key",
                beside: "broker.certificate",
                wanted: "the private key of the certificate, which only the link's user can read",
            }),
            (None, Some(_)) => Err(ConfigError::Missing {
                key: "broker.certificate",
                beside: "broker.key",
                wanted: "the certificate of that key",
            }),
        }
    }
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            socket: None,
            address: None,
            ca: None,
            certificate: None,
            key: None,
            user: None,
            password_file: None,
            topic_prefix: "edge-agent".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_stays_on_this_computer() {
        let tls = "ca = \"/ca\"\ncertificate = \"/c\"\nkey = \"/k\"\n";
        let password = "user = \"u\"\npassword-file = \"/p\"\n";
        for (keys, expected) in [
            ("socket = \"/s\"".to_owned(), Ok("socket")),
            (format!("socket = \"/s\"\n{password}"), Ok("socket")),
            (format!("socket = \"/s\"\n{tls}"), Err("broker.ca")),
            ("socket = \"/s\"\naddress = \"a:1\"".to_owned(), Err("exclude each other")),
            ("address = \"127.0.0.1:1883\"".to_owned(), Ok("clear")),
            ("address = \"localhost:1883\"".to_owned(), Ok("clear")),
            ("address = [\"localhost:1883\", \"localhost:1884\"]".to_owned(), Ok("clear")),
            ("address = [\"localhost:1883\", \"broker.example:1883\"]".to_owned(), Err("TLS")),
            ("address = \"broker.example:1883\"".to_owned(), Err("TLS")),
            (format!("address = \"broker.example:1883\"\n{password}"), Err("TLS")),
            (format!("address = \"broker.example:8883\"\n{tls}"), Ok("tls")),
            (format!("address = \"broker.example:8883\"\nca = \"/ca\"\n{password}"), Ok("tls")),
            (format!("address = \"127.0.0.1:8883\"\n{tls}"), Ok("tls")),
            ("address = \"a:1\"\nca = \"/ca\"".to_owned(), Err("broker.certificate")),
            ("address = \"127.0.0.1:1\"\ncertificate = \"/c\"\nkey = \"/k\"".to_owned(), Err("broker.ca")),
            ("address = \"a:1\"\nca = \"/ca\"\ncertificate = \"/c\"".to_owned(), Err("broker.key")),
            ("address = \"a:1\"\nca = \"/ca\"\nkey = \"/k\"".to_owned(), Err("broker.certificate")),
            ("topic-prefix = \"a\"".to_owned(), Err("names no broker")),
        ] {
            let broker: Broker = toml::from_str(&keys).unwrap();
            let found = broker.transport().map(|transport| match transport {
                Transport::Socket(_) => "socket",
                Transport::ClearText(_) => "clear",
                Transport::Tls { .. } => "tls",
            });
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{keys}"),
                (Err(refused), Err(named)) => assert!(refused.to_string().contains(named), "{keys}: {refused}"),
                (found, _) => panic!("{keys}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_user_needs_a_password_and_a_prefix_begins_topics() {
        for (keys, named) in [
            ("user = \"u\"", "broker.password-file"),
            ("password-file = \"/p\"", "broker.user"),
            ("topic-prefix = \"a/#\"", "broker.topic-prefix"),
        ] {
            let broker: Broker = toml::from_str(keys).unwrap();
            let refused = broker.login().map(drop).and(broker.topics().map(drop)).unwrap_err().to_string();
            assert!(refused.contains(named), "{keys}: {refused}");
        }
    }
}
