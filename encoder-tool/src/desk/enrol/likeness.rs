//! Compares the photos of somebody who is about to be enrolled with each other and with everybody who is enrolled.

use crate::build_db::plan::Plan;
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
    /// Whether a photo does not resemble the person who gets it.
    pub(super) is_unlike: bool,
}

/// Compares. `person` is the key of somebody who gets more photos; empty for somebody new. `of_encoder` is the threshold
/// while nobody is enrolled.
pub(super) fn findings(t: &Texts, draft: &Draft, plan: Option<&Plan>, person: &str, of_encoder: f32) -> Findings {
    let threshold = plan.and_then(|plan| plan.report.threshold).unwrap_or(of_encoder);
    let encodings: Vec<&Encoding> = draft.photos.iter().map(|taken| &taken.encoded.encoding).collect();
    let mut findings = Findings::default();
    let mut note = |photo: usize, text: String| match findings.odd.iter().any(|(known, _)| *known == photo) {
        true => {}
        false => findings.odd.push((photo, text)),
    };
    for enrolled in plan.iter().flat_map(|plan| &plan.enrolment.enrolled) {
        let name = enrolled.member.name.as_str();
        let key = opaque::of_person(&enrolled.member.name);
        let distances: Vec<(usize, f32)> =
            encodings.iter().enumerate().filter_map(|(at, encoding)| Some((at, to(enrolled, encoding)?))).collect();
        if key == person {
            for (photo, _) in distances.iter().filter(|(_, distance)| *distance > threshold) {
                findings.is_unlike = true;
                note(*photo, fill(t.unlike_person, &[name]));
            }
            continue;
        }
        let alike: Vec<(usize, f32)> = distances.into_iter().filter(|(_, distance)| *distance <= threshold).collect();
        let Some(nearest) = alike.iter().map(|(_, distance)| *distance).min_by(f32::total_cmp) else { continue };
        if 2 * alike.len() > encodings.len() {
            findings.known = Some((key, fill(t.like_somebody, &[name, &format!("{nearest:.2}")])));
        } else {
            alike.iter().for_each(|(photo, distance)| {
                note(*photo, fill(t.photo_like_somebody, &[name, &format!("{distance:.2}"), name]));
            });
        }
    }
    odd(&encodings, threshold).into_iter().for_each(|photo| note(photo, t.unlike_others.to_owned()));
    findings
}

/// The L2 distance from an encoding to a person; `None` for a person without one.
fn to(enrolled: &Enrolled, encoding: &Encoding) -> Option<f32> {
    person_distance(enrolled.photos.iter().map(|photo| photo.new.encoding.l2_distance(encoding)))
}

/// Encodings that are farther than the threshold from all others.
fn odd(encodings: &[&Encoding], threshold: f32) -> Vec<usize> {
    let is_odd = |at: &usize| {
        let others = encodings.iter().enumerate().filter(|(other, _)| other != at);
        let mut near = others.map(|(_, other)| other.l2_distance(encodings[*at]) <= threshold).peekable();
        near.peek().is_some() && !near.any(|is_near| is_near)
    };
    (0..encodings.len()).filter(is_odd).collect()
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
            (&[0.0, 120.0], &[0, 1]),
        ] {
            let encodings: Vec<Encoding> = degrees.iter().map(|degrees| at(*degrees)).collect();
            assert_eq!(odd(&encodings.iter().collect::<Vec<_>>(), 1.0), expected, "{degrees:?}");
        }
    }
}
