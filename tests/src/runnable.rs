//! Programs and scripts that a test puts somewhere and runs.
//!
//! Another process writes them. A file that this process has open for writing is inherited by every program that another
//! test starts at that moment, and running the file fails with "Text file busy" as long as one of them has it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Copies a program.
///
/// # Panics
/// If it cannot be copied.
pub fn copy_program(from: &Path, to: &Path) {
    install(from, to, b"");
}

/// Writes a script for the shell, from the line after `#!/bin/sh`. Its folder is made if it is missing.
///
/// # Panics
/// If it cannot be written.
pub fn write_script(to: &Path, script: &str) {
    install(Path::new("/dev/stdin"), to, format!("#!/bin/sh\n{script}\n").as_bytes());
}

fn install(from: &Path, to: &Path, stdin: &[u8]) {
    let mut install = Command::new("install");
    install.args(["-D", "-m", "755"]).args([from, to]).stdin(Stdio::piped());
    let installed = install.spawn().and_then(|mut child| {
        child.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(stdin))?;
        child.wait()
    });
    assert!(installed.as_ref().is_ok_and(std::process::ExitStatus::success), "{}: {installed:?}", to.display());
}
