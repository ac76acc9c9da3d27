//! Checks the places that a running unit writes to, and names the loss if one is not writable. `check` treats as an error
//! what `run` only logs.

use crate::config::Config;
use files::owner::this_user;
use files::{Directory, folder_of};
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use terminal::ShowPath;

/// Where systemd makes the service's folder, and only while it runs.
const MADE_BY_SYSTEMD: &str = "/run";

/// A place that this user cannot write.
pub(crate) struct Unwritable {
    /// Its key, the reason and what follows.
    pub(crate) said: String,
    /// There is no such folder: it may still be made before the start.
    pub(crate) is_missing: bool,
}

/// All places that this user cannot write to. The test leaves no files behind.
///
/// Without the key of its log a unit does not start at all: that is for [`Needed`](super::needed::Needed) to say.
pub(crate) fn unwritable(config: &Config) -> Vec<Unwritable> {
    let control = config.control_socket();
    let places = [
        ("[audit] path", &config.audit.path, "where nothing can be recorded, nobody is let in"),
        ("[database] path", &config.database.path, "no database that is shipped is taken"),
        ("[door] memory", &config.door.memory, "failed attempts are forgotten with a restart"),
        ("[door] last-lock", &config.door.last_lock, "`edge-agent lock` needs the configuration"),
        ("[status] socket", &config.status.socket, "`edge-agent status` gets no answer"),
        ("[control] socket", &control, "nobody can ask the unit for anything"),
    ];
    let tried = places.into_iter().map(|(named, file, loss)| {
        let tried = try_folder_of(file);
        // The others are replaced by new files.
        let tried = if *file == config.audit.path { tried.and_then(|()| try_appending(file)) } else { tried };
        (named, file, loss, tried)
    });
    let refused = tried.filter_map(|(named, file, loss, tried)| {
        let error = tried.err()?;
        let is_missing = error.kind() == ErrorKind::NotFound;
        let is_made_later = is_missing && file.starts_with(MADE_BY_SYSTEMD);
        let said = format!("{named}: {} cannot be written by {}: {error}; {loss}", file.shown(), this_user());
        (!is_made_later).then_some(Unwritable { said, is_missing })
    });
    refused.collect()
}

fn try_folder_of(file: &Path) -> io::Result<()> {
    Directory::open(folder_of(file))?.try_writing()
}

fn try_appending(file: &Path) -> io::Result<()> {
    let no_link = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    match OpenOptions::new().append(true).custom_flags(no_link).open(file) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(error),
        // Nothing is there, or something else than a file: the reader of the log says what is wrong with it.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn configured(folder: &Path) -> Config {
        let mut config = Config::default();
        let at = |name: &str| folder.join(name);
        (config.audit.path, config.audit.key) = (at("log/audit.jsonl"), at("state/audit.key"));
        (config.door.memory, config.door.last_lock) = (at("state/memory.json"), at("state/last-lock.toml"));
        (config.database.path, config.status.socket) = (at("state/people.db"), at("run/status.sock"));
        config
    }

    #[test]
    fn every_written_path_is_named_with_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let config = configured(folder.path());
        let named = |config: &Config| -> Vec<String> {
            unwritable(config).iter().map(|lost| lost.said.split(':').next().unwrap().to_owned()).collect()
        };
        let state = ["[database] path", "[door] memory", "[door] last-lock"];
        let sockets = ["[status] socket", "[control] socket"];
        let all = [&["[audit] path"][..], &state, &sockets].concat();
        assert_eq!(named(&config), all);
        for (made, expected) in [("log", [&state[..], &sockets].concat()), ("state", sockets.to_vec()), ("run", vec![])]
        {
            fs::create_dir(folder.path().join(made)).unwrap();
            assert_eq!(named(&config), expected, "{made}");
        }
        let left = ["log", "state", "run"].map(|name| fs::read_dir(folder.path().join(name)).unwrap().count());
        assert_eq!(left, [0; 3], "a try leaves nothing");
    }

    #[test]
    fn folders_created_by_systemd_are_not_reported_missing() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = configured(folder.path());
        ["log", "state"].iter().for_each(|name| fs::create_dir(folder.path().join(name)).unwrap());
        config.status.socket = "/run/no such service/status.sock".into();
        assert!(unwritable(&config).is_empty());
    }
}
