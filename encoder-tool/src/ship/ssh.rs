//! The one command that ssh runs, and what went wrong when it did not.

use super::exchange::Said;
use crate::args::Ship;
use anyhow::{Error, anyhow};
use std::process::Command;
use terminal::Help;

/// ssh's own exit code, when it could not run the command.
const SSH_FAILED: i32 = 255;

/// ssh, about to hand a database over on the unit. Options of the user come first, for ssh takes the first of each.
pub(super) fn command(arguments: &Ship) -> Command {
    let mut ssh = Command::new("ssh");
    // Messages that can be told apart.
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

/// A fixed text unless a configuration is named, so that `sudo` can allow this and nothing else.
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
        "the user of ssh must be in the group edge-agent-ship there: `sudo adduser USER edge-agent-ship`"
    } else {
        "hand it over as the unit's user: --sudo, with the user of ssh in the group edge-agent-ship there"
    }
}

/// What was in the way, where no receipt came back.
pub(super) fn failure(host: &str, said: &Said, sudo: bool) -> Error {
    let stderr = String::from_utf8_lossy(&said.stderr);
    let says = |part: &str| stderr.to_lowercase().contains(&part.to_lowercase());
    let any = |parts: &[&str]| parts.iter().any(|part| says(part));
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why").trim();
    let (what, help) = match said.code {
        Some(SSH_FAILED) => ssh_failure(any),
        _ if any(&["sudo:"]) => ("sudo does not let this user hand over a database", permission_help(true)),
        _ if any(&["unrecognized subcommand"]) => {
            ("the unit's edge-agent is an older one and cannot receive", "upgrade edge-agent on the unit first")
        }
        Some(126) => ("this user may not run edge-agent", permission_help(sudo)),
        Some(127) => ("there is no edge-agent", "install it there, or see that it is on the PATH of this user"),
        _ => ("it gave no receipt", "see `journalctl -u edge-agent` there, and whether edge-agent is of this version"),
    };
    let failed: Result<(), Error> = Err(anyhow!("{host}: {what}: {last}"));
    failed.help(help).err().unwrap_or_else(|| anyhow!("{host}: {what}"))
}

fn ssh_failure(any: impl Fn(&[&str]) -> bool) -> (&'static str, &'static str) {
    if any(&["could not resolve hostname", "name or service not known"]) {
        return ("there is no host of this name", "see how it is written, or give its address");
    }
    if any(&["host key verification failed", "host identification has changed", "no matching host key"]) {
        return (
            "the host key is not the one that is known",
            "connect once with `ssh` and compare the fingerprint; if it has changed, find out why first",
        );
    }
    if any(&["permission denied", "too many authentication failures", "no supported authentication"]) {
        return ("the login was refused", "see that `ssh` alone logs in: the user, -i KEY, the password");
    }
    ("the connection failed", "is the unit switched on and in this network? is its ssh server at this port?")
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
            (2, "error: unrecognized subcommand 'receive'\n", "an older one"),
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
