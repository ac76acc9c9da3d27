//! Compares the photos of somebody who is about to be enrolled with each other and with everybody who is enrolled.

use crate::build_db::plan::Plan;
use crate::build_db::resemblance::{self, OfPerson};
use crate::build_db::write::Enrolled;
use crate::desk::draft::Draft;
use crate::desk::opaque;
use crate::desk::texts::{Texts, fill};
use shared::encoding::Encoding;
use shared::matching::person_distance;

/// What stands out.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Findings {
    /// Somebody who is enrolled and resembles most of the photos: the key, and the sentence.
    pub(super) known: Option<(String, String)>,
    /// What is odd about photos, by their index.
    pub(super) odd: Vec<(usize, String)>,
    /// Whether the person who gets the photos has others, with which they could not be compared.
    pub(super) is_not_compared: bool,
}

/// Who gets the photos.
#[derive(Clone, Copy, Debug)]
pub(super) enum Receiver<'a> {
    SomebodyNew,
    /// A person of the folder.
    Known {
        key: &'a str,
        has_photos: bool,
    },
}

/// Compares. `of_encoder` is the threshold while nobody is enrolled.
pub(super) fn findings(
    t: &Texts,
    draft: &Draft,
    plan: Option<&Plan>,
    receiver: Receiver<'_>,
    of_encoder: f32,
) -> Findings {
    let threshold = plan.and_then(|plan| plan.report.threshold).unwrap_or(of_encoder);
    let encodings: Vec<&Encoding> = draft.photos.iter().map(|taken| &taken.encoded.encoding).collect();
    let mut findings = Findings::default();
    let mut note = |photo: usize, text: String| {
        if !findings.odd.iter().any(|(known, _)| *known == photo) {
            findings.odd.push((photo, text));
        }
    };
    let mut is_compared = false;
    let mut nearest_known = f32::INFINITY;
    for enrolled in plan.iter().flat_map(|plan| &plan.enrolment.enrolled) {
        let name = enrolled.member.name.as_str();
        let key = opaque::of_person(&enrolled.member.name);
        let distances: Vec<(usize, f32)> =
            encodings.iter().enumerate().filter_map(|(at, encoding)| Some((at, to(enrolled, encoding)?))).collect();
        if matches!(receiver, Receiver::Known { key: own, .. } if own == key) {
            is_compared = !enrolled.photos.is_empty();
            let unlike = distances.iter().filter(|(_, distance)| *distance > threshold);
            unlike.for_each(|(photo, _)| note(*photo, fill(t.unlike_person, &[name])));
            continue;
        }
        let alike: Vec<(usize, f32)> = distances.into_iter().filter(|(_, distance)| *distance <= threshold).collect();
        let Some(nearest) = alike.iter().map(|(_, distance)| *distance).min_by(f32::total_cmp) else { continue };
        if 2 * alike.len() > encodings.len() {
            if nearest < nearest_known {
                nearest_known = nearest;
                findings.known = Some((key, fill(t.like_somebody, &[name, &format!("{nearest:.2}")])));
            }
        } else {
            alike.iter().for_each(|(photo, distance)| {
                note(*photo, fill(t.photo_like_somebody, &[name, &format!("{distance:.2}"), name]));
            });
        }
    }
    odd(&encodings, threshold).into_iter().for_each(|photo| note(photo, t.unlike_others.to_owned()));
    findings.is_not_compared = matches!(receiver, Receiver::Known { has_photos: true, .. }) && !is_compared;
    findings
}

/// The L2 distance from an encoding to a person; `None` for a person without one.
fn to(enrolled: &Enrolled, encoding: &Encoding) -> Option<f32> {
    person_distance(enrolled.photos.iter().map(|photo| photo.new.encoding.l2_distance(encoding)))
}

/// Photos that resemble at most half of the others, as a build finds them.
fn odd(encodings: &[&Encoding], threshold: f32) -> Vec<usize> {
    let photos: Vec<OfPerson<'_>> = encodings.iter().map(|encoding| OfPerson { person: 0, encoding }).collect();
    resemblance::find(&photos, threshold).odd_photos.iter().map(|odd| odd.photo).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(degrees: f32) -> Encoding {
        Encoding::from_network(&[degrees.to_radians().cos(), degrees.to_radians().sin()]).unwrap()
    }

    #[test]
    fn a_photo_of_somebody_else_stands_out() {
        for (degrees, expected) in [
            (&[][..], &[][..]),
            (&[0.0], &[]),
            (&[0.0, 10.0], &[]),
            (&[0.0, 10.0, 120.0], &[2]),
            (&[0.0, 10.0, 20.0, 120.0, 130.0], &[3, 4]),
            (&[0.0, 120.0], &[0, 1]),
        ] {
            let encodings: Vec<Encoding> = degrees.iter().map(|degrees| at(*degrees)).collect();
            assert_eq!(odd(&encodings.iter().collect::<Vec<_>>(), 1.0), expected, "{degrees:?}");
        }
    }
}
