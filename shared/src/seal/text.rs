//! Keys as text: a first line that describes the key, the key itself, and its fingerprint, which reveals a mistyped
//! digit.
//!
//! ```text
//! edge-agent sealing key, public half: may be shown to anybody
//! x25519-public 8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a
//! fingerprint 5f0c-8a71-…
//! ```

use super::fingerprint::Fingerprint;
use crate::hex::{self, HexError};
use alloc::string::{String, ToString};
use core::fmt;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Signing, Ed25519.
    Signing,
    /// Sealing, X25519.
    Sealing,
    /// Signing visitor passes, Ed25519.
    Passes,
}

impl Fingerprint {
    pub(super) fn new(use_: Use, public: &[u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(use_.keyword()).chain_update(b"\n").chain_update(public).finalize();
        let mut first = [0; 10];
        first.copy_from_slice(&digest[..10]);
        Self::from_bytes(first)
    }
}

/// A half of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The secret half, for its owner only.
    Secret,
    /// The public half.
    Public,
}

/// Why a text is not the expected key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyTextError {
    /// It does not begin with the first line of a key.
    #[error("it does not begin with the line \"{}\"", wanted.first_line())]
    NotAKey {
        /// The expected kind.
        wanted: Kind,
    },
    /// It is another key.
    #[error("it is the {found}; the {wanted} is expected here")]
    Other {
        /// The kind of the key.
        found: Kind,
        /// The expected kind.
        wanted: Kind,
    },
    /// A line is missing or different.
    #[error("line {line}: expected \"{keyword}\" and its value")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// The expected first word.
        keyword: &'static str,
    },
    /// The digits are not hexadecimal or not the right number.
    #[error("line 2: {0}")]
    Digits(#[from] HexError),
    /// The digits are not a valid key, or a key of small order.
    #[error("line 2: these digits are not a valid key")]
    NoKey,
    /// A digit was changed.
    #[error("line 3: the fingerprint of this key is {computed}: a digit was changed, take a fresh copy")]
    Fingerprint {
        /// The fingerprint of the key in the text.
        computed: Fingerprint,
    },
    /// There is text after the key.
    #[error("line 4: there is text after the key")]
    MoreBehind,
}

/// Kind of a key: use and half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(Use, Half);

impl Use {
    pub(super) const fn keyword(self) -> &'static str {
        match self {
            Self::Signing => "ed25519-public",
            Self::Sealing => "x25519-public",
            Self::Passes => "pass-ed25519-public",
        }
    }
}

impl Kind {
    const ALL: [Self; 6] = [
        Self(Use::Signing, Half::Secret),
        Self(Use::Signing, Half::Public),
        Self(Use::Sealing, Half::Secret),
        Self(Use::Sealing, Half::Public),
        Self(Use::Passes, Half::Secret),
        Self(Use::Passes, Half::Public),
    ];

    const fn first_line(self) -> &'static str {
        match self {
            Self(Use::Signing, Half::Secret) => {
                "edge-agent signing key, SECRET half: whoever has it decides who comes in"
            }
            Self(Use::Signing, Half::Public) => "edge-agent signing key, public half: may be shown to anybody",
            Self(Use::Sealing, Half::Secret) => "edge-agent sealing key, SECRET half: it opens people databases",
            Self(Use::Sealing, Half::Public) => "edge-agent sealing key, public half: may be shown to anybody",
            Self(Use::Passes, Half::Secret) => "edge-agent pass key, SECRET half: it makes visitor passes",
            Self(Use::Passes, Half::Public) => "edge-agent pass key, public half: may be shown to anybody",
        }
    }

    const fn keyword(self) -> &'static str {
        match self {
            Self(Use::Signing, Half::Secret) => "ed25519-secret",
            Self(Use::Sealing, Half::Secret) => "x25519-secret",
            Self(Use::Passes, Half::Secret) => "pass-ed25519-secret",
            Self(use_, Half::Public) => use_.keyword(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(use_, half) = self;
        let half = if *half == Half::Secret { "secret" } else { "public" };
        let use_ = match use_ {
            Use::Signing => "signing",
            Use::Sealing => "sealing",
            Use::Passes => "pass",
        };
        write!(f, "{half} half of a {use_} key")
    }
}

/// The fingerprint in a file.
pub(super) struct Written<'a>(&'a str);

impl Written<'_> {
    pub(super) fn check(&self, computed: Fingerprint) -> Result<(), KeyTextError> {
        if self.0 == computed.to_string() { Ok(()) } else { Err(KeyTextError::Fingerprint { computed }) }
    }
}

pub(super) fn parse(text: &str, use_: Use, half: Half) -> Result<(Zeroizing<[u8; 32]>, Written<'_>), KeyTextError> {
    let wanted = Kind(use_, half);
    let mut lines = text.lines().map(str::trim_end);
    let first = lines.next().unwrap_or_default();
    match Kind::ALL.into_iter().find(|kind| kind.first_line() == first) {
        Some(found) if found == wanted => {}
        Some(found) => return Err(KeyTextError::Other { found, wanted }),
        None => return Err(KeyTextError::NotAKey { wanted }),
    }
    let mut value = |line, keyword: &'static str| {
        let text = lines.next().unwrap_or_default();
        let value = text.strip_prefix(keyword).and_then(|rest| rest.strip_prefix(' '));
        value.ok_or(KeyTextError::Line { line, keyword })
    };
    let digits = value(2, wanted.keyword())?;
    let fingerprint = value(3, "fingerprint")?;
    if lines.any(|line| !line.is_empty()) {
        return Err(KeyTextError::MoreBehind);
    }
    Ok((Zeroizing::new(hex::parse(digits)?), Written(fingerprint)))
}

pub(super) fn write(use_: Use, half: Half, bytes: &[u8; 32], fingerprint: Fingerprint) -> Zeroizing<String> {
    let kind = Kind(use_, half);
    // Large enough for every kind: a buffer that grows would leave a copy of the secret behind.
    let mut text = Zeroizing::new(String::with_capacity(256));
    text.push_str(kind.first_line());
    text.push('\n');
    text.push_str(kind.keyword());
    text.push(' ');
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text.push_str("\nfingerprint ");
    text.push_str(&fingerprint.to_string());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::super::{Identity, Recipient, Signer, SigningKey};
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let signing = SigningKey::from_random(&[3; 32]);
        let again = SigningKey::from_text(&signing.to_text()).unwrap();
        assert_eq!(again.signer(), signing.signer());
        assert_eq!(Signer::from_text(&signing.signer().to_text()), Ok(signing.signer()));
        let identity = Identity::from_random(&[0xf4; 32]);
        assert_eq!(Identity::from_text(&identity.to_text()).unwrap().recipient(), identity.recipient());
        assert_eq!(Recipient::from_text(&identity.recipient().to_text()), Ok(identity.recipient()));
        // As written by an editor on another system.
        let with_returns = identity.recipient().to_text().replace('\n', "\r\n") + "\r\n";
        assert_eq!(Recipient::from_text(&with_returns), Ok(identity.recipient()));
        for text in [signing.to_text().as_str(), &signing.signer().to_text(), identity.to_text().as_str()] {
            assert!(text.len() <= 256 && text.ends_with('\n'));
        }
    }

    #[test]
    fn anything_else_is_refused_with_an_explanation() {
        let identity = Identity::from_random(&[5; 32]);
        let public = identity.recipient().to_text();
        let wrong_digit = if public.contains("x25519-public 0") { "x25519-public 1" } else { "x25519-public 0" };
        let at = public.find("x25519-public ").unwrap();
        let mistyped = [&public[..at], wrong_digit, &public[at + 15..]].concat();
        let cases = [
            ("".into(), "does not begin"),
            ("ssh-ed25519 AAAA".into(), "does not begin"),
            (
                identity.to_text().to_string(),
                "it is the secret half of a sealing key; the public half of a sealing key is",
            ),
            (SigningKey::from_random(&[1; 32]).signer().to_text(), "it is the public half of a signing key"),
            (public.lines().next().unwrap().into(), "line 2: expected \"x25519-public\""),
            (public.lines().take(2).collect::<std::vec::Vec<_>>().join("\n"), "line 3: expected \"fingerprint\""),
            (mistyped, "line 3: the fingerprint of this key is"),
            (public.replacen("x25519-public ", "x25519-public 0", 1), "line 2: 65 characters"),
            (public.clone() + &public, "line 4"),
        ];
        for (text, expected) in cases {
            let message = Recipient::from_text(&text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
        // A key of small order: every shared secret would be zero.
        let everybodys = Recipient::from_bytes(&[0; 32]).to_text();
        assert_eq!(Recipient::from_text(&everybodys), Err(KeyTextError::NoKey));
    }

    #[test]
    fn any_letter_that_is_changed_is_found() {
        let texts = [
            SigningKey::from_random(&[9; 32]).signer().to_text(),
            Identity::from_random(&[9; 32]).recipient().to_text(),
        ];
        for (text, at) in texts.iter().flat_map(|text| (0..text.len()).map(move |at| (text, at))) {
            let mut changed = text.clone().into_bytes();
            // A different letter, not the same digit in upper case.
            changed[at] = if changed[at] == b'5' { b'6' } else { b'5' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(Signer::from_text(&changed).is_err() && Recipient::from_text(&changed).is_err(), "{changed}");
        }
    }
}
