//! Answers on a Unix socket how the unit is: a line comes, one line of JSON goes back. Nothing can be changed here.
//!
//! One asker after the other, on a thread of its own. Each has a moment and a line, so that nobody holds the thread, and
//! the thread holds nothing that the loop waits for.

use super::board::Board;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};
use terminal::to_json;

/// The only thing that can be asked.
pub(super) const REQUEST: &[u8] = b"status\n";

/// An asker has so long to ask, and so long to take the answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Starts to answer.
///
/// # Errors
/// When the socket cannot be made; [`ErrorKind::AlreadyExists`] when another unit answers there.
pub(crate) fn serve(socket: &Path, board: Board) -> io::Result<()> {
    let listener = listen(socket)?;
    let answering = move || {
        for asker in listener.incoming() {
            // Whoever hung up is of no interest, nor is a shortage of descriptors that passes.
            if asker.and_then(|asker| answer(asker, &board)).is_err() {
                thread::sleep(Duration::from_millis(1));
            }
        }
    };
    thread::Builder::new().name("status".to_owned()).spawn(answering).map(drop)
}

/// A socket that a unit left behind is taken away; one that a unit answers on is not, nor is anything else.
fn listen(socket: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(socket).is_ok_and(|found| found.file_type().is_socket()) {
        if UnixStream::connect(socket).is_ok() {
            return Err(io::Error::new(ErrorKind::AlreadyExists, "another unit answers there"));
        }
        fs::remove_file(socket)?;
    }
    let listener = UnixListener::bind(socket)?;
    fs::set_permissions(socket, fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Hears one asker out and answers.
///
/// # Errors
/// If it hangs up, or takes too long.
pub(crate) fn answer(mut asker: UnixStream, board: &Board) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    let mut asked = [0; REQUEST.len()];
    let mut length = 0;
    while length < asked.len() && !asked[..length].ends_with(b"\n") {
        match read_until(&mut asker, &mut asked[length..], until)? {
            0 => break,
            read => length += read,
        }
    }
    let answer = match &asked[..length] == REQUEST {
        true => to_json(&board.report()).map_err(io::Error::other)?,
        false => r#"{"schema":1,"error":"the only request is a line that says: status"}"#.to_owned(),
    };
    write_until(&mut asker, format!("{answer}\n").as_bytes(), Instant::now() + PATIENCE)
}

fn read_until(asker: &mut UnixStream, bytes: &mut [u8], until: Instant) -> io::Result<usize> {
    asker.set_read_timeout(Some(rest(until)?))?;
    asker.read(bytes)
}

fn write_until(asker: &mut UnixStream, mut bytes: &[u8], until: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        asker.set_write_timeout(Some(rest(until)?))?;
        match asker.write(bytes)? {
            0 => return Err(ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    Ok(())
}

fn rest(until: Instant) -> io::Result<Duration> {
    let rest = until.saturating_duration_since(Instant::now());
    if rest.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(rest) }
}
