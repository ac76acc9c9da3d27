//! Learns a map from labelled vectors. Minimises the triplet loss, with a penalty on the distance from the start, until
//! the loss on held-out people stops falling.

use super::judge::judged;
use super::loss::{Images, loss_and_gradient, semi_hard};
use super::map::{Map, Vectors, dot};

/// Step size of Adam (Kingma and Ba, ICLR 2015), as a share of the root mean square of the start's numbers. The decay
/// rates are Adam's defaults.
const STEP: f32 = 5e-3;
const LASTING: [f32; 2] = [0.9, 0.999];
const SMALL: f32 = 1e-8;
/// Weight of the penalty: the loss grows by this for each unit of squared distance between the map and its start.
const HELD: f32 = 1e-3;
/// Steps per round. Each round mines triplets again. With four steps, FaceNet's map overfitted its triplets.
pub(super) const MOST_ROUNDS: usize = 150;
/// Learning stops after this many rounds without a smaller loss on the held-out people.
const PATIENCE: usize = 20;

/// Vectors with the number of the person of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Labelled {
    pub(super) vectors: Vectors,
    pub(super) people: Vec<usize>,
}

/// The learnt map.
pub(super) struct Learnt {
    pub(super) map: Map,
    /// The round that produced the map; 0 is the start.
    pub(super) round: usize,
}

/// Learns from some people until the loss on others stops falling. Calls `tell` after each round.
pub(super) fn learn(start: &Map, from: &Labelled, held_out: &Labelled, mut tell: impl FnMut()) -> Learnt {
    let mut map = start.clone();
    let mut best = Learnt { map: start.clone(), round: 0 };
    let mut best_loss = judged(&Images::new(start, &held_out.vectors).units, &held_out.people).mean_loss;
    let mut adam = Adam::new(&map.rows);
    for round in 1..=MOST_ROUNDS {
        let images = Images::new(&map, &from.vectors);
        let triplets = semi_hard(&images.units, &from.people);
        if triplets.is_empty() {
            break;
        }
        let (_, mut gradient) = loss_and_gradient(&map, &from.vectors, &images, &triplets);
        let from_start = map.rows.iter().zip(&start.rows).map(|(now, then)| now - then);
        gradient.iter_mut().zip(from_start).for_each(|(part, moved)| *part += 2.0 * HELD * moved);
        adam.step(&mut map.rows, &gradient);
        tell();
        let loss = judged(&Images::new(&map, &held_out.vectors).units, &held_out.people).mean_loss;
        if loss < best_loss {
            best_loss = loss;
            best = Learnt { map: map.clone(), round };
        } else if round - best.round >= PATIENCE {
            break;
        }
    }
    best
}

struct Adam {
    length: f32,
    means: Vec<f32>,
    squares: Vec<f32>,
    steps: i32,
}

impl Adam {
    fn new(numbers: &[f32]) -> Self {
        let length = STEP * (dot(numbers, numbers) / numbers.len().max(1) as f32).sqrt();
        Self { length, means: vec![0.0; numbers.len()], squares: vec![0.0; numbers.len()], steps: 0 }
    }

    fn step(&mut self, numbers: &mut [f32], gradient: &[f32]) {
        self.steps += 1;
        let [first, second] = LASTING.map(|lasting| 1.0 - lasting.powi(self.steps));
        for (index, (number, &part)) in numbers.iter_mut().zip(gradient).enumerate() {
            let (mean, square) = (&mut self.means[index], &mut self.squares[index]);
            *mean += (1.0 - LASTING[0]) * (part - *mean);
            *square += (1.0 - LASTING[1]) * (part * part - *square);
            *number -= self.length * (*mean / first) / ((*square / second).sqrt() + SMALL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People differ in the first four numbers; the next four vary from photo to photo, and more strongly.
    fn people(numbers: std::ops::Range<usize>, seed: u64) -> Labelled {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut people = Vec::new();
        let mut vectors = Vec::new();
        for person in numbers {
            let own: Vec<f32> = (0..4).map(|_| random.f32() - 0.5).collect();
            for _ in 0..4 {
                let length = |number: &f32| number + 0.02 * (random.f32() - 0.5);
                let mut vector: Vec<f32> = own.iter().map(length).collect();
                vector.extend((0..4).map(|_| 1.6 * (random.f32() - 0.5)));
                vectors.push(vector);
                people.push(person);
            }
        }
        Labelled { vectors: Vectors::new(8, vectors.iter().map(Vec::as_slice)), people }
    }

    #[test]
    fn identity_is_learnt_even_if_other_features_vary_more() {
        let (from, held_out, unseen) = (people(0..30, 1), people(30..50, 2), people(50..80, 3));
        let start = Map::principal_axes(&from.vectors, 4, 1);
        let loss = |map: &Map| judged(&Images::new(map, &unseen.vectors).units, &unseen.people).mean_loss;
        let learnt = learn(&start, &from, &held_out, || ());
        let (before, after) = (loss(&start), loss(&learnt.map));
        assert!(learnt.round > 0 && after < 0.8 * before, "{before} became {after} in round {}", learnt.round);
        assert_eq!(learn(&start, &from, &held_out, || ()).map, learnt.map, "the same photos give the same map");
    }

    #[test]
    fn without_anything_to_learn_the_start_is_kept() {
        let apart = |people: std::ops::Range<usize>| {
            let numbers = people.clone().flat_map(|person| [0, 1].map(|_| person));
            let vector =
                |person: usize| (0..8).map(|at| if at == person % 8 { 1.0 } else { 0.0 }).collect::<Vec<f32>>();
            let vectors: Vec<Vec<f32>> = numbers.clone().map(vector).collect();
            Labelled { vectors: Vectors::new(8, vectors.iter().map(Vec::as_slice)), people: numbers.collect() }
        };
        let start = Map::principal_axes(&apart(0..8).vectors, 8, 1);
        assert_eq!(learn(&start, &apart(0..8), &apart(8..16), || ()).round, 0);
    }
}
