//! Configuration files and other small files of a unit.

use crate::Answer;
use edge_agent::config::Config;
use edge_agent::fuzz_entry_points;
use policy::{Now, Rules};
use serde_json::json;

/// Parses a configuration. An accepted configuration uses no pin twice, and is accepted again when it is read a second
/// time.
pub fn config(bytes: &[u8]) -> Answer {
    let Ok(text) = str::from_utf8(bytes) else { return Answer::Refused };
    let config = match Config::parse(text) {
        Ok(config) => config,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Answer::Refused;
        }
    };
    let pins = config.pins();
    for (index, (key, pin)) in pins.iter().enumerate() {
        assert!(pins[..index].iter().all(|(_, taken)| taken != pin), "{key} is another's pin");
    }
    let watch = config.contacts.watch_rules();
    assert!(watch.held_ms > 0);
    assert!(Config::parse(text).is_ok_and(|again| again == config));
    Answer::Accepted
}

/// Parses the small files of a unit: signed heads, public keys, names, the state of the lock.
pub fn small_files(bytes: &[u8]) -> Answer {
    if fuzz_entry_points::small_file(bytes) { Answer::Accepted } else { Answer::Refused }
}

/// Parses the memory that a unit keeps over a restart. The next state can be read again and forgets no failed attempt.
pub fn memory(bytes: &[u8]) -> Answer {
    let (rules, now) = (Rules::new(1.0), Now::trusted(1_800_000_000_000, 1000));
    let Ok(memory) = fuzz_entry_points::memory(bytes, rules, &now) else { return Answer::Refused };
    let text = json!({ "schema": 1, "memory": memory }).to_string();
    let again = fuzz_entry_points::memory(text.as_bytes(), rules, &now);
    assert_eq!(again.map(|again| again.failures), Ok(memory.failures));
    Answer::Accepted
}
