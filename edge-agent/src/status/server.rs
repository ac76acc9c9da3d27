//! Answers on a Unix socket how the unit is: a line comes, one line of JSON goes back. Nothing can be changed here.
//!
//! One asker after the other, on a thread of its own. Each has a moment and a line, so that nobody holds the thread, and
//! the thread holds nothing that the loop waits for.

use super::board::Board;
use crate::socket;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use terminal::to_json;

/// The only thing that can be asked.
pub(super) const REQUEST: &[u8] = b"status\n";

/// An asker has so long to ask, and so long to take the answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Starts to answer.
///
/// # Errors
/// When the socket cannot be made; `AlreadyExists` when another unit answers there.
pub(crate) fn serve(socket: &Path, board: Board) -> io::Result<()> {
    let listener = socket::listen(socket, 0o660)?;
    let answering = move || {
        for asker in listener.incoming() {
            // An asker that hung up is of no interest, nor is a shortage of descriptors that passes.
            if asker.and_then(|asker| answer(asker, &board)).is_err() {
                thread::sleep(Duration::from_millis(1));
            }
        }
    };
    thread::Builder::new().name("status".to_owned()).spawn(answering).map(drop)
}

/// Hears one asker out and answers.
///
/// # Errors
/// If it hangs up, or takes too long.
pub(crate) fn answer(mut asker: UnixStream, board: &Board) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    let asked = socket::read_line(&mut asker, REQUEST.len(), until)?;
    let answer = match asked == REQUEST {
        true => to_json(&board.report()).map_err(io::Error::other)?,
        false => r#"{"schema":1,"error":"the only request is a line that says: status"}"#.to_owned(),
    };
    socket::write_all(&mut asker, format!("{answer}\n").as_bytes(), Instant::now() + PATIENCE)
}
