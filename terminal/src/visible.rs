//! Other people's text on a terminal: what would move the cursor, change colours or type for the user is shown instead.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every control character but line feed and tab as JSON escapes it: `\u001b`. JSON stays the same JSON.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match is_obeyed(character) {
            // Control characters are below U+00A0.
            true => write!(shown, "\\u{:04x}", u32::from(character)).unwrap_or_default(),
            false => shown.push(character),
        }
    }
    shown.into()
}

fn is_obeyed(character: char) -> bool {
    character.is_control() && character != '\n' && character != '\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found while fuzzing targets were written: a device that claims to be a unit, and a network with a name chosen for it,
    /// had the last word on the terminal of whoever asked.
    #[test]
    fn control_characters_are_shown_and_everything_else_is_as_it_was() {
        for (text, shown) in [
            ("Zoë\t1\n2", "Zoë\t1\n2"),
            ("\x1b[2J\x1b]0;owned\x07", r"\u001b[2J\u001b]0;owned\u0007"),
            ("locked\r\x7funlocked", r"locked\u000d\u007funlocked"),
            ("\u{9b}31m", r"\u009b31m"),
        ] {
            assert_eq!(visible(text), shown);
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
