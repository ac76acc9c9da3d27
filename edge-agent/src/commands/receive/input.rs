//! What comes in: an announcement, and as many bytes as it says, none of which may keep us waiting for ever.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sha2::{Digest, Sha256};
use shared::delivery::{Announcement, MAX_ANNOUNCEMENT_BYTES, NotAnnounced};
use shared::gallery::{DatabaseDigest, MAX_DATABASE_BYTES};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// What a people database begins with: anything else is refused before it is written.
const MAGIC: &[u8] = b"PEOPLEDB";

/// Reads with patience that ends: so long without a byte, and so long altogether.
pub(super) struct Patient<'a, F> {
    source: &'a F,
    silence: Duration,
    until: Instant,
}

impl<'a, F: AsFd> Patient<'a, F> {
    pub(super) fn new(source: &'a F, silence: Duration, until: Instant) -> Self {
        Self { source, silence, until }
    }
}

impl<F: AsFd> Read for Patient<'_, F> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now()).min(self.silence);
        let patience = Timespec::try_from(left).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
        let mut source = [PollFd::new(self.source, PollFlags::IN)];
        if poll(&mut source, Some(&patience))? == 0 {
            let seconds = self.silence.as_secs();
            return Err(io::Error::new(
                ErrorKind::TimedOut,
                match left < self.silence {
                    true => "it takes too long".to_owned(),
                    false => format!("nothing came for {seconds} s"),
                },
            ));
        }
        Ok(rustix::io::read(self.source, bytes)?)
    }
}

/// The line that says what comes. Not a byte behind it is read.
///
/// # Errors
/// If there is no such line, or nothing comes.
pub(crate) fn announcement(input: &mut impl Read) -> io::Result<Announcement> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < MAX_ANNOUNCEMENT_BYTES && line.last() != Some(&b'\n') {
        match input.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let line = str::from_utf8(&line).ok().filter(|line| line.ends_with('\n'));
    let announced: Announcement = line.and_then(|line| line.parse().ok()).ok_or_else(|| invalid(NotAnnounced))?;
    if announced.length > MAX_DATABASE_BYTES {
        return Err(invalid(format!(
            "{} bytes are announced, and no people database has more than {MAX_DATABASE_BYTES}",
            announced.length
        )));
    }
    Ok(announced)
}

/// Writes what was announced, and not a byte more.
///
/// # Errors
/// If it ends too early, is not a people database, or is not what was announced; or what `to` says.
pub(crate) fn take_in(input: &mut impl Read, announced: &Announcement, to: &mut impl Write) -> io::Result<()> {
    let mut digest = Sha256::new();
    let mut chunk = [0; 64 << 10];
    let mut left = announced.length;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
        let read = match input.read(&mut chunk[..most]) {
            Ok(0) => {
                let came = announced.length - left;
                return Err(invalid(format!("it ended after {came} of {} bytes", announced.length)));
            }
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let (came, is_first) = (&chunk[..read], left == announced.length);
        if is_first && came[..read.min(MAGIC.len())] != MAGIC[..read.min(MAGIC.len())] {
            return Err(invalid("it is not a people database"));
        }
        digest.update(came);
        to.write_all(came).map_err(Written::error)?;
        left -= read as u64;
    }
    let found = DatabaseDigest(digest.finalize().into());
    match found == announced.digest {
        true => Ok(()),
        false => Err(invalid(format!("its SHA-256 is {found}, and {} was announced", announced.digest))),
    }
}

fn invalid(why: impl ToString) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why.to_string())
}

/// Marks an error of the side that is written to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Written(io::Error);

impl Written {
    fn error(error: io::Error) -> io::Error {
        io::Error::new(error.kind(), Self(error))
    }

    /// The error of the side that is written to, if it is one.
    pub(super) fn from(error: io::Error) -> Result<io::Error, io::Error> {
        let is_written = error.get_ref().is_some_and(|inner| inner.is::<Self>());
        match is_written {
            true => Ok(error),
            false => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn announced(bytes: &[u8]) -> Announcement {
        Announcement { length: bytes.len() as u64, digest: DatabaseDigest::from_file(bytes), wait_seconds: 5 }
    }

    #[test]
    fn exactly_the_announced_bytes_are_written() {
        let database = [MAGIC, &[7; 100_000]].concat();
        let line = announced(&database).to_string();
        let mut input = io::Cursor::new([line.as_bytes(), &database, b"more"].concat());
        let found = announcement(&mut input).unwrap();
        let mut written = Vec::new();
        take_in(&mut input, &found, &mut written).unwrap();
        assert_eq!(written, database);
        assert_eq!(input.position() as usize, line.len() + database.len());
    }

    #[test]
    fn anything_else_is_refused_with_an_explanation() {
        let database = [MAGIC, &[7; 1000]].concat();
        let right = announced(&database);
        let other = Announcement { digest: DatabaseDigest([0; 32]), ..right };
        for (announced, bytes, expected) in [
            (right, &database[..500], "it ended after 500 of 1008 bytes"),
            (right, &[], "it ended after 0 of"),
            (right, &[0xff; 1008], "not a people database"),
            (other, &database[..], "was announced"),
        ] {
            let refused = take_in(&mut io::Cursor::new(bytes), &announced, &mut io::sink()).unwrap_err();
            assert!(refused.to_string().contains(expected), "{refused}");
        }
        let huge = Announcement { length: u64::MAX, ..right }.to_string();
        for (line, expected) in [
            ("", "does not begin"),
            ("people-database 1", "does not begin"),
            (&"x".repeat(1 << 16), "does not begin"),
            (huge.as_str(), "no people database has more"),
        ] {
            let refused = announcement(&mut line.as_bytes()).unwrap_err();
            assert!(refused.to_string().contains(expected), "{line}: {refused}");
        }
    }

    #[test]
    fn silent_and_slow_connections_time_out() {
        let (silent, _other) = UnixStream::pair().unwrap();
        for (silence, until, expected) in [
            (Duration::from_millis(5), Duration::from_secs(60), "nothing came"),
            (Duration::from_secs(60), Duration::from_millis(5), "it takes too long"),
        ] {
            let mut input = Patient::new(&silent, silence, Instant::now() + until);
            let refused = announcement(&mut input).unwrap_err();
            assert!(refused.to_string().contains(expected), "{refused}");
        }
    }
}
