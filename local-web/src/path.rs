//! The path of a request, as parts. A part is hostile text, but it is one name: it has no separator, no control character, and
//! does not lead to another folder.

use crate::refusal::Refusal;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stands in a path as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The path that has these parts: the reverse of what [`Asked::parts`](crate::Asked::parts) gives.
///
/// A request for a part that is empty, `.`, `..`, or that has a slash, a backslash or a control character, is refused, so
/// such names cannot stand in a path.
pub fn path_of(parts: &[&str]) -> String {
    let path: String = parts.iter().map(|part| format!("/{}", utf8_percent_encode(part, ENCODED))).collect();
    if path.is_empty() { "/".to_owned() } else { path }
}

/// The decoded parts of a path; none for `/`.
///
/// # Errors
/// [`Refusal::Target`]
pub(crate) fn parts_of(path: &str) -> Result<Vec<String>, Refusal> {
    let below = path.strip_prefix('/').ok_or(Refusal::Target)?;
    if below.is_empty() {
        return Ok(Vec::new());
    }
    below.split('/').map(part).collect()
}

fn part(encoded: &str) -> Result<String, Refusal> {
    let decoded = decoded(encoded).ok_or(Refusal::Target)?;
    let is_name = !matches!(&decoded[..], "" | "." | "..");
    let is_one_name = !decoded.contains(|letter: char| matches!(letter, '/' | '\\') || letter.is_control());
    if is_name && is_one_name { Ok(decoded) } else { Err(Refusal::Target) }
}

/// The decoded text; `None` if an escape is cut off, or if it is not UTF-8.
pub(crate) fn decoded(encoded: &str) -> Option<String> {
    let escapes = encoded.split('%').skip(1);
    let is_whole = escapes
        .map(str::as_bytes)
        .all(|after| after.get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)));
    let text = percent_decode_str(encoded).decode_utf8().ok()?;
    is_whole.then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_parts() {
        for (path, expected) in [
            ("/", Some(&[][..])),
            ("/people", Some(&["people"])),
            ("/people/Zo%C3%AB", Some(&["people", "Zoë"])),
            ("/people/a%20b+c%3Fd", Some(&["people", "a b+c?d"])),
            ("/...", Some(&["..."])),
            ("/%252e%252e", Some(&["%2e%2e"])),
            ("", None),
            ("*", None),
            ("people", None),
            ("//", None),
            ("//evil.example", None),
            ("/people/", None),
            ("/a//b", None),
            ("/.", None),
            ("/..", None),
            ("/a/../b", None),
            ("/a/%2e%2E/b", None),
            ("/a/.%2e", None),
            ("/a%2fb", None),
            ("/a%2Fb", None),
            ("/a\\b", None),
            ("/a%5cb", None),
            ("/a%00", None),
            ("/a%0d%0ab", None),
            ("/a%C2%85", None),
            ("/a%", None),
            ("/a%2", None),
            ("/a%zz", None),
            ("/a%ff", None),
            ("/a%c0%ae", None),
        ] {
            let found = parts_of(path).ok();
            assert_eq!(
                found.as_deref(),
                expected.map(|parts| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{path}"
            );
        }
    }

    #[test]
    fn a_path_of_parts_is_read_as_these_parts() {
        for parts in [&[][..], &["people"], &["people", "Zoë & Söhne"], &["a?b#c", "%2e", "..."], &["<script>", "\"'"]]
        {
            let path = path_of(parts);
            assert!(path.is_ascii() && !path.contains(['?', '#', '"', '<']), "{path}");
            assert_eq!(parts_of(&path).unwrap(), parts, "{path}");
        }
    }
}
