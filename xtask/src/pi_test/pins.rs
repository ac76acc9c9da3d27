//! Reads the GPIO pins of the emulated Pi from outside the machine: the registers in memory, through QEMU's control
//! protocol.
//!
//! Registers as in Broadcom's "BCM2835 ARM Peripherals" (2012), section 6.1: `GPFSEL1` has the function of pins 10 to
//! 19, three bits each, and `GPLEV0` the levels of pins 0 to 31. On the Pi 3 they start at 0x3F200000.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

const GPFSEL1: u32 = 0x3f20_0004;
const GPLEV0: u32 = 0x3f20_0034;
const OUTPUT: u32 = 0b001;
/// The pin that drives the lock.
const LOCK: u32 = 17;
/// The pin that switches the lamp.
const LAMP: u32 = 12;

const TIMEOUT: Duration = Duration::from_secs(30);

/// A connection to QEMU.
pub(super) struct Pins {
    qemu: BufReader<UnixStream>,
}

impl Pins {
    /// Connects to QEMU, which may just have been started.
    ///
    /// # Errors
    /// If it does not answer.
    pub(super) fn connect(socket: &Path) -> Result<Self> {
        let until = Instant::now() + TIMEOUT;
        let stream = loop {
            match UnixStream::connect(socket) {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > until => return Err(error).context("QEMU does not answer"),
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        };
        stream.set_read_timeout(Some(TIMEOUT))?;
        let mut pins = Self { qemu: BufReader::new(stream) };
        pins.ask(&json!({ "execute": "qmp_capabilities" }))?;
        Ok(pins)
    }

    /// Whether the lock pin is an output.
    ///
    /// # Errors
    /// If QEMU does not answer.
    pub(super) fn lock_is_driven(&mut self) -> Result<bool> {
        Ok(self.register(GPFSEL1)? >> (3 * (LOCK % 10)) & 0b111 == OUTPUT)
    }

    /// Whether the lock pin is high.
    ///
    /// # Errors
    /// If QEMU does not answer.
    pub(super) fn lock_is_high(&mut self) -> Result<bool> {
        Ok(self.register(GPLEV0)? >> LOCK & 1 == 1)
    }

    /// Whether the lamp is on.
    ///
    /// # Errors
    /// If QEMU does not answer.
    pub(super) fn lamp_is_on(&mut self) -> Result<bool> {
        Ok(self.register(GPLEV0)? >> LAMP & 1 == 1)
    }

    fn register(&mut self, address: u32) -> Result<u32> {
        let line = format!("xp /1wx {address:#x}");
        let answer = self.ask(&json!({ "execute": "human-monitor-command", "arguments": { "command-line": line } }))?;
        word(answer.as_str().unwrap_or_default()).with_context(|| format!("QEMU answered {answer} to `{line}`"))
    }

    /// Sends a request and returns the answer. Skips events that arrive in between.
    fn ask(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.qemu.get_mut(), "{request}")?;
        loop {
            let mut line = String::new();
            if self.qemu.read_line(&mut line)? == 0 {
                bail!("QEMU has exited");
            }
            let mut answer: Value = serde_json::from_str(&line).with_context(|| format!("QEMU sent {line}"))?;
            if let Some(error) = answer.get("error") {
                bail!("QEMU refuses {request}: {error}");
            }
            if answer.get("return").is_some() {
                return Ok(answer["return"].take());
            }
        }
    }
}

/// The hexadecimal word in a line such as `000000003f200034: 0x00020000`.
fn word(answer: &str) -> Option<u32> {
    u32::from_str_radix(answer.trim().rsplit_once("0x")?.1, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_memory() {
        assert_eq!(word("000000003f200034: 0x00020000\r\n"), Some(0x20000));
        assert_eq!(word("Cannot access memory\r\n"), None);
    }
}
