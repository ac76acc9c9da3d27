//! Waits for the unit's verdict on a database that was handed over, by polling the unit's status.

use crate::status::{Report, ask};
use shared::delivery::{Outcome, Receipt};
use shared::gallery::DatabaseDigest;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(100);

/// The number of databases that the unit has refused so far; `None` if no unit answers.
pub(super) fn before(status: &Path) -> Option<u64> {
    ask(status).ok().map(|report| report.database.refusals)
}

/// Waits until the unit uses or refuses the database with this digest, for at most `patience`. `before` is the result
/// of [`before`].
pub(super) fn wait(status: &Path, digest: DatabaseDigest, before: Option<u64>, patience: Duration) -> Receipt {
    let receipt = |outcome, reason: Option<String>| Receipt { outcome, reason, digest: Some(digest), sequence: None };
    let Some(before) = before else {
        let why = "no unit answers; it will check the database when it starts".to_owned();
        return receipt(Outcome::NoVerdict, Some(why));
    };
    let until = Instant::now() + patience;
    loop {
        if let Some((outcome, reason, sequence)) = ask(status).ok().and_then(|report| verdict(&report, digest, before))
        {
            return Receipt { sequence: Some(sequence), ..receipt(outcome, reason) };
        }
        if Instant::now() >= until {
            let seconds = patience.as_secs();
            return receipt(Outcome::NoVerdict, Some(format!("the unit gave no verdict for {seconds} s")));
        }
        thread::sleep(PAUSE);
    }
}

/// The verdict in a report. Only a refusal after the hand-over counts: the same file may have been refused earlier, for
/// another reason.
fn verdict(report: &Report, digest: DatabaseDigest, before: u64) -> Option<(Outcome, Option<String>, u64)> {
    let database = &report.database;
    if database.digest == Some(digest) {
        return Some((Outcome::Running, None, database.sequence));
    }
    let refused = database.refused.as_ref().filter(|_| database.refusals != before)?;
    let is_this = refused.digest.is_none_or(|found| found == digest);
    is_this.then(|| (Outcome::Refused, Some(refused.reason.clone()), database.sequence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{RefusedDatabase, sample_report};

    #[test]
    fn verdicts_of_a_unit() {
        let (ours, others) = (DatabaseDigest([1; 32]), DatabaseDigest([2; 32]));
        let refused = |digest| Some(RefusedDatabase { digest, reason: "too old".to_owned() });
        for (in_use, refused, refusals, expected) in [
            (ours, None, 3, Some(Outcome::Running)),
            (others, None, 3, None),
            (others, refused(Some(ours)), 4, Some(Outcome::Refused)),
            (others, refused(Some(ours)), 3, None),
            (others, refused(Some(others)), 4, None),
            (others, refused(None), 4, Some(Outcome::Refused)),
        ] {
            let mut report = sample_report();
            report.database.digest = Some(in_use);
            (report.database.refused, report.database.refusals) = (refused, refusals);
            assert_eq!(verdict(&report, ours, 3).map(|(outcome, ..)| outcome), expected, "{:?}", report.database);
        }
    }
}
