//! Reads the output of another program, with a timeout.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::time::Duration;

/// The outcome of a read.
pub(crate) enum Received {
    /// This many bytes.
    Bytes(usize),
    /// Nothing arrived in time.
    Nothing,
    /// The other end is closed.
    End,
}

/// Waits up to `wait` for bytes.
///
/// # Errors
/// The error of the operating system.
pub(crate) fn read<P: Read + AsFd>(pipe: &mut P, into: &mut [u8], wait: Duration) -> io::Result<Received> {
    loop {
        if !is_readable(pipe, wait)? {
            return Ok(Received::Nothing);
        }
        match pipe.read(into) {
            Ok(0) => return Ok(Received::End),
            Ok(bytes) => return Ok(Received::Bytes(bytes)),
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
