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
    /// The photos do not resemble those of the person who gets them.
    pub(super) unlike: Option<String>,
    /// People whom the photos resemble: the key, and the sentence.
    pub(super) like: Vec<(String, String)>,
    /// Photos that do not resemble the others, by index.
    pub(super) odd: Vec<usize>,
}

/// Compares. `person` is the key of somebody who gets more photos; empty for somebody new. `of_encoder` is the threshold
/// while nobody is enrolled.
pub(super) fn findings(t: &Texts, draft: &Draft, plan: Option<&Plan>, person: &str, of_encoder: f32) -> Findings {
    let threshold = plan.and_then(|plan| plan.report.threshold).unwrap_or(of_encoder);
    let encodings: Vec<&Encoding> = draft.photos.iter().map(|taken| &taken.encoded.encoding).collect();
    let mut findings = Findings { odd: odd(&encodings, threshold), ..Findings::default() };
    for enrolled in plan.iter().flat_map(|plan| &plan.enrolment.enrolled) {
        let Some(distance) = nearest(&encodings, enrolled) else { continue };
        let name = enrolled.member.name.as_str();
        let key = opaque::of_person(&enrolled.member.name);
        match (key == person, distance <= threshold) {
            (true, false) => findings.unlike = Some(fill(t.unlike_person, &[name])),
            (false, true) => findings.like.push((key, fill(t.like_somebody, &[name, &format!("{distance:.2}")]))),
            _ => {}
        }
    }
    findings
}

/// The smallest L2 distance from one of the encodings to a person; `None` without an encoding on either side.
fn nearest(encodings: &[&Encoding], enrolled: &Enrolled) -> Option<f32> {
    let to_person = |encoding: &&Encoding| {
        person_distance(enrolled.photos.iter().map(|photo| photo.new.encoding.l2_distance(encoding)))
    };
    encodings.iter().filter_map(to_person).min_by(f32::total_cmp)
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
