//! The content of an answer: bytes that are there, or events as they come.

use hyper::body::Bytes;
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;

/// What an answer contains.
#[derive(Debug)]
pub(crate) enum Content {
    /// All of it.
    Whole(Bytes),
    /// One event for each text.
    Events(mpsc::Receiver<String>),
    /// Events of a page that only shows that it is there: none.
    Silence,
}

impl Content {
    /// The next part; `None` at the end.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match self {
            Self::Whole(bytes) => Poll::Ready(Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty())),
            Self::Events(texts) => Poll::Ready(ready!(texts.poll_recv(context)).map(|text| event(&text))),
            Self::Silence => Poll::Pending,
        }
    }

    /// The length, in bytes, if it is known.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::Whole(bytes) => Some(bytes.len() as u64),
            Self::Events(_) | Self::Silence => None,
        }
    }
}

/// The text as an event. Each line has the field's name before it, so that no text begins another field or event.
fn event(text: &str) -> Bytes {
    let lines = text.split(['\n', '\r']).map(|line| format!("data: {line}\n"));
    Bytes::from(lines.chain([String::from("\n")]).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_event() {
        for (text, expected) in [
            ("50 of 100", "data: 50 of 100\n\n"),
            ("", "data: \n\n"),
            ("a\nb", "data: a\ndata: b\n\n"),
            ("a\n\nevent: evil\rid: 7", "data: a\ndata: \ndata: event: evil\ndata: id: 7\n\n"),
        ] {
            assert_eq!(event(text), expected, "{text}");
        }
    }
}
