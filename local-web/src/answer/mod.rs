//! What the application answers. Every answer carries the same strict headers, refusals and failures too.

mod content;
mod headers;

pub(crate) use content::Content;

use crate::refusal::Refusal;
use headers::{STRICT, attachment};
use hyper::body::Bytes;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use tokio::sync::mpsc;

/// The type of an answer's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page, in UTF-8.
    Html,
    /// A style sheet, in UTF-8.
    Css,
    /// A script, in UTF-8.
    JavaScript,
    /// JSON.
    Json,
    /// A photo.
    Jpeg,
    /// A picture.
    Png,
    /// A drawing. It may hold no `<style>` and no `style=`: the browser would leave them out.
    Svg,
    /// A table, in UTF-8.
    Csv,
    /// Plain text, in UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

/// An answer to one request.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    content: Content,
}

impl Answer {
    /// What was asked for.
    pub fn of(kind: Kind, content: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, kind.media_type(), Content::Whole(content.into()))
    }

    /// A file that the browser stores. `name` may be any text: characters that a file's name cannot have are replaced.
    pub fn file(kind: Kind, name: &str, content: impl Into<Bytes>) -> Self {
        match attachment(name) {
            Ok(attachment) => Self::of(kind, content).with(CONTENT_DISPOSITION, attachment),
            Err(_) => Self::failed("The name of the file cannot be sent."),
        }
    }

    /// A refusal in plain text. A number that is not a status from 400 to 499 becomes 400.
    pub fn refused(status: u16, text: &str) -> Self {
        Self::plain(refusal(status), text)
    }

    /// A refusal as a page in HTML: a form that is shown again with what is wrong. The status is as in
    /// [`refused`](Self::refused).
    pub fn refused_with(status: u16, page: impl Into<Bytes>) -> Self {
        Self::new(refusal(status), Kind::Html.media_type(), Content::Whole(page.into()))
    }

    /// A failure of the application, in plain text: status 500.
    pub fn failed(text: &str) -> Self {
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    /// Sends the browser to a page of this server: status 303, the answer to a form. A path that is not one of this server is a
    /// failure; [`path_of`](crate::path_of) makes one of names.
    pub fn see(path: &str) -> Self {
        let is_here = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
        match HeaderValue::from_str(path) {
            Ok(location) if is_here && path.is_ascii() => {
                Self::plain(StatusCode::SEE_OTHER, "").with(LOCATION, location)
            }
            _ => Self::failed("The application leads to an address that is not its own."),
        }
    }

    /// Server-sent events: each text from the channel is the data of one event, and may have several lines. Ends when the
    /// sender is dropped; the receiver is dropped when the browser has gone.
    pub fn events(texts: mpsc::Receiver<String>) -> Self {
        Self::new(StatusCode::OK, EVENTS, Content::Events(texts))
    }

    /// Events that never come, and never end: a page that is open.
    pub(crate) fn silence() -> Self {
        Self::new(StatusCode::OK, EVENTS, Content::Silence)
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    fn plain(status: StatusCode, text: &str) -> Self {
        Self::new(status, Kind::Text.media_type(), Content::Whole(text.to_owned().into()))
    }

    fn new(status: StatusCode, media_type: &'static str, content: Content) -> Self {
        let strict = STRICT.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value)));
        let headers = strict.chain([(CONTENT_TYPE, HeaderValue::from_static(media_type))]).collect();
        Self { status, headers, content }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The answer for hyper. `body` makes the body of the content.
    pub(crate) fn into_response<B>(self, body: impl FnOnce(Content) -> B) -> Response<B> {
        let mut response = Response::new(body(self.content));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::plain(refusal.code(), &refusal.to_string())
    }
}

impl Kind {
    fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Css => "text/css; charset=utf-8",
            Self::JavaScript => "text/javascript; charset=utf-8",
            Self::Json => "application/json",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            Self::Binary => "application/octet-stream",
        }
    }
}

const EVENTS: &str = "text/event-stream";

fn refusal(status: u16) -> StatusCode {
    let status = StatusCode::from_u16(status).ok().filter(StatusCode::is_client_error);
    status.unwrap_or(StatusCode::BAD_REQUEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
        answer.headers[name].to_str().unwrap()
    }

    #[test]
    fn every_answer_is_strict() {
        for answer in [
            Answer::of(Kind::Html, "<p>"),
            Answer::file(Kind::Csv, "people.csv", "a,b"),
            Answer::refused(404, "no"),
            Answer::refused_with(422, "<p>no"),
            Answer::failed("no"),
            Answer::see("/people"),
            Answer::events(mpsc::channel(1).1),
            Refusal::Session.into(),
        ] {
            for (name, value) in STRICT {
                assert_eq!(answer.headers[&name], value, "{answer:?}");
            }
            assert!(answer.headers.contains_key(CONTENT_TYPE), "nothing is left to guess: {answer:?}");
        }
    }

    #[test]
    fn only_paths_of_this_server_are_led_to() {
        for (path, expected) in [
            ("/", 303),
            ("/people/Zo%C3%AB?from=1#top", 303),
            ("", 500),
            ("people", 500),
            ("//evil.example", 500),
            ("/\\evil.example", 500),
            ("https://evil.example", 500),
            ("/a\r\nSet-Cookie: desk=1", 500),
            ("/Zoë", 500),
        ] {
            let answer = Answer::see(path);
            assert_eq!(answer.status(), expected, "{path}");
            let location = answer.headers.get(LOCATION).map(HeaderValue::as_bytes);
            assert_eq!(location, (expected == 303).then_some(path.as_bytes()));
        }
    }

    #[test]
    fn a_refusal_is_never_a_success() {
        for (status, expected) in [(404, 404), (409, 409), (200, 400), (302, 400), (500, 400), (7, 400), (1000, 400)] {
            assert_eq!(Answer::refused(status, "no").status(), expected, "{status}");
        }
    }

    #[test]
    fn a_file_is_stored_and_not_shown() {
        let answer = Answer::file(Kind::Csv, "people.csv", "a");
        assert_eq!(header(&answer, "content-type"), "text/csv; charset=utf-8");
        assert!(header(&answer, "content-disposition").starts_with("attachment; "));
    }
}
