//! The states of the door, and when they and the discovery messages are published.

use super::discovery;
use super::door::Door;
use super::events::DoorEvent;
use super::problems::problems;
use crate::broker::{Manner, NotSent, Outgoing, Subscription};
use crate::identity::{self, OtherUnit};
use crate::unit::Unit;
use fleet_messages::{Presence, UnitReport};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use terminal::on_one_line;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// The topics of the states, below the door's.
pub(super) const UNIT: &str = "unit";
pub(super) const DOOR: &str = "door";
pub(super) const PROBLEM: &str = "problem";
pub(super) const LOCKDOWN: &str = "lockdown";
pub(super) const DATABASE_SEQUENCE: &str = "database_sequence";
pub(super) const DATABASE_AGE: &str = "database_age";
pub(super) const LAST_DECISION: &str = "last_decision";
pub(super) const TEMPERATURE: &str = "temperature";
pub(super) const FACE_RECOGNITION: &str = "face_recognition";

/// What Home Assistant takes for "not known".
const UNKNOWN: &str = "None";
/// The unit is asked this often, and after each record.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// But not more often than this.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(200);
/// This many times without an answer, one after the other, and the unit is away.
const AWAY_AFTER: u32 = 2;
/// After a birth message, everything is published again within this time, by chance: Home Assistant has many devices.
const AFTER_BIRTH: Duration = Duration::from_secs(5);
/// Databases before 2020 have no sequence number that is a time.
const FIRST_TIME: u64 = 1_577_836_800;

/// What was published on this connection since everything was.
#[derive(Debug, Default)]
struct Published(HashMap<String, Vec<u8>>);

/// Publishes what changes. Publishes everything on each new connection and after each birth message.
pub(super) async fn publish(
    door: &Door,
    unit: &Unit,
    mut outgoing: Outgoing,
    mut births: Subscription,
    last_decision: watch::Receiver<Option<DoorEvent>>,
    changed: &Notify,
) -> OtherUnit {
    let mut connection = None;
    let mut published = Published::default();
    let mut everything_at: Option<Instant> = None;
    let mut unanswered = 0;
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = outgoing.connection_after(connection) => {}
            message = births.next() => {
                // One that the broker had kept says nothing about now, and everything was just published.
                if !message.is_retained && Presence::parse(&message.payload) == Some(Presence::Online) {
                    everything_at.get_or_insert_with(|| Instant::now() + AFTER_BIRTH.mul_f64(fastrand::f64()));
                }
                continue;
            }
            () = sleep_until(everything_at.unwrap_or_else(Instant::now)), if everything_at.is_some() => {
                everything_at = None;
                published = Published::default();
            }
            () = changed.notified() => tokio::time::sleep(LOOK_AT_MOST_EVERY).await,
            _ = looks.tick() => {}
        }
        // Any of the above may be the first to see a new connection.
        let Some(number) = outgoing.connection() else { continue };
        if connection.replace(number) != Some(number) {
            published = Published::default();
        }
        let report = match unit.report().await {
            Ok(report) => {
                unanswered = 0;
                Some(report)
            }
            Err(error) => {
                unanswered += 1;
                if unanswered == AWAY_AFTER {
                    tracing::warn!("{}", on_one_line(&error.into()));
                }
                if unanswered < AWAY_AFTER {
                    continue;
                }
                None
            }
        };
        if let Some(other) = report.as_ref().and_then(|report| identity::other(door.unit, report)) {
            return other;
        }
        let last_decision = last_decision.borrow().as_ref().map(DoorEvent::as_decision);
        // On an error the connection is gone, and the next one begins anew.
        published.add(door, report.as_ref(), last_decision, &outgoing).await.ok();
    }
}

impl Published {
    async fn add(
        &mut self,
        door: &Door,
        report: Option<&UnitReport>,
        last_decision: Option<Value>,
        outgoing: &Outgoing,
    ) -> Result<(), NotSent> {
        let version = report.map_or("", |report| report.version.as_str());
        let known = discovery::messages(door, version).into_iter().map(|(topic, text)| (topic, text, Manner::Passing));
        let states = states(report, last_decision, Timestamp::now()).into_iter();
        let states = states.map(|(name, text)| (door.topic(name), text.into_bytes(), Manner::Retained));
        for (topic, payload, manner) in known.chain(states) {
            if self.0.get(&topic) == Some(&payload) {
                continue;
            }
            // If it is lost, its connection is lost, and everything is published on the next one.
            let _receipt = outgoing.publish(&topic, payload.clone(), manner).await?;
            self.0.insert(topic, payload);
        }
        Ok(())
    }
}

/// The states of a report, by topic.
pub(crate) fn states_of(report: &UnitReport) -> Vec<(&'static str, String)> {
    states(Some(report), None, Timestamp::now())
}

/// The states that are known, by topic. Without a report, the unit is away.
fn states(report: Option<&UnitReport>, last_decision: Option<Value>, now: Timestamp) -> Vec<(&'static str, String)> {
    let Some(report) = report else {
        let problem = with_attributes("ON", json!({"problems": ["the unit does not answer"]}));
        return vec![(PROBLEM, problem), (UNIT, Presence::Offline.payload().to_owned())];
    };
    let access = &report.access;
    let problems = problems(report);
    let contact = report.contacts.as_ref().and_then(|contacts| contacts.door.as_deref());
    let hottest = report.temperatures.iter().map(|sensor| sensor.celsius).filter(|celsius| celsius.is_finite());
    let hottest = hottest.reduce(f64::max);
    let lockdown = access.lockdown.as_ref();
    vec![
        (DOOR, contact.map_or(UNKNOWN, |door| on_if(door == "open")).to_owned()),
        (
            PROBLEM,
            with_attributes(
                on_if(!problems.is_empty()),
                json!({
                    "problems": problems,
                    "fire_alarm": report.contacts.as_ref().map(|contacts| contacts.fire_alarm),
                    "lockouts": report.lockouts.len(),
                    "held_open": access.held_open,
                    "asks_for": access.asks_for,
                }),
            ),
        ),
        (
            LOCKDOWN,
            with_attributes(
                on_if(lockdown.is_some()),
                json!({
                    "locked_by": lockdown.map(|lockdown| &lockdown.locked_by),
                    "admitted": lockdown.map(|lockdown| lockdown.admitted),
                }),
            ),
        ),
        (DATABASE_SEQUENCE, report.database.sequence.to_string()),
        (DATABASE_AGE, age_in_days(report.database.sequence, now).unwrap_or_else(|| UNKNOWN.to_owned())),
        (
            LAST_DECISION,
            last_decision.map_or_else(|| with_attributes(UNKNOWN, json!({})), |decision| decision.to_string()),
        ),
        (TEMPERATURE, hottest.map_or_else(|| UNKNOWN.to_owned(), |celsius| format!("{celsius:.0}"))),
        (FACE_RECOGNITION, on_if(!access.face_recognition_off).to_owned()),
        (UNIT, Presence::Online.payload().to_owned()),
    ]
}

fn with_attributes(state: &str, attributes: Value) -> String {
    json!({"state": state, "attributes": attributes}).to_string()
}

const fn on_if(condition: bool) -> &'static str {
    if condition { "ON" } else { "OFF" }
}

/// A sequence number is the time when the database was made, in seconds since 1970, or one more than the one before.
fn age_in_days(sequence: u64, now: Timestamp) -> Option<String> {
    let now = u64::try_from(now.as_second()).ok()?;
    let seconds = now.checked_sub(sequence).filter(|_| sequence >= FIRST_TIME)?;
    Some(format!("{:.1}", seconds as f64 / 86_400.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state_of(report: &str, name: &str) -> Value {
        let report: UnitReport = serde_json::from_str(report).unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let text = states(Some(&report), None, now).into_iter().find(|(found, _)| *found == name).unwrap().1;
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    #[test]
    fn states_follow_the_report() {
        for (report, name, expected) in [
            ("{}", UNIT, json!("online")),
            ("{}", DOOR, json!("None")),
            (r#"{"contacts":{"door":"open"}}"#, DOOR, json!("ON")),
            (r#"{"contacts":{"door":"closed"}}"#, DOOR, json!("OFF")),
            ("{}", LOCKDOWN, json!({"state":"OFF","attributes":{"locked_by":null,"admitted":null}})),
            (
                r#"{"access":{"lockdown":{"locked_by":["command"],"admitted":2}}}"#,
                LOCKDOWN,
                json!({"state":"ON","attributes":{"locked_by":["command"],"admitted":2}}),
            ),
            ("{}", FACE_RECOGNITION, json!("ON")),
            (r#"{"access":{"face_recognition_off":true}}"#, FACE_RECOGNITION, json!("OFF")),
            (r#"{"database":{"sequence":1799913600}}"#, DATABASE_SEQUENCE, json!(1_799_913_600)),
            (r#"{"database":{"sequence":1799913600}}"#, DATABASE_AGE, json!(1.0)),
            (r#"{"database":{"sequence":7}}"#, DATABASE_AGE, json!("None")),
            (r#"{"database":{"sequence":1900000000}}"#, DATABASE_AGE, json!("None")),
            ("{}", LAST_DECISION, json!({"state":"None","attributes":{}})),
            ("{}", TEMPERATURE, json!("None")),
            (
                r#"{"temperatures":[{"sensor":"a","celsius":41.2},{"sensor":"b","celsius":55.7}]}"#,
                TEMPERATURE,
                json!(56),
            ),
        ] {
            assert_eq!(state_of(report, name), expected, "{name} of {report}");
        }
        let problem = state_of("{}", PROBLEM);
        assert_eq!((&problem["state"], &problem["attributes"]["lockouts"]), (&json!("ON"), &json!(0)), "{problem}");
    }

    #[test]
    fn a_unit_that_is_away_is_a_problem_and_its_other_states_are_not_available() {
        let away = states(None, None, Timestamp::UNIX_EPOCH);
        assert_eq!(away.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [PROBLEM, UNIT]);
        assert_eq!(away[1].1, "offline");
    }
}
