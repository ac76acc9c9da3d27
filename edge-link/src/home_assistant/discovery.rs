//! The discovery messages: one for each entity, which every version of Home Assistant reads.

use super::door::Door;
use super::events::{self, Kind};
use super::{requests, states};
use serde_json::{Map, Value, json};

/// An entity of the door.
struct Entity {
    component: &'static str,
    /// The last part of its unique id.
    id: &'static str,
    name: &'static str,
    /// When it is available.
    needs: Needs,
    /// Its other keys.
    keys: Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Link,
    LinkAndUnit,
}

/// Topic and payload of each discovery message. `version` is the unit's; empty if it is not known yet.
pub(super) fn messages(door: &Door, version: &str) -> Vec<(String, Vec<u8>)> {
    entities(door).into_iter().map(|entity| message(door, version, entity)).collect()
}

fn entities(door: &Door) -> Vec<Entity> {
    let topic = |name: &str| door.topic(name);
    let entity = |component, id, name, keys| Entity { component, id, name, needs: Needs::LinkAndUnit, keys };
    let diagnostic = |component, id, name, mut keys: Value| {
        keys["entity_category"] = json!("diagnostic");
        entity(component, id, name, keys)
    };
    // States with attributes are JSON; `state` is the state.
    let with_attributes = |name: &str| {
        let topic = topic(name);
        json!({
            "state_topic": topic,
            "value_template": "{{ value_json.state }}",
            "json_attributes_topic": topic,
            "json_attributes_template": "{{ value_json.attributes | tojson }}",
        })
    };
    let also = |mut keys: Value, more: Value| {
        if let (Some(keys), Value::Object(more)) = (keys.as_object_mut(), more) {
            keys.extend(more);
        }
        keys
    };
    vec![
        entity(
            "event",
            "access",
            "Access",
            json!({"state_topic": topic(events::TOPIC), "event_types": Kind::ALL, "icon": "mdi:door"}),
        ),
        entity("binary_sensor", "door", "Door", json!({"state_topic": topic(states::DOOR), "device_class": "door"})),
        Entity {
            needs: Needs::Link,
            ..diagnostic(
                "binary_sensor",
                "problem",
                "Problem",
                also(with_attributes(states::PROBLEM), json!({"device_class": "problem"})),
            )
        },
        Entity {
            needs: Needs::Nothing,
            ..diagnostic(
                "binary_sensor",
                "connectivity",
                "Link",
                json!({
                    "state_topic": door.presence,
                    "payload_on": "online",
                    "payload_off": "offline",
                    "device_class": "connectivity",
                }),
            )
        },
        entity(
            "binary_sensor",
            "lockdown",
            "Locked down",
            also(with_attributes(states::LOCKDOWN), json!({"icon": "mdi:lock-alert"})),
        ),
        diagnostic(
            "sensor",
            "database_sequence",
            "Database sequence",
            json!({"state_topic": topic(states::DATABASE_SEQUENCE), "icon": "mdi:database"}),
        ),
        diagnostic(
            "sensor",
            "database_age",
            "Database age",
            json!({
                "state_topic": topic(states::DATABASE_AGE),
                "device_class": "duration",
                "unit_of_measurement": "d",
                "state_class": "measurement",
            }),
        ),
        entity(
            "sensor",
            "last_decision",
            "Last decision",
            also(with_attributes(states::LAST_DECISION), json!({"icon": "mdi:account-check"})),
        ),
        diagnostic(
            "sensor",
            "temperature",
            "Temperature",
            json!({
                "state_topic": topic(states::TEMPERATURE),
                "device_class": "temperature",
                "unit_of_measurement": "°C",
                "state_class": "measurement",
            }),
        ),
        entity(
            "button",
            "lock_down",
            "Lock down",
            json!({
                "command_topic": topic(requests::LOCKDOWN),
                "payload_press": requests::PRESS,
                "icon": "mdi:lock-alert",
            }),
        ),
        entity(
            "switch",
            "face_recognition",
            "Face recognition",
            json!({
                "state_topic": topic(states::FACE_RECOGNITION),
                "command_topic": topic(requests::FACE_RECOGNITION),
                "icon": "mdi:face-recognition",
            }),
        ),
    ]
}

fn message(door: &Door, version: &str, entity: Entity) -> (String, Vec<u8>) {
    let Entity { component, id, name, needs, keys } = entity;
    let unit = door.unit;
    let topic = format!("{}/{component}/{unit}/{id}/config", door.discovery_prefix);
    let mut device = json!({
        "identifiers": [format!("edge-agent-{unit}")],
        "name": door.name,
        "manufacturer": "edge-agent",
        "model": "Door unit",
    });
    if !version.is_empty() {
        device["sw_version"] = json!(version);
    }
    if let Some(area) = &door.area {
        device["suggested_area"] = json!(area);
    }
    let mut payload = Map::from_iter([
        ("name".to_owned(), json!(name)),
        ("unique_id".to_owned(), json!(format!("edge-agent-{unit}-{id}"))),
        ("device".to_owned(), device),
        ("origin".to_owned(), json!({"name": "edge-link", "sw_version": env!("CARGO_PKG_VERSION")})),
    ]);
    // `online` and `offline` are Home Assistant's defaults.
    let mut available = vec![json!({"topic": door.presence})];
    if needs == Needs::LinkAndUnit {
        available.push(json!({"topic": door.topic(states::UNIT)}));
    }
    if needs != Needs::Nothing {
        payload.insert("availability".to_owned(), json!(available));
        payload.insert("availability_mode".to_owned(), json!("all"));
    }
    if let Value::Object(keys) = keys {
        payload.extend(keys);
    }
    (topic, Value::Object(payload).to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::door::sample;
    use super::*;

    #[test]
    fn each_entity_has_a_message_and_none_makes_the_broker_keep_requests_or_unlocks() {
        let door = sample();
        let messages = messages(&door, "0.2.0");
        let topics: Vec<&str> = messages.iter().map(|(topic, _)| topic.as_str()).collect();
        let at = |entity: &str| {
            let (component, id) = entity.split_once('/').unwrap();
            format!("homeassistant/{component}/5f0c-8a71-0000-1111-2222/{id}/config")
        };
        let expected = [
            "event/access",
            "binary_sensor/door",
            "binary_sensor/problem",
            "binary_sensor/connectivity",
            "binary_sensor/lockdown",
            "sensor/database_sequence",
            "sensor/database_age",
            "sensor/last_decision",
            "sensor/temperature",
            "button/lock_down",
            "switch/face_recognition",
        ];
        assert_eq!(topics, expected.map(at));
        let mut ids = Vec::new();
        for (topic, payload) in &messages {
            let text = std::str::from_utf8(payload).unwrap();
            assert!(!text.contains("retain") && !text.to_lowercase().contains("unlock"), "{text}");
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(value["device"]["identifiers"], json!(["edge-agent-5f0c-8a71-0000-1111-2222"]), "{topic}");
            ids.push(value["unique_id"].as_str().unwrap().to_owned());
            let needed = value["availability"].as_array().map_or(0, Vec::len);
            let expected = match topic.contains("connectivity") {
                true => 0,
                false => 2 - usize::from(topic.contains("problem")),
            };
            assert_eq!(needed, expected, "{topic}");
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), messages.len());
    }

    #[test]
    fn name_area_and_version_are_told() {
        let door = Door { name: "Front door".to_owned(), area: Some("Hall".to_owned()), ..sample() };
        for (version, expected) in [("1.2", json!("1.2")), ("", Value::Null)] {
            let (_, payload) = messages(&door, version).swap_remove(0);
            let device = serde_json::from_slice::<Value>(&payload).unwrap()["device"].clone();
            assert_eq!((&device["name"], &device["suggested_area"]), (&json!("Front door"), &json!("Hall")));
            assert_eq!(device["sw_version"], expected);
        }
    }
}
