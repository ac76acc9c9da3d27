//! Escapes untrusted text for a terminal: control characters that could move the cursor, change colours or enter input
//! are made visible.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt::{self, Display, Formatter, Write};
use std::path::Path;

/// A path for messages and JSON. `Path::display`, which prints line feeds in names unchanged, is disallowed.
///
/// In text, line feeds, tabs and control characters are escaped as in JSON, so that a file name cannot add a line to an
/// answer. In JSON, the path is unchanged, because JSON escapes it. Both replace invalid Unicode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShownPath(String);

/// Formats a path, or a part of one, for a message.
pub trait ShowPath {
    /// The path, safe to include in a message.
    fn shown(&self) -> ShownPath;
}

impl<P: AsRef<Path> + ?Sized> ShowPath for P {
    fn shown(&self) -> ShownPath {
        ShownPath(self.as_ref().to_string_lossy().into_owned())
    }
}

impl Display for ShownPath {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(&visible(&self.0).replace('\n', r"\u000a").replace('\t', r"\u0009"))
    }
}

/// Escapes every control character except line feed and tab as in JSON: `\u001b`. Also escapes characters that change
/// the text direction or start a new line on some terminals. The meaning of JSON text is unchanged.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match is_obeyed(character) {
            // All escaped characters are below U+10000.
            true => write!(shown, "\\u{:04x}", u32::from(character)).unwrap_or_default(),
            false => shown.push(character),
        }
    }
    shown.into()
}

fn is_obeyed(character: char) -> bool {
    let turns_or_breaks =
        matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns_or_breaks || character.is_control() && character != '\n' && character != '\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A regression found while writing fuzz targets: a device that claims to be a unit, or a network with a crafted
    /// name, could control the user's terminal.
    #[test]
    fn only_control_characters_are_escaped() {
        for (text, shown) in [
            ("Zoë\t1\n2", "Zoë\t1\n2"),
            ("\x1b[2J\x1b]0;owned\x07", r"\u001b[2J\u001b]0;owned\u0007"),
            ("locked\r\x7funlocked", r"locked\u000d\u007funlocked"),
            ("\u{9b}31m", r"\u009b31m"),
            ("a\u{202e}gpj.exe\u{2066}\u{2028}", r"a\u202egpj.exe\u2066\u2028"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    /// A regression: a photo with the name `a.jpg: no`, line feed, `b.jpg: It's Bo` gave an answer for another photo.
    #[test]
    fn a_file_name_is_one_line() {
        for (name, expected) in [("Zoë/1.jpg", "Zoë/1.jpg"), ("a\nb\t\u{202e}\u{1b}", r"a\u000ab\u0009\u202e\u001b")]
        {
            assert_eq!(name.shown().to_string(), expected);
            assert_eq!(format!("{:<40}|", name.shown()), format!("{expected:<40}|"));
            assert_eq!(serde_json::to_value(name.shown()).unwrap(), name, "data is the path itself");
        }
    }

    #[test]
    fn json_is_the_same_json() {
        let value = serde_json::json!({"version": "\u{9b}\u{1b}\u{7f}\n\"\\"});
        let printed = value.to_string();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&visible(&printed)).unwrap(), value);
        assert!(!visible(&printed).contains(char::is_control));
    }
}
