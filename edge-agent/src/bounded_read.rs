//! Reading what another program writes, for no longer than one is willing to wait.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::time::Duration;

/// What came through a pipe.
pub(crate) enum Heard {
    /// This many.
    Bytes(usize),
    /// It was silent for as long as was waited.
    Nothing,
    /// The other end is closed.
    End,
}

/// Waits for bytes.
///
/// # Errors
/// What the system says.
pub(crate) fn read<P: Read + AsFd>(pipe: &mut P, into: &mut [u8], wait: Duration) -> io::Result<Heard> {
    loop {
        if !is_readable(pipe, wait)? {
            return Ok(Heard::Nothing);
        }
        match pipe.read(into) {
            Ok(0) => return Ok(Heard::End),
            Ok(bytes) => return Ok(Heard::Bytes(bytes)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_readable(pipe: &impl AsFd, wait: Duration) -> io::Result<bool> {
    let wait = Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
    loop {
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&wait)) {
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
