//! The running emulated machine. Commands go through its serial line, and QEMU shows its pins.

use super::guest::Guest;
use super::packages::Packages;
use super::pins::Pins;
use crate::workspace;
use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A timeout longer than any operation takes on a busy computer.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The polling interval for pins.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A running machine. It ends when this program ends, at the latest.
pub(super) struct Machine {
    _emulator: Emulator,
    serial: ChildStdin,
    said: Receiver<String>,
    /// Everything the machine has printed, for diagnosis.
    printed: Vec<String>,
    pins: Pins,
}

/// The QEMU process. Dropping it ends QEMU, even if the machine never booted.
struct Emulator(Child);

impl Machine {
    /// Boots the machine and waits until its shell is ready.
    ///
    /// # Errors
    /// If it does not boot.
    pub(super) fn start(packages: &Packages, guest: &Guest) -> Result<Self> {
        let socket = workspace::target().join("pi/qmp.sock");
        std::fs::remove_file(&socket).ok();
        let mut emulator = packages.emulator();
        emulator.args(["-M", "raspi3b", "-display", "none", "-serial", "null", "-serial", "stdio", "-monitor", "none"]);
        emulator.arg("-no-reboot").arg("-qmp").arg(format!("unix:{},server=on,wait=off", socket.display()));
        emulator.arg("-kernel").arg(&guest.kernel).arg("-dtb").arg(&guest.tree).arg("-initrd").arg(&guest.archive);
        emulator.args(["-append", "console=ttyS1,115200 panic=-1 iomem=relaxed quiet"]);
        println!("Booting an emulated Raspberry Pi 3B");
        let spawned = emulator.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut emulator = Emulator(spawned.context("cannot start the emulator")?);
        let (Some(serial), Some(output)) = (emulator.0.stdin.take(), emulator.0.stdout.take()) else {
            bail!("the emulator has no serial line")
        };
        let pins = Pins::connect(&socket)?;
        let mut machine = Self { _emulator: emulator, serial, said: lines(output), printed: Vec::new(), pins };
        machine.wait_for("@ready")?;
        Ok(machine)
    }

    /// Runs a command in the machine's shell and returns its output.
    ///
    /// # Errors
    /// If the command does not end, or fails.
    pub(super) fn run(&mut self, command: &str) -> Result<Vec<String>> {
        let from = self.printed.len();
        self.say(command)?;
        let done = self.wait_for("@done")?;
        ensure!(done == "@done 0", "`{command}` ended with {done}\n{}", self.last_words());
        Ok(self.printed[from..self.printed.len() - 1].to_vec())
    }

    /// Runs a command that is expected to fail, and returns its output and exit code.
    ///
    /// # Errors
    /// If the command does not end.
    pub(super) fn run_to_any_end(&mut self, command: &str) -> Result<(Vec<String>, String)> {
        let from = self.printed.len();
        self.say(command)?;
        let done = self.wait_for("@done")?;
        let code = done.trim_start_matches("@done").trim().to_owned();
        Ok((self.printed[from..self.printed.len() - 1].to_vec(), code))
    }

    /// The machine's pins, seen from outside.
    pub(super) fn pins(&mut self) -> &mut Pins {
        &mut self.pins
    }

    /// Polls the pins until `expected` is true.
    ///
    /// # Errors
    /// If that does not happen within the timeout; `what` describes what was expected.
    pub(super) fn pins_when(&mut self, what: &str, expected: impl Fn(&mut Pins) -> Result<bool>) -> Result<()> {
        let until = Instant::now() + TIMEOUT;
        while !expected(&mut self.pins)? {
            if Instant::now() > until {
                let log = self.run_to_any_end("cat /tmp/unit.log; status")?;
                bail!("{what}: this did not happen in time\n{}", log.0.join("\n"));
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// The last lines of the machine's output.
    pub(super) fn last_words(&self) -> String {
        self.printed[self.printed.len().saturating_sub(40)..].join("\n")
    }

    fn say(&mut self, command: &str) -> Result<()> {
        writeln!(self.serial, "{command}").context("the machine's serial line is closed")
    }

    fn wait_for(&mut self, beginning: &str) -> Result<String> {
        let until = Instant::now() + TIMEOUT;
        loop {
            match self.said.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let line = printable(&line);
                    self.printed.push(line.clone());
                    if line.starts_with(beginning) {
                        return Ok(line);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    bail!("timeout while waiting for {beginning} from the machine\n{}", self.last_words())
                }
                Err(RecvTimeoutError::Disconnected) => bail!("the emulator has exited\n{}", self.last_words()),
            }
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Removes the control characters of the serial line.
fn printable(line: &str) -> String {
    let kept: String = line.chars().filter(|&c| c.is_ascii_graphic() || c == ' ').collect();
    kept.trim().to_owned()
}

fn lines(output: ChildStdout) -> Receiver<String> {
    let (say, said) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if say.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::Command;

    /// Regression test: QEMU kept running when the machine never answered, because only the owner of the pins ended it.
    #[test]
    fn dropping_an_emulator_ends_it() {
        let emulator = Emulator(Command::new("sleep").arg("1000").spawn().unwrap());
        let process = format!("/proc/{}", emulator.0.id());
        assert!(Path::new(&process).exists());
        drop(emulator);
        assert!(!Path::new(&process).exists());
    }
}
