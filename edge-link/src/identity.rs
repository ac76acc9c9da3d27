//! Which unit the link connects, by its id. A link that sees another one starts again, because the topics are those of the
//! first.

use crate::unit::Unit;
use fleet_messages::UnitReport;
use shared::seal::Fingerprint;
use std::time::Duration;
use terminal::on_one_line;
use tokio::time::sleep;

/// How often a unit that does not answer is asked who it is.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// How often a unit is asked whether it is still the same.
const ASK_AGAIN_EVERY: Duration = Duration::from_secs(60);

/// Another unit answers than at first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the unit has the id {found} now, and had {expected}: the link must start again")]
pub struct OtherUnit {
    expected: Fingerprint,
    found: String,
}

/// Asks the unit who it is until it answers. Returns its id and its report.
pub(crate) async fn first_report(unit: &Unit) -> (Fingerprint, UnitReport) {
    let mut said = String::new();
    loop {
        let problem = match unit.report().await {
            Ok(report) => match report.unit_id.as_deref().map(str::parse) {
                Some(Ok(id)) => return (id, report),
                Some(Err(_)) => "the unit has an id that this program cannot read".to_owned(),
                None => "the unit has no id: make its key with `edge-agent keygen`, then restart it".to_owned(),
            },
            Err(error) => on_one_line(&error.into()),
        };
        if problem != said {
            tracing::warn!("{problem}; it is asked again");
            said = problem;
        }
        sleep(ASK_EVERY).await;
    }
}

/// Waits until another unit answers.
pub(crate) async fn other_than(expected: Fingerprint, unit: &Unit) -> OtherUnit {
    loop {
        sleep(ASK_AGAIN_EVERY).await;
        if let Some(other) = unit.report().await.ok().and_then(|report| other(expected, &report)) {
            return other;
        }
    }
}

/// The other unit, if this report is by one.
pub(crate) fn other(expected: Fingerprint, report: &UnitReport) -> Option<OtherUnit> {
    let found = report.unit_id.clone().unwrap_or_else(|| "none".to_owned());
    (found != expected.to_string()).then_some(OtherUnit { expected, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_unit_is_noticed() {
        let expected = "5f0c-8a71-0000-1111-2222";
        for (id, named) in
            [(Some(expected), None), (Some("aaaa-8a71-0000-1111-2222"), Some("aaaa")), (None, Some("none"))]
        {
            let report = UnitReport { unit_id: id.map(str::to_owned), ..UnitReport::default() };
            let found = other(expected.parse().unwrap(), &report).map(|other| other.to_string());
            assert_eq!(found.is_some(), named.is_some(), "{id:?}");
            assert!(found.unwrap_or_default().contains(named.unwrap_or_default()));
        }
    }
}
