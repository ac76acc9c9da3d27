//! What a client can ask on the status socket.

use fleet_messages::{MAX_NONCE_BYTES, Nonce};

/// The line that asks for a report.
pub(super) const REPORT: &[u8] = b"status\n";

/// The longest request, in bytes with its line feed.
pub(super) const MAX_BYTES: usize = "signed-status ".len() + MAX_NONCE_BYTES + 1;

/// A request. None of them changes anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    /// `status`: the report.
    Report,
    /// `signed-status NONCE`: the report with the unit's signature.
    Statement(Nonce),
    /// `records NUMBER`: the audit log from this record on.
    Records(u64),
}

impl Request {
    /// Reads the first line of what was sent; `None` if it is no request.
    pub(super) fn parse(sent: &[u8]) -> Option<Self> {
        let line = str::from_utf8(sent.split_inclusive(|byte| *byte == b'\n').next()?.strip_suffix(b"\n")?).ok()?;
        match line.split_once(' ') {
            None => (line == "status").then_some(Self::Report),
            Some(("signed-status", nonce)) => nonce.parse().ok().map(Self::Statement),
            Some(("records", number)) => {
                let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
                number.parse().ok().filter(|_| is_number).map(Self::Records)
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_of_three_forms_are_requests() {
        let long = format!("signed-status {}\n", "a".repeat(MAX_NONCE_BYTES));
        assert_eq!(long.len(), MAX_BYTES);
        let nonce = |text: &str| Some(Request::Statement(text.parse().unwrap()));
        for (line, expected) in [
            ("status\n", Some(Request::Report)),
            ("signed-status 0af\n", nonce("0af")),
            (long.as_str(), nonce(&"a".repeat(MAX_NONCE_BYTES))),
            ("records 0\n", Some(Request::Records(0))),
            ("records 18446744073709551615\n", Some(Request::Records(u64::MAX))),
            ("status\nunlock", Some(Request::Report)),
            ("status", None),
            ("status \n", None),
            ("Status\n", None),
            ("signed-status\n", None),
            ("signed-status \n", None),
            ("signed-status 0AF\n", None),
            ("records\n", None),
            ("records -1\n", None),
            ("records +1\n", None),
            ("records 1 2\n", None),
            ("records 18446744073709551616\n", None),
            ("unlock\n", None),
            ("", None),
        ] {
            assert_eq!(Request::parse(line.as_bytes()), expected, "{line:?}");
        }
    }
}
