//! A process of its own for what is done with networks of other people: it may take this much memory and time, and no
//! more. What a file can make a network's reader do is not known in full beforehand.
//!
//! The program starts itself once more with the same arguments. The second process limits itself before it opens
//! anything, and does the work; the first waits, ends it when the time is up, and says what it needed too much of.

use std::process::ExitCode;
use std::time::Duration;

/// What the work may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What is done, as a noun: "the import".
    pub work: &'static str,
    /// Addressed memory in MiB.
    pub memory_mib: u64,
    /// From start to end, and of all processors together; `None` for work that takes as long as there are photos.
    pub time: Option<Duration>,
}

/// The most memory that reading, planning and running any network here takes, several times over.
pub const MEMORY_MIB: u64 = 8192;
/// The longest that a network is read and tried once: seconds are usual.
pub const SECONDS: u64 = 600;

/// The exit code of the second process; `None` in that process, which is to do the work now, within its limits.
#[cfg(unix)]
pub fn exit_code_of_work(limits: Limits) -> Option<ExitCode> {
    unix::exit_code_of_work(limits)
}

/// Only Unix systems have such limits.
#[cfg(not(unix))]
pub fn exit_code_of_work(_: Limits) -> Option<ExitCode> {
    None
}

#[cfg(unix)]
mod unix {
    use super::Limits;
    use anyhow::{Context, Result, anyhow};
    use nix::sys::resource::{Resource, setrlimit};
    use std::env;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command, ExitCode, ExitStatus};
    use std::thread::sleep;
    use std::time::{Duration, Instant};
    use terminal::{Help, exit_code};

    /// Set in the second process.
    const CONFINED: &str = "ENCODER_TOOL_CONFINED";
    const HELP: &str =
        "face networks need far less: check where the file comes from; `model import` can raise its limits";
    const LOOKED_AFTER: Duration = Duration::from_millis(20);
    /// Signals that end a process which allocates or computes too much.
    const SIGABRT: i32 = 6;
    const SIGKILL: i32 = 9;
    const SIGXCPU: i32 = 24;

    pub(super) fn exit_code_of_work(limits: Limits) -> Option<ExitCode> {
        if env::var_os(CONFINED).is_some() {
            let limited = limit_myself(limits).context("this process cannot be limited");
            return limited.err().map(|error| exit_code(Err(error)));
        }
        Some(match second_process(limits) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        })
    }

    fn limit_myself(limits: Limits) -> Result<()> {
        let bytes = limits.memory_mib.saturating_mul(1 << 20);
        setrlimit(Resource::RLIMIT_AS, bytes, bytes)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        if let Some(time) = limits.time {
            let seconds = time.as_secs().max(1);
            setrlimit(Resource::RLIMIT_CPU, seconds, seconds + 1)?;
        }
        // Nobody is left who would end it when the time is up.
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
        Ok(())
    }

    fn second_process(limits: Limits) -> Result<ExitCode> {
        let program = env::current_exe().context("where this program lies is not known")?;
        let mut work = Command::new(program);
        work.args(env::args_os().skip(1)).env(CONFINED, "1");
        let mut work = work.spawn().context("a process of its own cannot be started")?;
        let status = ended_within(&mut work, limits.time)?;
        match status.and_then(|status| status.code()) {
            Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(2))),
            None => Err(too_much(limits, status)).help(HELP),
        }
    }

    /// How it ended; `None` if it had to be ended because the time was up.
    fn ended_within(work: &mut Child, time: Option<Duration>) -> Result<Option<ExitStatus>> {
        let started = Instant::now();
        loop {
            if let Some(status) = work.try_wait()? {
                return Ok(Some(status));
            }
            if time.is_some_and(|time| started.elapsed() > time) {
                work.kill()?;
                work.wait()?;
                return Ok(None);
            }
            sleep(LOOKED_AFTER);
        }
    }

    fn too_much(limits: Limits, status: Option<ExitStatus>) -> anyhow::Error {
        let Limits { work, memory_mib, time } = limits;
        let seconds = time.unwrap_or_default().as_secs();
        let needed = match status.and_then(|status| status.signal()) {
            None | Some(SIGXCPU) => format!("more than {seconds} s"),
            // What the kernel ends for want of memory, or after the warning that its time is up.
            Some(SIGKILL) => "more time, or more memory, than there is".to_owned(),
            Some(SIGABRT) => format!("more than {memory_mib} MiB of memory"),
            Some(signal) => return anyhow!("{work} was ended by signal {signal}; nothing was written"),
        };
        anyhow!("{work} needed {needed}; nothing was written")
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_was_too_much_is_said() {
            let limits = Limits { work: "the import", memory_mib: 64, time: Some(Duration::from_secs(7)) };
            let ended_by = |signal| Some(ExitStatus::from_raw(signal));
            for (status, said) in [
                (None, "more than 7 s"),
                (ended_by(SIGXCPU), "more than 7 s"),
                (ended_by(SIGABRT), "more than 64 MiB"),
                (ended_by(11), "signal 11"),
            ] {
                let error = too_much(limits, status).to_string();
                assert!(error.contains(said) && error.contains("nothing was written"), "{error}");
            }
        }

        #[test]
        fn work_that_does_not_end_is_ended() {
            let mut work = Command::new("sleep").arg("1000").spawn().unwrap();
            assert_eq!(ended_within(&mut work, Some(Duration::ZERO)).unwrap(), None);
            let mut work = Command::new("true").spawn().unwrap();
            assert!(ended_within(&mut work, None).unwrap().unwrap().success());
        }
    }
}
