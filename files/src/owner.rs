//! Whose folders they are. A process that was started as root does what it does in somebody's folder as that user: a link
//! that they left there, or a folder that they exchanged, leads root nowhere that they could not go themselves, and no
//! file of root's is left behind. Nothing here changes the owner of a file.

use nix::unistd::{Gid, Group, Uid, User, getgrouplist, setegid, seteuid, setgid, setgroups, setuid};
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// Why root does nothing there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnerError {
    /// Several users could change where these paths lead.
    #[error(
        "{} and {} belong to different users ({} and {}), and root follows neither; help: give both to the unit's user \
         with `chown`, or run this as that user with `sudo -u`", first.0.shown(), second.0.shown(), first.1, second.1
    )]
    Several {
        /// A place and its owner.
        first: (PathBuf, u32),
        /// Another one.
        second: (PathBuf, u32),
    },
    /// Others may put things into root's folder.
    #[error(
        "{folder} belongs to root, and others may write there (mode {mode:04o}), so root does not; help: `chown` it to \
         the unit's user, or `chmod go-w {folder}`", folder = folder.shown()
    )]
    Shared {
        /// The folder.
        folder: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The system did not let this process become that user.
    #[error("this process cannot become the user {user}, whose folders these are: {source}")]
    Refused {
        /// Who.
        user: u32,
        /// What the system said.
        source: io::Error,
    },
}

/// Who owns the folders that root was asked to touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// With the user's own group, or else that of the folder; never with root's.
    fn of(found: &fs::Metadata) -> Self {
        let user = found.uid();
        let own = User::from_uid(Uid::from_raw(user)).ok().flatten().map(|user| user.gid.as_raw());
        let group = own.or(Some(found.gid())).filter(|group| *group != 0).unwrap_or(user);
        Self { user, group }
    }
}

/// From now on, and for good, this process is the owner of these folders, with the groups of that user and those of these
/// names that there are. Nothing changes unless it is root's process and the folders are somebody else's. Folders of root's
/// must be root's alone.
///
/// # Errors
/// [`OwnerError`]
pub fn become_owner_of(folders: &[&Path], groups: &[&str]) -> Result<(), OwnerError> {
    let Some(owner) = owner_for_root(folders)? else {
        return folders.iter().try_for_each(|folder| require_roots_alone(folder));
    };
    let become_them = || -> nix::Result<()> {
        setgroups(&groups_of(owner, groups))?;
        setgid(Gid::from_raw(owner.group))?;
        setuid(Uid::from_raw(owner.user))
    };
    become_them().map_err(|errno| OwnerError::Refused { user: owner.user, source: errno.into() })?;
    match Uid::current().is_root() || seteuid(Uid::from_raw(0)).is_ok() {
        true => Err(OwnerError::Refused { user: owner.user, source: io::Error::other("root could be had back") }),
        false => Ok(()),
    }
}

/// Does one thing as the owner of what these paths lead through, and is root again. Nothing changes unless it is root's
/// process and some folder or link on the way is somebody else's.
///
/// # Errors
/// [`OwnerError`]; nothing is done then.
pub fn as_owner_of<T>(paths: &[&Path], act: impl FnOnce() -> T) -> Result<T, OwnerError> {
    let Some(owner) = owner_for_root(paths)? else { return Ok(act()) };
    let refused = |errno: nix::Error| OwnerError::Refused { user: owner.user, source: errno.into() };
    let _root_again = RootAgain { groups: nix::unistd::getgroups().map_err(refused)? };
    setgroups(&groups_of(owner, &[])).map_err(refused)?;
    setegid(Gid::from_raw(owner.group)).map_err(refused)?;
    seteuid(Uid::from_raw(owner.user)).map_err(refused)?;
    Ok(act())
}

struct RootAgain {
    groups: Vec<Gid>,
}

impl Drop for RootAgain {
    fn drop(&mut self) {
        // If that fails, the process can do less than before, and what follows says so.
        let _is_root_again =
            seteuid(Uid::from_raw(0)).and_then(|()| setegid(Gid::from_raw(0))).and_then(|()| setgroups(&self.groups));
    }
}

/// Who this process is: the user's name, or the number if nobody knows it.
pub fn this_user() -> String {
    let number = Uid::effective();
    User::from_uid(number).ok().flatten().map_or_else(|| number.to_string(), |user| user.name)
}

/// Who root must become; `None` for a process that is not root's, and for folders that are root's alone.
fn owner_for_root(paths: &[&Path]) -> Result<Option<Owner>, OwnerError> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let mut owners: Vec<(PathBuf, Owner)> = Vec::new();
    for path in paths {
        owners.extend(owners_along(path));
    }
    let Some((first_path, first)) = owners.first().cloned() else { return Ok(None) };
    match owners.iter().find(|(_, owner)| owner.user != first.user) {
        Some((path, other)) => {
            Err(OwnerError::Several { first: (first_path, first.user), second: (path.clone(), other.user) })
        }
        // The last step says which group.
        None => Ok(owners.last().map(|(_, owner)| *owner)),
    }
}

/// Everybody but root who could change where the path leads: owners of each folder and each link on the way.
fn owners_along(path: &Path) -> Vec<(PathBuf, Owner)> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let canonical = fs::canonicalize(&absolute).unwrap_or_else(|_| absolute.clone());
    let mut owners = Vec::new();
    let mut seen = BTreeSet::new();
    for path in [&absolute, &canonical] {
        let mut steps: Vec<&Path> = path.ancestors().collect();
        steps.reverse();
        for step in steps {
            if !seen.insert(step.to_owned()) {
                continue;
            }
            let found = [fs::symlink_metadata(step), fs::metadata(step)].into_iter().flatten();
            let others = found.filter(|found| found.uid() != 0 && !found.is_file());
            owners.extend(others.map(|found| (step.to_owned(), Owner::of(&found))));
        }
    }
    owners
}

fn require_roots_alone(folder: &Path) -> Result<(), OwnerError> {
    let Ok(found) = fs::metadata(folder) else { return Ok(()) };
    let mode = found.mode() & 0o7777;
    // In a folder like /tmp, everybody can exchange only what is theirs.
    let is_shared = mode & 0o1000 == 0 && (mode & 0o002 != 0 || mode & 0o020 != 0 && found.gid() != 0);
    if is_shared { Err(OwnerError::Shared { folder: folder.to_owned(), mode }) } else { Ok(()) }
}

/// The groups of that user, and those of these names.
fn groups_of(owner: Owner, names: &[&str]) -> Vec<Gid> {
    let own = Gid::from_raw(owner.group);
    let user = User::from_uid(Uid::from_raw(owner.user)).ok().flatten();
    let name = user.and_then(|user| CString::new(user.name).ok());
    let mut groups = name.and_then(|name| getgrouplist(&name, own).ok()).unwrap_or_else(|| vec![own]);
    groups.extend(names.iter().filter_map(|name| Group::from_name(name).ok().flatten()).map(|group| group.gid));
    groups.sort_unstable_by_key(|group| group.as_raw());
    groups.dedup();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

    const ADA: u32 = 12_345;
    const BEN: u32 = 12_346;

    /// A folder of root's; `None`, and a message, without root.
    fn as_root() -> Option<tempfile::TempDir> {
        if !Uid::effective().is_root() {
            eprintln!("SKIPPED: only root may become somebody else");
            return None;
        }
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for (name, owner) in [("ada", ADA), ("ben", BEN), ("root", 0)] {
            fs::create_dir(root.path().join(name)).unwrap();
            chown(root.path().join(name), Some(owner), Some(owner)).unwrap();
        }
        Some(root)
    }

    fn owner(folders: &[PathBuf]) -> Result<Option<u32>, OwnerError> {
        let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
        owner_for_root(&folders).map(|owner| owner.map(|owner| owner.user))
    }

    #[test]
    fn root_follows_a_user_who_could_change_the_path() {
        let Some(root) = as_root() else { return };
        let at = |name: &str| root.path().join(name);
        symlink(at("root"), at("ada/to-root")).unwrap();
        symlink(at("ada"), at("to-ada")).unwrap();
        fs::create_dir(at("ada/root")).unwrap();
        for (folders, expected) in [
            (vec!["root"], None),
            (vec!["root/not there"], None),
            (vec!["ada"], Some(ADA)),
            (vec!["ada", "root"], Some(ADA)),
            (vec!["ada/not there"], Some(ADA)),
            // Their link leads to root's folder, and their folder holds one of root's: they could exchange either.
            (vec!["ada/to-root"], Some(ADA)),
            (vec!["ada/root"], Some(ADA)),
            (vec!["to-ada"], Some(ADA)),
        ] {
            let folders: Vec<PathBuf> = folders.into_iter().map(at).collect();
            assert_eq!(owner(&folders).unwrap(), expected, "{folders:?}");
        }
        let several = owner(&[at("ada"), at("ben")]).unwrap_err().to_string();
        assert!(several.contains("different users (12345 and 12346)"), "{several}");
        // A link in a folder that everybody may write to.
        fs::set_permissions(at("root"), fs::Permissions::from_mode(0o1777)).unwrap();
        symlink(at("root"), at("root/link")).unwrap();
        lchown(at("root/link"), Some(BEN), Some(BEN)).unwrap();
        assert_eq!(owner(&[at("root/link")]).unwrap(), Some(BEN));
        for (mode, is_refused) in [(0o757, true), (0o755, false), (0o1777, false)] {
            fs::set_permissions(at("root"), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(become_owner_of(&[&at("root")], &[]).is_err(), is_refused, "{mode:o}");
        }
    }
}
