//! `encoder-tool` as its users meet it: answers on stdout, messages on stderr, exit codes 0 yes, 1 no, 2 error.

mod answers;
mod bad_arguments;
mod bad_databases;
mod bad_photos;
mod build_db;
mod change_people;
pub(crate) mod desk;
mod disk_full;
mod evaluate;
mod evaluate_pad;
mod hardly_a_face;
mod heif;
mod import;
mod kept_encodings;
mod key_backup;
pub(crate) mod made;
mod passes;
mod people;
mod quantize;
mod sizes;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;
use tests::{Said, photos, program, said};

pub(crate) fn encoder_tool<const COUNT: usize>(arguments: [&str; COUNT]) -> Command {
    let mut command = Command::new(program("encoder-tool"));
    with_own_cache(&mut command).args(arguments);
    command
}

thread_local! {
    /// Of one test, which runs in its own thread.
    static CACHE: TempDir = tempfile::tempdir().unwrap();
}

/// Gives the program a cache that no other test uses.
fn with_own_cache(command: &mut Command) -> &mut Command {
    CACHE.with(|cache| command.env("XDG_CACHE_HOME", cache.path()))
}

/// Builds a database of the photos in a folder.
pub(crate) fn build(folder: &Path, database: &Path, options: &[&str]) -> Said {
    said(encoder_tool(["build-db", "-o"]).arg(database).arg(folder).args(options))
}

/// A database of everybody in `photos/enrol`, for all doors.
pub(crate) fn enrolled() -> &'static Path {
    static DATABASE: OnceLock<PathBuf> = OnceLock::new();
    DATABASE.get_or_init(|| {
        let database = Path::new(env!("CARGO_TARGET_TMPDIR")).join("enrolled.db");
        std::fs::remove_file(&database).ok();
        let built =
            said(encoder_tool(["build-db", "-o"]).arg(&database).arg(photos().join("enrol")).args(["--for", "all"]));
        assert_eq!(built.code, 0, "{built:?}");
        database
    })
}

fn door_photo(name: &str) -> PathBuf {
    photos().join("door").join(name)
}

/// The photo with which somebody is enrolled.
fn enrolled_photo() -> PathBuf {
    photos().join("enrol/Joe Biden/blue_room.jpg")
}

/// The names of what is in a folder, in order.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
