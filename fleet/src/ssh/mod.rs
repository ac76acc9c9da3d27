//! Units that are reached over ssh: one connection for each command, with the system's ssh and its keys, known hosts and
//! prompts. What the unit prints is bounded in size and time.

mod exchange;
mod failure;

pub use exchange::{Said, exchange};
pub use failure::{SshError, SshHelp};

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Time to connect and to answer ssh's prompts.
pub const TO_CONNECT: Duration = Duration::from_secs(60);

/// Options that end a connection that is dead. The user's own come first, because ssh uses the first value of each.
const OPTIONS: [&str; 3] = ["ConnectTimeout=20", "ServerAliveInterval=15", "ServerAliveCountMax=3"];

/// A host that ssh connects to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Such as `pi@front`.
    pub destination: String,
    /// The port; `None` for ssh's own choice.
    pub port: Option<u16>,
    /// The file with the key; `None` for ssh's own choice.
    pub identity: Option<PathBuf>,
    /// Options of ssh, such as `ProxyJump=gate`.
    pub options: Vec<String>,
}

impl Host {
    /// A host with ssh's own choices.
    pub fn at(destination: &str) -> Self {
        Self { destination: destination.to_owned(), ..Self::default() }
    }

    /// The program that runs this line on the host.
    pub fn command(&self, line: &str) -> Command {
        let mut ssh = Command::new("ssh");
        // English messages, which `failure` can recognise.
        ssh.env("LC_ALL", "C").arg("-T");
        self.port.map(|port| ssh.args(["-p", &port.to_string()]));
        self.identity.as_ref().map(|identity| ssh.arg("-i").arg(identity));
        for option in self.options.iter().map(String::as_str).chain(OPTIONS) {
            ssh.args(["-o", option]);
        }
        // A host that begins with a dash must not become an option.
        ssh.arg("--").arg(&self.destination).arg(line);
        ssh
    }

    /// Runs a line on the host, writes bytes to it and reads what it prints, at most this much.
    ///
    /// # Errors
    /// [`SshError`], also if ssh itself fails; not if the line does.
    pub fn run(&self, line: &str, input: Vec<u8>, most_bytes: u64, limit: Duration) -> Result<Said, SshError> {
        exchange(self.command(line), input, most_bytes, limit)
    }
}

/// Quotes any text as one word of a shell command.
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
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

    #[test]
    fn the_users_options_come_first_and_no_host_is_an_option() {
        let host = Host { options: vec!["ConnectTimeout=1".to_owned()], port: Some(7), ..Host::at("-oProxyCommand=x") };
        let command = host.command("true");
        let arguments: Vec<&str> = command.get_args().map(|argument| argument.to_str().unwrap()).collect();
        let place = |text: &str| arguments.iter().position(|argument| *argument == text).unwrap();
        assert!(place("ConnectTimeout=1") < place("ConnectTimeout=20"));
        assert_eq!(arguments[arguments.len() - 3..], ["--", "-oProxyCommand=x", "true"]);
    }
}
