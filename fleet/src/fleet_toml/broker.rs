//! `[broker]` as it is written. The keys and their meaning are those of a link's configuration.

use super::{Address, Broker, Login, Target};
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;

/// The beginning of all topics, unless the file says another.
pub(super) const DEFAULT_PREFIX: &str = "edge-agent";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WrittenBroker {
    socket: Option<PathBuf>,
    address: Option<String>,
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
            (None, Some(address), Some(ca)) if certificate.is_some() || has_login => {
                Ok(Target::Tls { address: Address::parse(&address)?, ca, certificate })
            }
            (None, Some(_), Some(_)) => {
                let help = "give certificate and key, or user and password-file";
                Err(("nothing says to the [broker] who this is".to_owned(), help))
            }
            (None, Some(address), None) => match Address::parse(&address)? {
                address if address.is_loopback() && certificate.is_none() => Ok(Target::ClearText(address)),
                _ => {
                    let help = "give the PEM file with the authority of the broker's certificate: without it, anybody could \
                                be the broker";
                    Err(("the [broker] has no ca".to_owned(), help))
                }
            },
            _ => {
                let help = "give socket = \"PATH\", or address = \"HOST:PORT\" with ca, certificate and key";
                Err(("the [broker] needs either a socket, or an address with its ca".to_owned(), help))
            }
        }
    }
}

impl Address {
    fn parse(text: &str) -> Result<Self, Refused> {
        let help = "give HOST:PORT, such as broker.example:8883 or [2001:db8::7]:8883";
        Self::split(text).ok_or_else(|| (format!("{text:?} is not the address of a broker"), help))
    }

    fn split(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_host = match bracketed {
            Some(number) => number.parse::<IpAddr>().is_ok_and(|number| number.is_ipv6()),
            None => {
                let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
                (1..=253).contains(&host.len()) && host.bytes().all(is_sound)
            }
        };
        is_host.then(|| Self { host: bracketed.unwrap_or(host).to_owned(), port })
    }

    fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|number| number.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_brokers() {
        for (text, expected) in [
            ("a.example:1", Some(("a.example", 1))),
            ("192.0.2.1:8883", Some(("192.0.2.1", 8883))),
            ("[2001:db8::1]:99", Some(("2001:db8::1", 99))),
            ("a.example", None),
            ("[a]:1", None),
            ("2001:db8::1:1", None),
            ("a:65536", None),
            ("a:0", None),
            ("a b:1", None),
            ("", None),
        ] {
            let address = Address::parse(text).ok().map(|address| (address.host, address.port));
            assert_eq!(address, expected.map(|(host, port)| (host.to_owned(), port)), "{text}");
        }
    }
}
