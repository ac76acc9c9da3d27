//! Runs a program, writes bytes to it and reads its output, with bounds on time and output.

use super::failure::SshError;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(20);

/// The output of a program, and its exit code.
#[derive(Debug)]
pub struct Said {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// Its messages.
    pub stderr: Vec<u8>,
}

/// A child process that is killed on drop.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Runs the program, writes the bytes to it, and reads its output, at most `most` bytes.
///
/// # Errors
/// If it cannot be started, prints more, or is still running after `limit`. It is then killed.
pub fn exchange(mut command: Command, bytes: Vec<u8>, most: u64, limit: Duration) -> Result<Said, SshError> {
    let until = Instant::now() + limit;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().map_err(SshError::Start)?);
    let child = &mut running.0;
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(SshError::Ended);
    };
    // A program that does not read all input gives the reason in its output, so a write error is ignored.
    thread::spawn(move || stdin.write_all(&bytes).ok());
    let (stdout, stderr) = (heard(stdout, most), heard(stderr, most));
    let [stdout, stderr] = [stdout, stderr].map(|heard| within(&heard, most, until, limit));
    let (stdout, stderr) = (stdout?, stderr?);
    loop {
        if let Some(ended) = child.try_wait().map_err(SshError::Output)? {
            return Ok(Said { code: ended.code(), stdout, stderr });
        }
        if Instant::now() >= until {
            return Err(SshError::NoAnswer { seconds: limit.as_secs() });
        }
        thread::sleep(PAUSE);
    }
}

/// Reads on a new thread, up to one byte more than the limit.
fn heard(pipe: impl Read + Send + 'static, most: u64) -> Receiver<std::io::Result<Vec<u8>>> {
    let (tell, heard) = channel();
    thread::spawn(move || {
        let mut said = Vec::new();
        let read = pipe.take(most + 1).read_to_end(&mut said);
        tell.send(read.map(|_| said)).ok();
    });
    heard
}

fn within(
    heard: &Receiver<std::io::Result<Vec<u8>>>,
    most: u64,
    until: Instant,
    limit: Duration,
) -> Result<Vec<u8>, SshError> {
    match heard.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(said) => match said.map_err(SshError::Output)? {
            said if said.len() as u64 > most => Err(SshError::TooLong { most }),
            said => Ok(said),
        },
        Err(RecvTimeoutError::Timeout) => Err(SshError::NoAnswer { seconds: limit.as_secs() }),
        Err(RecvTimeoutError::Disconnected) => Err(SshError::Ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const MOST: u64 = 64 << 10;

    fn shell(line: &str, limit: Duration) -> Result<Said, SshError> {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        exchange(command, vec![b'x'; 1 << 20], MOST, limit)
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
