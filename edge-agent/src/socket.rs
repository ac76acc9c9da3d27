//! Unix sockets on which a unit answers: one line comes, one line goes back. Every asker has a moment and a line, so that
//! nobody holds the thread that answers.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

/// A socket with this mode. One that a unit left behind is taken away; one that a unit answers on is not, nor is anything
/// else.
///
/// # Errors
/// What the system says; [`ErrorKind::AlreadyExists`] when another unit answers there.
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

/// At most this many bytes: up to a line feed, or to where the asker stopped.
///
/// # Errors
/// What the system says; [`ErrorKind::TimedOut`] when the asker takes too long.
pub(crate) fn read_line(asker: &mut UnixStream, most: usize, until: Instant) -> io::Result<Vec<u8>> {
    let mut line = vec![0; most];
    let mut length = 0;
    while length < most && !line[..length].ends_with(b"\n") {
        asker.set_read_timeout(Some(rest(until)?))?;
        match asker.read(&mut line[length..])? {
            0 => break,
            read => length += read,
        }
    }
    line.truncate(length);
    Ok(line)
}

/// Everything, or an error.
///
/// # Errors
/// What the system says; [`ErrorKind::TimedOut`] when the asker takes too long.
pub(crate) fn write_all(asker: &mut UnixStream, mut bytes: &[u8], until: Instant) -> io::Result<()> {
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
