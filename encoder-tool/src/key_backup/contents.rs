//! The text inside a backup: a version, and each key as its file has it. A person can read it too.
//!
//! ```text
//! encoder-tool keys, version 1
//! …
//!
//! [signing.key]
//! edge-agent signing key, SECRET half: …
//! ```

use crate::workstation_keys::{PASS, SEALING, SIGNING};
use shared::seal::{Fingerprint, Identity, KeyTextError, PassKey, SigningKey};
use zeroize::Zeroizing;

const FIRST_LINE: &str = "encoder-tool keys, version ";
const VERSION: &str = "1";
const FOR_PEOPLE: &str = "\
To restore them: encoder-tool keygen --restore FILE
Without encoder-tool: save the three lines of each key as the file in brackets, in ~/.config/encoder-tool, with mode 600.
";
/// More than three keys with their names take: a buffer that grows would leave a copy of the secrets behind.
const CAPACITY: usize = 2048;

/// Why a text does not contain keys.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ContentsError {
    #[error("it does not contain keys: it does not begin with \"{FIRST_LINE}{VERSION}\"")]
    NotKeys,
    #[error("a later version of encoder-tool made it: use that version")]
    LaterVersion,
    #[error("line {line}: it is not one of the keys {}", KINDS.each_ref().map(|kind| kind.name).join(", "))]
    UnknownKey { line: usize },
    #[error("it contains {0} twice")]
    Twice(&'static str),
    #[error("{name}: {source}")]
    Key { name: &'static str, source: KeyTextError },
    #[error("it contains no key")]
    NoKey,
}

/// A kind of key that a workstation has.
pub(super) struct Kind {
    /// The name of its file.
    pub(super) name: &'static str,
    halves: fn(&str) -> Result<Halves, KeyTextError>,
}

type Halves = (Zeroizing<String>, String, Fingerprint);

pub(super) static KINDS: [Kind; 3] = [
    Kind {
        name: SIGNING,
        halves: |text| {
            let key = SigningKey::from_text(text)?;
            Ok((key.to_text(), key.signer().to_text(), key.signer().fingerprint()))
        },
    },
    Kind {
        name: SEALING,
        halves: |text| {
            let key = Identity::from_text(text)?;
            Ok((key.to_text(), key.recipient().to_text(), key.recipient().fingerprint()))
        },
    },
    Kind {
        name: PASS,
        halves: |text| {
            let key = PassKey::from_text(text)?;
            Ok((key.to_text(), key.issuer().to_text(), key.issuer().fingerprint()))
        },
    },
];

impl Kind {
    /// Reads a secret half.
    ///
    /// # Errors
    /// If it is not the secret half of such a key.
    pub(super) fn key(&self, secret: &str) -> Result<Key, KeyTextError> {
        let (secret, public, fingerprint) = (self.halves)(secret)?;
        Ok(Key { name: self.name, secret, public, fingerprint })
    }
}

/// A key in a backup.
pub(super) struct Key {
    /// The name of its file.
    pub(super) name: &'static str,
    pub(super) secret: Zeroizing<String>,
    pub(super) public: String,
    pub(super) fingerprint: Fingerprint,
}

/// Writes the text.
pub(super) fn write(keys: &[Key]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(CAPACITY));
    text.extend([FIRST_LINE, VERSION, "\n", FOR_PEOPLE]);
    for key in keys {
        text.extend(["\n[", key.name, "]\n", &key.secret]);
    }
    text
}

/// Reads the text of [`write`]. A person may have written it with `age`.
///
/// # Errors
/// [`ContentsError`]
pub(super) fn parse(text: &str) -> Result<Vec<Key>, ContentsError> {
    let first = text.lines().next().unwrap_or_default();
    match first.strip_prefix(FIRST_LINE).map(str::trim_end) {
        Some(VERSION) => {}
        Some(_) => return Err(ContentsError::LaterVersion),
        None => return Err(ContentsError::NotKeys),
    }
    let mut keys: Vec<Key> = Vec::new();
    for Section { heading, line, body } in sections(text) {
        let kind = KINDS.iter().find(|kind| heading == format!("[{}]", kind.name));
        let Some(kind) = kind else { return Err(ContentsError::UnknownKey { line }) };
        if keys.iter().any(|key| key.name == kind.name) {
            return Err(ContentsError::Twice(kind.name));
        }
        keys.push(kind.key(body).map_err(|source| ContentsError::Key { name: kind.name, source })?);
    }
    if keys.is_empty() { Err(ContentsError::NoKey) } else { Ok(keys) }
}

/// A line that begins with a bracket, its number, and what follows it up to the next one.
struct Section<'a> {
    heading: &'a str,
    line: usize,
    body: &'a str,
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut rest = text;
    for (line, number) in text.split_inclusive('\n').zip(1..) {
        let here = rest;
        rest = &rest[line.len()..];
        if line.starts_with('[') {
            if let Some(before) = sections.last_mut() {
                before.body = &before.body[..before.body.len() - here.len()];
            }
            sections.push(Section { heading: line.trim_end(), line: number, body: rest });
        }
    }
    sections
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One key of each kind.
    pub(in crate::key_backup) fn some_keys() -> Vec<Key> {
        let texts = [
            SigningKey::from_random(&[7; 32]).to_text(),
            Identity::from_random(&[8; 32]).to_text(),
            PassKey::from_random(&[9; 32]).to_text(),
        ];
        KINDS.iter().zip(texts).map(|(kind, text)| kind.key(&text).unwrap()).collect()
    }

    fn texts(keys: &[Key]) -> Vec<(&str, &str)> {
        keys.iter().map(|key| (key.name, key.secret.as_str())).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let keys = some_keys();
        for some in [&keys[..], &keys[..1], &keys[2..]] {
            let text = write(some);
            assert!(text.len() < CAPACITY, "{}", text.len());
            assert_eq!(texts(&parse(&text).unwrap()), texts(some));
            assert_eq!(texts(&parse(&text.replace('\n', "\r\n")).unwrap()), texts(some));
        }
    }

    #[test]
    fn what_is_not_a_backup_is_refused() {
        let text = write(&some_keys());
        for (from, to, expected) in [
            ("encoder-tool", "other", "does not begin with"),
            ("version 1", "version 2", "a later version"),
            ("[pass.key]", "[../pass.key]", "line 15: it is not one of the keys signing.key, sealing.key, pass.key"),
            ("[pass.key]", "[sealing.key]", "sealing.key twice"),
            ("[pass.key]", "", "sealing.key: line 4: there is text after the key"),
            ("pass-ed25519-secret 0", "pass-ed25519-secret 1", "pass.key: line 3: the fingerprint"),
            (
                "[sealing.key]\nedge-agent sealing",
                "[sealing.key]\nedge-agent signing",
                "sealing.key: it does not begin with",
            ),
        ] {
            let refused = parse(&text.replacen(from, to, 1)).err().map(|error| error.to_string());
            assert!(refused.as_ref().is_some_and(|refused| refused.contains(expected)), "{from}: {refused:?}");
        }
        assert_eq!(parse("").err(), Some(ContentsError::NotKeys));
        assert_eq!(parse(&write(&[])).err(), Some(ContentsError::NoKey));
    }

    proptest! {
        /// Any text is read or refused, and what is read is written again as it was read.
        #[test]
        fn any_text_is_read_or_refused(
            lines in prop::collection::vec(prop_oneof![
                prop::sample::select(write(&some_keys()).lines().map(str::to_owned).collect::<Vec<_>>()),
                "\\PC{0,20}",
                "\\[[a-z./]{0,12}\\]",
            ], 0..20),
            begins in any::<bool>(),
        ) {
            let first = if begins { format!("{FIRST_LINE}{VERSION}\n") } else { String::new() };
            if let Ok(keys) = parse(&(first + &lines.join("\n"))) {
                prop_assert!(keys.len() <= KINDS.len());
                let again = parse(&write(&keys)).unwrap();
                prop_assert_eq!(texts(&again), texts(&keys));
            }
        }
    }
}
