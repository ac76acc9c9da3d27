//! Files that a passphrase opens, in the format of [age](https://age-encryption.org/v1). The crate `age` reads and
//! writes them. This module bounds what a hostile file may cost, and says what is wrong with a file. What is inside:
//! see `key_backup` and `locked_key`.

use age::armor::ArmoredReader;
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Identity, scrypt};
use anyhow::Context;
use std::io::{Cursor, Read};
use std::iter;
use zeroize::Zeroizing;

/// The most bytes of a file. A backup of all keys takes about 2000. age reads a header in a time that grows with the
/// square of its size: a quarter of a second for this much, 45 seconds for 100 KiB.
pub(crate) const MAX_FILE: u64 = 8 * 1024;
/// The base-2 logarithm of scrypt's work. As the program age chooses it: 256 MiB, about a second.
pub(crate) const WORK: u8 = 18;
/// A file that asks for more is refused: this much takes 1 GiB, about four seconds.
const MOST_WORK: u8 = 20;
/// The first line.
pub(crate) const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";

/// Why a file does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AgeError {
    #[error(
        "it is not a file that a passphrase opens, or its beginning is damaged: such a file begins with the line \"{BEGIN}\""
    )]
    NotAgeFile,
    #[error("it is damaged or cut off: {0}")]
    Damaged(String),
    #[error("it is in a later version of the age format: open it with a newer encoder-tool")]
    LaterVersion,
    #[error("it is encrypted to a key, not with a passphrase")]
    NotWithAPassphrase,
    #[error("opening it would take too much memory: scrypt 2^{0}, at most 2^{MOST_WORK} (1 GiB)")]
    TooMuchWork(u8),
    #[error("the passphrase is wrong, or the file is damaged")]
    Passphrase,
    #[error("the passphrase is right, but the file is damaged")]
    Changed,
}

/// Encrypts contents, as text that can be printed.
///
/// # Errors
/// If the library refuses, which it has no reason for.
pub(crate) fn encrypt(contents: &[u8], passphrase: &str, work: u8) -> anyhow::Result<String> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(work);
    age::encrypt_and_armor(&recipient, contents).context("cannot encrypt")
}

/// A file that a passphrase may open.
pub(crate) struct AgeFile(Decryptor<Cursor<Vec<u8>>>);

impl AgeFile {
    /// Reads what needs no passphrase.
    ///
    /// # Errors
    /// [`AgeError`] if it is not such a file.
    pub(crate) fn parse(file: &[u8]) -> Result<Self, AgeError> {
        let mut bytes = Vec::new();
        // Without armour, these are the bytes of the file.
        ArmoredReader::new(file).read_to_end(&mut bytes).map_err(|error| match file.starts_with(BEGIN.as_bytes()) {
            true => AgeError::Damaged(error.to_string()),
            false => AgeError::NotAgeFile,
        })?;
        let decryptor = Decryptor::new_buffered(Cursor::new(bytes)).map_err(|error| match error {
            DecryptError::UnknownFormat => AgeError::LaterVersion,
            _ => AgeError::NotAgeFile,
        })?;
        if decryptor.is_scrypt() { Ok(Self(decryptor)) } else { Err(AgeError::NotWithAPassphrase) }
    }

    /// Decrypts it.
    ///
    /// # Errors
    /// [`AgeError`] if the passphrase is another one, or the file is damaged or asks for too much work.
    pub(crate) fn open(self, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, AgeError> {
        let mut identity = scrypt::Identity::new(SecretString::from(passphrase));
        identity.set_max_work_factor(MOST_WORK);
        let decrypted = self.0.decrypt(iter::once(&identity as &dyn Identity));
        let mut decrypted = decrypted.map_err(|error| match error {
            DecryptError::ExcessiveWork { required, .. } => AgeError::TooMuchWork(required),
            DecryptError::InvalidMac => AgeError::Changed,
            DecryptError::InvalidHeader => AgeError::NotAgeFile,
            _ => AgeError::Passphrase,
        })?;
        // More than the contents: a buffer that grows would leave a copy of the secrets behind.
        let mut contents = Zeroizing::new(Vec::with_capacity(MAX_FILE as usize));
        decrypted.read_to_end(&mut contents).map_err(|_| AgeError::Changed)?;
        Ok(contents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::armor::{ArmoredWriter, Format};
    use std::io::Write;

    fn encrypted(contents: &[u8]) -> String {
        encrypt(contents, "correct horse", 2).unwrap()
    }

    fn opened(file: &[u8], passphrase: &str) -> Result<Vec<u8>, AgeError> {
        AgeFile::parse(file)?.open(passphrase).map(|contents| contents.to_vec())
    }

    fn without_armour(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        ArmoredReader::new(text.as_bytes()).read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn with_armour(bytes: &[u8]) -> Vec<u8> {
        let mut writer = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn what_is_encrypted_is_decrypted_with_the_same_passphrase_only() {
        for contents in [&b""[..], b"short", &[7; 4096]] {
            let text = encrypted(contents);
            assert!(text.starts_with(BEGIN) && text.is_ascii(), "{text}");
            assert_ne!(text, encrypted(contents));
            for file in [text.clone(), text.replace('\n', "\r\n")] {
                assert_eq!(opened(file.as_bytes(), "correct horse"), Ok(contents.to_vec()));
                assert_eq!(opened(file.as_bytes(), "correct horsf"), Err(AgeError::Passphrase));
            }
        }
    }

    /// Made with `age --passphrase --armor` of Debian (1.1.1).
    #[test]
    fn a_file_of_the_program_age_opens_with_and_without_armour() {
        let text = include_str!("made-by-age.txt");
        for file in [text.as_bytes(), &without_armour(text)] {
            assert_eq!(opened(file, "twelve letters").unwrap(), b"made by age\n");
        }
    }

    #[test]
    fn each_changed_byte_and_each_cut_is_found() {
        let text = encrypted(b"the keys");
        let file = without_armour(&text);
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            for changed in [&changed[..], &with_armour(&changed)] {
                assert!(opened(changed, "correct horse").is_err(), "byte {at}");
            }
            assert!(opened(&file[..at], "correct horse").is_err(), "cut to {at} bytes");
        }
        for at in 0..text.trim_end().len() {
            assert!(opened(&text.as_bytes()[..at], "correct horse").is_err(), "cut to {at} characters");
        }
    }

    #[test]
    fn a_file_that_costs_too_much_or_is_another_one_is_refused() {
        let with_work = |work: &str| {
            let mut file = without_armour(&encrypted(b"the keys"));
            let at = file.windows(3).position(|bytes| bytes == b" 2\n").unwrap() + 1;
            file.splice(at..=at, work.bytes());
            opened(&file, "correct horse")
        };
        assert_eq!(with_work("2"), Ok(b"the keys".to_vec()));
        for work in [21, 30, 63, 64, 255] {
            assert_eq!(with_work(&work.to_string()), Err(AgeError::TooMuchWork(work)));
        }
        for work in ["", "0", "02", "+2", "-1", "256", "9999999999", "2 2"] {
            assert!(with_work(work).is_err(), "{work}");
        }
        let stanzas = [&b"age-encryption.org/v1\n"[..], &b"-> a\n\n".repeat(MAX_FILE as usize / 6)].concat();
        assert_eq!(opened(&stanzas, "correct horse"), Err(AgeError::NotAgeFile));
        let recipient = age::x25519::Identity::generate().to_public();
        let to_a_key = age::encrypt_and_armor(&recipient, b"the keys").unwrap();
        let text = encrypted(b"the keys");
        let later = with_armour(b"age-encryption.org/v2\n-> x\n\n--- abc\n");
        for (file, expected) in [
            (to_a_key.as_bytes(), "encrypted to a key"),
            (later.as_slice(), "later version"),
            (b"", "it is not a file that a passphrase opens"),
            (b"-----BEGIN PGP MESSAGE-----\n", "it is not a file that a passphrase opens"),
            (&[0xff; 100], "it is not a file that a passphrase opens"),
            (format!("Dear Ann,\n{text}").as_bytes(), "it is not a file that a passphrase opens"),
            (with_armour(&[b'a'; 100]).as_slice(), "it is not a file that a passphrase opens"),
            (format!("{text}Ann").as_bytes(), "damaged or cut off"),
            (text.replacen("\nYWdl", "\nYWd!", 1).as_bytes(), "damaged or cut off"),
            (text.replacen("\nYWdl", "\nYWd", 1).as_bytes(), "damaged or cut off"),
        ] {
            let refused = opened(file, "correct horse").unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
