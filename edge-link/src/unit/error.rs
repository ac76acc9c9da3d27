//! Why a unit gave no answer, or none that can be used.

use std::io;
use std::path::Path;
use std::time::Duration;
use terminal::{ShowPath, ShownPath};

/// The longest text of somebody else that is kept for a message, in bytes.
const MOST_QUOTED: usize = 500;

/// Why a unit gave no answer, or none that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// Nobody listens on the socket, or this user may not connect to it.
    #[error(
        "no unit answers on {socket}: {error}; check that it is running (`systemctl status edge-agent`) and that this \
         user is in its group"
    )]
    Unreachable {
        /// The socket.
        socket: ShownPath,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The connection broke.
    #[error("the connection to the unit on {socket} broke: {error}")]
    Broken {
        /// The socket.
        socket: ShownPath,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The unit ended the connection before the end of its answer.
    #[error("the unit on {socket} ended the connection before the end of its answer: it may have been restarted")]
    CutOff {
        /// The socket.
        socket: ShownPath,
    },
    /// The unit takes too long.
    #[error("the unit on {socket} gave no answer for {} s: it may be stuck", patience.as_secs())]
    Silent {
        /// The socket.
        socket: ShownPath,
        /// How long the link has waited.
        patience: Duration,
    },
    /// The answer is longer than any valid one.
    #[error("the answer of the unit on {socket} has more than {most} bytes, which no valid answer has")]
    TooLong {
        /// The socket.
        socket: ShownPath,
        /// The largest length of a valid answer, in bytes.
        most: usize,
    },
    /// The answer is not one that this program can read.
    #[error("the answer of the unit on {socket} cannot be read: {why}; it may run another version")]
    Unreadable {
        /// The socket.
        socket: ShownPath,
        /// What is wrong with it.
        why: String,
    },
    /// The unit answered that it cannot do this.
    #[error("the unit on {socket} answers: {why}")]
    Refused {
        /// The socket.
        socket: ShownPath,
        /// The unit's message.
        why: String,
    },
    /// The request is longer than a unit reads.
    #[error("the order has {found} bytes, and an order has at most {most}")]
    LongOrder {
        /// Its length, in bytes.
        found: usize,
        /// The largest length, in bytes.
        most: usize,
    },
    /// The file to hand over cannot be read.
    #[error("the people database cannot be read: {error}")]
    File {
        /// The error of the operating system.
        error: io::Error,
    },
}

impl UnitError {
    pub(super) fn broken(socket: &Path, error: io::Error) -> Self {
        Self::Broken { socket: socket.shown(), error }
    }

    pub(super) fn cut_off(socket: &Path) -> Self {
        Self::CutOff { socket: socket.shown() }
    }

    pub(super) fn silent(socket: &Path, patience: Duration) -> Self {
        Self::Silent { socket: socket.shown(), patience }
    }

    pub(super) fn too_long(socket: &Path, most: usize) -> Self {
        Self::TooLong { socket: socket.shown(), most }
    }

    pub(super) fn unreadable(socket: &Path, why: impl ToString) -> Self {
        Self::Unreadable { socket: socket.shown(), why: quoted(&why.to_string()) }
    }

    pub(super) fn refused(socket: &Path, why: &str) -> Self {
        Self::Refused { socket: socket.shown(), why: quoted(why) }
    }
}

/// Somebody's text for a message: on one line, and not longer than needed.
pub(crate) fn quoted(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(MOST_QUOTED)];
    text.shown().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_units_text_is_short_and_on_one_line() {
        for (text, expected) in [
            ("too old".to_owned(), "too old".to_owned()),
            ("a\nb\u{1b}[2J".to_owned(), r"a\u000ab\u001b[2J".to_owned()),
            ("ü".repeat(10_000), "ü".repeat(MOST_QUOTED / 2)),
        ] {
            assert_eq!(quoted(&text), expected);
        }
    }
}
