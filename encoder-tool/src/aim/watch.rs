//! Follows the pictures of a unit through ssh. A thread reads them as they come and keeps the newest, so that a window that shows
//! them slowly does not fall behind.

use fleet::ssh::{Host, Said, SshError, TO_CONNECT};
use fleet_messages::aim::{AimError, AimMessage};
use std::io::{BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A unit says something every second. After this silence the connection counts as lost.
const LONGEST_SILENCE: Duration = Duration::from_secs(20);
/// How long ssh may take to end after its last output.
const TO_END: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
/// The most that is kept of ssh's messages, in bytes.
const MOST_MESSAGES: u64 = 64 << 10;

/// Why no further message comes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum WatchError {
    /// ssh, or the command on the unit, failed.
    #[error(transparent)]
    Ssh(#[from] SshError),
    /// What the unit sends is not what a unit sends.
    #[error("what the unit sends cannot be used: {0}")]
    Message(#[from] AimError),
}

/// What a unit sends: an iterator over its messages, without the pictures that came too fast. It waits for each, and ends after
/// the unit's last message or an error. Dropping it ends the connection.
pub(crate) struct Watching {
    ssh: Ssh,
    newest: Arc<Newest>,
    messages: Option<JoinHandle<Vec<u8>>>,
    has_begun: bool,
    is_over: bool,
}

/// Is killed when dropped.
struct Ssh(Child);

#[derive(Default)]
struct Newest {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Default)]
struct Inside {
    message: Option<AimMessage>,
    /// The end of the stream, once everything was read.
    end: Option<Result<(), AimError>>,
}

/// Runs this line on the host, which must be an `edge-agent aim --stream`, and follows what it sends.
///
/// # Errors
/// If ssh cannot be started.
pub(crate) fn watch(host: &Host, line: &str) -> Result<Watching, WatchError> {
    follow(host.command(line))
}

fn follow(mut command: Command) -> Result<Watching, WatchError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut ssh = Ssh(command.spawn().map_err(SshError::Start)?);
    let (Some(stdout), Some(stderr)) = (ssh.0.stdout.take(), ssh.0.stderr.take()) else {
        return Err(SshError::Ended.into());
    };
    let newest = Arc::new(Newest::default());
    let put = Arc::clone(&newest);
    thread::spawn(move || put.read_all(stdout));
    let messages = Some(thread::spawn(move || kept(stderr)));
    Ok(Watching { ssh, newest, messages, has_begun: false, is_over: false })
}

/// The beginning of ssh's messages. The rest is read and dropped, so that ssh does not wait.
fn kept(mut stderr: ChildStderr) -> Vec<u8> {
    let mut kept = Vec::new();
    Read::by_ref(&mut stderr).take(MOST_MESSAGES).read_to_end(&mut kept).ok();
    std::io::copy(&mut stderr, &mut std::io::sink()).ok();
    kept
}

impl Newest {
    fn read_all(&self, stdout: ChildStdout) {
        let mut from = BufReader::new(stdout);
        let end = loop {
            match AimMessage::read(&mut from) {
                Ok(Some(message)) => {
                    let is_last = matches!(message, AimMessage::Ended(_));
                    self.inside().message = Some(message);
                    self.changed.notify_all();
                    if is_last {
                        break Ok(());
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.inside().end = Some(end);
        self.changed.notify_all();
    }

    /// The newest message, or the end; `None` if there is neither in time.
    fn next(&self, patience: Duration) -> Option<Result<AimMessage, Result<(), AimError>>> {
        let waits = |inside: &mut Inside| inside.message.is_none() && inside.end.is_none();
        let waited = self.changed.wait_timeout_while(self.inside(), patience, waits);
        let (mut inside, _) = waited.unwrap_or_else(PoisonError::into_inner);
        inside.message.take().map(Ok).or_else(|| inside.end.take().map(Err))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watching {
    /// Why the stream ended before the unit's last message.
    fn failure(&mut self) -> SshError {
        let until = Instant::now() + TO_END;
        let code = loop {
            match self.ssh.0.try_wait() {
                Ok(Some(ended)) => break ended.code(),
                Ok(None) if Instant::now() < until => thread::sleep(PAUSE),
                _ => return SshError::NoAnswer { seconds: TO_END.as_secs() },
            }
        };
        let stderr = self.messages.take().and_then(|messages| messages.join().ok()).unwrap_or_default();
        SshError::from_said(&Said { code, stdout: Vec::new(), stderr })
    }
}

impl Iterator for Watching {
    type Item = Result<AimMessage, WatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let patience = if self.has_begun { LONGEST_SILENCE } else { TO_CONNECT };
        let next = match self.newest.next(patience) {
            Some(Ok(message)) => Ok(message),
            Some(Err(Err(error))) => Err(error.into()),
            Some(Err(Ok(()))) => Err(self.failure().into()),
            None => Err(SshError::NoAnswer { seconds: patience.as_secs() }.into()),
        };
        self.has_begun = true;
        self.is_over = matches!(next, Ok(AimMessage::Ended(_)) | Err(_));
        Some(next)
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet_messages::aim::AimEnd;

    fn shell(line: &str) -> Watching {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        follow(command).unwrap()
    }

    /// What `watching` ends with, in words.
    fn end(watching: Watching) -> String {
        match watching.last().unwrap() {
            Ok(message) => message.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_newest_message_replaces_one_that_was_not_taken() {
        let ended = AimMessage::Ended(AimEnd::TimeOver).line().unwrap();
        let mut watching = shell(&format!("printf '%s\\n' '{{\"schema\":1,\"no_picture\":{{}}}}' '{}'", ended.trim()));
        let newest = Arc::clone(&watching.newest);
        let read = newest.changed.wait_while(newest.inside(), |inside| inside.end.is_none()).unwrap();
        drop(read);
        assert_eq!(watching.next().map(Result::unwrap), Some(AimMessage::Ended(AimEnd::TimeOver)));
        assert!(watching.next().is_none());
    }

    #[test]
    fn a_unit_that_sends_anything_else_is_an_error() {
        for (line, expected) in [
            ("exec yes", "cannot be used"),
            ("exec tr '\\0' x < /dev/zero", "cannot be used"),
            ("printf x", "ended within a message"),
            ("echo 'error: no unit runs' >&2; echo 'help: start it' >&2; exit 2", "no unit runs"),
            ("echo 'ssh: connect to host door port 22: Connection refused' >&2; exit 255", "the connection failed"),
            ("head -c 10000000 /dev/zero >&2; exit 127", "there is no edge-agent"),
        ] {
            let said = end(shell(line));
            assert!(said.contains(expected), "{line}: {said}");
        }
    }
}
