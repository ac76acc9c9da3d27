//! The nearest of 100 000 encodings of 128 numbers, and reading the database of 10 000 people, on one thread. Prints
//! medians as one JSON object.

use kernels::dots_of_rows;
use shared::encoding::Encoding;
use shared::gallery::{
    Details, Gallery, GalleryBuilder, ModelHash, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest,
};
use std::error::Error;
use std::time::Instant;

const DIMENSIONS: usize = 128;

fn main() -> Result<(), Box<dyn Error>> {
    let mut random = Random(1);
    let probe = random.encoding()?;
    let many = gallery(&mut random, 100_000, 1)?;
    let file = gallery(&mut random, 10_000, 3)?.encode()?;
    let nearest_ms = median_ms(101, || many.nearest(std::hint::black_box(&probe), dots_of_rows).is_some());
    let with_runner_up_ms = median_ms(101, || many.nearest_two(std::hint::black_box(&probe), dots_of_rows).is_some());
    let decode_ms = median_ms(21, || Gallery::decode(std::hint::black_box(&file)).is_ok());
    let bytes = file.len() as f64 / 30_000.0;
    println!(
        "{{\"nearest_ms\": {nearest_ms:.4}, \"nearest_two_ms\": {with_runner_up_ms:.4}, \
         \"decode_30000_ms\": {decode_ms:.3}, \"bytes_an_encoding\": {bytes:.1}}}"
    );
    Ok(())
}

fn median_ms(runs: usize, work: impl Fn() -> bool) -> f64 {
    let time = |_| {
        let started = Instant::now();
        assert!(work());
        started.elapsed().as_secs_f64() * 1e3
    };
    let mut times: Vec<f64> = (0..runs).map(time).collect();
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}

fn gallery(random: &mut Random, people: usize, encodings: usize) -> Result<Gallery, Box<dyn Error>> {
    let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), DIMENSIONS)?;
    for person in 0..people {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(person as u64).to_le_bytes());
        let new = |random: &mut Random| -> Result<NewEncoding, Box<dyn Error>> {
            Ok(NewEncoding {
                encoding: random.encoding()?,
                photo: PhotoDigest([0; 8]),
                made_at: 1_800_000_000,
                is_plain: true,
            })
        };
        let encodings = (0..encodings).map(|_| new(random)).collect::<Result<_, _>>()?;
        let name = PersonName::parse(&format!("Person {person}"))?;
        builder.add_person(NewPerson { id: PersonId(id), name, details: Details::default(), encodings })?;
    }
    Ok(builder.build())
}

/// A linear congruential generator (Knuth's constants): repeatable, and even enough for directions.
struct Random(u64);

impl Random {
    fn number(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn encoding(&mut self) -> Result<Encoding, Box<dyn Error>> {
        let numbers: Vec<f32> = (0..DIMENSIONS).map(|_| self.number()).collect();
        Ok(Encoding::from_network(&numbers)?)
    }
}
