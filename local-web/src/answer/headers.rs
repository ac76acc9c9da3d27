//! The headers that make a browser strict.

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, InvalidHeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What each answer says, whatever it contains.
pub(super) const STRICT: [(HeaderName, &str); 9] = [
    // Photos of people do not stay in the browser's cache.
    (CACHE_CONTROL, "no-store"),
    // Text that slipped into a page as markup runs no script, loads nothing and sends nothing elsewhere.
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: browsers would send `Origin: null` with a form, and the gate would refuse it.
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), geolocation=()"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// What stands in an encoded name as it is (RFC 8187).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// The longest name of a file, in bytes of UTF-8; file systems take 255.
const LONGEST_NAME: usize = 200;

/// `Content-Disposition` of a file with this name (RFC 6266): once in ASCII for old browsers, once in UTF-8.
pub(super) fn attachment(name: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let is_refused = |letter: char| letter.is_control() || "/\\:*?\"<>|".contains(letter);
    let name: String = name.chars().map(|letter| if is_refused(letter) { '_' } else { letter }).collect();
    let name = name.trim_start_matches('.');
    let name = &name[..name.floor_char_boundary(LONGEST_NAME)];
    let name = if name.is_empty() { "file" } else { name };
    let plain = name.replace(|letter: char| !letter.is_ascii() || letter == '%', "_");
    let encoded = utf8_percent_encode(name, ENCODED);
    HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        for (name, plain, encoded) in [
            ("people.csv", "people.csv", "people.csv"),
            ("Zoë Müller.csv", "Zo_ M_ller.csv", "Zo%C3%AB%20M%C3%BCller.csv"),
            ("../../.bashrc", "_.._.bashrc", "_.._.bashrc"),
            ("a\"; filename=\"b.exe", "a_; filename=_b.exe", "a_%3B%20filename%3D_b.exe"),
            ("a\r\nSet-Cookie: desk=1", "a__Set-Cookie_ desk=1", "a__Set-Cookie_%20desk%3D1"),
            ("%2e.csv", "_2e.csv", "%252e.csv"),
            ("", "file", "file"),
            ("...", "file", "file"),
        ] {
            let expected = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
            assert_eq!(attachment(name).unwrap().to_str().unwrap(), expected, "{name}");
        }
        let long = attachment(&"ë".repeat(5000)).unwrap();
        assert!(long.len() < 1000, "{} bytes", long.len());
    }
}
