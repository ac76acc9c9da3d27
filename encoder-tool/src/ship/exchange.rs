//! One program that is given bytes and answers. However much it says, and however long it says nothing, this ends.

use anyhow::{Context, Result, anyhow, bail};
use shared::delivery::MAX_RECEIPT_BYTES;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use terminal::Help;

const PAUSE: Duration = Duration::from_millis(20);

/// The output of a program, and its exit status.
#[derive(Debug)]
pub(super) struct Said {
    /// `None` if a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// A child process that is killed on drop.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Runs the program, writes the bytes to it, and reads its output.
///
/// # Errors
/// If it cannot be started, says more than a receipt can have, or has not ended after that time: then it is ended.
pub(super) fn exchange(mut command: Command, bytes: Vec<u8>, limit: Duration) -> Result<Said> {
    let until = Instant::now() + limit;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().context("it cannot be started").help("install the OpenSSH client")?);
    let child = &mut running.0;
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        bail!("it has no pipes");
    };
    // One that does not read to the end says why on its other pipes.
    thread::spawn(move || stdin.write_all(&bytes).ok());
    let (stdout, stderr) = (heard(stdout), heard(stderr));
    let [stdout, stderr] = [stdout, stderr].map(|heard| within(&heard, until, limit));
    let (stdout, stderr) = (stdout?, stderr?);
    loop {
        if let Some(ended) = child.try_wait()? {
            return Ok(Said { code: ended.code(), stdout, stderr });
        }
        if Instant::now() >= until {
            return Err(too_long(limit));
        }
        thread::sleep(PAUSE);
    }
}

/// Reads on a thread of its own, no more than is allowed and one byte.
fn heard(pipe: impl Read + Send + 'static) -> Receiver<std::io::Result<Vec<u8>>> {
    let (tell, heard) = channel();
    thread::spawn(move || {
        let mut said = Vec::new();
        let read = pipe.take(MAX_RECEIPT_BYTES + 1).read_to_end(&mut said);
        tell.send(read.map(|_| said)).ok();
    });
    heard
}

fn within(heard: &Receiver<std::io::Result<Vec<u8>>>, until: Instant, limit: Duration) -> Result<Vec<u8>> {
    match heard.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(said) => {
            let said = said?;
            if said.len() as u64 > MAX_RECEIPT_BYTES {
                return Err(anyhow!("it says more than {MAX_RECEIPT_BYTES} bytes, and was not heard to the end"))
                    .help("that is no unit, or one that somebody else has taken over");
            }
            Ok(said)
        }
        Err(RecvTimeoutError::Timeout) => Err(too_long(limit)),
        Err(RecvTimeoutError::Disconnected) => bail!("nobody listens"),
    }
}

fn too_long(limit: Duration) -> anyhow::Error {
    let failed: Result<()> = Err(anyhow!("it has not answered in {} s", limit.as_secs()));
    let help =
        "a slow line, a question of ssh that nobody answered, or a unit that is stuck: see whether `ssh` alone logs in";
    failed.help(help).err().unwrap_or_else(|| anyhow!("no answer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn shell(line: &str, limit: Duration) -> Result<Said> {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        exchange(command, vec![b'x'; 1 << 20], limit)
    }

    #[test]
    fn output_and_exit_status_are_reported() {
        let said = shell("head -c 1000000 | wc -c; echo no >&2; exit 3", LONG).unwrap();
        assert_eq!((said.code, said.stderr), (Some(3), b"no\n".to_vec()));
        assert_eq!(String::from_utf8(said.stdout).unwrap().trim(), "1000000");
        let hung_up = shell("exit 255", LONG).unwrap();
        assert_eq!((hung_up.code, hung_up.stdout.len()), (Some(255), 0));
    }

    /// A unit that somebody has taken over does not hold the tool, nor fill its memory.
    #[test]
    fn endless_and_silent_answers_time_out() {
        for endless in ["exec yes", "exec yes >&2", "yes & yes >&2", "exec cat /dev/zero"] {
            let refused = shell(endless, LONG).unwrap_err().to_string();
            assert!(refused.contains("it says more than"), "{endless}: {refused}");
        }
        for silent in ["exec sleep 1000", "exec >&- 2>&-; exec sleep 1000"] {
            let refused = shell(silent, Duration::from_millis(50)).unwrap_err().to_string();
            assert!(refused.contains("it has not answered"), "{silent}: {refused}");
        }
    }
}
