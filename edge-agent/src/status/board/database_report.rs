//! Updates the board about the people database and the self-test of the networks.

use super::Board;
use crate::status::report::{DatabaseReport, RefusedDatabase, SelfTest};
use jiff::{Timestamp, Unit};
use models::self_test::Tested;
use shared::gallery::{Audience, DatabaseDigest, Gallery};
use shared::seal::Fingerprint;

impl Board {
    /// Sets the unit's id, which databases name.
    pub(crate) fn set_unit_id(&self, id: Option<Fingerprint>) {
        self.notes().unit = id;
    }

    /// Sets the database in use.
    pub(crate) fn set_database(&self, gallery: &Gallery, digest: DatabaseDigest) {
        let header = gallery.header();
        let mut notes = self.notes();
        notes.database = DatabaseReport {
            path: std::mem::take(&mut notes.database.path),
            sequence: header.sequence,
            digest: Some(digest),
            people: header.people,
            encodings: header.encodings,
            audience: gallery.audience().map(Audience::to_string),
            model: header.model.to_string(),
            loaded_at: now_in_seconds(),
            refused: None,
            refusals: notes.database.refusals,
            returned: None,
        };
    }

    /// Notes that the previous database is used, and why the current one cannot be.
    pub(crate) fn report_fallback(&self, why: &str) {
        self.notes().database.returned = Some(why.to_owned());
    }

    /// Notes that a database was refused.
    pub(crate) fn report_refused_database(&self, digest: Option<DatabaseDigest>, why: &str) {
        let mut notes = self.notes();
        notes.database.refused = Some(RefusedDatabase { digest, reason: why.to_owned() });
        notes.database.refusals += 1;
    }

    /// Notes whether the unit can look for new databases; if not, `failing` has the reason.
    pub(crate) fn report_checking(&self, failing: Option<String>) {
        let mut notes = self.notes();
        match failing {
            Some(reason) => notes.database.refused = Some(RefusedDatabase { digest: None, reason }),
            None => drop(notes.database.refused.take_if(|refused| refused.digest.is_none())),
        }
    }

    /// Sets the result of the last self-test.
    pub(crate) fn set_self_test(&self, found: Result<Tested, String>) {
        self.notes().self_test = Some(match found {
            Ok(Tested::Passed) => SelfTest::Passed,
            Ok(Tested::NothingStored) => SelfTest::NothingStored,
            Err(reason) => SelfTest::Failed { reason },
        });
    }
}

fn now_in_seconds() -> String {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::Health;
    use crate::door::{Latch, ScriptedDoor};
    use shared::gallery::{GalleryBuilder, ModelHash};
    use std::path::Path;

    fn gallery(sequence: u64) -> Gallery {
        GalleryBuilder::new(sequence, ModelHash([1; 32]), 4).unwrap().build()
    }

    #[test]
    fn a_refused_database_is_reported_until_another_is_used() {
        let latch = Latch::close(Box::new(ScriptedDoor::default()), 1000).unwrap();
        let board =
            Board::new(Health::default(), latch, Path::new("/lib/people.db"), &gallery(7), DatabaseDigest([7; 32]));
        board.report_fallback("it is damaged");
        board.report_refused_database(Some(DatabaseDigest([9; 32])), "it is older");
        let told = board.report().database;
        assert_eq!(
            (told.sequence, told.digest, told.path.to_string()),
            (7, Some(DatabaseDigest([7; 32])), "/lib/people.db".to_owned())
        );
        assert_eq!(told.refused.unwrap().digest, Some(DatabaseDigest([9; 32])));
        assert!(told.returned.is_some() && told.loaded_at.ends_with('Z'), "{}", told.loaded_at);
        board.set_database(&gallery(8), DatabaseDigest([8; 32]));
        let told = board.report().database;
        assert_eq!((told.sequence, told.refused, told.refusals, told.returned), (8, None, 1, None));
        assert_eq!(told.path.to_string(), "/lib/people.db");
    }
}
