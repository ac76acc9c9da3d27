//! Limits memory and time of work on untrusted networks, by doing it in a second process. What a file can make a
//! network parser do is not fully known beforehand.
//!
//! The program starts itself again with the same arguments. The second process sets its own limits before it opens any
//! file, and does the work. The first process waits, kills the second one at the time limit, and reports which limit
//! was exceeded.

use std::process::ExitCode;
use std::time::Duration;

/// Limits of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Name of the work, as a noun: "the import".
    pub work: &'static str,
    /// Limit of the address space, in MiB.
    pub memory_mib: u64,
    /// Limit of the wall-clock time, and of the CPU time of all cores together. `None` if the time depends on the
    /// number of photos.
    pub time: Option<Duration>,
}

/// Default memory limit: several times what reading, planning and running any supported network takes.
pub const MEMORY_MIB: u64 = 8192;
/// Default time limit for reading a network and trying it once, which usually takes seconds.
pub const SECONDS: u64 = 600;

/// Returns the exit code of the second process, or `None` in the second process, which must now do the work within its
/// limits.
#[cfg(unix)]
pub fn exit_code_of_work(limits: Limits) -> Option<ExitCode> {
    unix::exit_code_of_work(limits)
}

/// Does nothing: only Unix systems have such limits.
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

    /// Environment variable that is set in the second process.
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
            let limited = limit_myself(limits).context("cannot limit the memory and time of this process");
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
        // If the first process dies, nothing else ends this one at the time limit.
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
        Ok(())
    }

    fn second_process(limits: Limits) -> Result<ExitCode> {
        let program = env::current_exe().context("cannot find the path of this program")?;
        let mut work = Command::new(program);
        work.args(env::args_os().skip(1)).env(CONFINED, "1");
        let mut work = work.spawn().context("cannot start the second process")?;
        let status = ended_within(&mut work, limits.time)?;
        match status.and_then(|status| status.code()) {
            Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(2))),
            None => Err(too_much(limits, status)).help(HELP),
        }
    }

    /// The exit status, or `None` if the process was killed at the time limit.
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
            // The kernel sends it when memory runs out, or when the hard limit of CPU time is reached.
            Some(SIGKILL) => "more time or memory than available".to_owned(),
            Some(SIGABRT) => format!("more than {memory_mib} MiB of memory"),
            Some(signal) => return anyhow!("{work} was ended by signal {signal}; nothing was written"),
        };
        anyhow!("{work} needed {needed}; nothing was written")
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_error_names_the_exceeded_limit() {
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
        fn work_is_killed_at_the_time_limit() {
            let mut work = Command::new("sleep").arg("1000").spawn().unwrap();
            assert_eq!(ended_within(&mut work, Some(Duration::ZERO)).unwrap(), None);
            let mut work = Command::new("true").spawn().unwrap();
            assert!(ended_within(&mut work, None).unwrap().unwrap().success());
        }
    }
}
