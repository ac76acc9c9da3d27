//! What is configured, and what else lies in a unit's folder.

use crate::Answer;
use edge_agent::config::Config;
use edge_agent::hostile_input;

/// A configuration. One that is taken gives no pin two things to do, and a second reading takes it as well.
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

/// The small files beside a log and a database: a signed head, a public key, names, what moves the lock.
pub fn small_files(bytes: &[u8]) -> Answer {
    if hostile_input::small_file(bytes) { Answer::Accepted } else { Answer::Refused }
}
