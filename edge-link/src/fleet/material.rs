//! What of a report matters to a workstation as soon as it changes.

use fleet_messages::{AccessReport, DatabaseReport, OrderReport, SelfTestReport, UnitReport};

/// The part of a report whose change is told at once. Doors that open and close, counters and temperatures are not in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Material {
    version: String,
    clock: String,
    access: AccessReport,
    alarms: (Option<String>, bool),
    lockouts: Vec<(String, Option<String>)>,
    camera: String,
    database: DatabaseReport,
    self_test: Option<SelfTestReport>,
    log: (Option<String>, Option<String>),
    drill: serde_json::Value,
    order: Option<OrderReport>,
}

impl From<UnitReport> for Material {
    fn from(report: UnitReport) -> Self {
        let contacts = report.contacts.unwrap_or_default();
        Self {
            version: report.version,
            clock: report.clock,
            access: report.access,
            alarms: (contacts.alarm, contacts.fire_alarm),
            lockouts: report.lockouts.into_iter().map(|lockout| (lockout.kind, lockout.person_id)).collect(),
            camera: report.camera.state,
            database: report.database,
            self_test: report.self_test,
            log: (report.audit.failing, report.audit.trouble),
            drill: report.drill,
            order: report.order,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_counts() {
        let base = r#"{"door":"locked","uptime_seconds":1.0,"audit":{"sequence":1},"contacts":{"door":"closed"}}"#;
        let material = |text: &str| Material::from(serde_json::from_str::<UnitReport>(text).unwrap());
        for (other, is_equal) in [
            (
                r#"{"door":"unlocked","uptime_seconds":9.0,"audit":{"sequence":7,"signed":6},"contacts":{"door":"open"}}"#,
                true,
            ),
            (r#"{"temperatures":[{"sensor":"cpu","celsius":50}],"decisions":[{"decision":"grant"}]}"#, true),
            (r#"{"contacts":{"alarm":"forced"}}"#, false),
            (r#"{"access":{"face_recognition_off":true}}"#, false),
            (r#"{"access":{"lockdown":{"locked_by":["order"]}}}"#, false),
            (r#"{"database":{"sequence":8}}"#, false),
            (r#"{"order":{"number":8}}"#, false),
            (r#"{"lockouts":[{"kind":"face","failures":5}]}"#, false),
            (r#"{"clock":"unknown"}"#, false),
            (r#"{"audit":{"failing":"disk full"}}"#, false),
        ] {
            assert_eq!(material(base) == material(other), is_equal, "{other}");
        }
    }
}
