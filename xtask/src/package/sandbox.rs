//! Tests the services in the sandboxes of their unit files, under the real systemd: the unit must be able to ask whether
//! the clock is set, and the link must reach a broker and nothing of the unit's.

use crate::process::{self, command};
use crate::requirements::{self, DBUS};
use crate::workspace;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const SCRIPT: &str = "xtask/src/package/sandbox.sh";
const PREPARE_LINK: &str = "xtask/src/package/prepare_link.sh";

/// The timeout in seconds; the test takes three.
const TIMEOUT: &str = "120";

/// Checks that `timedatectl` works. It needs D-Bus, a Unix socket outside the sandbox. Any answer counts.
///
/// # Errors
/// If there is no answer, or systemd does not run in a namespace here.
pub(super) fn the_clock_can_be_asked(program: &Path) -> Result<()> {
    let work = workplace("package/sandbox")?;
    // The exit code is that of `edge-agent doctor`, which finds many faults on this computer.
    let diagnosis = said_by("edge-agent", program, "doctor", &work)?;
    let findings = diagnosis["findings"].as_array().into_iter().flatten();
    let clock = findings.into_iter().find(|finding| finding["about"] == "clock");
    let found = clock.and_then(|finding| finding["found"].as_str()).context("the doctor did not examine the clock")?;
    ensure!(is_an_answer(found), "the unit cannot read the state of the clock in its sandbox: {found}");
    println!("The unit can read the clock's state in its sandbox: {found}");
    Ok(())
}

/// Checks that the link reaches a broker on a Unix socket, and neither sees the unit's folder nor writes anywhere else
/// than to its own.
///
/// # Errors
/// If one of these is not so, or systemd does not run in a namespace here.
pub(super) fn the_link_reaches_its_broker_only(program: &Path) -> Result<()> {
    requirements::install(&["mosquitto"])?;
    let work = workplace("package/link_sandbox")?;
    fs::copy(PREPARE_LINK, work.join("prepare.sh")).context(PREPARE_LINK)?;
    let checked = said_by("edge-link", program, "check", &work)?;
    ensure!(checked["broker_trouble"].is_null(), "the link does not reach its broker in its sandbox: {checked}");
    let tried = fs::read_to_string(work.join("said/stderr")).context("nothing was tried in the sandbox")?;
    let refused = tried.matches("Permission denied").count() + tried.matches("Read-only file system").count();
    ensure!(refused == 3, "the link can see or change what is not its own: {tried}");
    println!("The link reaches its broker in its sandbox, and nothing of the unit's.");
    Ok(())
}

fn workplace(name: &str) -> Result<PathBuf> {
    Ok(std::path::absolute(workspace::empty_folder(name)?)?)
}

/// Runs a verb of the program as its service does, and returns what it printed.
fn said_by(service: &str, program: &Path, verb: &str, work: &Path) -> Result<Value> {
    requirements::ensure(&[DBUS])?;
    let deploy = std::path::absolute("deploy")?;
    let mut systemd =
        command("timeout", [TIMEOUT, "unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup"]);
    systemd.args(["sh", SCRIPT]).args([work, &deploy]).arg(service).arg(program).arg(verb);
    process::run_to_any_end(&mut systemd)?;
    let said = fs::read_to_string(work.join("said").join(verb)).context("the service did not start")?;
    serde_json::from_str(&said).with_context(|| format!("the service printed {said}"))
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
