//! Leaves out duplicate photo files. No I/O.

use super::encoded::Encoded;
use super::quality::LeftOut;
use std::collections::HashMap;

/// The result of encoding a photo, with the person whose folder contains it.
pub(super) struct Outcome<'a> {
    pub(super) member: usize,
    pub(super) shown: &'a str,
    pub(super) result: Result<Encoded, LeftOut>,
}

/// Leaves out duplicates: all but the first if one person has them; all of them if two people do, because the owner is
/// unknown.
pub(super) fn leave_out_duplicates(outcomes: &mut [Outcome<'_>]) {
    let mut by_digest: HashMap<_, Vec<usize>> = HashMap::new();
    for (at, outcome) in outcomes.iter().enumerate() {
        if let Ok(encoded) = &outcome.result {
            by_digest.entry(encoded.digest).or_default().push(at);
        }
    }
    for same in by_digest.into_values().filter(|same| same.len() > 1) {
        let reasons: Vec<Option<LeftOut>> = same.iter().map(|&at| reason(outcomes, &same, at)).collect();
        for (at, reason) in same.into_iter().zip(reasons) {
            if let Some(reason) = reason {
                outcomes[at].result = Err(reason);
            }
        }
    }
}

fn reason(outcomes: &[Outcome<'_>], same: &[usize], at: usize) -> Option<LeftOut> {
    let of_another = same.iter().find(|&&other| outcomes[other].member != outcomes[at].member);
    if let Some(&other) = of_another {
        return Some(LeftOut::AlsoOf(outcomes[other].shown.to_owned()));
    }
    let first = *same.first()?;
    (first != at).then(|| LeftOut::SameAs(outcomes[first].shown.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::encoded::FaceInPhoto;
    use super::*;
    use crate::portrait::Portrait;
    use models::{Crop, FaceBox};
    use shared::encoding::Encoding;
    use shared::gallery::PhotoDigest;

    #[test]
    fn used_once_for_one_person_and_not_at_all_for_two() {
        let photos = [
            (0, "a/1", Some(1), None),
            (0, "a/2", Some(1), Some(LeftOut::SameAs("a/1".to_owned()))),
            (0, "a/3", Some(2), Some(LeftOut::AlsoOf("b/2".to_owned()))),
            (0, "a/4", None, Some(LeftOut::NoFace)),
            (1, "b/1", Some(3), None),
            (1, "b/2", Some(2), Some(LeftOut::AlsoOf("a/3".to_owned()))),
            (1, "b/3", Some(2), Some(LeftOut::AlsoOf("a/3".to_owned()))),
        ];
        let encoding = Encoding::from_network(&[1.0]).unwrap();
        let encoded = |digest| Encoded {
            digest: PhotoDigest([digest; 8]),
            encoding: encoding.clone(),
            is_plain: true,
            is_grey: false,
            face: FaceInPhoto { bounds: FaceBox::default(), photo: [100, 100], turned: 0 },
            portrait: Portrait::of(&Crop::from_rgb(1, vec![0; 3]).unwrap()),
        };
        let mut outcomes: Vec<Outcome<'_>> = photos
            .iter()
            .map(|&(member, shown, digest, _)| Outcome {
                member,
                shown,
                result: digest.map(encoded).ok_or(LeftOut::NoFace),
            })
            .collect();
        leave_out_duplicates(&mut outcomes);
        for (outcome, (_, shown, _, expected)) in outcomes.into_iter().zip(photos) {
            assert_eq!(outcome.result.err(), expected, "{shown}");
        }
    }
}
