//! Identification: how often enrolled people are not named, and how often strangers are.
//!
//! Trials (some people enrolled, everybody else a stranger) -> rates. In addition: whether stored thresholds keep their
//! promises on strangers, and comparisons of two photos, by group and for given pairs. No I/O.

mod comparisons;
mod promises;
mod rates;
mod trials;

pub use comparisons::{AtFmr, Comparisons, Counted, Group, Groups, Hard, HardAt};
pub use promises::{Promise, Trying, tried};
pub use rates::{AtFpir, Measured, Point, at_fpirs, det};
pub use trials::{Person, Trials};

use crate::{Outcome, Photo, cache};
use models::Recogniser;
use trials::Probe;

/// People with a face in their photos and in their probes. The photos of a person must be adjacent. From index `known`
/// on, people are only strangers.
pub fn people_of<'a>(
    recogniser: &Recogniser,
    photos: &'a [Photo],
    (outcomes, probes): (&'a [Outcome], &'a [Outcome]),
    known: usize,
) -> Vec<Person<'a>> {
    let standing = |measured: &cache::Measured| recogniser.standing_of(&measured.encoded(), measured.confidence);
    let mut people: Vec<Person<'a>> = Vec::new();
    for (index, (photo, found)) in photos.iter().zip(outcomes.iter().zip(probes)).enumerate() {
        let (Ok(Some(measured)), Ok(Some(probe))) = found else { continue };
        let (name, only_stranger) = (photo.person.as_str(), index >= known);
        if !people.last().is_some_and(|last| last.name == name && last.only_stranger == only_stranger) {
            people.push(Person { name, encodings: vec![], standings: vec![], probes: vec![], only_stranger });
        }
        if let Some(last) = people.last_mut() {
            last.encodings.push(&measured.aligned);
            last.standings.push(standing(measured));
            last.probes.push(Probe { encoding: &probe.aligned, standing: standing(probe) });
        }
    }
    people
}
