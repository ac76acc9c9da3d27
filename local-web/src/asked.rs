//! What the browser asks, after the gate. Every text in it is hostile: the session proves the browser, not what was typed.

use crate::limits::FORM_BYTES;
use crate::pairs::Pairs;
use crate::refusal::Refusal;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use std::time::Duration;
use tokio::time::timeout;

/// What a request may be. HEAD is a GET whose answer is sent without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Asks for something. It must change nothing: a link can make a browser send it.
    Get,
    /// Changes something.
    Post,
}

/// A request of the session's browser.
#[derive(Debug)]
pub struct Asked {
    method: Method,
    parts: Vec<String>,
    query: Pairs,
    content_type: Option<String>,
    body: Option<Incoming>,
    limit: Duration,
}

/// The type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

impl Asked {
    pub(crate) fn new(
        method: Method,
        parts: Vec<String>,
        query: Pairs,
        content_type: Option<String>,
        body: Incoming,
        limit: Duration,
    ) -> Self {
        Self { method, parts, query, content_type, body: Some(body), limit }
    }

    /// Whether it asks for something or changes something.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The decoded parts of the path; none for `/`. None is empty, `.` or `..`, or has a slash, a backslash or a control
    /// character.
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// Names and values after the `?`.
    pub fn query(&self) -> &Pairs {
        &self.query
    }

    /// What the browser says about the type of the body, in lower case and without parameters: `image/jpeg`. It is a claim.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The names and values of a form, at most 64 KiB. The body is taken with it.
    ///
    /// # Errors
    /// [`Refusal`]; it becomes the answer with `.into()`.
    pub async fn form(&mut self) -> Result<Pairs, Refusal> {
        self.expect_type(FORM)?;
        let body = self.bytes(FORM_BYTES).await?;
        str::from_utf8(&body).ok().and_then(Pairs::read).ok_or(Refusal::Form)
    }

    /// The bytes of JSON, of at most this length. They are not read.
    ///
    /// # Errors
    /// [`Refusal`]
    pub async fn json(&mut self, most: usize) -> Result<Bytes, Refusal> {
        self.expect_type("application/json")?;
        self.bytes(most).await
    }

    /// The whole body, which has at most this number of bytes and arrives within 30 seconds.
    ///
    /// # Errors
    /// [`Refusal`]
    pub async fn bytes(&mut self, most: usize) -> Result<Bytes, Refusal> {
        let body = self.body.take().ok_or(Refusal::Taken)?;
        if body.size_hint().lower() > most as u64 {
            return Err(Refusal::TooLong { most });
        }
        let arriving = timeout(self.limit, Limited::new(body, most).collect());
        match arriving.await {
            Err(_) => Err(Refusal::TooSlow),
            Ok(Ok(arrived)) => Ok(arrived.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLong { most }),
            Ok(Err(_)) => Err(Refusal::Broken),
        }
    }

    fn expect_type(&self, expected: &'static str) -> Result<(), Refusal> {
        if self.content_type() == Some(expected) { Ok(()) } else { Err(Refusal::Type { expected }) }
    }
}

/// The media type of a `Content-Type` line, in lower case and without parameters.
pub(crate) fn media_type(line: &str) -> String {
    line.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_has_no_parameters() {
        for (line, expected) in [
            ("application/x-www-form-urlencoded", FORM),
            ("Application/X-WWW-Form-Urlencoded ; charset=UTF-8", FORM),
            ("image/jpeg", "image/jpeg"),
            ("", ""),
            (";", ""),
        ] {
            assert_eq!(media_type(line), expected, "{line}");
        }
    }
}
