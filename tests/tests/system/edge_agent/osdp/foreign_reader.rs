//! A card reader that others wrote: libosdp, on a pseudo terminal (`tests/peers/osdp_reader.py`).

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than anything here takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The reader and its serial device.
pub(crate) struct ForeignReader {
    folder: TempDir,
    child: Child,
    commands: ChildStdin,
    said: Receiver<String>,
}

impl ForeignReader {
    /// A reader with this key of 32 hexadecimal digits, or `-` for one in install mode.
    pub(crate) fn start(key: &str) -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let python = project.join("target/peers/bin/python");
        assert!(python.exists(), "{} is not there: `cargo xtask test tests` installs it", python.display());
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(python);
        command.arg(project.join("tests/peers/osdp_reader.py")).arg(folder.path().join("ttyOSDP")).arg(key);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (saying, said) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| saying.send(line)));
        let commands = child.stdin.take().unwrap();
        let reader = Self { folder, child, commands, said };
        reader.says("ready");
        reader
    }

    pub(crate) fn device(&self) -> PathBuf {
        self.folder.path().join("ttyOSDP")
    }

    /// Tells it what to do: see the script.
    pub(crate) fn does(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    /// Waits for a line that contains this, and returns it.
    pub(crate) fn says(&self, expected: &str) -> String {
        loop {
            match self.said.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(expected) => return line,
                Ok(_) => {}
                Err(error) => panic!("the reader does not say {expected:?}: {error}"),
            }
        }
    }
}

impl Drop for ForeignReader {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The bits of a card in the format H10301: an even parity bit over the first half of the number, an odd one over the
/// second.
pub(crate) fn h10301(number: u32) -> String {
    let bits = format!("{number:024b}");
    let ones = |half: &str| half.matches('1').count();
    format!("{}{bits}{}", ones(&bits[..12]) % 2, 1 - ones(&bits[12..]) % 2)
}
