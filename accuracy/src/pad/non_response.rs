//! The share of pictures without a face that can be assessed.

use super::{Approach, Outcome, Picture, Rate};
use std::collections::BTreeMap;

/// The rate of non-responses among bona fide pictures (`None`) and among the attacks with each instrument. Pictures that
/// cannot be read do not count.
pub fn non_responses(pictures: &[Picture], outcomes: &[Outcome]) -> BTreeMap<Option<String>, Rate> {
    let mut trials: BTreeMap<Option<String>, Vec<(Approach, bool)>> = BTreeMap::new();
    for (picture, outcome) in pictures.iter().zip(outcomes) {
        let failed = match outcome {
            Outcome::Live(_) => false,
            Outcome::NoFace | Outcome::Unusable(_) => true,
            Outcome::Unreadable(_) => continue,
        };
        let Picture { instrument, person, folder, .. } = picture.clone();
        let alone = Approach { instrument: instrument.clone(), person, folder, live: 0.0, pictures: Vec::new() };
        trials.entry(instrument).or_default().push((alone, failed));
    }
    let rate = |trials: Vec<(Approach, bool)>| {
        Rate::new(&trials.iter().map(|(approach, failed)| (approach, *failed)).collect::<Vec<_>>())
    };
    trials.into_iter().map(|(instrument, trials)| (instrument, rate(trials))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::pad::Unusable;

    #[test]
    fn pictures_without_a_usable_face_are_counted_by_instrument() {
        let picture = |instrument: Option<&str>| Picture {
            path: "a.jpg".into(),
            instrument: instrument.map(str::to_owned),
            person: None,
            folder: None,
            sequence: String::new(),
        };
        let pictures = [None, None, None, None, Some("print"), Some("print")].map(picture);
        let outcomes = [
            Outcome::Live(0.0),
            Outcome::NoFace,
            Outcome::Unusable(Unusable::Small),
            Outcome::Unreadable("no JPEG".to_owned()),
            Outcome::Live(1.0),
            Outcome::Unreadable("empty".to_owned()),
        ];
        let found = non_responses(&pictures, &outcomes);
        let counts: Vec<(Option<&str>, usize, usize)> =
            found.iter().map(|(instrument, rate)| (instrument.as_deref(), rate.errors, rate.trials)).collect();
        assert_eq!(counts, [(None, 2, 3), (Some("print"), 0, 1)]);
    }
}
