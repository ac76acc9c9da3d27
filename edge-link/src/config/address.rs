//! A host and a port.

use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A host and a port, such as `broker.example:8883`, `192.0.2.7:8883` or `[2001:db8::7]:8883`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Address {
    host: String,
    port: u16,
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address: give HOST:PORT, such as broker.example:8883 or [2001:db8::7]:8883")]
pub struct NotAnAddress(String);

impl Address {
    /// The name or the number of the host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is this computer.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|number| number.is_loopback())
    }
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let wrong = || NotAnAddress(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_host = match bracketed {
            Some(number) => number.parse::<IpAddr>().is_ok_and(|number| number.is_ipv6()),
            None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)),
        };
        match is_host {
            true => Ok(Self { host: bracketed.unwrap_or(host).to_owned(), port }),
            false => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_a_port() {
        for (text, expected) in [
            ("broker.example:8883", Some(("broker.example", 8883, false))),
            ("192.0.2.7:1", Some(("192.0.2.7", 1, false))),
            ("[2001:db8::7]:8883", Some(("2001:db8::7", 8883, false))),
            ("localhost:1883", Some(("localhost", 1883, true))),
            ("127.9.9.9:1883", Some(("127.9.9.9", 1883, true))),
            ("[::1]:1883", Some(("::1", 1883, true))),
            ("localhost.example:1883", Some(("localhost.example", 1883, false))),
            ("", None),
            ("broker.example", None),
            ("broker.example:", None),
            ("broker.example:0", None),
            ("broker.example:65536", None),
            (":8883", None),
            ("::1:8883", None),
            ("[127.0.0.1]:8883", None),
            ("mqtts://broker.example:8883", None),
            ("a b:1", None),
        ] {
            let parsed = text.parse::<Address>().ok();
            let found = parsed.as_ref().map(|address| (address.host(), address.port(), address.is_loopback()));
            assert_eq!(found, expected, "{text}");
            if let Some(address) = &parsed {
                assert_eq!(address.to_string(), text);
            }
        }
    }
}
