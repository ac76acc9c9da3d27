//! Learns a gate from encodings of plain and degraded faces. No I/O.

use super::degrade::Kind;
use super::prototypes::{in_bytes, prototypes};
use super::regression::{Sample, fit};
use super::sampled_faces::Seen;
use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use models::gate::{Gate, Learnt, Term, centred};
use shared::encoding::Encoding;
use shared::gallery::ModelHash;

/// Share of the plain faces that the gate refuses.
const PLAIN_REFUSED: f64 = 0.012;
/// Share of the plain faces that may not be enrolled because they lie too near to the background.
const PLAIN_CROWDED: f64 = 0.001;
/// Number of prototypes over all kinds.
const PROTOTYPES: usize = 192;
/// Clearance: how much nearer to a person than to the background a face at the gate must be, in cosines.
const CLEARANCE: f32 = 0.4;
/// Quantile of the plain faces' margins above which no clearance is required.
const WITH_CLEARANCE: f64 = 0.5;
/// Minimum number of prototypes per kind, also if the gate already refuses its faces.
const FEWEST_PROTOTYPES: usize = 4;
/// Total weight of the plain faces, and of all degraded faces.
const WEIGHT: f64 = 2000.0;
/// Factor on the centred encoding in the regression, so that the penalty does not mainly affect its coefficients.
const STRETCH: f32 = 6.0;
/// Number of cross-validation folds over the people: margins of plain faces are those of a regression on other folds.
const PARTS: usize = 5;
const SEED: u64 = 1;
/// Smallest number of plain faces to learn from.
const FEWEST_PLAIN: usize = 60;

/// Learns a gate from these faces. `learnt_from` names the photos.
///
/// # Errors
/// If there are too few faces.
pub(super) fn learn(seen: &[Seen], learnt_with: ModelHash, learnt_from: String) -> Result<Gate> {
    let plain: Vec<&Seen> = seen.iter().filter(|seen| seen.kind.is_none()).collect();
    let fewest = format!("{} people have a face; {FEWEST_PLAIN} are needed to learn from", plain.len());
    ensure!(plain.len() >= FEWEST_PLAIN, fewest);
    let mean = mean_of(&plain);
    let scale = |value: fn(&Seen) -> f32| spread_of(plain.iter().map(|seen| value(seen)));
    let scales = Scales { mean, length: scale(|seen| seen.encoded.length), confidence: scale(|seen| seen.confidence) };
    let faces: Vec<Measured<'_>> = seen.iter().filter_map(|seen| scales.measured(seen)).collect();

    let mut margins: Vec<f64> = Vec::new();
    for part in 0..PARTS {
        let (out, within): (Vec<_>, Vec<_>) = faces.iter().partition(|face| face.seen.person % PARTS == part);
        let fitted = fit(&samples(&within));
        margins.extend(out.iter().filter(|face| face.seen.kind.is_none()).map(|face| face.margin(&fitted)));
    }
    let limit = quantile(margins.clone(), PLAIN_REFUSED);
    let plain_from = quantile(margins, WITH_CLEARANCE) - limit;
    let fitted = fit(&samples(&faces.iter().collect::<Vec<_>>()));

    let background = background(&faces, |face| face.margin(&fitted) >= limit);
    let nearest = |face: &&Measured<'_>| {
        let cosine = |row: &Vec<f32>| row.iter().zip(face.centred.numbers()).map(|(a, b)| a * b).sum::<f32>();
        -f64::from(background.iter().map(cosine).fold(-1.0, f32::max))
    };
    let crowded = -quantile(
        faces.iter().filter(|face| face.seen.kind.is_none()).map(|face| nearest(&face)).collect(),
        PLAIN_CROWDED,
    );

    let Scales { mean, length, confidence } = scales;
    let dimensions = mean.len();
    let [weights @ .., of_length, of_confidence, constant] = fitted.as_slice() else {
        anyhow::bail!("the regression has lost its coefficients");
    };
    let term = |(mean, spread): (f32, f32), weight: f64| Term { mean, spread, weight: weight as f32 };
    let learnt = Learnt {
        learnt_with,
        learnt_from,
        weights: weights[..dimensions].iter().map(|weight| *weight as f32 * STRETCH).collect(),
        mean,
        length: term(length, *of_length),
        confidence: term(confidence, *of_confidence),
        constant: (constant - limit) as f32,
        clearance: CLEARANCE,
        plain_from: plain_from as f32,
        crowded: crowded as f32,
        prototypes: background.iter().flat_map(|row| in_bytes(row)).collect(),
    };
    Gate::new(learnt).context("the learnt gate is invalid")
}

/// Scales that make the measured values comparable.
struct Scales {
    mean: Vec<f32>,
    /// Mean and standard deviation.
    length: (f32, f32),
    confidence: (f32, f32),
}

struct Measured<'s> {
    seen: &'s Seen,
    centred: Encoding,
    features: Vec<f64>,
}

impl Scales {
    fn measured<'s>(&self, seen: &'s Seen) -> Option<Measured<'s>> {
        let centred = centred(seen.encoded.encoding.numbers(), &self.mean)?;
        let scaled = |value: f32, (mean, spread): (f32, f32)| f64::from((value - mean) / spread);
        let values = [scaled(seen.encoded.length, self.length), scaled(seen.confidence, self.confidence)];
        let features = centred.numbers().iter().map(|number| f64::from(number * STRETCH)).chain(values).collect();
        Some(Measured { seen, centred, features })
    }
}

impl Measured<'_> {
    fn margin(&self, fitted: &[f64]) -> f64 {
        self.features.iter().chain([&1.0]).zip(fitted).map(|(feature, coefficient)| feature * coefficient).sum()
    }
}

/// Weights of the samples: plain faces together weigh as much as all degraded ones, and each kind as much as any other.
fn samples(faces: &[&Measured<'_>]) -> Vec<Sample> {
    let count = |kind: Option<Kind>| faces.iter().filter(|face| face.seen.kind == kind).count().max(1) as f64;
    let plain = WEIGHT / count(None);
    let of_kinds = Kind::ALL.map(|kind| WEIGHT / Kind::ALL.len() as f64 / count(Some(kind)));
    let weight = |kind: Option<Kind>| kind.map_or(plain, |kind| of_kinds[kind as usize]);
    let sample = |face: &&Measured<'_>| Sample {
        features: face.features.clone(),
        above: face.seen.kind.is_none(),
        weight: weight(face.seen.kind),
    };
    faces.iter().map(sample).collect()
}

/// Computes the prototypes. Most of them are of the kinds that the gate misses.
fn background(faces: &[Measured<'_>], passes: impl Fn(&Measured<'_>) -> bool) -> Vec<Vec<f32>> {
    let of = |kind| faces.iter().filter(move |face| face.seen.kind == Some(kind));
    let missed = Kind::ALL.map(|kind| of(kind).filter(|face| passes(face)).count() as f64);
    let all: f64 = missed.iter().sum::<f64>().max(1.0);
    let to_share = (PROTOTYPES - FEWEST_PROTOTYPES * Kind::ALL.len()) as f64;
    let mut random = Rng::with_seed(SEED);
    let mut rows = Vec::new();
    for (kind, missed) in Kind::ALL.into_iter().zip(missed) {
        let count = FEWEST_PROTOTYPES + (to_share * missed / all).floor() as usize;
        let vectors: Vec<Vec<f32>> = of(kind).map(|face| face.centred.numbers().to_vec()).collect();
        rows.extend(prototypes(&vectors, count, &mut random));
    }
    rows
}

fn mean_of(plain: &[&Seen]) -> Vec<f32> {
    let mut sum = vec![0.0; plain[0].encoded.encoding.dimensions()];
    for seen in plain {
        sum.iter_mut().zip(seen.encoded.encoding.numbers()).for_each(|(sum, &number)| *sum += f64::from(number));
    }
    sum.iter().map(|sum| (sum / plain.len() as f64) as f32).collect()
}

/// Mean and standard deviation, which is never 0.
fn spread_of(values: impl Iterator<Item = f32> + Clone) -> (f32, f32) {
    let count = values.clone().count() as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / count;
    let variance = values.map(|value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    (mean as f32, (variance.sqrt() as f32).max(1e-6))
}

/// The value below which this share lies.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (share * values.len() as f64).floor() as usize;
    values.get(at).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::encoding::Encoded;

    /// Plain faces point in any direction and are long. Degraded ones share a direction and are short, or long if
    /// `long`.
    fn seen(person: usize, kind: Option<Kind>, random: &mut Rng) -> Seen {
        let mut raw: Vec<f32> = (0..8).map(|_| random.f32() - 0.5).collect();
        let wanted = if kind.is_none_or(|kind| kind == Kind::Mask) { 12.0 } else { 7.0 };
        if kind.is_some() {
            raw[kind.map_or(0, |kind| kind as usize % 8)] += 3.0;
        }
        let length = raw.iter().map(|number| number * number).sum::<f32>().sqrt();
        let scale = (wanted + random.f32()) / length;
        let encoded = Encoded::from_network(&raw.iter().map(|number| number * scale).collect::<Vec<_>>()).unwrap();
        Seen { person, kind, encoded, confidence: 0.9 }
    }

    fn sample() -> Vec<Seen> {
        let mut random = Rng::with_seed(7);
        let kinds = || [None].into_iter().chain(Kind::ALL.map(Some));
        (0..200)
            .flat_map(|person| kinds().map(move |kind| (person, kind)))
            .map(|(person, kind)| seen(person, kind, &mut random))
            .collect()
    }

    #[test]
    fn degraded_faces_are_refused_and_plain_ones_are_not() {
        let faces = sample();
        let gate = learn(&faces, ModelHash([0; 32]), String::new()).unwrap();
        let passing = |kind: Option<Kind>| {
            let of_kind = faces.iter().filter(|face| face.kind == kind);
            of_kind.filter(|face| gate.margin(&face.encoded, face.confidence) >= 0.0).count()
        };
        assert!(passing(None) >= 197, "{}", passing(None));
        for kind in Kind::ALL {
            assert!(passing(Some(kind)) <= 4, "{kind:?}: {}", passing(Some(kind)));
        }
        assert_eq!(gate.learnt().prototypes.len() % 8, 0);
    }

    #[test]
    fn the_same_faces_make_the_same_file() {
        let made = || learn(&sample(), ModelHash([0; 32]), "photos".to_owned()).unwrap().encode().unwrap();
        assert_eq!(made(), made());
    }

    #[test]
    fn learning_from_a_few_people_is_refused() {
        assert!(learn(&sample()[..300], ModelHash([0; 32]), String::new()).is_err());
    }
}
