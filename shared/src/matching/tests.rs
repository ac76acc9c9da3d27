use super::noise::Noise;
use super::*;
use crate::encoding::Encoding;
use alloc::vec::Vec;
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

    /// The plainest loop over the stored integers, among the rows that `wanted` lets through.
    fn brute_force(&self, probe: &Probe, wanted: impl Fn(usize) -> bool) -> Option<RowDistance> {
        let stride = Rows::stride_of(self.dimensions);
        let mut best: Option<(usize, i64, f32)> = None;
        for (row, numbers) in self.numbers.chunks(stride).enumerate().filter(|(row, _)| wanted(*row)) {
            let dot: i64 = numbers.iter().zip(probe.padded(stride)).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum();
            let likeness = self.scales[row] * dot as f32;
            if best.is_none_or(|(_, _, leader)| likeness > leader) {
                best = Some((row, dot, likeness));
            }
        }
        let (row, dot, _) = best?;
        let squared = 2.0 - 2.0 * f64::from(self.scales[row]) * dot as f64 * probe.factor();
        Some(RowDistance { row, distance: squared.max(0.0).sqrt() as f32 })
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
                let found = nearest(&gallery.rows(), &Probe::new(&probe), Kernel::fastest()).unwrap();
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
            let found = nearest(&gallery.rows(), &Probe::new(&encoding), Kernel::fastest()).unwrap();
            assert!(found.distance < 0.001, "{dimensions} numbers: {}", found.distance);
        }
    }
}

#[test]
fn one_large_number_and_many_small_ones_are_still_close() {
    // Every small number lies just under half a step of the large one and is rounded away.
    for dimensions in [2, 128, 512] {
        let mut raw = alloc::vec![0.4999 / 127.0; dimensions];
        raw[0] = 1.0;
        let encoding = Encoding::from_network(&raw).unwrap();
        let gallery = Owned::new(core::slice::from_ref(&encoding));
        let found = nearest(&gallery.rows(), &Probe::new(&encoding), Kernel::fastest()).unwrap();
        assert!(found.distance < 0.005, "{dimensions} numbers: {}", found.distance);
    }
}

#[test]
fn the_largest_sums_fit() {
    for sign in [1.0, -1.0] {
        let encoding = Encoding::from_network(&[1.0; 512]).unwrap();
        let probe = Encoding::from_network(&[sign; 512]).unwrap();
        let gallery = Owned::new(&[encoding]);
        let found = nearest(&gallery.rows(), &Probe::new(&probe), Kernel::fastest()).unwrap();
        assert!((found.distance - (1.0 - sign)).abs() < 0.001, "{}", found.distance);
    }
    let probe = Probe::new(&Encoding::from_network(&[1.0; 512]).unwrap());
    let mut dots = [0];
    Kernel::fastest().dots(&[-128; 512], probe.padded(512), &mut dots);
    assert_eq!(i64::from(dots[0]), -128 * 512 * i64::from(probe.padded(512)[0]));
}

#[test]
fn rows_that_no_encoding_becomes_have_no_scale() {
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
    assert_eq!(nearest(&gallery.rows(), &probe, Kernel::BASELINE), None);
    assert_eq!(nearest_two(&gallery.rows(), &[0], &probe, Kernel::BASELINE), None);
    assert_eq!(nearest(&Rows::new(127, &[], &[]).unwrap(), &probe, Kernel::BASELINE), None);
    assert!(Rows::new(0, &[], &[]).is_none());
    assert!(Rows::new(513, &[], &[]).is_none());
    assert!(Rows::new(128, &[0; 127], &[1.0]).is_none());
}

fn gallery_with_ties() -> impl Strategy<Value = (usize, Vec<Vec<i8>>, Vec<u32>, usize)> {
    let dimensions = prop_oneof![Just(128), Just(512), Just(256), 1_usize..=70];
    dimensions.prop_flat_map(|dimensions| {
        // Few different numbers and few different rows make ties likely.
        let row =
            prop_oneof![prop::collection::vec(-1_i8..=1, dimensions), prop::collection::vec(any::<i8>(), dimensions),];
        let rows = prop::collection::vec(row, 1..12);
        let picks = prop::collection::vec((any::<prop::sample::Index>(), 0_u32..4), 1..700);
        (Just(dimensions), rows, picks, any::<prop::sample::Index>()).prop_map(|(dimensions, rows, picks, probe)| {
            let probe = probe.index(rows.len());
            let owners = picks.iter().map(|(_, owner)| *owner).collect();
            (dimensions, picks.iter().map(|(pick, _)| rows[pick.index(rows.len())].clone()).collect(), owners, probe)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_kernel_finds_what_a_plain_loop_finds((_, rows, owners, pick) in gallery_with_ties(), noisy in any::<bool>()) {
        let encode = |row: &Vec<i8>| {
            let raw: Vec<f32> = row.iter().map(|&x| f32::from(x)).collect();
            Encoding::from_network(&raw).or_else(|_| Encoding::from_network(&alloc::vec![1.0; raw.len()])).unwrap()
        };
        let encodings: Vec<Encoding> = rows.iter().map(encode).collect();
        let gallery = Owned::new(&encodings);
        let near = &encodings[pick % encodings.len()];
        let probe = Probe::new(&if noisy { Noise(pick as u64).near(near, 0.5) } else { near.clone() });
        let best = gallery.brute_force(&probe, |_| true);
        let owner = owners[best.unwrap().row];
        let other = gallery.brute_force(&probe, |row| owners[row] != owner);
        for kernel in Kernel::all() {
            prop_assert_eq!(nearest(&gallery.rows(), &probe, kernel), best);
            prop_assert_eq!(nearest_two(&gallery.rows(), &owners, &probe, kernel), best.map(|best| (best, other)));
        }
    }
}
