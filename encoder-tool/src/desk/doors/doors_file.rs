//! `doors.toml`: the doors of an office and how to reach them over ssh. It lies beside the database, and holds no secret.
//!
//! ```toml
//! [[door]]
//! name = "Front door"
//! host = "pi@front-door"
//! sudo = true
//! ```

use crate::args::{Arguments, Command, Ship};
use anyhow::{Context, anyhow, bail};
use clap::Parser;
use files::Access;
use fleet::ssh::{Host, quoted};
use serde::{Deserialize, Serialize};
use shared::seal::Recipient;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{fs, io};
use terminal::{Help, ShowPath};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;
const MOST_DOORS: usize = 200;
/// The option of ssh that makes it fail instead of asking.
const NO_QUESTIONS: &str = "BatchMode=yes";

/// A door.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::desk) struct Door {
    pub(in crate::desk) name: String,
    /// As for ssh: `pi@front-door`.
    pub(in crate::desk) host: String,
    /// The port of its ssh server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::desk) port: Option<u16>,
    /// The private key for ssh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::desk) identity: Option<PathBuf>,
    /// Options for ssh.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::desk) ssh_options: Vec<String>,
    /// Whether commands run as the unit's user, with sudo.
    #[serde(default)]
    pub(in crate::desk) sudo: bool,
    /// The unit's configuration, if it is not the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::desk) config: Option<String>,
    /// The unit's public key, as `edge-agent keygen` prints it: databases are sealed for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::desk) key: Option<String>,
}

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::desk) struct DoorsFile {
    #[serde(default, rename = "door")]
    doors: Vec<Door>,
}

/// The file as it is written after it was read, and the line that each door's ssh runs for `status`: for fuzzing.
///
/// # Errors
/// If the file has a mistake.
pub(crate) fn read_and_written(bytes: &[u8]) -> anyhow::Result<(String, Vec<Vec<OsString>>)> {
    let file = DoorsFile::parse(bytes)?;
    let ssh = |door: &Door| door.without_questions().command(&door.line("status")).get_args().map(Into::into).collect();
    Ok((toml::to_string(&file)?, file.doors.iter().map(ssh).collect()))
}

impl DoorsFile {
    /// Reads it; empty if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or has a mistake.
    pub(in crate::desk) fn read(path: &Path) -> anyhow::Result<Self> {
        if matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound) {
            return Ok(Self::default());
        }
        let mode = fs::metadata(path).with_context(|| path.shown().to_string())?.permissions().mode();
        if mode & 0o022 != 0 {
            return Err(anyhow!("other users can change {}, whose options can start programs", path.shown()))
                .help(&format!("chmod 600 {}", path.shown()));
        }
        let bytes = files::read_bounded(path, MAX_BYTES)?;
        Self::parse(&bytes).with_context(|| path.shown().to_string()).help("correct the file in an editor")
    }

    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let file: Self = toml::from_str(str::from_utf8(bytes).context("it is not UTF-8 text")?)?;
        file.check()?;
        Ok(file)
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.doors.len() > MOST_DOORS {
            bail!("there are more than {MOST_DOORS} doors");
        }
        for (number, door) in self.doors.iter().enumerate() {
            door.check().with_context(|| format!("the door {:?}", door.name))?;
            if self.doors[..number].iter().any(|other| other.name == door.name) {
                bail!("there are two doors called {:?}: give one of them another name", door.name);
            }
        }
        Ok(())
    }

    /// The doors, in the order of the file.
    pub(in crate::desk) fn doors(&self) -> Vec<Door> {
        self.doors.clone()
    }

    /// Adds a door.
    ///
    /// # Errors
    /// If it is refused.
    pub(super) fn add(&mut self, door: Door) -> anyhow::Result<()> {
        self.doors.push(door);
        self.check()
    }

    /// Replaces the door with this name.
    ///
    /// # Errors
    /// If it is refused.
    pub(super) fn set(&mut self, name: &str, door: Door) -> anyhow::Result<()> {
        self.doors.iter_mut().filter(|known| known.name == name).for_each(|known| *known = door.clone());
        self.check()
    }

    /// Removes the door with this name.
    pub(super) fn remove(&mut self, name: &str) {
        self.doors.retain(|door| door.name != name);
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = toml::to_string(self).context("cannot write the list of doors")?;
        Ok(files::replace(path, Access::Private, text.as_bytes())?)
    }
}

impl Door {
    fn check(&self) -> anyhow::Result<()> {
        for (what, text, most) in [("name", &self.name, 64), ("host", &self.host, 255)] {
            if text.trim().is_empty() || text.len() > most || text.chars().any(char::is_control) {
                bail!("its {what} must have 1 to {most} bytes, and no control characters");
            }
        }
        // Anything else could mean something to a shell that a ProxyCommand of the user's own starts.
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "@.-_:[]%".contains(letter);
        if self.host.starts_with('-') || !self.host.chars().all(is_plain) {
            bail!("{:?} is not a host for ssh: give it as user@host", self.host);
        }
        if let Some(key) = &self.key {
            Recipient::from_text(key)
                .context("its key")
                .help("paste the public key that `edge-agent keygen` prints")?;
        }
        Ok(())
    }

    /// The host for ssh, which asks nothing: nobody looks at the terminal where the desk was started.
    pub(super) fn without_questions(&self) -> Host {
        // The first counts.
        let options = [NO_QUESTIONS.to_owned()].into_iter().chain(self.ssh_options.iter().cloned()).collect();
        Host { destination: self.host.clone(), port: self.port, identity: self.identity.clone(), options }
    }

    /// The line that runs `edge-agent` with these words on the unit.
    pub(super) fn line(&self, words: &str) -> String {
        let mut line = format!("edge-agent {words}");
        if self.sudo {
            line = format!("sudo -n -u edge-agent {line}");
        }
        if let Some(config) = &self.config {
            line += &format!(" --config {}", quoted(config));
        }
        line
    }

    /// The arguments of `ship`, as the shell has them.
    ///
    /// # Errors
    /// If one of them is refused.
    pub(in crate::desk) fn ship_arguments(&self, database: &Path) -> anyhow::Result<Ship> {
        let mut line: Vec<OsString> = ["encoder-tool", "ship"].map(Into::into).into();
        line.extend(self.port.iter().flat_map(|port| ["--port".into(), port.to_string().into()]));
        line.extend(self.identity.iter().flat_map(|path| ["--identity".into(), path.clone().into()]));
        line.extend(["--ssh-option".into(), NO_QUESTIONS.into()]);
        line.extend(self.ssh_options.iter().flat_map(|option| ["--ssh-option".into(), option.into()]));
        line.extend(self.config.iter().flat_map(|config| ["--remote-config".into(), config.into()]));
        line.extend(self.sudo.then(|| "--sudo".into()));
        line.extend(["--".into(), database.into(), (&self.host).into()]);
        match Arguments::try_parse_from(line).context("the arguments of ship")?.command {
            Command::Ship(arguments) => Ok(arguments),
            _ => bail!("the arguments are not those of ship"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(name: &str, host: &str) -> Door {
        Door { name: name.to_owned(), host: host.to_owned(), ..Door::default() }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doors.toml");
        assert_eq!(DoorsFile::read(&path).unwrap(), DoorsFile::default());
        let mut file = DoorsFile::default();
        let front = Door {
            port: Some(2222),
            sudo: true,
            config: Some("/a b".to_owned()),
            ssh_options: vec!["BatchMode=yes".to_owned()],
            ..door("Front \"door\"", "pi@front")
        };
        file.add(front.clone()).unwrap();
        file.add(door("Lab", "lab")).unwrap();
        file.write(&path).unwrap();
        assert_eq!(DoorsFile::read(&path).unwrap().doors(), [front.clone(), door("Lab", "lab")]);
        assert_eq!(front.line("status"), "sudo -n -u edge-agent edge-agent status --config '/a b'");
        let ship = front.ship_arguments(Path::new("/people.db")).unwrap();
        assert_eq!((ship.host.as_str(), ship.port, ship.sudo), ("pi@front", Some(2222), true));
        assert_eq!(ship.remote_config.as_deref(), Some("/a b"));
    }

    #[test]
    fn a_door_that_cannot_be_reached_is_refused() {
        for (one, expected) in [
            (door("", "pi@front"), "its name"),
            (door("Front", ""), "its host"),
            (door("Front", "-oProxyCommand=touch x"), "not a host"),
            (door("Front", "a b"), "not a host"),
            (door("Front", "a$(reboot)"), "not a host"),
            (door("Front", "pi@front`id`"), "not a host"),
            (door("Front", "a\nb"), "its host"),
            (door("Lab", "pi@other"), "two doors called"),
            (Door { key: Some("no key".to_owned()), ..door("Front", "pi@front") }, "its key"),
        ] {
            let mut file = DoorsFile { doors: vec![door("Lab", "lab")] };
            let refused = format!("{:#}", file.add(one.clone()).unwrap_err());
            assert!(refused.contains(expected), "{one:?}: {refused}");
        }
        assert!(DoorsFile::parse(b"[[door]]\nname = \"a\"\nhost = \"b\"\npasword = \"c\"\n").is_err());
    }
}
