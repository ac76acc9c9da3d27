//! What a server's answer means for the file, as far as its header tells.

use super::error::FetchError;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName};
use hyper::{StatusCode, header::HeaderValue};

/// The longest validator that is kept, in bytes.
const MAX_VALIDATOR_BYTES: usize = 256;

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The number of bytes that are there already. 0 asks for the whole file.
    pub(crate) from: u64,
    /// The length of the whole file in bytes.
    pub(crate) bytes: u64,
    /// The validator of the bytes that are there already.
    pub(crate) validator: Option<&'a str>,
}

/// What the body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// The whole file, from its beginning.
    Whole {
        /// Its validator.
        validator: Option<String>,
    },
    /// The rest of the file.
    Rest,
}

/// Judges the header of an answer.
///
/// # Errors
/// [`FetchError`]
pub(crate) fn judge(status: StatusCode, header: &HeaderMap, asked: &Asked<'_>) -> Result<Body, FetchError> {
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {}
        StatusCode::RANGE_NOT_SATISFIABLE if asked.from > 0 => return Err(FetchError::WrongPart),
        status if status.is_redirection() => return Err(FetchError::Redirect),
        status => return Err(FetchError::Status(status.as_u16())),
    }
    if header.get_all(CONTENT_ENCODING).iter().any(|coding| coding != "identity") {
        return Err(FetchError::Encoded);
    }
    let validator = validator(header);
    if status == StatusCode::OK {
        return match length(header) {
            Some(found) if found != asked.bytes => Err(FetchError::OtherLength { found, announced: asked.bytes }),
            _ => Ok(Body::Whole { validator }),
        };
    }
    let due = Part { first: asked.from, last: asked.bytes.saturating_sub(1), of: asked.bytes };
    match only(header, CONTENT_RANGE).and_then(part) {
        _ if asked.from == 0 => Err(FetchError::WrongPart),
        Some(found) if found.of != due.of => Err(FetchError::OtherLength { found: found.of, announced: due.of }),
        Some(found) if found == due => match (asked.validator, validator) {
            (Some(before), Some(now)) if before != now => Err(FetchError::Changed),
            _ => Ok(Body::Rest),
        },
        _ => Err(FetchError::WrongPart),
    }
}

/// A part of a file: the first and the last byte, and the length of the file.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    first: u64,
    last: u64,
    of: u64,
}

/// Reads `bytes FIRST-LAST/LENGTH`.
fn part(value: &HeaderValue) -> Option<Part> {
    let text = value.to_str().ok()?.strip_prefix("bytes ")?;
    let (range, of) = text.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some(Part { first: number(first)?, last: number(last)?, of: number(of)? })
}

fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn length(header: &HeaderMap) -> Option<u64> {
    number(only(header, CONTENT_LENGTH)?.to_str().ok()?)
}

/// The strong entity tag; `None` if there is none: a weak one does not promise the same bytes.
fn validator(header: &HeaderMap) -> Option<String> {
    let tag = only(header, ETAG)?.to_str().ok()?;
    let is_strong = tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"') && tag.len() <= MAX_VALIDATOR_BYTES;
    is_strong.then(|| tag.to_owned())
}

fn only(header: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = header.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, header: &[(HeaderName, &str)], from: u64, validator: Option<&str>) -> String {
        let header = header.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
        let asked = Asked { from, bytes: 100, validator };
        match judge(StatusCode::from_u16(status).unwrap(), &header, &asked) {
            Ok(Body::Whole { validator }) => format!("whole {}", validator.unwrap_or_default()),
            Ok(Body::Rest) => "rest".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn only_the_whole_file_or_the_rest_that_was_asked_for_is_taken() {
        let long = format!("\"{}\"", "x".repeat(MAX_VALIDATOR_BYTES));
        for (status, header, from, validator, expected) in [
            (200, vec![], 0, None, "whole "),
            (200, vec![(CONTENT_LENGTH, "100"), (ETAG, "\"a\"")], 0, None, "whole \"a\""),
            (200, vec![(ETAG, "W/\"a\"")], 0, None, "whole "),
            (200, vec![(ETAG, &long)], 0, None, "whole "),
            (200, vec![(ETAG, "\"a\"")], 40, Some("\"b\""), "whole \"a\""),
            (200, vec![(CONTENT_LENGTH, "99")], 0, None, "99 bytes instead of 100"),
            (200, vec![(CONTENT_ENCODING, "gzip")], 0, None, "compression"),
            (200, vec![(CONTENT_ENCODING, "identity")], 0, None, "whole "),
            (206, vec![(CONTENT_RANGE, "bytes 40-99/100")], 40, None, "rest"),
            (206, vec![(CONTENT_RANGE, "bytes 40-99/100"), (ETAG, "\"a\"")], 40, Some("\"a\""), "rest"),
            (206, vec![(CONTENT_RANGE, "bytes 40-99/100"), (ETAG, "\"b\"")], 40, Some("\"a\""), "has changed"),
            (206, vec![(CONTENT_RANGE, "bytes 40-99/100")], 0, None, "another part"),
            (206, vec![(CONTENT_RANGE, "bytes 0-99/100")], 40, None, "another part"),
            (206, vec![(CONTENT_RANGE, "bytes 40-98/100")], 40, None, "another part"),
            (206, vec![(CONTENT_RANGE, "bytes 40-199/200")], 40, None, "200 bytes instead of 100"),
            (206, vec![(CONTENT_RANGE, "bytes 40-99/*")], 40, None, "another part"),
            (206, vec![(CONTENT_RANGE, "bytes +40-99/100")], 40, None, "another part"),
            (206, vec![(CONTENT_RANGE, "bytes 40-99/99999999999999999999")], 40, None, "another part"),
            (206, vec![(CONTENT_RANGE, "bytes 40-99/100"), (CONTENT_RANGE, "bytes 0-1/100")], 40, None, "another part"),
            (206, vec![], 40, None, "another part"),
            (416, vec![], 40, None, "another part"),
            (416, vec![], 0, None, "status 416"),
            (302, vec![], 0, None, "redirects"),
            (304, vec![], 0, None, "redirects"),
            (204, vec![], 0, None, "status 204"),
            (404, vec![], 40, None, "status 404"),
            (500, vec![], 0, None, "status 500"),
        ] {
            let found = judged(status, &header, from, validator);
            assert!(found.contains(expected), "{status} {header:?}: {found}");
        }
    }
}
