//! `people.csv`, with its column of cards.

use crate::Answer;
use encoder_tool::fuzz_entry_points::{ListedPerson, people_csv};
use shared::gallery::{MAX_CARDS, MAX_GROUP_BYTES, MAX_GROUPS, MAX_NAME_BYTES, MAX_NOTE_BYTES};
use std::collections::HashSet;

/// Parses a `people.csv`. Every person in it is within the limits of a database and has no card twice.
pub fn cards(bytes: &[u8]) -> Answer {
    let people = match people_csv(bytes) {
        Ok(people) => people,
        Err(error) => {
            assert!(error.starts_with("people.csv"), "{error}");
            return Answer::Refused;
        }
    };
    assert!(people.len() <= bytes.len());
    for ListedPerson { name, details, cards } in &people {
        assert!((1..=MAX_NAME_BYTES).contains(&name.as_str().len()));
        assert!(details.note.len() <= MAX_NOTE_BYTES);
        assert!(details.groups.len() <= MAX_GROUPS);
        assert!(details.groups.iter().all(|group| (1..=MAX_GROUP_BYTES).contains(&group.len())));
        assert!(cards.len() <= MAX_CARDS);
        let numbers: HashSet<u64> = cards.iter().map(|card| card.value()).collect();
        assert_eq!(numbers.len(), cards.len());
        if let (Some(from), Some(until)) = (details.valid_from, details.valid_until) {
            assert!(from < until);
        }
    }
    if people.is_empty() { Answer::Refused } else { Answer::Accepted }
}
