//! Serves the status on a Unix socket: one request line, one line of JSON as the answer. Read-only.
//!
//! A thread handles one client after the other. Each client has limits of time and length, so that it cannot block the
//! thread. The thread holds no lock that the loop waits for.

use super::board::Board;
use crate::socket;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use terminal::to_json;

/// The only valid request.
pub(super) const REQUEST: &[u8] = b"status\n";

/// Timeout for reading the request, and again for writing the answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Starts the server thread.
///
/// # Errors
/// If the socket cannot be created; `AlreadyExists` if another unit answers there.
pub(crate) fn serve(socket: &Path, board: Board) -> io::Result<()> {
    let listener = socket::listen(socket, 0o660)?;
    let answering = move || {
        for asker in listener.incoming() {
            // Ignores clients that hang up, and a temporary lack of file descriptors.
            if asker.and_then(|asker| answer(asker, &board)).is_err() {
                thread::sleep(Duration::from_millis(1));
            }
        }
    };
    thread::Builder::new().name("status".to_owned()).spawn(answering).map(drop)
}

/// Reads one client's request and answers it.
///
/// # Errors
/// If the client hangs up or takes too long.
pub(crate) fn answer(mut asker: UnixStream, board: &Board) -> io::Result<()> {
    let until = Instant::now() + TIMEOUT;
    let asked = socket::read_line(&mut asker, REQUEST.len(), until)?;
    let answer = match asked == REQUEST {
        true => to_json(&board.report()).map_err(io::Error::other)?,
        false => r#"{"schema":1,"error":"the only request is a line that says: status"}"#.to_owned(),
    };
    socket::write_all(&mut asker, format!("{answer}\n").as_bytes(), Instant::now() + TIMEOUT)
}
