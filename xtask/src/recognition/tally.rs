//! Counts who was recognised, and lists the smallest margins.

use super::answers::Answer;

/// The minimum number of enrolled people that must be named.
const NAMED_AT_LEAST: usize = 59;
/// The maximum number of strangers that may be named.
const STRANGERS_NAMED_AT_MOST: usize = 1;
/// The number of smallest margins that are listed.
const NEAREST: usize = 3;

/// The result for one photo of one person.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    person: String,
    answer: Answer,
}

/// The results for all people.
pub(super) struct Tally {
    enrolled: Vec<Verdict>,
    strangers: Vec<Verdict>,
}

impl Verdict {
    pub(super) fn new(person: &str, answer: Answer) -> Self {
        Self { person: person.to_owned(), answer }
    }

    fn name(&self) -> Option<&str> {
        self.answer.largest_face()?.name.as_deref()
    }

    /// L2 distance to the nearest enrolled person.
    fn distance(&self) -> Option<f32> {
        self.answer.largest_face().map(|face| face.distance)
    }

    fn is_named_right(&self) -> bool {
        self.name() == Some(&self.person)
    }

    fn in_words(&self) -> String {
        let person = &self.person;
        match (self.distance(), self.name()) {
            (None, _) => format!("{person}: no face"),
            (Some(distance), None) => format!("{person}: not named (nearest: {distance:.3})"),
            (Some(distance), Some(name)) if name == person => format!("{person}: named ({distance:.3})"),
            (Some(distance), Some(name)) => format!("{person}: named {name} ({distance:.3})"),
        }
    }
}

impl Tally {
    pub(super) fn new(enrolled: Vec<Verdict>, strangers: Vec<Verdict>) -> Self {
        Self { enrolled, strangers }
    }

    fn named_right(&self) -> impl Iterator<Item = &Verdict> {
        self.enrolled.iter().filter(|verdict| verdict.is_named_right())
    }

    fn strangers_named(&self) -> usize {
        self.strangers.iter().filter(|verdict| verdict.name().is_some()).count()
    }

    pub(super) fn is_good_enough(&self) -> bool {
        self.named_right().count() >= NAMED_AT_LEAST && self.strangers_named() <= STRANGERS_NAMED_AT_MOST
    }

    /// The counts, then the people who were missed, then the smallest margins to a miss or a false match.
    pub(super) fn in_words(&self) -> String {
        let mut lines = vec![
            format!(
                "Enrolled: {} of {} named correctly (required: at least {NAMED_AT_LEAST})",
                self.named_right().count(),
                self.enrolled.len()
            ),
            format!(
                "Strangers: {} of {} named (required: at most {STRANGERS_NAMED_AT_MOST})",
                self.strangers_named(),
                self.strangers.len()
            ),
        ];
        lines.extend(self.threshold().map(|threshold| format!("Threshold: L2 distance {threshold:.3}")));
        let missed = self.enrolled.iter().filter(|verdict| !verdict.is_named_right());
        lines.extend(missed.map(|verdict| format!("Missed: {}", verdict.in_words())));
        let farthest = by_distance(self.named_right()).into_iter().rev().take(NEAREST);
        lines.extend(farthest.map(|verdict| format!("Farthest mated: {}", verdict.in_words())));
        let nearest = by_distance(self.strangers.iter()).into_iter().take(NEAREST);
        lines.extend(nearest.map(|verdict| format!("Nearest non-mated: {}", verdict.in_words())));
        lines.join("\n")
    }

    fn threshold(&self) -> Option<f32> {
        let everybody = self.enrolled.iter().chain(&self.strangers);
        everybody.filter_map(|verdict| verdict.answer.largest_face()).map(|face| face.threshold).next()
    }
}

/// The results with a face, in ascending order of distance.
fn by_distance<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Vec<&'a Verdict> {
    let mut sorted: Vec<(f32, &Verdict)> =
        verdicts.filter_map(|verdict| Some((verdict.distance()?, verdict))).collect();
    sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    sorted.into_iter().map(|(_, verdict)| verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::super::answers::parse_answers;
    use super::*;

    /// The result for a photo of `person` with one face, or with none.
    fn verdict(person: &str, face: Option<(Option<&str>, f32)>) -> Verdict {
        let faces: Vec<_> = face
            .iter()
            .map(|(name, distance)| serde_json::json!({"box": [0, 0, 9, 9], "name": name, "distance": distance, "threshold": 1.0}))
            .collect();
        let mut answers = parse_answers(&serde_json::json!({"faces": faces}).to_string()).unwrap();
        Verdict::new(person, answers.remove(0))
    }

    fn tally(missed: usize, strangers_named: usize) -> Tally {
        let enrolled = (0..60).map(|number| verdict("ann", (number >= missed).then_some((Some("ann"), 0.5))));
        let strangers = (0..200).map(|number| match number < strangers_named {
            true => verdict("zoe", Some((Some("ann"), 0.9))),
            false => verdict("zoe", Some((None, 1.3))),
        });
        Tally::new(enrolled.collect(), strangers.collect())
    }

    #[test]
    fn one_of_each_may_go_wrong() {
        for (missed, strangers_named, expected) in
            [(0, 0, true), (1, 1, true), (2, 0, false), (0, 2, false), (60, 0, false)]
        {
            assert_eq!(tally(missed, strangers_named).is_good_enough(), expected, "{missed} {strangers_named}");
        }
    }

    #[test]
    fn another_persons_name_is_not_named_right() {
        assert!(!verdict("ann", Some((Some("bo"), 0.5))).is_named_right());
        assert!(!verdict("ann", Some((None, 1.1))).is_named_right());
        assert!(!verdict("ann", None).is_named_right());
        assert!(verdict("ann", Some((Some("ann"), 0.5))).is_named_right());
    }

    #[test]
    fn in_words() {
        let enrolled = vec![
            verdict("ann", Some((Some("ann"), 0.5))),
            verdict("bo", Some((Some("bo"), 0.7))),
            verdict("cy", None),
            verdict("di", Some((Some("ann"), 0.9))),
        ];
        let strangers = vec![verdict("zoe", Some((None, 1.3))), verdict("yan", Some((None, 1.2))), verdict("xi", None)];
        let expected = "\
Enrolled: 2 of 4 named correctly (required: at least 59)
Strangers: 0 of 3 named (required: at most 1)
Threshold: L2 distance 1.000
Missed: cy: no face
Missed: di: named ann (0.900)
Farthest mated: bo: named (0.700)
Farthest mated: ann: named (0.500)
Nearest non-mated: yan: not named (nearest: 1.200)
Nearest non-mated: zoe: not named (nearest: 1.300)";
        assert_eq!(Tally::new(enrolled, strangers).in_words(), expected);
    }
}
