//! Puts the pictures of a sequence together into approaches.

use super::{Outcome, Picture};

/// One trial: some consecutive pictures of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Approach {
    /// The instrument; `None` for a bona fide approach.
    pub instrument: Option<String>,
    /// Who is shown, if known.
    pub person: Option<String>,
    /// The folder of the pictures, if they have one of their own.
    pub folder: Option<String>,
    /// The mean probability of a live face, 0 to 1.
    pub live: f32,
    /// Indices of the pictures.
    pub pictures: Vec<usize>,
}

/// Makes an approach of each `frames` pictures of a sequence that gave a probability, as a unit does. Returns the
/// approaches, and the number of pictures that are left over at the ends of the sequences.
pub fn approaches(pictures: &[Picture], outcomes: &[Outcome], frames: usize) -> (Vec<Approach>, usize) {
    let mut approaches = Vec::new();
    let mut left_over = 0;
    let mut open: Vec<(usize, f32)> = Vec::with_capacity(frames);
    for (index, (picture, outcome)) in pictures.iter().zip(outcomes).enumerate() {
        if open.first().is_some_and(|&(first, _)| !follow(&pictures[first], picture)) {
            left_over += open.len();
            open.clear();
        }
        if let &Outcome::Live(live) = outcome {
            open.push((index, live));
        }
        if open.len() >= frames.max(1) {
            let live = open.iter().map(|&(_, live)| live).sum::<f32>() / open.len() as f32;
            let Picture { instrument, person, folder, .. } = picture.clone();
            let pictures = open.drain(..).map(|(index, _)| index).collect();
            approaches.push(Approach { instrument, person, folder, live, pictures });
        }
    }
    (approaches, left_over + open.len())
}

fn follow(one: &Picture, other: &Picture) -> bool {
    (&one.instrument, &one.person, &one.sequence) == (&other.instrument, &other.person, &other.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_one_sequence_are_put_together() {
        let picture = |sequence: &str| Picture {
            path: "a.jpg".into(),
            instrument: None,
            person: None,
            folder: None,
            sequence: sequence.to_owned(),
        };
        let pictures = ["a", "a", "a", "a", "a", "b", "b", "c"].map(picture);
        let live =
            |values: [f32; 8]| values.map(|value| if value < 0.0 { Outcome::NoFace } else { Outcome::Live(value) });
        let all = live([0.0, 0.5, 1.0, 0.25, 0.75, 1.0, 0.0, 0.5]);
        let with_gaps = live([-1.0, 0.5, -1.0, 1.0, 1.0, -1.0, 0.0, -1.0]);
        type Expected<'a> = &'a [(f32, &'a [usize])];
        let cases: [(_, _, Expected<'_>, _); 5] = [
            (&all, 2, &[(0.25, &[0, 1]), (0.625, &[2, 3]), (0.5, &[5, 6])], 2),
            (&all, 5, &[(0.5, &[0, 1, 2, 3, 4])], 3),
            (&all, 6, &[], 8),
            (&with_gaps, 2, &[(0.75, &[1, 3])], 2),
            (&with_gaps, 1, &[(0.5, &[1]), (1.0, &[3]), (1.0, &[4]), (0.0, &[6])], 0),
        ];
        for (outcomes, frames, expected, left) in cases {
            let (found, left_over) = approaches(&pictures, outcomes, frames);
            let found: Vec<(f32, &[usize])> =
                found.iter().map(|approach| (approach.live, approach.pictures.as_slice())).collect();
            assert_eq!((found.as_slice(), left_over), (expected, left), "{frames}: {outcomes:?}");
        }
    }
}
