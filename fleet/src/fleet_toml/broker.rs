//! `[broker]` as it is written. The keys and their meaning are those of a link's configuration.

use super::{Broker, Login, Target};
use fleet_messages::Addresses;
use serde::Deserialize;
use std::path::PathBuf;

/// The beginning of all topics, unless the file says another.
pub(super) const DEFAULT_PREFIX: &str = "edge-agent";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WrittenBroker {
    socket: Option<PathBuf>,
    address: Option<Addresses>,
    ca: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    topic_prefix: Option<String>,
}

/// What is wrong, and what to do.
type Refused = (String, &'static str);

impl WrittenBroker {
    /// The broker, and the beginning of its topics.
    pub(super) fn checked(self) -> Result<(Broker, String), Refused> {
        let prefix = self.topic_prefix.clone().unwrap_or_else(|| DEFAULT_PREFIX.to_owned());
        let login = match (self.user.clone(), self.password_file.clone()) {
            (Some(user), Some(password_file)) if !user.is_empty() => Some(Login { user, password_file }),
            (None, None) => None,
            _ => {
                let help = "give both, with a file that only you can read";
                return Err(("the [broker] has a user or a password-file, but not both".to_owned(), help));
            }
        };
        Ok((Broker { target: self.target(login.is_some())?, login }, prefix))
    }

    fn target(self, has_login: bool) -> Result<Target, Refused> {
        let certificate = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                let problem = "the [broker] has a certificate or a key, but not both".to_owned();
                return Err((problem, "give the PEM files of both, or neither"));
            }
        };
        match (self.socket, self.address, self.ca) {
            (Some(socket), None, None) if certificate.is_none() => Ok(Target::Socket(socket)),
            (None, Some(addresses), Some(ca)) if certificate.is_some() || has_login => {
                Ok(Target::Tls { addresses, ca, certificate })
            }
            (None, Some(_), Some(_)) => {
                let help = "give certificate and key, or user and password-file";
                Err(("nothing says to the [broker] who this is".to_owned(), help))
            }
            (None, Some(addresses), None) if addresses.are_loopback() && certificate.is_none() => {
                Ok(Target::ClearText(addresses))
            }
            (None, Some(_), None) => {
                let help = "give the PEM file with the authority of the broker's certificate: without it, anybody could be \
                            the broker";
                Err(("the [broker] has no ca".to_owned(), help))
            }
            _ => {
                let help = "give socket = \"PATH\", or address = \"HOST:PORT\" with ca, certificate and key";
                Err(("the [broker] needs either a socket, or an address with its ca".to_owned(), help))
            }
        }
    }
}
