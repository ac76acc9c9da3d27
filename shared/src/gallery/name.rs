//! A person's name as stored in the database, and when two names are too similar to distinguish people.

use alloc::string::String;
use core::fmt;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Largest length of a name, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 128;

/// A name: 1 to [`MAX_NAME_BYTES`] bytes of UTF-8 in normal form C, without control characters and without white space
/// at either end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(String);

/// Why a text is not a valid name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The name is empty or only white space.
    #[error("the name is empty: give it at least one character")]
    Empty,
    /// It has more bytes than [`MAX_NAME_BYTES`].
    #[error("the name has {bytes} bytes: shorten it to at most {MAX_NAME_BYTES}")]
    TooLong {
        /// Bytes of the name in UTF-8.
        bytes: usize,
    },
    /// It contains a control character.
    #[error("the name holds the control character U+{:04X} at byte {position}: remove it", *character as u32)]
    ControlCharacter {
        /// The character.
        character: char,
        /// The byte at which it starts.
        position: usize,
    },
}

impl PersonName {
    /// Trims white space and converts the rest to normal form C.
    ///
    /// # Errors
    /// If the rest is empty or too long, or contains a control character (Unicode category Cc, line and paragraph
    /// separators, or marks that reverse the direction of text, which can make one name look like another).
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        // Normal form C is at least a third as long as its input. This limit bounds the work and refuses no name that
        // would fit.
        if text.len() > 3 * MAX_NAME_BYTES {
            return Err(NameError::TooLong { bytes: text.len() });
        }
        if let Some((position, character)) = text.char_indices().find(|&(_, c)| is_control(c)) {
            return Err(NameError::ControlCharacter { character, position });
        }
        let name: String = if is_nfc(text) { text.into() } else { text.nfc().collect() };
        match name.len() {
            0 => Err(NameError::Empty),
            bytes if bytes > MAX_NAME_BYTES => Err(NameError::TooLong { bytes }),
            _ => Ok(Self(name)),
        }
    }

    /// The name for display.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key that is equal for two names that differ only in case, Unicode form or invisible characters.
    ///
    /// The name is decomposed (NFD), converted to upper and then to lower case, stripped of invisible joiners, and
    /// composed (NFC). The step through upper case folds what lower case alone does not (ß and ss, final sigma). It
    /// also folds the dotless ı to i, which can only cause an additional collision.
    pub fn collision_key(&self) -> String {
        if self.0.is_ascii() {
            return self.0.to_ascii_lowercase();
        }
        let folded: String = self
            .0
            .nfd()
            .filter(|&c| !is_invisible(c))
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .collect();
        folded.nfc().collect()
    }
}

pub(super) fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{feff}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Joiners and similar characters: Persian and Indic names need them, but they do not distinguish names.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}')
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_canonical_or_refused() {
        let long = "x".repeat(128);
        let too_long = "x".repeat(129);
        let shrinks = "e\u{301}".repeat(64);
        let cases: [(&str, Result<&str, NameError>); 15] = [
            ("Younes", Ok("Younes")),
            ("  Ann Lee\t", Ok("Ann Lee")),
            ("Jose\u{301}", Ok("Jos\u{e9}")),
            ("김철수", Ok("김철수")),
            ("می\u{200c}خواهم", Ok("می\u{200c}خواهم")),
            (&long, Ok(&long)),
            (&shrinks, Ok(&"\u{e9}".repeat(64))),
            ("", Err(NameError::Empty)),
            (" \u{3000}\n", Err(NameError::Empty)),
            (&too_long, Err(NameError::TooLong { bytes: 129 })),
            (&"y".repeat(100_000), Err(NameError::TooLong { bytes: 100_000 })),
            ("a\nb", Err(NameError::ControlCharacter { character: '\n', position: 1 })),
            ("é\u{1b}[2J", Err(NameError::ControlCharacter { character: '\u{1b}', position: 2 })),
            ("a\u{202e}b", Err(NameError::ControlCharacter { character: '\u{202e}', position: 1 })),
            ("a\u{85}b", Err(NameError::ControlCharacter { character: '\u{85}', position: 1 })),
        ];
        for (text, expected) in cases {
            let name = PersonName::parse(text);
            assert_eq!(name.as_ref().map(PersonName::as_str), expected.as_ref().copied(), "{text:?}");
            if let Ok(name) = name {
                assert_eq!(PersonName::parse(name.as_str()), Ok(name));
            }
        }
    }

    #[test]
    fn names_collide_by_case_and_form() {
        let cases = [
            ("Younes", "YOUNES", true),
            ("José", "Jose\u{301}", true),
            ("JOSÉ", "jose\u{301}", true),
            ("Straße", "STRASSE", true),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ", true),
            ("Å", "\u{212b}", true),
            ("İ", "i\u{307}", true),
            ("ann\u{200d}", "Ann", true),
            ("Ann", "Anne", false),
            ("José", "Jose", false),
            ("Ann Lee", "AnnLee", false),
        ];
        for (one, other, collide) in cases {
            let key = |text| PersonName::parse(text).unwrap().collision_key();
            assert_eq!(key(one) == key(other), collide, "{one} {other}");
        }
    }
}
