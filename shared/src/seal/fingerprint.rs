//! Key fingerprints, short enough for people to compare.

use crate::hex;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// The first 10 bytes of a SHA-256 over a key's use and its public half. The text has five groups of four hexadecimal
/// digits. Finding another key with the same fingerprint takes about 2^80 tries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 10]);

impl Fingerprint {
    /// The form stored in a file.
    pub(crate) fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    pub(crate) fn to_bytes(self) -> [u8; 10] {
        self.0
    }
}

/// Why a text is not a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is five groups of four hexadecimal digits, joined by \"-\"")]
pub struct NotAFingerprint;

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let mut bytes = [0; 10];
        let (pairs, []) = bytes.as_chunks_mut::<2>() else { return Err(NotAFingerprint) };
        let mut groups = text.split('-');
        for pair in pairs {
            *pair = groups.next().and_then(|group| hex::parse(group).ok()).ok_or(NotAFingerprint)?;
        }
        if groups.next().is_some() { Err(NotAFingerprint) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, [a, b]) in self.0.as_chunks::<2>().0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "-" };
            write!(f, "{separator}{a:02x}{b:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The most that a message names.
const NAMED: usize = 8;

/// Several fingerprints, for a message: the first ones, and how many more there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprints(pub Vec<Fingerprint>);

impl fmt::Display for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_first(&self.0, f)
    }
}

/// Writes the first of these, and how many more there are.
pub(crate) fn write_first(fingerprints: &[Fingerprint], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, fingerprint) in fingerprints.iter().take(NAMED).enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{fingerprint}")?;
    }
    match fingerprints.len().saturating_sub(NAMED) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

#[cfg(test)]
#[cfg(feature = "seal")]
mod tests {
    use super::*;
    use crate::seal::Use;
    use std::string::ToString;

    #[test]
    fn a_fingerprint_is_text_to_compare() {
        let one = Fingerprint::new(Use::Signing, &[7; 32]);
        let text = one.to_string();
        assert_eq!(text.len(), 24);
        assert!(text.split('-').all(|group| group.len() == 4), "{text}");
        assert_ne!(one, Fingerprint::new(Use::Sealing, &[7; 32]));
        // Computed elsewhere with `sha256(b"x25519-public\n" + public)`.
        let device = crate::seal::Identity::from_random(&[0x11; 32]).recipient();
        assert_eq!(device.fingerprint().to_string(), "e96d-82e8-95b7-f811-d83d");
        assert_ne!(one, Fingerprint::new(Use::Signing, &[8; 32]));
        assert_eq!((text.parse(), text.to_uppercase().parse()), (Ok(one), Ok(one)));
        for other in
            ["", "-", &text[1..], &text[..19], &(text.clone() + "-"), &text.replace('-', ""), &text.replace('-', " ")]
        {
            assert_eq!(other.parse::<Fingerprint>(), Err(NotAFingerprint), "{other}");
        }
        assert_eq!(Fingerprints([one, one].to_vec()).to_string(), std::format!("{text}, {text}"));
        let many = Fingerprints(std::vec![one; 1025]).to_string();
        assert!(many.len() < 250 && many.ends_with(&std::format!("{text} and 1017 more")), "{many}");
    }
}
