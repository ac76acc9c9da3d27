//! How a unit ends: whatever signal comes while the door is unlocked, the door is locked.

use super::running::{RunningUnit, configuration, photos_of};
use super::{at_the_door, edge_agent};
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use tests::{said, service_file};

/// Somebody has just been let in, for a minute.
fn unlocked_unit() -> RunningUnit {
    let unit = RunningUnit::start(&photos_of(&at_the_door("barack_obama_speaking.jpg")));
    unit.status_when(|status| status["door"] == "unlocked");
    unit
}

/// Garage doors stay open when their program dies: a terminal hung up, or Ctrl-\ or Ctrl-Z was pressed.
#[test]
fn every_catchable_signal_locks_the_door_and_is_recorded() {
    let signals = [
        "HUP", "INT", "QUIT", "TERM", "PIPE", "ALRM", "USR1", "USR2", "XCPU", "XFSZ", "VTALRM", "PROF", "IO", "PWR",
        "STKFLT", "TSTP", "TTIN", "TTOU", "34", "64",
    ];
    for signal in signals {
        let mut unit = unlocked_unit();
        assert_eq!(unit.stop(&format!("-{signal}")), 0, "{signal}: {}", unit.stderr());
        assert_eq!(unit.events().last().unwrap(), "stopped", "{signal}");
        let said = unit.stderr();
        let movements = said.lines().filter_map(|line| line.split_once("the scripted lock is ")).map(|(_, to)| to);
        let movements: Vec<&str> = movements.collect();
        assert_eq!(movements[..3], ["locked", "unlocked", "locked"], "{signal}: {said}");
        assert_eq!(movements.iter().filter(|to| **to == "unlocked").count(), 1, "{signal}: {said}");
    }
}

/// Nothing that the program could do would help; systemd runs what the service names for that.
#[test]
fn the_service_locks_the_door_after_sigkill() {
    let service = service_file();
    let command = service.lines().find_map(|line| line.strip_prefix("ExecStopPost=/usr/bin/edge-agent "));
    for (signal, number) in [("-KILL", 9), ("-ABRT", 6), ("-SEGV", 11), ("-BUS", 7)] {
        let mut unit = unlocked_unit();
        // Rust's guard against stack overflows lets the first SIGSEGV or SIGBUS pass; a real fault recurs at once. Two
        // that are sent before the first is handled count as one.
        assert_eq!(unit.end_by_repeated(signal).signal(), Some(number));
        assert_eq!(unit.events().last().unwrap(), "granted", "{signal}");
        let mut lock = edge_agent(command.unwrap().split(' '));
        let state = unit.file("last-lock.toml");
        let locked = said(lock.arg("--config").arg(unit.file("config.toml")).arg("--state").arg(state));
        assert_eq!((locked.code, locked.stdout.starts_with("locked: ")), (0, true), "{signal}: {locked:?}");
    }
}

/// A full disk behind it, say: what cannot be said is not said, and the unit works.
#[test]
fn unwritable_messages_do_not_stop_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    configuration(folder.path(), &photos_of(&at_the_door("barack_obama_speaking.jpg")));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut unit = RunningUnit::start_that_writes_to(folder, full.into());
    unit.status_when(|status| status["turns"]["granted"] == 1);
    assert_eq!(unit.stop("-TERM"), 0);
    assert_eq!(unit.events().last().unwrap(), "stopped");
}

/// `edge-agent run 2>&1 | head`: as when a terminal hangs up.
#[test]
fn a_unit_with_a_closed_output_pipe_ends_locked_and_recorded() {
    let folder = tempfile::tempdir().unwrap();
    configuration(folder.path(), &photos_of(&at_the_door("barack_obama_speaking.jpg")));
    let (reader, writer) = std::io::pipe().unwrap();
    let mut unit = RunningUnit::start_that_writes_to(folder, Stdio::from(writer));
    unit.status_when(|status| status["door"] == "unlocked");
    drop(reader);
    // It says that it locks when it is told to end.
    assert_eq!(unit.stop("-HUP"), 0);
    assert_eq!(unit.events().last().unwrap(), "stopped");
}
