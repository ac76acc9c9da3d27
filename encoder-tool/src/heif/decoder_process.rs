//! Runs a decoder within limits: a child process of this program limits itself and then executes the decoder.
//!
//! The decoder has no environment, no input, no network (if the system lets a user leave it), and bounds on time,
//! memory and the size of files. It is killed with its process group. Its output is read up to a bound. It runs as the
//! user of this program and can read all files of that user, so keep libheif up to date.

use clap::Args;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::env;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A photo of 12 megapixels takes one to two seconds, most of it for writing the PNG.
const TIME: Duration = Duration::from_secs(120);
const CPU_SECONDS: u64 = 60;
/// Enough for 200 megapixels in several planes.
const MEMORY: u64 = 3 << 30;
const FILE_BYTES: u64 = models::photo::MAX_FILE_BYTES;
/// Output beyond this is cut off.
const PRINTED_BYTES: u64 = 64 << 10;
/// Number of characters of the output's last line that are reported.
const TOLD: usize = 200;
const LOOKED_AFTER: Duration = Duration::from_millis(5);
/// How long to wait for the rest of its output after it ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Execute a decoder within limits. Only started by this program.
#[derive(Debug, Args)]
pub(crate) struct DecodeHeif {
    program: PathBuf,
    photo: PathBuf,
    picture: PathBuf,
}

/// How a decoder ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With exit code 0.
    Well { said: String },
    /// With another exit code, or by a signal.
    Badly { status: String, said: String },
    /// Killed after the time limit.
    TooLate { after: Duration },
}

impl Ended {
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Well { said } | Self::Badly { said, .. } if !said.is_empty() => format!("it said: {said}"),
            Self::Well { .. } => "it said nothing".to_owned(),
            Self::Badly { status, .. } => format!("it ended with {status}"),
            Self::TooLate { after } => format!("it took more than {} s", after.as_secs()),
        }
    }
}

/// Runs the decoder on a photo. All three paths are absolute.
///
/// # Errors
/// If no process can be started.
pub(super) fn run(program: &Path, photo: &Path, picture: &Path) -> io::Result<Ended> {
    let mut itself = Command::new(env::current_exe()?);
    itself.arg("decode-heif").arg(program).arg(photo).arg(picture);
    itself.current_dir(photo.parent().unwrap_or(Path::new("/")));
    run_within(itself, TIME)
}

/// Limits this process and executes the decoder. Returns only on failure.
pub(crate) fn become_decoder(arguments: &DecodeHeif) -> io::Error {
    match limit_myself() {
        Ok(()) => Command::new(&arguments.program).arg(&arguments.photo).arg(&arguments.picture).env_clear().exec(),
        Err(error) => error,
    }
}

fn limit_myself() -> io::Result<()> {
    leave_network();
    for (resource, most) in [
        (Resource::RLIMIT_CPU, CPU_SECONDS),
        (Resource::RLIMIT_AS, MEMORY),
        (Resource::RLIMIT_FSIZE, FILE_BYTES),
        (Resource::RLIMIT_CORE, 0),
    ] {
        setrlimit(resource, most, most)?;
    }
    #[cfg(target_os = "linux")]
    {
        nix::sys::prctl::set_no_new_privs()?;
        nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    }
    Ok(())
}

/// Moves this process into an empty network namespace. Not every system lets a user do that.
#[cfg(target_os = "linux")]
fn leave_network() {
    use nix::sched::{CloneFlags, unshare};
    let left = unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET);
    let left = left.or_else(|_| unshare(CloneFlags::CLONE_NEWNET));
    tracing::debug!(left = left.is_ok(), "network isolation of the decoder");
}

#[cfg(not(target_os = "linux"))]
fn leave_network() {}

/// Runs a command in a new process group, which is killed as a whole.
fn run_within(mut command: Command, time: Duration) -> io::Result<Ended> {
    let (printed, ends) = io::pipe()?;
    command.env_clear().stdin(Stdio::null()).stdout(ends.try_clone()?).stderr(ends).process_group(0);
    let mut child = command.spawn()?;
    // It holds the write ends of the pipe.
    drop(command);
    let said = read_in_background(printed);
    let status = ended_within(&mut child, time);
    // Kills processes that it started and left behind; if there are none, the group does not exist.
    let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
    child.wait()?;
    let Some(status) = status? else { return Ok(Ended::TooLate { after: time }) };
    let said = last_line(&said.recv_timeout(LAST_WORDS).unwrap_or_default());
    Ok(if status.success() { Ended::Well { said } } else { Ended::Badly { status: in_words(status), said } })
}

/// Reads the first [`PRINTED_BYTES`], then closes the pipe.
fn read_in_background(printed: io::PipeReader) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // The output read before an error is reported too.
        let _ = printed.take(PRINTED_BYTES).read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

/// The exit status; `None` if it is still running after `time`.
fn ended_within(child: &mut Child, time: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(Some(status)),
            None if started.elapsed() >= time => return Ok(None),
            None => thread::sleep(LOOKED_AFTER),
        }
    }
}

fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        _ => "neither exit code nor signal".to_owned(),
    }
}

/// The last non-empty line, without control characters.
fn last_line(printed: &[u8]) -> String {
    let printed = String::from_utf8_lossy(printed);
    let last = printed.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    last.chars().filter(|character| !character.is_control()).take(TOLD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn how_a_command_ends() {
        let badly = |status: &str, said: &str| Ended::Badly { status: status.to_owned(), said: said.to_owned() };
        for (script, expected) in [
            ("exit 0", Ended::Well { said: String::new() }),
            ("echo one; echo two >&2; echo", Ended::Well { said: "two".to_owned() }),
            ("echo no such codec; exit 3", badly("exit code 3", "no such codec")),
            ("kill -9 $$", badly("signal 9", "")),
            ("echo $HOME$USER; cat", Ended::Well { said: String::new() }),
        ] {
            assert_eq!(run_within(shell(script), TIME).unwrap(), expected, "{script}");
        }
    }

    #[test]
    fn a_hanging_decoder_is_killed_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let started = folder.path().join("started");
        let script = format!("/bin/sleep 1000 & echo $! > {}; wait", started.to_string_lossy());
        let ended = run_within(shell(&script), Duration::from_millis(300)).unwrap();
        assert_eq!(ended, Ended::TooLate { after: Duration::from_millis(300) });
        let Ok(process) = fs::read_to_string(&started) else { return };
        let state = || fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap_or_default();
        let has_ended = |state: &str| state.is_empty() || state.contains(") Z ");
        // A signal takes effect when its process runs next.
        let until = Instant::now() + LAST_WORDS;
        while !has_ended(&state()) && Instant::now() < until {
            thread::yield_now();
        }
        assert!(has_ended(&state()), "{}", state());
    }

    #[test]
    fn a_decoder_that_prints_endlessly_is_stopped() {
        let ended = run_within(shell("exec /usr/bin/yes"), TIME).unwrap();
        assert!(matches!(&ended, Ended::Badly { said, .. } if said == "y"), "{ended:?}");
    }

    #[test]
    fn the_reported_line_is_short_and_has_no_control_characters() {
        assert_eq!(last_line(b"a\n\x1b[31mred\x1b[0m \xff\n\n"), "[31mred[0m \u{fffd}");
        assert_eq!(last_line("x".repeat(1000).as_bytes()).len(), TOLD);
        assert_eq!(last_line(b""), "");
    }
}
