//! Whether a time server has set the clock, by `timedatectl`.
//!
//! It asks systemd's timedated over D-Bus, which asks the kernel (`STA_UNSYNC` of adjtimex(2)): systemd-timesyncd, chrony and
//! ntpd all tell it. The unit may not ask the kernel itself (`ProtectClock=`), and D-Bus is a Unix socket, which it may use.

use crate::bounded_read::{Heard, read};
use std::io;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// It answers within milliseconds; where D-Bus hangs, it is ended.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether it has ended, once it has closed its output.
const GLANCE: Duration = Duration::from_millis(5);

/// `yes` or `no` and a line feed, with room to tell more from that.
const LONGEST_ANSWER: usize = 16;

pub(super) enum Answer {
    Yes,
    No,
    /// Why.
    Unknown(String),
}

/// Asks that program.
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
    let said = child.stdout.take().map(|mut output| hear(&mut output, until)).transpose()?.flatten();
    // One that has said enough, or nothing in time, is not waited for.
    let is_done = said.as_ref().is_some_and(|said| said.len() <= LONGEST_ANSWER);
    let status = end(child, if is_done { until } else { Instant::now() })?;
    Ok(match said {
        None => Answer::Unknown("it gave no answer in time".to_owned()),
        Some(said) if said == b"yes\n" => Answer::Yes,
        Some(said) if said == b"no\n" => Answer::No,
        Some(said) if said.len() > LONGEST_ANSWER => Answer::Unknown("it said more than it should".to_owned()),
        Some(_) if !status.success() => Answer::Unknown(format!("it ended with {status}")),
        Some(said) => Answer::Unknown(format!("it said {:?}", String::from_utf8_lossy(&said).trim_end())),
    })
}

/// Waits for its end, and ends it then.
fn end(mut child: Child, until: Instant) -> io::Result<ExitStatus> {
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(GLANCE);
    }
    child.kill().ok();
    child.wait()
}

/// Everything that is said, or a little more than an answer may have; `None` if it does not end in time.
fn hear(output: &mut ChildStdout, until: Instant) -> io::Result<Option<Vec<u8>>> {
    let mut said = Vec::new();
    let mut chunk = [0; LONGEST_ANSWER];
    while said.len() <= LONGEST_ANSWER {
        match read(output, &mut chunk, until.saturating_duration_since(Instant::now()))? {
            Heard::Bytes(more) => said.extend(&chunk[..more]),
            Heard::End => break,
            Heard::Nothing => return Ok(None),
        }
    }
    Ok(Some(said))
}
