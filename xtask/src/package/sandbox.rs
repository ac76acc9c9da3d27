//! Tests the service in the sandbox of its unit file, under the real systemd: it must be able to ask whether the clock
//! is set.

use crate::process::{self, command};
use crate::requirements::{self, DBUS};
use crate::workspace;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::Path;

const SCRIPT: &str = "xtask/src/package/sandbox.sh";

/// The timeout in seconds; the test takes three.
const TIMEOUT: &str = "120";

/// Checks that `timedatectl` works. It needs D-Bus, a Unix socket outside the sandbox. Any answer counts.
///
/// # Errors
/// If there is no answer, or systemd does not run in a namespace here.
pub(super) fn the_clock_can_be_asked(program: &Path) -> Result<()> {
    requirements::ensure(&[DBUS])?;
    let work = std::path::absolute(workspace::empty_folder("package/sandbox")?)?;
    let deploy = std::path::absolute("deploy")?;
    let mut systemd =
        command("timeout", [TIMEOUT, "unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup"]);
    systemd.args(["sh", SCRIPT]).args([&work, program, &deploy]);
    // The exit code is that of `edge-agent doctor`, which finds many faults on this computer.
    process::run_to_any_end(&mut systemd)?;
    let said = fs::read_to_string(work.join("said/doctor")).context("the service did not start")?;
    let diagnosis: Value = serde_json::from_str(&said).with_context(|| format!("the service printed {said}"))?;
    let findings = diagnosis["findings"].as_array().into_iter().flatten();
    let clock = findings.into_iter().find(|finding| finding["about"] == "clock");
    let found = clock.and_then(|finding| finding["found"].as_str()).context("the doctor did not examine the clock")?;
    ensure!(is_an_answer(found), "the unit cannot read the state of the clock in its sandbox: {found}");
    println!("The unit can read the clock's state in its sandbox: {found}");
    Ok(())
}

fn is_an_answer(found: &str) -> bool {
    found.contains("no time server has set it") || found.contains("is trusted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_or_a_no_is_an_answer() {
        for (found, expected) in [
            ("it is not trusted: no time server has set it since the start", true),
            ("it is trusted: a time server has set it", true),
            ("it is not trusted: whether a time server has set it is not known: it ended with exit status: 1", false),
        ] {
            assert_eq!(is_an_answer(found), expected, "{found}");
        }
    }
}
