//! Asks `timedatectl` whether a time server has set the clock.
//!
//! `timedatectl` asks systemd's timedated over D-Bus, which asks the kernel (`STA_UNSYNC` of adjtimex(2)).
//! systemd-timesyncd, chrony and ntpd all update this flag. The unit may not ask the kernel itself (`ProtectClock=`),
//! but it may use D-Bus, which is a Unix socket.

use crate::bounded_read::{Received, read};
use std::io;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// The program answers within milliseconds. It is killed after this time, if D-Bus hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How often to check whether it has exited after it has closed its output.
const POLL: Duration = Duration::from_millis(5);

/// `yes` or `no` and a line feed, with room to recognise a longer answer.
const LONGEST_ANSWER: usize = 16;

pub(super) enum Answer {
    Yes,
    No,
    /// It is not known, for this reason.
    Unknown(String),
}

/// Asks this program.
pub(super) fn ask(timedatectl: &Path) -> Answer {
    let mut command = Command::new(timedatectl);
    command.args(["show", "--property=NTPSynchronized", "--value"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let unknown = |error: io::Error| Answer::Unknown(format!("{}: {error}", timedatectl.shown()));
    match command.spawn() {
        Ok(child) => answer_of(child).unwrap_or_else(unknown),
        Err(error) => unknown(error),
    }
}

fn answer_of(mut child: Child) -> io::Result<Answer> {
    let until = Instant::now() + PATIENCE;
    let answer = child.stdout.take().map(|mut output| read_answer(&mut output, until)).transpose()?.flatten();
    // A program that has written too much, or nothing in time, is killed at once.
    let is_done = answer.as_ref().is_some_and(|answer| answer.len() <= LONGEST_ANSWER);
    let status = finish(child, if is_done { until } else { Instant::now() })?;
    Ok(match answer {
        None => Answer::Unknown("it gave no answer in time".to_owned()),
        Some(answer) if answer == b"yes\n" => Answer::Yes,
        Some(answer) if answer == b"no\n" => Answer::No,
        Some(answer) if answer.len() > LONGEST_ANSWER => Answer::Unknown("its answer is too long".to_owned()),
        Some(_) if !status.success() => Answer::Unknown(format!("it ended with {status}")),
        Some(answer) => Answer::Unknown(format!("it answered {:?}", String::from_utf8_lossy(&answer).trim_end())),
    })
}

/// Waits until the program exits, and kills it when the time is over.
fn finish(mut child: Child, until: Instant) -> io::Result<ExitStatus> {
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(POLL);
    }
    child.kill().ok();
    child.wait()
}

/// Reads the whole output, or a little more than an answer may have; `None` if it does not end in time.
fn read_answer(output: &mut ChildStdout, until: Instant) -> io::Result<Option<Vec<u8>>> {
    let mut answer = Vec::new();
    let mut chunk = [0; LONGEST_ANSWER];
    while answer.len() <= LONGEST_ANSWER {
        match read(output, &mut chunk, until.saturating_duration_since(Instant::now()))? {
            Received::Bytes(more) => answer.extend(&chunk[..more]),
            Received::End => break,
            Received::Nothing => return Ok(None),
        }
    }
    Ok(Some(answer))
}
