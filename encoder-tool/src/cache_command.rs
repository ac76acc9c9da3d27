//! `cache`: shows or erases the encodings and faces that `build-db` and `evaluate` cache.

use crate::args::CacheCommand;
use crate::user_folders;
use accuracy::{clear, size};
use anyhow::{Context, Result};
use terminal::{Answer, ShowPath, print};

/// Shows or erases the cache.
///
/// # Errors
/// If the cache cannot be read or erased, or the user's cache folder is unknown.
pub(crate) fn run(command: CacheCommand) -> Result<Answer> {
    let root = user_folders::cache().context("neither XDG_CACHE_HOME nor HOME is set, so there is no cache")?;
    let shown = root.shown();
    let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    match command {
        CacheCommand::Show => {
            let bytes = size(&root).with_context(|| format!("cannot read {shown}"))?;
            print(&format!("{shown}: {} of encodings and aligned faces", megabytes(bytes)))?;
        }
        CacheCommand::Clear => {
            let bytes = clear(&root).with_context(|| format!("cannot erase {shown}"))?;
            print(&format!("{shown}: {} erased", megabytes(bytes)))?;
        }
    }
    Ok(Answer::Yes)
}
