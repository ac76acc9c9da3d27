//! Where a broker is: a host and a port, or several of a cluster.

use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The longest name of a host, in bytes (RFC 1035, section 2.3.4).
const MAX_HOST_BYTES: usize = 253;

/// A host and a port, such as `broker.example:8883`, `192.0.2.7:8883` or `[2001:db8::7]:8883`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Address {
    host: String,
    port: u16,
}

/// The most addresses of one broker.
pub const MAX_ADDRESSES: usize = 16;

/// The addresses of one broker, 1 to [`MAX_ADDRESSES`], all different. At each of them is the same broker: one node of a
/// cluster. They are written as one text, or as a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Addresses(Vec<Address>);

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address: give HOST:PORT, such as broker.example:8883 or [2001:db8::7]:8883")]
pub struct NotAnAddress(String);

/// Why a list is not the addresses of one broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAddresses {
    /// One of them is none.
    #[error(transparent)]
    NotAnAddress(#[from] NotAnAddress),
    /// There is none, or there are too many.
    #[error("a broker has 1 to {MAX_ADDRESSES} addresses, and here are {0}")]
    Number(usize),
    /// One occurs twice.
    #[error("the address {0} occurs twice")]
    Twice(Address),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected HOST:PORT, or a list of them for a cluster")]
enum Written {
    One(String),
    Several(Vec<String>),
}

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

impl Addresses {
    /// Each of them, in the order in which they were written.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Address> {
        self.0.iter()
    }

    /// Whether all of them are this computer.
    pub fn are_loopback(&self) -> bool {
        self.iter().all(Address::is_loopback)
    }
}

impl TryFrom<Written> for Addresses {
    type Error = NotAddresses;

    fn try_from(written: Written) -> Result<Self, NotAddresses> {
        let texts = match written {
            Written::One(text) => vec![text],
            Written::Several(texts) => texts,
        };
        if texts.is_empty() || texts.len() > MAX_ADDRESSES {
            return Err(NotAddresses::Number(texts.len()));
        }
        let mut addresses: Vec<Address> = Vec::new();
        for text in texts {
            let address = text.parse()?;
            if addresses.contains(&address) {
                return Err(NotAddresses::Twice(address));
            }
            addresses.push(address);
        }
        Ok(Self(addresses))
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut addresses = self.iter();
        if let Some(first) = addresses.next() {
            write!(f, "{first}")?;
        }
        addresses.try_for_each(|address| write!(f, ", {address}"))
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
            None => {
                let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
                (1..=MAX_HOST_BYTES).contains(&host.len()) && host.bytes().all(is_sound)
            }
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
    #[test]
    fn one_address_or_those_of_a_cluster() {
        let list = |number: u16| {
            let addresses: Vec<String> = (1..=number).map(|port| format!("a:{port}")).collect();
            serde_json::to_string(&addresses).unwrap()
        };
        let (many, too_many) = (list(16), list(17));
        for (written, expected) in [
            (r#""a:1""#, Ok("a:1")),
            (r#"["a:1"]"#, Ok("a:1")),
            (r#"["a:1", "[::1]:2", "a:3"]"#, Ok("a:1, [::1]:2, a:3")),
            (many.as_str(), Ok("a:1, a:2")),
            (too_many.as_str(), Err("here are 17")),
            ("[]", Err("here are 0")),
            (r#""a""#, Err("\"a\" is not an address")),
            (r#"["a:1", "a"]"#, Err("\"a\" is not an address")),
            (r#"["a:1", "b:1", "a:1"]"#, Err("the address a:1 occurs twice")),
            ("1", Err("HOST:PORT, or a list of them")),
            ("[1]", Err("HOST:PORT, or a list of them")),
        ] {
            match (serde_json::from_str::<Addresses>(written), expected) {
                (Ok(addresses), Ok(begin)) => assert!(addresses.to_string().starts_with(begin), "{written}"),
                (Err(error), Err(named)) => assert!(error.to_string().contains(named), "{written}: {error}"),
                (found, _) => panic!("{written}: {found:?}"),
            }
        }
        let is_here = |written| serde_json::from_str::<Addresses>(written).unwrap().are_loopback();
        assert!(is_here(r#"["localhost:1", "127.0.0.1:2"]"#));
        assert!(!is_here(r#"["localhost:1", "192.0.2.1:2"]"#));
    }
}
