//! `aim`: shows somebody who aims a unit's camera what the unit sees. [`watch`] gives the pictures to whatever shows them.

pub(crate) mod watch;

use crate::examples;
use anyhow::{Context, Result};
use clap::Args;
use files::folder_of;
use fleet::ssh::{Host, quoted};
use fleet_messages::aim::{AimEnd, AimMessage, MAX_AIM_SECONDS};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;
use terminal::{Answer, Help, ShowPath};
use watch::{WatchError, watch};

/// Watch what a unit's camera sees, to aim it, over ssh: face, light, sharpness, what the gate says, and what to turn.
///
/// It opens one connection and runs `edge-agent aim` on the unit, for ten minutes at most. It prints a line a second, and with
/// --picture keeps the newest picture in a file. The door works on meanwhile. Nobody is named, and the unit keeps nothing but
/// a line in its audit log.
///
/// Exit codes: 0 if the time is over or you interrupted it, 1 if the unit ended it before, 2 error.
#[derive(Debug, Args)]
#[command(after_long_help = examples::AIM)]
pub(crate) struct Aim {
    /// The unit, as for ssh: [user@]host
    #[arg(value_name = "HOST")]
    host: String,
    /// The port of the unit's ssh server
    #[arg(short, long, value_name = "N")]
    port: Option<u16>,
    /// The private key for ssh
    #[arg(short, long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// An option for ssh, such as StrictHostKeyChecking=yes; can be repeated
    #[arg(short = 'o', long = "ssh-option", value_name = "OPTION")]
    ssh_options: Vec<String>,
    /// Run the command on the unit as the unit's user, with sudo, which must not ask for a password
    #[arg(long)]
    sudo: bool,
    /// The unit's configuration, instead of /etc/edge-agent/config.toml
    #[arg(long, value_name = "FILE")]
    remote_config: Option<String>,
    /// For how long
    #[arg(long, value_name = "SECONDS", default_value_t = MAX_AIM_SECONDS,
          value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_AIM_SECONDS)))]
    seconds: u16,
    /// Keep the newest picture in this file, a JPEG, which is replaced with each picture; delete it afterwards
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Print one JSON object for each picture, without the picture
    #[arg(long)]
    json: bool,
}

/// The time from one line for people to the next.
const EVERY: Duration = Duration::from_secs(1);

/// Watches until the end. Yes if the time is over or nobody reads what is printed any more.
///
/// # Errors
/// If the unit cannot be reached or refuses, or a picture cannot be written.
pub(crate) fn run(arguments: &Aim) -> Result<Answer> {
    let mut printed_at = None;
    for message in watch(&arguments.host(), &arguments.on_the_unit()).or_else(|error| arguments.failed(error))? {
        let message = message.or_else(|error| arguments.failed(error))?;
        if let (AimMessage::Picture(picture), Some(file)) = (&message, &arguments.picture) {
            keep(&picture.jpeg, file)?;
        }
        match arguments.print(&message, &mut printed_at) {
            // Nobody reads it any more.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Answer::Yes),
            printed => printed.context("cannot write to stdout")?,
        }
        if let AimMessage::Ended(end) = message {
            return Ok(Answer::yes_if(end == AimEnd::TimeOver));
        }
    }
    Ok(Answer::No)
}

/// Replaces the file. It is only for this user, and never half a picture.
fn keep(jpeg: &[u8], file: &Path) -> Result<()> {
    let written = || -> io::Result<()> {
        let mut new = NamedTempFile::new_in(folder_of(file))?;
        new.write_all(jpeg)?;
        new.persist(file).map(drop).map_err(|error| error.error)
    };
    written().with_context(|| format!("{} cannot be written", file.shown()))
}

impl Aim {
    fn host(&self) -> Host {
        Host {
            destination: self.host.clone(),
            port: self.port,
            identity: self.identity.clone(),
            options: self.ssh_options.clone(),
        }
    }

    /// The command on the unit: a fixed text unless something else is wanted, so that a `sudo` rule can allow exactly this.
    fn on_the_unit(&self) -> String {
        let mut line = "edge-agent aim --stream".to_owned();
        if self.sudo {
            line = format!("sudo -n -u edge-agent {line}");
        }
        if self.seconds != MAX_AIM_SECONDS {
            line += &format!(" --seconds {}", self.seconds);
        }
        if let Some(config) = &self.remote_config {
            line += &format!(" --config {}", quoted(config));
        }
        line
    }

    fn failed<T>(&self, error: WatchError) -> Result<T> {
        let permission = match self.sudo {
            true => {
                "the ssh user needs a sudo rule for `edge-agent aim --stream` as edge-agent; being in edge-agent-ship is not enough"
            }
            false => "use --sudo: only root and the unit's own user may watch",
        };
        let help = match &error {
            WatchError::Ssh(error) => error.help(permission),
            WatchError::Message(_) => "use the same version on the workstation and on the unit",
        };
        Err(error).with_context(|| format!("ssh to {}", self.host)).help(help)
    }

    fn print(&self, message: &AimMessage, printed_at: &mut Option<Instant>) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let is_picture = matches!(message, AimMessage::Picture(_));
        if self.json {
            stdout.write_all(message.line()?.as_bytes())?;
        } else if !is_picture || printed_at.is_none_or(|at| at.elapsed() >= EVERY) {
            *printed_at = Some(Instant::now());
            writeln!(stdout, "{message}")?;
        }
        stdout.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aim() -> Aim {
        Aim {
            host: "pi@door".to_owned(),
            port: None,
            identity: None,
            ssh_options: Vec::new(),
            sudo: false,
            remote_config: None,
            seconds: MAX_AIM_SECONDS,
            picture: None,
            json: false,
        }
    }

    #[test]
    fn the_line_on_the_unit() {
        for (aim, expected) in [
            (aim(), "edge-agent aim --stream"),
            (Aim { sudo: true, ..aim() }, "sudo -n -u edge-agent edge-agent aim --stream"),
            (
                Aim { seconds: 5, remote_config: Some("a b".to_owned()), ..aim() },
                "edge-agent aim --stream --seconds 5 --config 'a b'",
            ),
        ] {
            assert_eq!(aim.on_the_unit(), expected);
        }
    }

    #[test]
    fn a_picture_replaces_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("newest.jpg");
        for picture in [b"one", b"two"] {
            keep(picture, &file).unwrap();
            assert_eq!(std::fs::read(&file).unwrap(), picture);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let refused = keep(b"one", Path::new("/nowhere/newest.jpg")).unwrap_err().to_string();
        assert!(refused.contains("/nowhere/newest.jpg"), "{refused}");
    }
}
