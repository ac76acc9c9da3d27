use super::noise::Noise;
use super::*;
use crate::encoding::Encoding;
use alloc::vec::Vec;
use kernels::dots_of_rows;
use proptest::prelude::*;

struct Owned {
    dimensions: usize,
    numbers: Vec<i8>,
    scales: Vec<f32>,
}

impl Owned {
    fn new(encodings: &[Encoding]) -> Self {
        let dimensions = encodings.first().map_or(1, Encoding::dimensions);
        let stride = Rows::stride_of(dimensions);
        let mut numbers = Vec::new();
        let mut scales = Vec::new();
        for encoding in encodings {
            let stretch = push_row(encoding, &mut numbers);
            scales.push(scale_of(&numbers[numbers.len() - stride..], stretch).unwrap());
        }
        Self { dimensions, numbers, scales }
    }

    fn rows(&self) -> Rows<'_> {
        Rows::new(self.dimensions, &self.numbers, &self.scales).unwrap()
    }

    /// A straightforward loop over the stored integers of the wanted people.
    fn brute_force(&self, owners: &[u32], probe: &Probe, wanted: impl Fn(u32) -> bool) -> Option<PersonDistance> {
        let stride = Rows::stride_of(self.dimensions);
        let cosine = |row: usize| {
            let numbers = &self.numbers[row * stride..][..stride];
            let dot: i64 = numbers.iter().zip(probe.padded(stride)).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum();
            f64::from(self.scales[row]) * dot as f64
        };
        let mut best: Option<(usize, f64)> = None;
        let mut people = owners.to_vec();
        people.dedup();
        for person in people.into_iter().filter(|&person| wanted(person)) {
            let rows: Vec<usize> = (0..owners.len()).filter(|&row| owners[row] == person).collect();
            let nearest = rows.iter().copied().reduce(|a, b| if cosine(b) > cosine(a) { b } else { a }).unwrap();
            let mean = rows.iter().map(|&row| cosine(row)).sum::<f64>() / rows.len() as f64;
            let likeness = if rows.len() == 1 { mean } else { 0.5 * (cosine(nearest) + mean) };
            if best.is_none_or(|(_, leader)| likeness > leader) {
                best = Some((nearest, likeness));
            }
        }
        let (nearest_row, likeness) = best?;
        let squared = 2.0 - 2.0 * likeness * probe.factor();
        Some(PersonDistance { nearest_row, distance: squared.clamp(0.0, 4.0).sqrt() as f32 })
    }
}

#[test]
fn distance_is_within_a_hundredth_of_the_fp32_one() {
    let mut noise = Noise(1);
    let mut worst: f32 = 0.0;
    for dimensions in [1, 2, 3, 31, 33, 128, 512] {
        for apart in [0.0, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 100.0] {
            for _ in 0..30 {
                let enrolled = noise.encoding(dimensions);
                let probe = if apart == 0.0 { enrolled.clone() } else { noise.near(&enrolled, apart) };
                let gallery = Owned::new(core::slice::from_ref(&enrolled));
                let found = distance_of(&gallery.rows(), &Probe::new(&probe), dots_of_rows).unwrap();
                let error = (found.distance - enrolled.l2_distance(&probe)).abs();
                assert!(error < 0.01, "{dimensions} numbers, {apart} apart: {error}");
                if dimensions >= 128 {
                    worst = worst.max(error);
                }
            }
        }
    }
    std::println!("worst error at 128 and 512 numbers: {worst}");
    assert!(worst < 0.003, "{worst}");
}

#[test]
fn an_encoding_is_at_no_distance_from_itself() {
    let mut noise = Noise(2);
    for dimensions in [1, 100, 128, 512] {
        for _ in 0..100 {
            let encoding = noise.encoding(dimensions);
            let gallery = Owned::new(core::slice::from_ref(&encoding));
            let found = distance_of(&gallery.rows(), &Probe::new(&encoding), dots_of_rows).unwrap();
            assert!(found.distance < 0.001, "{dimensions} numbers: {}", found.distance);
        }
    }
}

#[test]
fn one_large_number_and_many_small_ones_are_still_close() {
    // Every small number is just under half a step of the large one and is rounded to zero.
    for dimensions in [2, 128, 512] {
        let mut raw = alloc::vec![0.4999 / 127.0; dimensions];
        raw[0] = 1.0;
        let encoding = Encoding::from_network(&raw).unwrap();
        let gallery = Owned::new(core::slice::from_ref(&encoding));
        let found = distance_of(&gallery.rows(), &Probe::new(&encoding), dots_of_rows).unwrap();
        assert!(found.distance < 0.005, "{dimensions} numbers: {}", found.distance);
    }
}

#[test]
fn the_largest_sums_fit() {
    for sign in [1.0, -1.0] {
        let encoding = Encoding::from_network(&[1.0; 512]).unwrap();
        let probe = Encoding::from_network(&[sign; 512]).unwrap();
        let gallery = Owned::new(&[encoding]);
        let found = distance_of(&gallery.rows(), &Probe::new(&probe), dots_of_rows).unwrap();
        assert!((found.distance - (1.0 - sign)).abs() < 0.001, "{}", found.distance);
    }
    let probe = Probe::new(&Encoding::from_network(&[1.0; 512]).unwrap());
    let mut dots = [0];
    dots_of_rows(&[-128; 512], probe.padded(512), &mut dots);
    assert_eq!(i64::from(dots[0]), -128 * 512 * i64::from(probe.padded(512)[0]));
}

#[test]
fn invalid_rows_have_no_scale() {
    let cases: [(&[i8], u16, bool); 7] = [
        (&[127, 0], 0, true),
        (&[0, -127], u16::MAX, true),
        (&[0, 0], 0, false),
        (&[126, -126], 0, false),
        (&[127, -128], 0, false),
        (&[], 0, false),
        (&[127; 513], 0, false),
    ];
    for (row, stretch, sound) in cases {
        let scale = scale_of(row, stretch);
        assert_eq!(scale.is_some(), sound, "{row:?}");
        assert!(scale.is_none_or(|scale| scale.is_finite() && scale > 0.0));
    }
}

#[test]
fn nothing_is_nearest_to_a_probe_of_other_dimensions_or_in_an_empty_gallery() {
    let mut noise = Noise(3);
    let gallery = Owned::new(&[noise.encoding(128)]);
    let probe = Probe::new(&noise.encoding(127));
    assert_eq!(nearest(&gallery.rows(), &[0], &probe, dots_of_rows), None);
    assert_eq!(distance_of(&gallery.rows(), &probe, dots_of_rows), None);
    assert_eq!(nearest_two(&gallery.rows(), &[0], &probe, dots_of_rows), None);
    let nobody = Rows::new(127, &[], &[]).unwrap();
    assert_eq!(nearest(&nobody, &[], &probe, dots_of_rows), None);
    assert_eq!(distance_of(&nobody, &probe, dots_of_rows), None);
    let other = Probe::new(&noise.encoding(128));
    assert_eq!(nearest(&gallery.rows(), &[], &other, dots_of_rows), None);
    assert!(Rows::new(0, &[], &[]).is_none());
    assert!(Rows::new(513, &[], &[]).is_none());
    assert!(Rows::new(128, &[0; 127], &[1.0]).is_none());
}

/// The mean of the nearest and the mean cosine, by hand: cosines 1, 0.5 and 0 give 0.75.
#[test]
fn a_person_lies_between_their_nearest_and_their_mean_encoding() {
    let at = |degrees: f32| Encoding::from_network(&[degrees.to_radians().cos(), degrees.to_radians().sin()]).unwrap();
    let probe = at(0.0);
    for (degrees, cosine) in [(&[0.0][..], 1.0), (&[60.0], 0.5), (&[90.0, 0.0, 60.0], 0.75), (&[120.0, 60.0], 0.25)] {
        let encodings: Vec<Encoding> = degrees.iter().map(|&degrees| at(degrees)).collect();
        let gallery = Owned::new(&encodings);
        let expected = (2.0 - 2.0 * cosine as f32).sqrt();
        let found = distance_of(&gallery.rows(), &Probe::new(&probe), dots_of_rows).unwrap();
        assert!((found.distance - expected).abs() < 0.01, "{degrees:?}: {found:?}");
        let from_distances = person_distance(encodings.iter().map(|encoding| encoding.l2_distance(&probe))).unwrap();
        assert!((from_distances - expected).abs() < 1e-5, "{degrees:?}: {from_distances}");
    }
    assert_eq!(person_distance([]), None);
}

/// A person with one near photo and several far ones is farther than a person whose photos are all fairly near.
#[test]
fn one_near_photo_among_far_ones_does_not_decide() {
    let at = |degrees: f32| Encoding::from_network(&[degrees.to_radians().cos(), degrees.to_radians().sin()]).unwrap();
    let gallery = Owned::new(&[at(10.0), at(170.0), at(40.0), at(50.0), at(-90.0)]);
    let (best, other) = nearest_two(&gallery.rows(), &[0, 0, 1, 1, 2], &Probe::new(&at(0.0)), dots_of_rows).unwrap();
    assert_eq!((best.nearest_row, other.unwrap().nearest_row), (2, 0));
}

fn gallery_with_ties() -> impl Strategy<Value = (usize, Vec<Vec<i8>>, Vec<u32>, usize)> {
    let dimensions = prop_oneof![Just(128), Just(512), Just(256), 1_usize..=70];
    dimensions.prop_flat_map(|dimensions| {
        // Few distinct numbers and rows make ties likely.
        let row =
            prop_oneof![prop::collection::vec(-1_i8..=1, dimensions), prop::collection::vec(any::<i8>(), dimensions),];
        let rows = prop::collection::vec(row, 1..12);
        let picks = prop::collection::vec((any::<prop::sample::Index>(), 0_u32..4), 1..700);
        (Just(dimensions), rows, picks, any::<prop::sample::Index>()).prop_map(|(dimensions, rows, picks, probe)| {
            let probe = probe.index(rows.len());
            // The rows of a person are adjacent.
            let owners = picks
                .iter()
                .scan(0, |owner, (_, step)| {
                    *owner += *step / 2;
                    Some(*owner)
                })
                .collect();
            (dimensions, picks.iter().map(|(pick, _)| rows[pick.index(rows.len())].clone()).collect(), owners, probe)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kernels_find_the_same_match_as_a_plain_loop((_, rows, owners, pick) in gallery_with_ties(), noisy in any::<bool>()) {
        let encode = |row: &Vec<i8>| {
            let raw: Vec<f32> = row.iter().map(|&x| f32::from(x)).collect();
            Encoding::from_network(&raw).or_else(|_| Encoding::from_network(&alloc::vec![1.0; raw.len()])).unwrap()
        };
        let encodings: Vec<Encoding> = rows.iter().map(encode).collect();
        let gallery = Owned::new(&encodings);
        let near = &encodings[pick % encodings.len()];
        let probe = Probe::new(&if noisy { Noise(pick as u64).near(near, 0.5) } else { near.clone() });
        let best = gallery.brute_force(&owners, &probe, |_| true);
        let owner = owners[best.unwrap().nearest_row];
        let other = gallery.brute_force(&owners, &probe, |person| person != owner);
        let rows = gallery.rows();
        prop_assert_eq!(nearest(&rows, &owners, &probe, dots_of_rows), best);
        prop_assert_eq!(nearest_where(&rows, &owners, &probe, dots_of_rows, |person| person != owner), other);
        prop_assert_eq!(nearest_two(&rows, &owners, &probe, dots_of_rows), best.map(|best| (best, other)));
    }
}
