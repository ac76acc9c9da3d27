//! Publishes a database for links: puts its file into the folder of the place, runs the place's command, and gives the
//! address.

use crate::fleet_toml::Place;
use crate::shipment::Shipment;
use files::{Access, WriteError, replace};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use terminal::ShowPath;

/// Why a database cannot be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// The fleet has none.
    #[error("the fleet has no [place], where links could fetch the database")]
    None,
    /// It is not sealed.
    #[error("the database is not sealed: everybody who can read the files of the [place] could read who is enrolled")]
    Unsealed,
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Its permissions cannot be set.
    #[error("{}: {source}", path.shown())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The command cannot be started.
    #[error("cannot start {program:?}, the command of the [place]: {source}")]
    Start {
        /// The program.
        program: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The command failed.
    #[error("{program:?}, the command of the [place], ended with {status}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
}

impl PlaceError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::None => "add a [place] to fleet.toml, or ssh to the units",
            Self::Unsealed => {
                "seal it for its units with `encoder-tool build-db --encrypt-to KEY`; or set allow-unsealed = true in [place], \
                 if only the units can read its files"
            }
            Self::Write(_) | Self::Permissions { .. } => "check the folder of [place] in fleet.toml",
            Self::Start { .. } | Self::Failed { .. } => {
                "run the command by hand, and correct it in [place] of fleet.toml"
            }
        }
    }
}

/// Publishes a database and gives its address. A file that is there already stays.
///
/// # Errors
/// [`PlaceError`]
pub fn publish(place: Option<&Place>, shipment: &Shipment) -> Result<String, PlaceError> {
    let place = place.ok_or(PlaceError::None)?;
    if !shipment.is_sealed && !place.allow_unsealed {
        return Err(PlaceError::Unsealed);
    }
    let name = shipment.file_name();
    let path = place.folder.join(&name);
    // The name is the digest, so a file of this name and length is this one, unless somebody damaged it.
    if fs::read(&path).ok().as_ref() != Some(&*shipment.bytes) {
        replace(&path, Access::Public, &shipment.bytes)?;
        let permissions = fs::set_permissions(&path, Permissions::from_mode(0o644));
        permissions.map_err(|source| PlaceError::Permissions { path: path.clone(), source })?;
    }
    if let Some(command) = &place.command {
        run(command, &path, &name)?;
    }
    Ok(format!("{}/{name}", place.url))
}

fn run(command: &[String], file: &Path, name: &str) -> Result<(), PlaceError> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let mut started = Command::new(program);
    for argument in arguments {
        // A path may be any bytes, but only a whole argument can hold them.
        match argument.as_str() {
            "{file}" => started.arg(file),
            _ => started.arg(argument.replace("{file}", &file.to_string_lossy()).replace("{name}", name)),
        };
    }
    let program = program.clone();
    match started.stdin(Stdio::null()).stdout(Stdio::null()).status() {
        Err(source) => Err(PlaceError::Start { program, source }),
        Ok(status) if !status.success() => Err(PlaceError::Failed { program, status }),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipment::tests::database;
    use shared::gallery::Audience;
    use shared::seal::Identity;

    fn place(folder: &Path) -> Place {
        Place {
            url: "https://files.example/doors".to_owned(),
            folder: folder.to_owned(),
            command: None,
            allow_unsealed: false,
        }
    }

    fn sealed() -> Shipment {
        Shipment::new(database(7, Audience::AllDoors, &[Identity::from_random(&[1; 32])])).unwrap()
    }

    #[test]
    fn a_file_is_published_under_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let (place, sealed) = (place(folder.path()), sealed());
        for _ in 0..2 {
            let address = publish(Some(&place), &sealed).unwrap();
            assert_eq!(address, format!("https://files.example/doors/{}.db", sealed.digest));
            let path = folder.path().join(sealed.file_name());
            assert_eq!(fs::read(&path).unwrap(), *sealed.bytes);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        }
        fs::write(folder.path().join(sealed.file_name()), "damaged").unwrap();
        publish(Some(&place), &sealed).unwrap();
        assert_eq!(fs::read(folder.path().join(sealed.file_name())).unwrap(), *sealed.bytes);
    }

    #[test]
    fn the_command_gets_the_file_and_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let command = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
        let copied = folder.path().join("copied");
        let to = format!("{}-{{name}}", copied.to_string_lossy());
        let sealed = sealed();
        let put = Place { command: command(&["cp", "{file}", &to]), ..place(folder.path()) };
        publish(Some(&put), &sealed).unwrap();
        let copied = folder.path().join(format!("copied-{}", sealed.file_name()));
        assert_eq!(fs::read(copied).unwrap(), *sealed.bytes);
        for (words, expected) in [(&["false"][..], "ended with"), (&["no-such-program"], "cannot start")] {
            let put = Place { command: command(words), ..place(folder.path()) };
            assert!(publish(Some(&put), &sealed).unwrap_err().to_string().contains(expected));
        }
    }

    #[test]
    fn what_everybody_could_read_is_published_only_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let open = Shipment::new(database(7, Audience::AllDoors, &[])).unwrap();
        assert!(matches!(publish(Some(&place(folder.path())), &open), Err(PlaceError::Unsealed)));
        let allowed = Place { allow_unsealed: true, ..place(folder.path()) };
        assert!(publish(Some(&allowed), &open).is_ok());
        assert!(matches!(publish(None, &open), Err(PlaceError::None)));
        let nowhere = place(&folder.path().join("none"));
        assert!(matches!(publish(Some(&nowhere), &sealed()), Err(PlaceError::Write(_))));
    }
}
