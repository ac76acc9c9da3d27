//! Serves the status on a Unix socket: one request line, and one line of JSON as the answer, or the records of the audit
//! log. Read-only.
//!
//! A thread handles one client after the other. Each client has limits of time and length, so that it cannot block the
//! thread. The thread holds no lock that the loop waits for.

use super::board::Board;
use super::records::Clients;
use super::request::{MAX_BYTES, Request};
use crate::socket;
use jiff::Timestamp;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use terminal::to_json;

/// Timeout for reading the request, and again for writing the answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The pause after each client, so that a flood of them does not take a core from the loop. It also waits out a temporary
/// lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(5);

/// Starts the server thread.
///
/// # Errors
/// If the socket cannot be created; `AlreadyExists` if another unit answers there.
pub(crate) fn serve(socket: &Path, board: Board) -> io::Result<()> {
    let listener = socket::listen(socket, 0o660)?;
    let clients = Clients::default();
    let answering = move || {
        for asker in listener.incoming() {
            // A client that hangs up misses its answer.
            asker.and_then(|asker| answer(asker, &board, &clients)).ok();
            thread::sleep(PAUSE);
        }
    };
    thread::Builder::new().name("status".to_owned()).spawn(answering).map(drop)
}

/// Reads one client's request and answers it. Records are told by a thread of their own.
///
/// # Errors
/// If the client hangs up or takes too long.
pub(crate) fn answer(mut asker: UnixStream, board: &Board, clients: &Clients) -> io::Result<()> {
    let until = Instant::now() + TIMEOUT;
    let asked = socket::read_line(&mut asker, MAX_BYTES, until)?;
    let answer = match Request::parse(&asked) {
        Some(Request::Report) => to_json(&board.report()),
        Some(Request::Statement(nonce)) => match board.statement(&nonce, Timestamp::now().as_millisecond()) {
            // It has a schema of its own.
            Ok(statement) => serde_json::to_string(&statement).map_err(anyhow::Error::from),
            Err(why) => Ok(refusal(&format!("{why:#}"))),
        },
        Some(Request::Records(from)) => match board.log() {
            Some(log) if clients.serve(asker.try_clone()?, from, &log)? => return Ok(()),
            Some(_) => Ok(refusal("too many clients follow the audit log")),
            None => Ok(refusal("the unit has not opened its audit log yet")),
        },
        None => Ok(refusal("the requests are these lines: status; signed-status NONCE; records NUMBER")),
    };
    let answer = answer.map_err(io::Error::other)? + "\n";
    socket::write_all(&mut asker, answer.as_bytes(), Instant::now() + TIMEOUT)
}

fn refusal(why: &str) -> String {
    serde_json::json!({ "schema": 1, "error": why }).to_string()
}
