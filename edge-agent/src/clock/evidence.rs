//! What speaks for the computer's clock, since it was switched on this time. A Raspberry Pi without a battery wakes up at
//! some time in the past, and goes on from there until a time server has told it better; that the kernel took its time
//! from an RTC (`hctosys`) says nothing, as it does so from one that begins at 1970, too.

use super::battery;
use super::time_server::{self, Answer};
use std::fmt;
use std::path::{Path, PathBuf};

/// Who is asked about the clock.
#[derive(Debug, Clone)]
pub struct Witnesses {
    /// Is there once a time server has set the clock; systemd-timesyncd leaves one.
    pub(crate) set_file: PathBuf,
    /// Asks the kernel, through systemd's timedated, whether a time server has set the clock: any of them.
    pub(crate) timedatectl: PathBuf,
    /// Where the kernel tells of the computer's RTCs.
    pub(crate) battery_clocks: PathBuf,
    /// The last time that the unit itself has recorded, in milliseconds since 1970: it is over.
    pub(crate) recorded_utc_ms: Option<i64>,
}

/// Why the clock is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// A time server has set it, says the kernel.
    TimeServer,
    /// `[clock] set-file` is there.
    SetFile,
    /// It was set from an RTC that has gone on while the computer was off.
    BatteryClock,
}

/// Why it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// What was said, for people.
    pub(crate) said: String,
}

impl Witnesses {
    /// On this computer.
    pub(crate) fn of_this_computer(set_file: &Path, recorded_utc_ms: Option<i64>) -> Self {
        Self {
            set_file: set_file.to_owned(),
            timedatectl: PathBuf::from("timedatectl"),
            battery_clocks: PathBuf::from("/sys/class/rtc"),
            recorded_utc_ms,
        }
    }

    /// Asks all of them about a clock that shows this time; within seconds.
    ///
    /// # Errors
    /// If none speaks for it.
    pub fn ask(&self, utc_ms: i64) -> Result<Evidence, Doubt> {
        if let Some(evidence) = self.ask_files(utc_ms) {
            return Ok(evidence);
        }
        match time_server::ask(&self.timedatectl) {
            Answer::Yes => Ok(Evidence::TimeServer),
            Answer::No => Err(Doubt { said: "no time server has set it since the start".to_owned() }),
            Answer::Unknown(why) => {
                Err(Doubt { said: format!("whether a time server has set it is not known: {why}") })
            }
        }
    }

    /// Those that answer at once.
    pub(super) fn ask_files(&self, utc_ms: i64) -> Option<Evidence> {
        let battery = || battery::speaks_for(&self.battery_clocks, utc_ms, self.recorded_utc_ms);
        self.ask_set_file().or_else(|| battery().then_some(Evidence::BatteryClock))
    }

    pub(super) fn ask_set_file(&self) -> Option<Evidence> {
        self.set_file.exists().then_some(Evidence::SetFile)
    }
}

impl Evidence {
    /// In `snake_case`, for answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TimeServer => "time_server",
            Self::SetFile => "set_file",
            Self::BatteryClock => "battery_clock",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimeServer => "a time server has set it",
            Self::SetFile => "[clock] set-file is there",
            Self::BatteryClock => "it was set from an RTC that kept time while the computer was off",
        })
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::NOT_BEFORE_UTC_MS;
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// A computer whose `timedatectl` is this script, and which has no RTC and no file yet.
    pub(in super::super) fn computer(timedatectl: &str) -> (tempfile::TempDir, Witnesses) {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("timedatectl");
        fs::write(&program, format!("#!/bin/sh\n{timedatectl}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let witnesses = Witnesses {
            set_file: root.path().join("synchronized"),
            timedatectl: program,
            battery_clocks: root.path().join("rtc"),
            recorded_utc_ms: None,
        };
        (root, witnesses)
    }

    /// timesyncd leaves its file, chrony and others none: the kernel knows of each of them.
    #[test]
    fn any_time_server_is_believed_without_configuration() {
        for (timedatectl, has_file, expected) in [
            ("echo yes", false, Ok(Evidence::TimeServer)),
            ("echo no", false, Err("no time server")),
            ("echo no", true, Ok(Evidence::SetFile)),
            ("exit 1", true, Ok(Evidence::SetFile)),
            ("echo 'Failed to connect to bus' >&2; exit 1", false, Err("not known: it ended with exit status: 1")),
            ("echo maybe", false, Err("not known: it said \"maybe\"")),
            ("printf yes", false, Err("not known: it said \"yes\"")),
            ("yes", false, Err("not known: it said more than it should")),
            ("", false, Err("not known: it said \"\"")),
        ] {
            let (_root, witnesses) = computer(timedatectl);
            if has_file {
                fs::write(&witnesses.set_file, "").unwrap();
            }
            match (witnesses.ask(NOT_BEFORE_UTC_MS), expected) {
                (Err(doubt), Err(said)) => assert!(doubt.to_string().contains(said), "{timedatectl}: {doubt}"),
                (found, expected) => {
                    assert_eq!(found.ok(), expected.ok(), "{timedatectl} {has_file}");
                }
            }
        }
    }

    #[test]
    fn a_computer_without_timedatectl_says_so() {
        let (_root, witnesses) = computer("");
        fs::remove_file(&witnesses.timedatectl).unwrap();
        let doubt = witnesses.ask(NOT_BEFORE_UTC_MS).unwrap_err();
        assert!(doubt.to_string().contains("not known"), "{doubt}");
    }
}
