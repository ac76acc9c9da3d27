//! One request line and one answer line, on a connection of its own.

use super::error::UnitError;
use super::lines::{Lines, NoLine};
use std::path::Path;
use std::time::Duration;
use terminal::ShowPath;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::time::timeout;

/// Sends a line with its line feed, and returns the answer's line without one.
///
/// # Errors
/// [`UnitError`], if there is no line of at most `most` bytes within `patience`.
pub(super) async fn exchange(
    socket: &Path,
    request: &[u8],
    most: usize,
    patience: Duration,
) -> Result<Vec<u8>, UnitError> {
    let exchanged =
        async { open(socket, request, most).await?.next().await.map_err(|none| no_line(socket, none, most)) };
    timeout(patience, exchanged).await.map_err(|_| UnitError::silent(socket, patience))?
}

/// Sends a line with its line feed. The answer's lines follow.
///
/// # Errors
/// [`UnitError`]
pub(super) async fn open(socket: &Path, request: &[u8], most: usize) -> Result<Lines<UnixStream>, UnitError> {
    let mut unit = connect(socket).await?;
    unit.write_all(request).await.map_err(|error| UnitError::broken(socket, error))?;
    Ok(Lines::of(unit, most))
}

/// Connects to a socket.
///
/// # Errors
/// [`UnitError::Unreachable`]
pub(super) async fn connect(socket: &Path) -> Result<UnixStream, UnitError> {
    UnixStream::connect(socket).await.map_err(|error| UnitError::Unreachable { socket: socket.shown(), error })
}

/// The error of a missing line.
pub(super) fn no_line(socket: &Path, none: NoLine, most: usize) -> UnitError {
    match none {
        NoLine::Ended => UnitError::cut_off(socket),
        NoLine::TooLong => UnitError::too_long(socket, most),
        NoLine::Failed(error) => UnitError::broken(socket, error),
    }
}
