//! Drops root privileges to the owner of a folder. A process started as root accesses a user's folder as that user. A
//! link or an exchanged folder can then give access only to files that the user can access anyway, and no files owned
//! by root are left behind. Nothing here changes the owner of a file.

use nix::unistd::{Gid, Group, Uid, User, getgrouplist, setegid, seteuid, setgid, setgroups, setuid};
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// Why root refuses to use a folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnerError {
    /// Several users could change the targets of these paths.
    #[error(
        "{} and {} belong to different users ({} and {}), so root does not use them; help: give both to the unit's user \
         with `chown`, or run this as that user with `sudo -u`", first.0.shown(), second.0.shown(), first.1, second.1
    )]
    Several {
        /// A path and its owner.
        first: (PathBuf, u32),
        /// A path of another owner.
        second: (PathBuf, u32),
    },
    /// Other users can write to a folder owned by root.
    #[error(
        "{folder} belongs to root, but others can write to it (mode {mode:04o}), so root does not use it; help: `chown` it to \
         the unit's user, or `chmod go-w {folder}`", folder = folder.shown()
    )]
    Shared {
        /// The folder.
        folder: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The operating system refused to change the user of this process.
    #[error("this process cannot change to user {user}, who owns the folders: {source}")]
    Refused {
        /// The user ID.
        user: u32,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// The owner of the folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// The owner with the user's primary group, or else the folder's group; never root's group.
    fn from_metadata(found: &fs::Metadata) -> Self {
        let user = found.uid();
        let own = User::from_uid(Uid::from_raw(user)).ok().flatten().map(|user| user.gid.as_raw());
        let group = own.or(Some(found.gid())).filter(|group| *group != 0).unwrap_or(user);
        Self { user, group }
    }
}

/// Permanently changes this process to the owner of these folders, with the groups of that user and those of `groups`
/// that exist. Does nothing unless the process runs as root and another user owns the folders. If root owns the
/// folders, only root may have write access.
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
        true => {
            Err(OwnerError::Refused { user: owner.user, source: io::Error::other("root privileges could be regained") })
        }
        false => Ok(()),
    }
}

/// Runs `act` as the owner of the folders and links along these paths, then becomes root again. Changes the user only
/// if the process runs as root and another user owns a folder or a link along the paths.
///
/// # Errors
/// [`OwnerError`]; `act` is not run then.
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
        // If this fails, the process has fewer privileges, and later operations report errors.
        let _is_root_again =
            seteuid(Uid::from_raw(0)).and_then(|()| setegid(Gid::from_raw(0))).and_then(|()| setgroups(&self.groups));
    }
}

/// The effective user of this process: the name, or the number if there is no name.
pub fn this_user() -> String {
    let number = Uid::effective();
    User::from_uid(number).ok().flatten().map_or_else(|| number.to_string(), |user| user.name)
}

/// The user that root must change to; `None` if the process does not run as root, or if only root owns the folders.
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
        // The last step of the path determines the group.
        None => Ok(owners.last().map(|(_, owner)| *owner)),
    }
}

/// All users except root who could change the target of the path: the owners of the folders and links along it.
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
            owners.extend(others.map(|found| (step.to_owned(), Owner::from_metadata(&found))));
        }
    }
    owners
}

fn require_roots_alone(folder: &Path) -> Result<(), OwnerError> {
    let Ok(found) = fs::metadata(folder) else { return Ok(()) };
    let mode = found.mode() & 0o7777;
    // In a sticky folder like /tmp, users can replace only their own files.
    let is_shared = mode & 0o1000 == 0 && (mode & 0o002 != 0 || mode & 0o020 != 0 && found.gid() != 0);
    if is_shared { Err(OwnerError::Shared { folder: folder.to_owned(), mode }) } else { Ok(()) }
}

/// The groups of the user, and the groups with these names.
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

    /// A folder owned by root; `None`, with a message, if the test does not run as root.
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
    fn root_acts_as_the_user_who_can_change_the_path() {
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
            // A user's link to root's folder, and root's folder inside a user's folder: the user could replace either.
            (vec!["ada/to-root"], Some(ADA)),
            (vec!["ada/root"], Some(ADA)),
            (vec!["to-ada"], Some(ADA)),
        ] {
            let folders: Vec<PathBuf> = folders.into_iter().map(at).collect();
            assert_eq!(owner(&folders).unwrap(), expected, "{folders:?}");
        }
        let several = owner(&[at("ada"), at("ben")]).unwrap_err().to_string();
        assert!(several.contains("different users (12345 and 12346)"), "{several}");
        // A link in a folder that everybody can write to.
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
