//! Shell scripts that tests run in place of a program.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use terminal::ShowPath;

/// Writes a script, from the line after `#!/bin/sh`. Another process does: a file that this one has open for writing is
/// inherited by every program that another test starts at that moment, and cannot be run as long as one of them has it.
pub(crate) fn write(to: &Path, script: &str) {
    let mut install = Command::new("install");
    install.args(["-m", "755", "/dev/stdin"]).arg(to).stdin(Stdio::piped());
    let mut install = install.spawn().unwrap();
    write!(install.stdin.take().unwrap(), "#!/bin/sh\n{script}\n").unwrap();
    assert!(install.wait().unwrap().success(), "{}", to.shown());
}
