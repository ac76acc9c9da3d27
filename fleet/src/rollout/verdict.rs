//! What a unit's report says about a database that was shipped to it.

use fleet_messages::UnitReport;
use shared::gallery::DatabaseDigest;

/// What a report says about a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The unit uses it, and its networks work.
    Confirmed,
    /// Nothing yet.
    Pending,
    /// The unit refused it.
    Refused(String),
    /// The unit has it, but does not work with it.
    Unfit(String),
}

impl Verdict {
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Unfit(_))
    }
}

/// Reads it from a report.
pub(super) fn verdict(report: &UnitReport, digest: DatabaseDigest) -> Verdict {
    let database = &report.database;
    if database.digest != Some(digest) {
        let refused = database.refused.as_ref().filter(|refused| refused.digest == Some(digest));
        return refused.map_or(Verdict::Pending, |refused| Verdict::Refused(refused.reason.clone()));
    }
    match &report.self_test {
        None => Verdict::Pending,
        Some(test) if test.state == "failed" => {
            let why = test.reason.as_deref().unwrap_or("no reason given");
            Verdict::Unfit(format!("its networks failed their self-test: {why}"))
        }
        // A bundle without stored crops has nothing to test.
        Some(_) => Verdict::Confirmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_same_file_with_working_networks_is_confirmed() {
        let digest = DatabaseDigest([1; 32]);
        let (ours, other) = (digest.to_string(), DatabaseDigest([2; 32]).to_string());
        let passed = json!({"state": "passed"});
        for (database, self_test, expected) in [
            (json!({"digest": ours}), passed.clone(), Verdict::Confirmed),
            (json!({"digest": ours}), json!({"state": "nothing_stored"}), Verdict::Confirmed),
            (json!({"digest": ours}), json!(null), Verdict::Pending),
            (json!({"digest": other}), passed.clone(), Verdict::Pending),
            (json!({"digest": null}), passed.clone(), Verdict::Pending),
            (
                json!({"digest": other, "refused": {"digest": ours, "reason": "older"}}),
                passed.clone(),
                Verdict::Refused("older".to_owned()),
            ),
            // It came twice, and the second time it was not newer.
            (json!({"digest": ours, "refused": {"digest": ours, "reason": "not newer"}}), passed, Verdict::Confirmed),
            (
                json!({"digest": ours}),
                json!({"state": "failed", "reason": "2 of 5"}),
                Verdict::Unfit("its networks failed their self-test: 2 of 5".to_owned()),
            ),
        ] {
            let report = serde_json::from_value(json!({"database": database, "self_test": self_test})).unwrap();
            assert_eq!(verdict(&report, digest), expected, "{database} {self_test}");
        }
    }
}
