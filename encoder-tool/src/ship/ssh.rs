//! Builds the ssh command, and explains its failures.

use super::exchange::Said;
use crate::args::Ship;
use anyhow::{Error, anyhow};
use std::process::Command;
use terminal::Help;

/// Exit code of ssh itself, if it could not run the command.
const SSH_FAILED: i32 = 255;

/// The ssh command that hands over a database. The user's options come first, because ssh uses the first value of each.
pub(super) fn command(arguments: &Ship) -> Command {
    let mut ssh = Command::new("ssh");
    // English messages, which `failure` can recognise.
    ssh.env("LC_ALL", "C").arg("-T");
    arguments.port.map(|port| ssh.args(["-p", &port.to_string()]));
    arguments.identity.as_ref().map(|identity| ssh.arg("-i").arg(identity));
    let ours = ["ConnectTimeout=20", "ServerAliveInterval=15", "ServerAliveCountMax=3"].map(str::to_owned);
    for option in arguments.ssh_options.iter().chain(&ours) {
        ssh.args(["-o", option]);
    }
    // A host that begins with a dash must not become an option.
    ssh.arg("--").arg(&arguments.host).arg(on_the_unit(arguments));
    ssh
}

/// The command on the unit: a fixed text unless a configuration is named, so that a `sudo` rule can allow exactly this.
fn on_the_unit(arguments: &Ship) -> String {
    let mut line = "edge-agent receive --json".to_owned();
    if arguments.sudo {
        line = format!("sudo -n -u edge-agent {line}");
    }
    if let Some(config) = &arguments.remote_config {
        line += &format!(" --config {}", quoted(config));
    }
    line
}

/// Quotes any text as one word of a shell command.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

pub(super) fn permission_help(sudo: bool) -> &'static str {
    if sudo {
        "add the ssh user to the group edge-agent-ship on the unit: `sudo adduser USER edge-agent-ship`"
    } else {
        "use --sudo, with the ssh user in the group edge-agent-ship on the unit"
    }
}

/// Explains why no receipt came back.
pub(super) fn failure(host: &str, said: &Said, sudo: bool) -> Error {
    let stderr = String::from_utf8_lossy(&said.stderr);
    let says = |part: &str| stderr.to_lowercase().contains(&part.to_lowercase());
    let any = |parts: &[&str]| parts.iter().any(|part| says(part));
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given").trim();
    let (what, help) = match said.code {
        Some(SSH_FAILED) => ssh_failure(any),
        _ if any(&["sudo:"]) => ("sudo does not let this user hand over a database", permission_help(true)),
        _ if any(&["unrecognized subcommand"]) => {
            ("the unit has an older edge-agent, which cannot receive databases", "upgrade edge-agent on the unit first")
        }
        Some(126) => ("this user may not run edge-agent", permission_help(sudo)),
        Some(127) => ("there is no edge-agent on the unit", "install it there, or put it on the PATH of this user"),
        _ => ("no receipt came back", "check `journalctl -u edge-agent` and the version of edge-agent on the unit"),
    };
    let failed: Result<(), Error> = Err(anyhow!("{host}: {what}: {last}"));
    failed.help(help).err().unwrap_or_else(|| anyhow!("{host}: {what}"))
}

fn ssh_failure(any: impl Fn(&[&str]) -> bool) -> (&'static str, &'static str) {
    if any(&["could not resolve hostname", "name or service not known"]) {
        return ("there is no host of this name", "check the spelling, or give the address");
    }
    if any(&["host key verification failed", "host identification has changed", "no matching host key"]) {
        return (
            "the host key is not the known one",
            "connect once with `ssh` and compare the fingerprint; if it has changed, find out why first",
        );
    }
    if any(&["permission denied", "too many authentication failures", "no supported authentication"]) {
        return ("the login was refused", "check that `ssh` alone logs in: the user, -i KEY, the password");
    }
    ("the connection failed", "check that the unit is on, in this network, and has its ssh server at this port")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_quoted_word_as_it_was() {
        for word in ["people.db", "it's; rm -rf $HOME `id`", "'", "", "a b\nc"] {
            let output = Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }

    /// Every failure was blamed on permissions.
    #[test]
    fn failures_are_distinguished() {
        for (code, stderr, expected) in [
            (255, "ssh: Could not resolve hostname dor: Name or service not known\r\n", "no host of this name"),
            (255, "ssh: connect to host door port 22: Connection refused\r\n", "the connection failed"),
            (255, "ssh: connect to host door port 22: Connection timed out\r\n", "the connection failed"),
            (255, "Connection closed by 192.0.2.7 port 22\r\n", "the connection failed"),
            (255, "client_loop: send disconnect: Broken pipe\r\n", "the connection failed"),
            (
                255,
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\r\nHost key verification failed.\r\n",
                "host key",
            ),
            (255, "No ED25519 host key is known for door\r\nHost key verification failed.\r\n", "host key"),
            (255, "pi@door: Permission denied (publickey,password).\r\n", "login"),
            (255, "Received disconnect: Too many authentication failures\r\n", "login"),
            (1, "sudo: a password is required\n", "sudo does not let"),
            (1, "sudo: unknown user edge-agent\n", "sudo does not let"),
            (2, "error: unrecognized subcommand 'receive'\n", "older edge-agent"),
            (127, "bash: edge-agent: command not found\n", "there is no edge-agent"),
            (126, "sh: edge-agent: Permission denied\n", "may not run"),
            (0, "", "no receipt"),
        ] {
            let said = Said { code: Some(code), stdout: Vec::new(), stderr: stderr.as_bytes().to_vec() };
            let error = failure("door", &said, true).to_string();
            assert!(error.contains(expected), "{stderr}: {error}");
        }
    }
}
