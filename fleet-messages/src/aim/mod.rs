//! What a unit sends to somebody who aims its camera: small pictures, and what the unit measures in them. No message says
//! who is in a picture.
//!
//! A message is one line of JSON; the bytes of the JPEG follow the line of a picture. `edge-agent aim --stream` writes them,
//! and `encoder-tool aim` reads them through ssh. The reader trusts nothing: lengths and texts are limited, and every box lies
//! in its picture.

mod view;

pub use view::{
    AimBox, AimFace, AimLight, AimSharpness, AimVerdict, AimView, MAX_AIM_BOXES, MAX_AIM_WORDS_BYTES, Measured,
    NotAView,
};

use super::{MessageError, SCHEMA, read};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, BufRead, Read, Write};

/// The largest width and height of a picture, in pixels.
pub const MAX_AIM_SIDE: u32 = 640;
/// The largest JPEG, in bytes. One of 640x640 pixels of noise is smaller.
pub const MAX_AIM_JPEG_BYTES: usize = 1 << 20;
/// The longest line, with its line feed, in bytes.
pub const MAX_AIM_LINE_BYTES: usize = 8 << 10;
/// How long a unit sends pictures at most, in seconds.
pub const MAX_AIM_SECONDS: u16 = 600;

/// How a JPEG begins (ITU-T T.81, B.1.1.3): with SOI.
const JPEG_BEGINS: [u8; 2] = [0xff, 0xd8];

/// A message of a unit.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one is in memory at a time")]
pub enum AimMessage {
    /// A picture.
    Picture(AimPicture),
    /// There was no new picture for a second. The unit still watches for one.
    NoPicture,
    /// There will be no further message.
    Ended(AimEnd),
}

/// A picture, and what the unit sees in it.
#[derive(Debug, Clone, PartialEq)]
pub struct AimPicture {
    /// What the unit sees.
    pub view: AimView,
    /// The picture.
    pub jpeg: Vec<u8>,
}

/// Why no more pictures are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AimEnd {
    /// The time is over.
    TimeOver,
    /// Somebody else watches now.
    AnotherViewer,
    /// The viewer has gone.
    ViewerGone,
    /// The viewer takes no pictures.
    ViewerStalled,
    /// The unit stops.
    Stopping,
}

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AimError {
    /// The stream cannot be read.
    #[error("the pictures cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The stream ends within a message.
    #[error("the connection ended within a message")]
    Cut,
    /// The line is not one of a message.
    #[error(transparent)]
    Line(#[from] MessageError),
    /// What the unit says that it sees is impossible.
    #[error(transparent)]
    View(#[from] NotAView),
    /// The picture is too large, or no JPEG.
    #[error("a picture of {bytes} bytes is not a JPEG of at most {MAX_AIM_JPEG_BYTES} bytes")]
    Picture {
        /// Its announced length.
        bytes: usize,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    schema: u32,
    #[serde(flatten)]
    says: Says,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Says {
    Picture {
        #[serde(flatten)]
        view: AimView,
        jpeg_bytes: usize,
    },
    NoPicture {},
    Ended {
        because: AimEnd,
    },
}

impl AimMessage {
    /// Reads the next message; `None` at the end of the stream.
    ///
    /// # Errors
    /// [`AimError`]; nothing after it can be read.
    pub fn read(from: &mut impl BufRead) -> Result<Option<Self>, AimError> {
        let mut line = Vec::new();
        Read::take(&mut *from, MAX_AIM_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.len() <= MAX_AIM_LINE_BYTES && !line.ends_with(b"\n") {
            return Err(AimError::Cut);
        }
        let Line { says, .. } = read(&line, MAX_AIM_LINE_BYTES)?;
        Ok(Some(match says {
            Says::Picture { view, jpeg_bytes } => {
                view.check()?;
                Self::Picture(AimPicture { view, jpeg: jpeg(from, jpeg_bytes)? })
            }
            Says::NoPicture {} => Self::NoPicture,
            Says::Ended { because } => Self::Ended(because),
        }))
    }

    /// Writes the message.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(self.line()?.as_bytes())?;
        match self {
            Self::Picture(picture) => to.write_all(&picture.jpeg),
            Self::NoPicture | Self::Ended(_) => Ok(()),
        }
    }

    /// The line of JSON, with its line feed, without the picture.
    ///
    /// # Errors
    /// Never in practice: every message can be written as JSON.
    pub fn line(&self) -> serde_json::Result<String> {
        let says = match self {
            Self::Picture(AimPicture { view, jpeg }) => Says::Picture { view: view.clone(), jpeg_bytes: jpeg.len() },
            Self::NoPicture => Says::NoPicture {},
            Self::Ended(because) => Says::Ended { because: *because },
        };
        Ok(serde_json::to_string(&Line { schema: SCHEMA, says })? + "\n")
    }
}

fn jpeg(from: &mut impl BufRead, bytes: usize) -> Result<Vec<u8>, AimError> {
    if !(JPEG_BEGINS.len()..=MAX_AIM_JPEG_BYTES).contains(&bytes) {
        return Err(AimError::Picture { bytes });
    }
    let mut jpeg = Vec::new();
    Read::take(from, bytes as u64).read_to_end(&mut jpeg)?;
    match jpeg.len() == bytes {
        true if jpeg.starts_with(&JPEG_BEGINS) => Ok(jpeg),
        true => Err(AimError::Picture { bytes }),
        false => Err(AimError::Cut),
    }
}

impl AimEnd {
    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TimeOver => "time_over",
            Self::AnotherViewer => "another_viewer",
            Self::ViewerGone => "viewer_gone",
            Self::ViewerStalled => "viewer_stalled",
            Self::Stopping => "stopping",
        }
    }

    /// A clause for people.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::TimeOver => "the time is over",
            Self::AnotherViewer => "somebody else watches now",
            Self::ViewerGone => "the viewer has gone",
            Self::ViewerStalled => "the viewer took no picture for ten seconds",
            Self::Stopping => "the unit stops",
        }
    }
}

impl fmt::Display for AimMessage {
    /// One line for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Picture(picture) => picture.view.fmt(f),
            Self::NoPicture => f.write_str("the camera gives no picture"),
            Self::Ended(because) => write!(f, "no more pictures: {}", because.in_words()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::view::tests::view;
    use super::*;

    fn picture() -> AimMessage {
        AimMessage::Picture(AimPicture { view: view(), jpeg: vec![0xff, 0xd8, b'\n', b'{'] })
    }

    fn written(messages: &[AimMessage]) -> Vec<u8> {
        let mut bytes = Vec::new();
        messages.iter().for_each(|message| message.write(&mut bytes).unwrap());
        bytes
    }

    #[test]
    fn written_messages_are_read() {
        let sent = [picture(), AimMessage::NoPicture, picture(), AimMessage::Ended(AimEnd::TimeOver)];
        let bytes = written(&sent);
        let mut from = &bytes[..];
        let read: Vec<AimMessage> = std::iter::from_fn(|| AimMessage::read(&mut from).unwrap()).collect();
        assert_eq!(read, sent);
    }

    #[test]
    fn a_stream_that_ends_within_a_message_is_an_error() {
        let bytes = written(&[picture()]);
        for length in 1..bytes.len() {
            assert!(matches!(AimMessage::read(&mut &bytes[..length]), Err(AimError::Cut)), "{length}");
        }
    }

    #[test]
    fn impossible_messages_are_refused() {
        let text = String::from_utf8_lossy(&written(&[picture()])).into_owned();
        let line = text.lines().next().unwrap().to_owned() + "\n";
        let with = |from: &str, to: &str| {
            assert!(line.contains(from), "{line}");
            line.replacen(from, to, 1)
        };
        for (bytes, expected) in [
            (with("\"schema\":1", "\"schema\":2"), "schema 2"),
            (with("\"jpeg_bytes\":4", "\"jpeg_bytes\":1"), "1 bytes is not a JPEG"),
            (with("\"jpeg_bytes\":4", "\"jpeg_bytes\":1048577"), "1048577 bytes"),
            (with("\"jpeg_bytes\":4", "\"jpeg_bytes\":2") + "{}", "not a JPEG"),
            (with("\"width\":640", "\"width\":641"), "641x360"),
            (with("\"picture\"", "\"film\""), "not such a message"),
            ("x".repeat(MAX_AIM_LINE_BYTES + 5), "bytes"),
            ("{}\n".to_owned(), "not such a message"),
        ] {
            let error = AimMessage::read(&mut bytes.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{bytes}: {error}");
        }
    }

    #[test]
    fn codes_are_those_of_serde() {
        for end in
            [AimEnd::TimeOver, AimEnd::AnotherViewer, AimEnd::ViewerGone, AimEnd::ViewerStalled, AimEnd::Stopping]
        {
            assert_eq!(serde_json::to_value(end).unwrap(), end.code());
            assert!(AimMessage::Ended(end).to_string().ends_with(end.in_words()));
        }
    }
}
