//! Runs a program, writes bytes to it and reads its output, with bounds on time and output.

use anyhow::{Context, Result, anyhow, bail};
use shared::delivery::MAX_RECEIPT_BYTES;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use terminal::Help;

const PAUSE: Duration = Duration::from_millis(20);

/// The output of a program, and its exit code.
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
/// If it cannot be started, prints more than a receipt can hold, or is still running after `limit`. It is then killed.
pub(super) fn exchange(mut command: Command, bytes: Vec<u8>, limit: Duration) -> Result<Said> {
    let until = Instant::now() + limit;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().context("cannot start ssh").help("install the OpenSSH client")?);
    let child = &mut running.0;
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        bail!("ssh was started without pipes");
    };
    // A program that does not read all input gives the reason in its output, so a write error is ignored.
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

/// Reads on a new thread, up to one byte more than the limit.
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
                return Err(anyhow!("the answer is longer than {MAX_RECEIPT_BYTES} bytes; the rest was not read"))
                    .help("this host is not a door unit, or somebody else has taken it over");
            }
            Ok(said)
        }
        Err(RecvTimeoutError::Timeout) => Err(too_long(limit)),
        Err(RecvTimeoutError::Disconnected) => bail!("the thread that reads the answer ended"),
    }
}

fn too_long(limit: Duration) -> anyhow::Error {
    let failed: Result<()> = Err(anyhow!("no answer within {} s", limit.as_secs()));
    let help = "the line may be slow, ssh may be waiting for input, or the unit may be stuck: check whether `ssh` alone logs in";
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
    fn output_and_exit_code_are_returned() {
        let said = shell("head -c 1000000 | wc -c; echo no >&2; exit 3", LONG).unwrap();
        assert_eq!((said.code, said.stderr), (Some(3), b"no\n".to_vec()));
        assert_eq!(String::from_utf8(said.stdout).unwrap().trim(), "1000000");
        let hung_up = shell("exit 255", LONG).unwrap();
        assert_eq!((hung_up.code, hung_up.stdout.len()), (Some(255), 0));
    }

    /// A compromised unit can neither block the tool nor fill its memory.
    #[test]
    fn endless_and_silent_answers_time_out() {
        for endless in ["exec yes", "exec yes >&2", "yes & yes >&2", "exec cat /dev/zero"] {
            let refused = shell(endless, LONG).unwrap_err().to_string();
            assert!(refused.contains("longer than"), "{endless}: {refused}");
        }
        for silent in ["exec sleep 1000", "exec >&- 2>&-; exec sleep 1000"] {
            let refused = shell(silent, Duration::from_millis(50)).unwrap_err().to_string();
            assert!(refused.contains("no answer within"), "{silent}: {refused}");
        }
    }
}
