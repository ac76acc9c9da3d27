//! The address of a file.

use hyper::Uri;
use rustls::pki_types::ServerName;
use std::fmt;
use std::str::FromStr;

const PORT: u16 = 443;

/// An address of a file: `https://`, a host, possibly a port, and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    host: String,
    port: u16,
    path: String,
}

/// Why a text is not such an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAPlace {
    /// It is not an address.
    #[error("it is not an address such as https://files.example/people.db")]
    Unreadable,
    /// It is not an `https` address.
    #[error("it is not an https address, and other ones are not secure")]
    NotHttps,
    /// It contains a user or a password.
    #[error("it contains a user or a password")]
    User,
}

impl Place {
    /// The name or the number of the host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 443 unless the address says another one.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path, with the query if there is one.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The value of the `Host` header.
    pub(super) fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        if self.port == PORT { host } else { format!("{host}:{}", self.port) }
    }

    /// The host that the server's certificate must name.
    pub(super) fn server_name(&self) -> Result<ServerName<'static>, NotAPlace> {
        ServerName::try_from(self.host.clone()).map_err(|_| NotAPlace::Unreadable)
    }
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let uri: Uri = text.parse().map_err(|_| NotAPlace::Unreadable)?;
        if uri.scheme_str() != Some("https") {
            return Err(NotAPlace::NotHttps);
        }
        let authority = uri.authority().ok_or(NotAPlace::Unreadable)?;
        if authority.as_str().contains('@') {
            return Err(NotAPlace::User);
        }
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = match authority.as_str().rsplit_once(':') {
            Some((_, digits)) if !digits.contains(']') => digits.parse().map_err(|_| NotAPlace::Unreadable)?,
            _ => PORT,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let place = Self { host: host.to_ascii_lowercase(), port, path };
        // Also refuses port 0 and hosts that no certificate can name.
        match port != 0 && place.server_name().is_ok() {
            true => Ok(place),
            false => Err(NotAPlace::Unreadable),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_https_address_with_a_host() {
        for (text, host, port, path, shown) in [
            ("https://files.example/p.db", "files.example", 443, "/p.db", "https://files.example/p.db"),
            (
                "https://Files.Example:8443/a/p?v=7",
                "files.example",
                8443,
                "/a/p?v=7",
                "https://files.example:8443/a/p?v=7",
            ),
            ("https://files.example", "files.example", 443, "/", "https://files.example/"),
            ("https://192.0.2.7/p", "192.0.2.7", 443, "/p", "https://192.0.2.7/p"),
            ("https://[2001:db8::7]:444/p", "2001:db8::7", 444, "/p", "https://[2001:db8::7]:444/p"),
            ("https://[2001:db8::7]/p#x", "2001:db8::7", 443, "/p", "https://[2001:db8::7]/p"),
        ] {
            let place: Place = text.parse().unwrap();
            assert_eq!((place.host(), place.port(), place.path(), &*place.to_string()), (host, port, path, shown));
            assert_eq!(shown.parse(), Ok(place));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for (text, expected) in [
            ("", NotAPlace::Unreadable),
            ("/p.db", NotAPlace::NotHttps),
            ("files.example", NotAPlace::NotHttps),
            ("http://files.example/p", NotAPlace::NotHttps),
            ("file:///etc/passwd", NotAPlace::Unreadable),
            ("https:///p", NotAPlace::Unreadable),
            ("https://u:p@files.example/p", NotAPlace::User),
            ("https://files.example:0/p", NotAPlace::Unreadable),
            ("https://files.example:65536/p", NotAPlace::Unreadable),
            ("https://files.example:/p", NotAPlace::Unreadable),
            ("https://files.example/a b", NotAPlace::Unreadable),
            ("https://files.example/a\r\nX: y", NotAPlace::Unreadable),
            ("https://-/p", NotAPlace::Unreadable),
        ] {
            assert_eq!(text.parse::<Place>(), Err(expected), "{text}");
        }
    }
}
