//! Evidence that the computer's clock has been set since boot. A Raspberry Pi without a battery boots with some time in
//! the past, and keeps it until a time server corrects it. That the kernel took its time from an RTC (`hctosys`) is not
//! evidence, because it also does so from an RTC that starts at 1970.

use super::battery;
use super::time_server::{self, Answer};
use std::fmt;
use std::path::{Path, PathBuf};

/// The sources of evidence about the clock.
#[derive(Debug, Clone)]
pub struct Witnesses {
    /// A file that exists once a time server has set the clock; systemd-timesyncd creates one.
    pub(crate) set_file: PathBuf,
    /// The program that asks the kernel, through systemd's timedated, whether any time server has set the clock.
    pub(crate) timedatectl: PathBuf,
    /// The folder in which the kernel lists the computer's RTCs.
    pub(crate) battery_clocks: PathBuf,
    /// The time of the unit's last record, in milliseconds since 1970: the present is later.
    pub(crate) recorded_utc_ms: Option<i64>,
}

/// Why the clock is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The kernel says that a time server has set it.
    TimeServer,
    /// `[clock] set-file` exists.
    SetFile,
    /// It was set from an RTC that kept time while the computer was off.
    BatteryClock,
}

/// Why the clock is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The reason, for people.
    pub(crate) reason: String,
}

impl Witnesses {
    /// The sources of this computer.
    pub(crate) fn of_this_computer(set_file: &Path, recorded_utc_ms: Option<i64>) -> Self {
        Self {
            set_file: set_file.to_owned(),
            timedatectl: PathBuf::from("timedatectl"),
            battery_clocks: PathBuf::from("/sys/class/rtc"),
            recorded_utc_ms,
        }
    }

    /// Asks all sources about a clock that shows `utc_ms`. Takes up to a few seconds.
    ///
    /// # Errors
    /// If none has evidence.
    pub fn ask(&self, utc_ms: i64) -> Result<Evidence, Doubt> {
        if let Some(evidence) = self.ask_files(utc_ms) {
            return Ok(evidence);
        }
        match time_server::ask(&self.timedatectl) {
            Answer::Yes => Ok(Evidence::TimeServer),
            Answer::No => Err(Doubt { reason: "no time server has set it since the start".to_owned() }),
            Answer::Unknown(why) => {
                Err(Doubt { reason: format!("whether a time server has set it is not known: {why}") })
            }
        }
    }

    /// Asks the sources that answer immediately.
    pub(super) fn ask_files(&self, utc_ms: i64) -> Option<Evidence> {
        let battery = || battery::confirms(&self.battery_clocks, utc_ms, self.recorded_utc_ms);
        self.ask_set_file().or_else(|| battery().then_some(Evidence::BatteryClock))
    }

    pub(super) fn ask_set_file(&self) -> Option<Evidence> {
        self.set_file.exists().then_some(Evidence::SetFile)
    }
}

impl Evidence {
    /// The code in `snake_case`, for JSON output.
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
            Self::SetFile => "[clock] set-file exists",
            Self::BatteryClock => "it was set from an RTC that kept time while the computer was off",
        })
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::NOT_BEFORE_UTC_MS;
    use super::*;
    use crate::script;
    use std::fs;

    /// A computer whose `timedatectl` is this script, without an RTC and without a set-file.
    pub(in super::super) fn computer(timedatectl: &str) -> (tempfile::TempDir, Witnesses) {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("timedatectl");
        script::write(&program, timedatectl);
        let witnesses = Witnesses {
            set_file: root.path().join("synchronized"),
            timedatectl: program,
            battery_clocks: root.path().join("rtc"),
            recorded_utc_ms: None,
        };
        (root, witnesses)
    }

    /// timesyncd creates a file, chrony and others do not: the kernel knows of each of them.
    #[test]
    fn any_time_server_is_evidence_without_configuration() {
        for (timedatectl, has_file, expected) in [
            ("echo yes", false, Ok(Evidence::TimeServer)),
            ("echo no", false, Err("no time server")),
            ("echo no", true, Ok(Evidence::SetFile)),
            ("exit 1", true, Ok(Evidence::SetFile)),
            ("echo 'Failed to connect to bus' >&2; exit 1", false, Err("not known: it ended with exit status: 1")),
            ("echo maybe", false, Err("not known: it answered \"maybe\"")),
            ("printf yes", false, Err("not known: it answered \"yes\"")),
            ("yes", false, Err("not known: its answer is too long")),
            ("", false, Err("not known: it answered \"\"")),
        ] {
            let (_root, witnesses) = computer(timedatectl);
            if has_file {
                fs::write(&witnesses.set_file, "").unwrap();
            }
            match (witnesses.ask(NOT_BEFORE_UTC_MS), expected) {
                (Err(doubt), Err(reason)) => assert!(doubt.to_string().contains(reason), "{timedatectl}: {doubt}"),
                (found, expected) => {
                    assert_eq!(found.ok(), expected.ok(), "{timedatectl} {has_file}");
                }
            }
        }
    }

    #[test]
    fn a_computer_without_timedatectl_is_in_doubt() {
        let (_root, witnesses) = computer("");
        fs::remove_file(&witnesses.timedatectl).unwrap();
        let doubt = witnesses.ask(NOT_BEFORE_UTC_MS).unwrap_err();
        assert!(doubt.to_string().contains("not known"), "{doubt}");
    }
}
