//! Reads and changes the file `passes.toml`, whose contents `passes_toml` describes. One process at a time changes it.

use super::passes_toml::{Passes, parse};
use crate::rule_files::PASSES_FILE;
use anyhow::{Context, anyhow};
use files::{Access, read_bounded, wait_for_folder};
use std::path::Path;
use terminal::{Help, ShowPath};

/// The largest `passes.toml` that is read and written, in bytes: about 30 000 passes for one door.
pub(crate) const MAX_BYTES: u64 = 8 << 20;
/// What revoking a pass adds to the file. A new pass must leave room for it, so that every pass can be revoked.
const REVOKED_BYTES: u64 = "revoked = \"2027-01-31T17:00:00Z\"\n".len() as u64;
const HEAD: &str = "\
# Visitor passes, written by `encoder-tool pass`. It contains visitors' names: see `encoder-tool pass forget`.
# Do not remove a pass that is still valid: without its line it cannot be revoked. Removing a [[key]] stops all of its
# passes with the next database.

";

/// Reads `passes.toml` in this folder; empty if there is none.
///
/// # Errors
/// If it cannot be read or used.
pub(super) fn read_in(folder: &Path) -> anyhow::Result<Passes> {
    require_folder(folder)?;
    let path = folder.join(PASSES_FILE);
    if !path.exists() {
        return Ok(Passes::default());
    }
    read(&path)
}

fn require_folder(folder: &Path) -> anyhow::Result<()> {
    match folder.is_dir() {
        true => Ok(()),
        false => Err(anyhow!("{} is not a folder", folder.shown())).help("name the photos folder with --photos"),
    }
}

/// Reads this `passes.toml`.
///
/// # Errors
/// If it cannot be read or used.
pub(crate) fn read(path: &Path) -> anyhow::Result<Passes> {
    let bytes = read_bounded(path, MAX_BYTES);
    let bytes = bytes.help("make the file readable; if it is too large, remove passes that are over from it")?;
    parse(&bytes).with_context(|| path.shown().to_string()).help("correct the file, or take it from a backup")
}

/// Reads `passes.toml`, changes it, and replaces it if anything has changed, while no other process does.
///
/// # Errors
/// If it cannot be read, changed or written, or would be too large; it is unchanged then.
pub(super) fn change<T>(folder: &Path, change: impl FnOnce(&mut Passes) -> anyhow::Result<T>) -> anyhow::Result<T> {
    require_folder(folder)?;
    let _turn = wait_for_folder(folder).with_context(|| format!("{} cannot be locked", folder.shown()))?;
    let before = read_in(folder)?;
    let mut passes = before.clone();
    let changed = change(&mut passes)?;
    if passes != before {
        let text = HEAD.to_owned() + &toml::to_string(&passes).context("passes.toml cannot be written")?;
        require_room(text.len() as u64, &before, &passes)?;
        files::replace(&folder.join(PASSES_FILE), Access::Private, text.as_bytes())?;
    }
    Ok(changed)
}

/// Only a file with more passes than before must leave room to revoke them: revoking itself may use up that room.
fn require_room(bytes: u64, before: &Passes, passes: &Passes) -> anyhow::Result<()> {
    let not_revoked = passes.passes.iter().filter(|pass| pass.revoked.is_none()).count() as u64;
    let has_more = passes.passes.len() > before.passes.len();
    let needed = bytes + if has_more { not_revoked * REVOKED_BYTES } else { 0 };
    match needed > MAX_BYTES {
        true => Err(anyhow!(
            "passes.toml would have {needed} bytes, with room to revoke each pass; at most {MAX_BYTES} are possible"
        ))
        .help("erase passes that are over with `encoder-tool pass forget --ended-days-ago 30`"),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::passes_toml::Issued;
    use super::super::passes_toml::tests::{issued, issuer};
    use super::*;
    use shared::pass::PassId;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_in(folder.path()).unwrap(), Passes::default());
        let add = |number: u8| {
            change(folder.path(), |passes| {
                passes.add_key(&issuer(1))?;
                passes.passes.push(issued(number, "Vera Bó", "2027-01-31T17:00:00Z"));
                Ok(())
            })
        };
        (1..=3).for_each(|number| add(number).unwrap());
        let read = read_in(folder.path()).unwrap();
        assert_eq!((read.keys.len(), read.passes.len()), (1, 3));
        assert_eq!(read.passes[2], issued(3, "Vera Bó", "2027-01-31T17:00:00Z"));
        let text = std::fs::read_to_string(folder.path().join(PASSES_FILE)).unwrap();
        assert!(text.starts_with("# Visitor passes") && !text.contains("revoked ="), "{text}");
        let refused = change(folder.path(), |passes| {
            passes.passes.clear();
            Err::<(), _>(anyhow!("no"))
        });
        assert!(refused.is_err() && read_in(folder.path()).unwrap() == read);
    }

    /// Regression test: a file that had grown too large was written, and no command could read it again.
    #[test]
    fn a_file_without_room_takes_no_pass_and_every_pass_can_still_be_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let pass = |id: u8, doors_bytes: u64| {
            let key = Some(issuer(1).fingerprint().to_string());
            let doors = vec!["x".repeat(doors_bytes as usize)];
            Issued { key, doors, ..issued(id, "Vera", "2027-01-31T17:00:00Z") }
        };
        let size_of = |passes: Vec<Issued>| {
            let count = passes.len() as u64;
            let text = toml::to_string(&Passes { passes, ..Passes::default() }).unwrap();
            (HEAD.len() + text.len()) as u64 + count * REVOKED_BYTES
        };
        let ordinary = size_of(vec![pass(1, 24), pass(2, 24)]) - size_of(vec![pass(1, 24)]);
        assert!((27_000..36_000).contains(&(MAX_BYTES / ordinary)), "{ordinary}");
        let add = |id: u8, doors_bytes: u64| {
            change(folder.path(), |passes| {
                passes.passes.push(pass(id, doors_bytes));
                Ok(())
            })
        };
        add(1, 0).unwrap();
        let most = MAX_BYTES - size_of(vec![pass(1, 0), pass(2, 0)]);
        let refused = terminal::in_words(&add(2, most + 1).unwrap_err());
        assert!(refused.contains("at most 8388608") && refused.contains("pass forget"), "{refused}");
        add(2, most).unwrap();
        let revoke_all = |passes: &mut Passes| {
            passes.passes.iter_mut().for_each(|pass| pass.revoked = Some(pass.to));
            Ok(())
        };
        change(folder.path(), revoke_all).unwrap();
        assert!(add(3, 0).is_err());
        assert_eq!(read_in(folder.path()).unwrap().passes.len(), 2);
        change(folder.path(), |passes| {
            passes.keep(|pass| pass.id != PassId([2; 6]));
            Ok(())
        })
        .unwrap();
        add(3, 0).unwrap();
    }

    /// Regression test: a change of nothing made a file.
    #[test]
    fn a_change_of_nothing_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        change(folder.path(), |_| Ok(())).unwrap();
        assert!(!folder.path().join(PASSES_FILE).exists());
        let refused = change(&folder.path().join("none"), |_| Ok(())).unwrap_err();
        assert!(terminal::in_words(&refused).contains("--photos"));
    }

    /// Regression test: a change was lost if another process had changed the file between a first reading and the lock.
    #[test]
    fn what_has_changed_is_judged_under_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let with = |count: u8| (1..=count).map(|id| issued(id, "Vera", "2027-01-31T17:00:00Z")).collect();
        let keep_one = || {
            change(folder.path(), |passes| {
                passes.passes = with(1);
                Ok(())
            })
            .unwrap();
        };
        keep_one();
        let turn = wait_for_folder(folder.path()).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(keep_one);
            std::thread::sleep(std::time::Duration::from_millis(200));
            let two = Passes { passes: with(2), ..Passes::default() };
            std::fs::write(folder.path().join(PASSES_FILE), toml::to_string(&two).unwrap()).unwrap();
            drop(turn);
        });
        assert_eq!(read_in(folder.path()).unwrap().passes.len(), 1);
    }

    #[test]
    fn two_writers_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let folder = folder.path();
                scope.spawn(move || {
                    for number in 0..5 {
                        let pass = issued(10 * writer + number, "Vera", "2027-01-31T17:00:00Z");
                        let push = |passes: &mut Passes| {
                            passes.passes.push(pass);
                            Ok(())
                        };
                        change(folder, push).unwrap();
                    }
                });
            }
        });
        assert_eq!(read_in(folder.path()).unwrap().passes.len(), 20);
    }
}
