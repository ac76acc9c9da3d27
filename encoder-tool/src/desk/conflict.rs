//! Two pages, or a page and an editor, that change the same thing: the second change is refused, because it was made from
//! an old state.

use super::texts::Texts;
use anyhow::Error;
use std::fmt::{self, Display, Formatter};

/// The refusal.
#[derive(Debug)]
struct ChangedMeanwhile(&'static str);

impl Display for ChangedMeanwhile {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ChangedMeanwhile {}

/// # Errors
/// If a form was made from another version than the one that is there now.
pub(super) fn require_version(t: &Texts, of_form: &str, now: &str) -> anyhow::Result<()> {
    if of_form != now {
        return Err(ChangedMeanwhile(t.changed_meanwhile).into());
    }
    Ok(())
}

/// Whether a change was refused because of this. Its form must show what is there now: with the old texts in it, the next
/// click would undo the other change.
pub(super) fn is_conflict(refused: &Error) -> bool {
    refused.is::<ChangedMeanwhile>()
}
