//! What the board says of the people database and of the networks' self-test.

use super::Board;
use crate::database::InUse;
use crate::status::report::{DatabaseReport, RefusedDatabase, SelfTest};
use jiff::{Timestamp, Unit};
use models::golden::Tested;
use shared::gallery::DatabaseDigest;

impl Board {
    /// From now on, this database is used.
    pub(crate) fn tell_of_database(&self, in_use: &InUse) {
        let header = in_use.gallery.header();
        let mut notes = self.notes();
        notes.database = DatabaseReport {
            path: std::mem::take(&mut notes.database.path),
            sequence: header.sequence,
            digest: Some(in_use.digest),
            people: header.people,
            encodings: header.encodings,
            model: header.model.to_string(),
            loaded_at: now_in_seconds(),
            refused: None,
            returned: None,
        };
    }

    /// The current database cannot be used for this reason, and the one before is used.
    pub(crate) fn tell_of_return(&self, why: &str) {
        self.notes().database.returned = Some(why.to_owned());
    }

    /// A database was not taken.
    pub(crate) fn tell_of_refused_database(&self, digest: Option<DatabaseDigest>, why: &str) {
        self.notes().database.refused = Some(RefusedDatabase { digest, reason: why.to_owned() });
    }

    /// What the last self-test found.
    pub(crate) fn tell_of_self_test(&self, found: Result<Tested, String>) {
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
