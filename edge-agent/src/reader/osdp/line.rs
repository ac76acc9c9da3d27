//! The serial line: an RS-485 adapter or hat, in raw mode.

use nix::sys::termios::{
    BaudRate, ControlFlags, FlushArg, InputFlags, SetArg, cfgetospeed, cfmakeraw, cfsetspeed, tcflush, tcgetattr,
    tcsetattr,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, OFlags, flock};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// A line with a reader at the other end.
pub(crate) trait Line {
    /// Forgets what has arrived and was not read.
    ///
    /// # Errors
    /// If the line is gone.
    fn discard(&mut self) -> io::Result<()>;

    /// Sends bytes.
    ///
    /// # Errors
    /// If the line is gone.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Appends what arrives within this time. Returns how many bytes did; 0 if the time is over.
    ///
    /// # Errors
    /// If the line is gone.
    fn receive(&mut self, into: &mut Vec<u8>, within: Duration) -> io::Result<usize>;
}

/// The speed of a line, in bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "u32")]
pub struct Baud(BaudRate);

/// The speed is not one of OSDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a speed of OSDP readers: 9600, 19200, 38400, 57600, 115200 or 230400")]
pub struct BaudError(u32);

impl Default for Baud {
    /// The speed of new readers.
    fn default() -> Self {
        Self(BaudRate::B9600)
    }
}

impl TryFrom<u32> for Baud {
    type Error = BaudError;

    fn try_from(speed: u32) -> Result<Self, BaudError> {
        Ok(Self(match speed {
            9600 => BaudRate::B9600,
            19_200 => BaudRate::B19200,
            38_400 => BaudRate::B38400,
            57_600 => BaudRate::B57600,
            115_200 => BaudRate::B115200,
            230_400 => BaudRate::B230400,
            _ => return Err(BaudError(speed)),
        }))
    }
}

/// An open serial device that no other program of ours uses.
#[derive(Debug)]
pub(crate) struct SerialLine(File);

/// Opens a serial device in raw mode with 8 data bits, no parity and one stop bit.
///
/// # Errors
/// If it cannot be opened, is not a serial device, or another process holds it (`ErrorKind::ResourceBusy`).
pub(crate) fn open_line(device: &Path, baud: Baud) -> io::Result<SerialLine> {
    let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags.bits().cast_signed()).open(device)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
        rustix::io::Errno::WOULDBLOCK => io::ErrorKind::ResourceBusy.into(),
        other => io::Error::from(other),
    })?;
    let mut settings = tcgetattr(&file)?;
    cfmakeraw(&mut settings);
    settings.input_flags &= !InputFlags::IXOFF;
    settings.control_flags |= ControlFlags::CLOCAL | ControlFlags::CREAD;
    settings.control_flags &= !(ControlFlags::CSTOPB | ControlFlags::CRTSCTS);
    cfsetspeed(&mut settings, baud.0)?;
    tcsetattr(&file, SetArg::TCSANOW, &settings)?;
    // A device that cannot do this speed keeps another one without an error.
    if cfgetospeed(&tcgetattr(&file)?) != baud.0 {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "it does not support this speed"));
    }
    Ok(SerialLine(file))
}

impl SerialLine {
    fn wait(&self, events: PollFlags, within: Duration) -> io::Result<bool> {
        let within = Timespec::try_from(within).unwrap_or_default();
        match poll(&mut [PollFd::new(&self.0, events)], Some(&within)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Line for SerialLine {
    fn discard(&mut self) -> io::Result<()> {
        Ok(tcflush(&self.0, FlushArg::TCIFLUSH)?)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        const WRITE_WITHIN: Duration = Duration::from_secs(1);
        let mut left = bytes;
        while !left.is_empty() {
            if !self.wait(PollFlags::OUT, WRITE_WITHIN)? {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match self.0.write(left) {
                Ok(written) => left = &left[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut Vec<u8>, within: Duration) -> io::Result<usize> {
        if !self.wait(PollFlags::IN, within)? {
            return Ok(0);
        }
        let mut bytes = [0; 256];
        match self.0.read(&mut bytes) {
            // A device that is ready and has nothing was unplugged.
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                into.extend_from_slice(&bytes[..count]);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_those_of_osdp() {
        for (speed, is_known) in [(9600, true), (115_200, true), (4800, false), (0, false)] {
            assert_eq!(Baud::try_from(speed).is_ok(), is_known, "{speed}");
        }
    }

    #[test]
    fn a_file_that_is_no_serial_device_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(open_line(file.path(), Baud::default()).is_err());
        assert!(open_line(Path::new("/nowhere/ttyS9"), Baud::default()).is_err());
    }
}
