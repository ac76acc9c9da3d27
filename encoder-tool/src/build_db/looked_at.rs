//! Reports the findings of [`resemblance`] with the names of people and photos.

use super::report::{LookAlikeReport, Near, OddPhotoReport};
use super::resemblance::{self, OfPerson, Resemblance};
use super::write::{Enrolled, EnrolledPhoto};

/// All enrolled photos with their people, and the findings about them.
pub(super) struct LookedAt<'a> {
    people: Vec<&'a Enrolled>,
    /// The owner of each photo, as an index into `people`.
    owners: Vec<usize>,
    pub(super) photos: Vec<&'a EnrolledPhoto>,
    pub(super) resemblance: Resemblance,
}

impl<'a> LookedAt<'a> {
    /// Compares every photo with every other at this threshold.
    pub(super) fn at(enrolled: &'a [Enrolled], threshold: f32) -> Self {
        let of_each = |(owner, person): (usize, &'a Enrolled)| person.photos.iter().map(move |photo| (owner, photo));
        let (owners, photos): (Vec<usize>, Vec<&EnrolledPhoto>) = enrolled.iter().enumerate().flat_map(of_each).unzip();
        let compared: Vec<OfPerson<'_>> = (owners.iter().zip(&photos))
            .map(|(&person, photo)| OfPerson { person, encoding: &photo.new.encoding })
            .collect();
        let resemblance = resemblance::find(&compared, threshold);
        Self { people: enrolled.iter().collect(), owners, photos, resemblance }
    }

    pub(super) fn odd_photos(&self) -> Vec<OddPhotoReport> {
        let near = |(photo, distance): (usize, f32)| Near { photo: self.photos[photo].shown.clone(), distance };
        let odd = self.resemblance.odd_photos.iter();
        odd.map(|odd| OddPhotoReport {
            photo: self.photos[odd.photo].shown.clone(),
            nearest_own: near(odd.own),
            nearest_other: odd.other.map(near),
        })
        .collect()
    }

    pub(super) fn look_alikes(&self) -> Vec<LookAlikeReport> {
        let pairs = self.resemblance.look_alikes.iter();
        pairs
            .map(|pair| {
                let members = pair.photos.map(|photo| &self.people[self.owners[photo]].member);
                let without_card = members.iter().filter(|member| member.cards.is_empty());
                LookAlikeReport {
                    people: members.map(|member| member.name.to_string()),
                    photos: pair.photos.map(|photo| self.photos[photo].shown.clone()),
                    distance: pair.distance,
                    without_card: without_card.map(|member| member.name.to_string()).collect(),
                }
            })
            .collect()
    }

    /// Look-alikes as stored in the database: people by index, and their L2 distance.
    pub(super) fn look_alike_people(&self) -> Vec<([usize; 2], f32)> {
        let pairs = self.resemblance.look_alikes.iter();
        pairs.map(|pair| (pair.photos.map(|photo| self.owners[photo]), pair.distance)).collect()
    }
}
