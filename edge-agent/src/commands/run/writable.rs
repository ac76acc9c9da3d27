//! Checks the places that a running unit writes to, and names the loss if one is not writable. `check` treats as an
//! error what `run` only logs.

use crate::config::Config;
use files::owner::this_user;
use files::{Directory, folder_of};
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use terminal::ShowPath;

/// The folder in which systemd creates the service's folder, which exists only while the service runs.
const MADE_BY_SYSTEMD: &str = "/run";

/// A place that this user cannot write to.
pub(crate) struct Unwritable {
    /// The key of its path, the reason and the consequence.
    pub(crate) message: String,
    /// Whether the folder does not exist; it may be created before the start.
    pub(crate) is_missing: bool,
}

/// All places that this user cannot write to. The test leaves no files behind.
///
/// The key of the log is not checked here: without it a unit does not start, see [`Needed`](super::needed::Needed).
pub(crate) fn unwritable(config: &Config) -> Vec<Unwritable> {
    let (control, link) = (config.control_socket(), config.link_socket());
    let places = [
        ("[audit] path", &config.audit.path, "nothing can be recorded, and nobody is let in"),
        ("[database] path", &config.database.path, "shipped databases are not accepted"),
        (
            "[door] memory",
            &config.door.memory,
            "a restart forgets failed attempts, new lockdowns and that face recognition is off; neither can be ended, and visitor \
             passes with a limited number of uses open nothing",
        ),
        ("[door] last-lock", &config.door.last_lock, "`edge-agent lock` will need the configuration"),
        ("[status] socket", &config.status.socket, "`edge-agent status` gets no answer"),
        (
            "[control] socket",
            &control,
            "`edge-agent lockdown`, `face-recognition`, `lockout`, `test-lock`, `aim` and `rollback` get no answer",
        ),
        ("[link] socket", &link, "no link can lock the unit down or bring signed orders"),
    ];
    let tried = places.into_iter().map(|(named, file, loss)| {
        let tried = try_folder_of(file);
        // Other files are replaced, not appended to.
        let tried = if *file == config.audit.path { tried.and_then(|()| try_appending(file)) } else { tried };
        (named, file, loss, tried)
    });
    let refused = tried.filter_map(|(named, file, loss, tried)| {
        let error = tried.err()?;
        let is_missing = error.kind() == ErrorKind::NotFound;
        let is_made_later = is_missing && file.starts_with(MADE_BY_SYSTEMD);
        let message = format!("{named}: {} cannot be written by {}: {error}; {loss}", file.shown(), this_user());
        (!is_made_later).then_some(Unwritable { message, is_missing })
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
        // If it does not exist or is not a file, the code that opens the log reports it.
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
    fn every_unwritable_place_is_named_with_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let config = configured(folder.path());
        let named = |config: &Config| -> Vec<String> {
            unwritable(config).iter().map(|lost| lost.message.split(':').next().unwrap().to_owned()).collect()
        };
        let state = ["[database] path", "[door] memory", "[door] last-lock"];
        let sockets = ["[status] socket", "[control] socket", "[link] socket"];
        let all = [&["[audit] path"][..], &state, &sockets].concat();
        assert_eq!(named(&config), all);
        for (made, expected) in [("log", [&state[..], &sockets].concat()), ("state", sockets.to_vec()), ("run", vec![])]
        {
            fs::create_dir(folder.path().join(made)).unwrap();
            assert_eq!(named(&config), expected, "{made}");
        }
        let left = ["log", "state", "run"].map(|name| fs::read_dir(folder.path().join(name)).unwrap().count());
        assert_eq!(left, [0; 3], "the check leaves no files");
    }

    #[test]
    fn folders_that_systemd_creates_are_not_reported() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = configured(folder.path());
        ["log", "state"].iter().for_each(|name| fs::create_dir(folder.path().join(name)).unwrap());
        config.status.socket = "/run/no such service/status.sock".into();
        assert!(unwritable(&config).is_empty());
    }
}
