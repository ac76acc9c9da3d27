//! Rates for new people: each person is left out in turn when the threshold is chosen.

use super::{Approach, Rates, chosen};
use std::collections::{BTreeMap, BTreeSet};

/// The result of leaving out each person in turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Unseen {
    /// How many people were left out.
    pub people: usize,
    /// The lowest and the highest threshold that was chosen.
    pub thresholds: [f32; 2],
    /// Each approach judged by the threshold that was chosen without its person. The threshold of these rates is the
    /// lowest.
    pub rates: Rates,
}

/// Chooses a threshold on everybody except one person, and judges that person's approaches and the attacks that show that
/// person; for each person in turn. `None` if it is not known who is shown in every approach, if there are fewer than two
/// people, or if no threshold can be chosen without one of them.
pub fn unseen(approaches: &[Approach], bpcer: f64) -> Option<Unseen> {
    let people = approaches.iter().map(|approach| approach.person.as_deref()).collect::<Option<BTreeSet<&str>>>()?;
    if people.len() < 2 {
        return None;
    }
    let mut thresholds: BTreeMap<&str, f32> = BTreeMap::new();
    for person in people {
        let others: Vec<Approach> =
            approaches.iter().filter(|approach| approach.person.as_deref() != Some(person)).cloned().collect();
        thresholds.insert(person, chosen(&others, bpcer)?.rates.threshold);
    }
    let lowest = thresholds.values().copied().fold(f32::INFINITY, f32::min);
    let highest = thresholds.values().copied().fold(f32::NEG_INFINITY, f32::max);
    let rates = Rates::judged(approaches, lowest, |approach| {
        let threshold = approach.person.as_deref().and_then(|person| thresholds.get(person));
        threshold.is_some_and(|&threshold| approach.live >= threshold)
    });
    Some(Unseen { people: thresholds.len(), thresholds: [lowest, highest], rates })
}

#[cfg(test)]
mod tests {
    use super::super::rates::tests::approach;
    use super::*;

    #[test]
    fn nobody_is_judged_by_a_threshold_chosen_on_them() {
        let sample = |odd: f32| {
            [("a", 1.0), ("b", 1.0), ("c", odd)]
                .map(|(person, live)| approach("", person, live))
                .into_iter()
                .chain(["a", "b", "c"].map(|person| approach("print", person, 0.0)))
        };
        let alike: Vec<Approach> = sample(1.0).collect();
        let found = unseen(&alike, 0.0).unwrap();
        assert_eq!((found.people, found.thresholds), (3, [0.5, 0.5]));
        assert_eq!((found.rates.bpcer.errors, found.rates.worst_apcer()), (0, Some(0.0)));
        // With `c` in the sample, the threshold would be 0.1 and refuse nobody.
        let odd: Vec<Approach> = sample(0.2).collect();
        assert_eq!(chosen(&odd, 0.0).unwrap().rates.bpcer.errors, 0);
        let found = unseen(&odd, 0.0).unwrap();
        assert_eq!((found.rates.bpcer.errors, found.rates.bpcer.trials), (1, 3));
        assert_eq!(found.thresholds, [0.1, 0.5]);
    }

    #[test]
    fn there_is_no_result_without_people() {
        for (what, approaches) in [
            ("nothing", vec![]),
            ("one person", vec![approach("", "a", 1.0), approach("print", "a", 0.0)]),
            ("unknown people", vec![approach("", "a", 1.0), approach("", "b", 1.0), approach("print", "", 0.0)]),
            ("no attack", vec![approach("", "a", 1.0), approach("", "b", 1.0)]),
            (
                "attacks on one person only",
                vec![approach("", "a", 1.0), approach("", "b", 1.0), approach("x", "a", 0.0)],
            ),
        ] {
            assert_eq!(unseen(&approaches, 0.03), None, "{what}");
        }
    }
}
