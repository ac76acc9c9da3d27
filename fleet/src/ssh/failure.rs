//! Why nothing came back over ssh, and what to do about it.

use super::exchange::Said;
use std::io;

/// Exit code of ssh itself, if it could not run the command.
const SSH_FAILED: i32 = 255;

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SshError {
    /// There is no ssh.
    #[error("cannot start ssh: {0}")]
    Start(io::Error),
    /// Its output cannot be read.
    #[error("the output of ssh cannot be read: {0}")]
    Output(io::Error),
    /// The answer is longer than any true one.
    #[error("the answer is longer than {most} bytes; the rest was not read")]
    TooLong {
        /// The longest answer.
        most: u64,
    },
    /// There was no answer in time.
    #[error("no answer within {seconds} s")]
    NoAnswer {
        /// How long it was waited for.
        seconds: u64,
    },
    /// The thread that reads the answer ended.
    #[error("the thread that reads the answer ended")]
    Ended,
    /// ssh, or the command on the host, failed.
    #[error("{what}: {last}")]
    Failed {
        /// What failed.
        what: &'static str,
        /// The last line of its messages.
        last: String,
        /// What to do.
        help: SshHelp,
    },
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SshHelp {
    /// This.
    Text(&'static str),
    /// The user may not run the command: the caller knows the groups that may.
    Permission,
}

impl SshError {
    /// What to do about it. `permission` is for a command that the user may not run.
    pub fn help(&self, permission: &'static str) -> &'static str {
        match self {
            Self::Start(_) => "install the OpenSSH client",
            Self::TooLong { .. } => "this host is not a door unit, or somebody else has taken it over",
            Self::Output(_) | Self::NoAnswer { .. } | Self::Ended => {
                "the line may be slow, ssh may be waiting for input, or the unit may be stuck: check whether `ssh` alone logs in"
            }
            Self::Failed { help: SshHelp::Permission, .. } => permission,
            Self::Failed { help: SshHelp::Text(text), .. } => text,
        }
    }

    /// Explains why a command of the unit printed nothing that can be used.
    pub fn from_said(said: &Said) -> Self {
        let stderr = String::from_utf8_lossy(&said.stderr);
        let says = |part: &str| stderr.to_lowercase().contains(&part.to_lowercase());
        let any = |parts: &[&str]| parts.iter().any(|part| says(part));
        // The unit's programs end with a line of help, after that of the error.
        let is_error = |line: &&str| line.starts_with("error: ");
        let last = stderr.lines().rfind(is_error).or_else(|| stderr.lines().rfind(|line| !line.trim().is_empty()));
        let last = last.map_or("no reason given", |line| line.trim_start_matches("error: ").trim());
        let (what, help) = match said.code {
            Some(SSH_FAILED) => ssh_failure(any),
            _ if any(&["sudo:"]) => ("sudo does not let this user do that", SshHelp::Permission),
            _ if any(&["unrecognized subcommand", "unexpected argument"]) => (
                "the unit has an older edge-agent, which does not know this command",
                SshHelp::Text("upgrade edge-agent on the unit first"),
            ),
            Some(126) => ("this user may not run edge-agent", SshHelp::Permission),
            Some(127) => (
                "there is no edge-agent on the unit",
                SshHelp::Text("install it there, or put it on the PATH of this user"),
            ),
            _ if any(&["permission denied"]) => ("this user may not do that", SshHelp::Permission),
            _ => (
                "no answer came back",
                SshHelp::Text("check `journalctl -u edge-agent` and the version of edge-agent on the unit"),
            ),
        };
        Self::Failed { what, last: last.to_owned(), help }
    }
}

fn ssh_failure(any: impl Fn(&[&str]) -> bool) -> (&'static str, SshHelp) {
    if any(&["could not resolve hostname", "name or service not known"]) {
        return ("there is no host of this name", SshHelp::Text("check the spelling, or give the address"));
    }
    if any(&["host key verification failed", "host identification has changed", "no matching host key"]) {
        return (
            "the host key is not the known one",
            SshHelp::Text("connect once with `ssh` and compare the fingerprint; if it has changed, find out why first"),
        );
    }
    if any(&["permission denied", "too many authentication failures", "no supported authentication"]) {
        return (
            "the login was refused",
            SshHelp::Text("check that `ssh` alone logs in: the user, -i KEY, the password"),
        );
    }
    (
        "the connection failed",
        SshHelp::Text("check that the unit is on, in this network, and has its ssh server at this port"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (2, "error: unexpected argument '--signed' found\n", "older edge-agent"),
            (127, "bash: edge-agent: command not found\n", "there is no edge-agent"),
            (126, "sh: edge-agent: Permission denied\n", "may not run"),
            (2, "error: /run/edge-agent/status.sock: Permission denied (os error 13)\n", "may not do that"),
            (2, "error: no unit runs\nhelp: start it\n", "no answer came back: no unit runs"),
            (0, "", "no answer"),
        ] {
            let said = Said { code: Some(code), stdout: Vec::new(), stderr: stderr.as_bytes().to_vec() };
            let error = SshError::from_said(&said);
            assert!(error.to_string().contains(expected), "{stderr}: {error}");
            assert!(!error.help("join the group").is_empty());
        }
    }
}
