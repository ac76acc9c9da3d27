//! Unix sockets that a unit answers on: one line of request, one line of reply. Requests are limited in time and
//! length, so that no client can block the thread that answers.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

/// Creates a socket with this mode. Replaces a socket that nobody answers on, and nothing else.
///
/// # Errors
/// The error of the operating system; [`ErrorKind::AlreadyExists`] if another unit answers there.
pub(crate) fn listen(socket: &Path, mode: u32) -> io::Result<UnixListener> {
    if fs::symlink_metadata(socket).is_ok_and(|found| found.file_type().is_socket()) {
        if UnixStream::connect(socket).is_ok() {
            return Err(io::Error::new(ErrorKind::AlreadyExists, "another unit answers there"));
        }
        fs::remove_file(socket)?;
    }
    let listener = UnixListener::bind(socket)?;
    fs::set_permissions(socket, fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

/// Reads at most `most` bytes, up to a line feed or the end of the request.
///
/// # Errors
/// The error of the operating system; [`ErrorKind::TimedOut`] if the client takes too long.
pub(crate) fn read_line(client: &mut UnixStream, most: usize, until: Instant) -> io::Result<Vec<u8>> {
    let mut line = vec![0; most];
    let mut length = 0;
    while length < most && !line[..length].ends_with(b"\n") {
        client.set_read_timeout(Some(time_left(until)?))?;
        match client.read(&mut line[length..])? {
            0 => break,
            read => length += read,
        }
    }
    line.truncate(length);
    Ok(line)
}

/// Writes all bytes.
///
/// # Errors
/// The error of the operating system; [`ErrorKind::TimedOut`] if the client takes too long.
pub(crate) fn write_all(client: &mut UnixStream, mut bytes: &[u8], until: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        client.set_write_timeout(Some(time_left(until)?))?;
        match client.write(bytes)? {
            0 => return Err(ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    Ok(())
}

fn time_left(until: Instant) -> io::Result<Duration> {
    let time_left = until.saturating_duration_since(Instant::now());
    if time_left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(time_left) }
}
