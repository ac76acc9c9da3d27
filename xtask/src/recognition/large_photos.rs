//! Checks that small faces in large photos are found. Photos of known people are scaled and pasted onto clutter.

use super::answers::{Answer, parse_answers};
use super::enrol_folder;
use super::selection::people_in;
use crate::process;
use crate::programs::encoder_tool;
use anyhow::{Context, Result, ensure};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use std::fs;
use std::path::{Path, PathBuf};

/// Width and height of the photo, the shorter side of the face box in it, and how many of [`PEOPLE`] must be found: 0
/// if the result is only reported.
const TRIALS: [((u32, u32), f32, usize); 6] = [
    ((4000, 3000), 40.0, 0),
    ((4000, 3000), 60.0, 19),
    ((4000, 3000), 80.0, 19),
    ((4000, 3000), 120.0, 19),
    ((8000, 6000), 120.0, 19),
    ((8000, 6000), 200.0, 19),
];
/// The number of photos, each of a different person.
const PEOPLE: usize = 20;
/// The number of shapes in the background.
const SHAPES: usize = 150;
/// The minimum intersection over union with the pasted face at which a box counts as found.
const FOUND: f32 = 0.4;

/// Runs the check and prints the result. `true` if enough faces are found, or if the photos are missing.
///
/// # Errors
/// If `encoder-tool` fails, or there are too few people.
pub(super) fn are_found(images: &Path) -> Result<bool> {
    if !images.is_dir() {
        println!("Large photos: skipped, {} is not there", images.display());
        return Ok(true);
    }
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let people = people_in(images)?;
    ensure!(people.len() >= PEOPLE, "{}: {} people, but {PEOPLE} are needed", images.display(), people.len());
    // Takes people from the whole alphabet.
    let step = people.len() / PEOPLE;
    let originals: Vec<&PathBuf> =
        people.iter().step_by(step).take(PEOPLE).map(super::selection::Person::first_photo).collect();
    let (names, database) = enrol_each(&originals, folder.path())?;
    let boxes: Vec<[f32; 4]> = identify(&originals, &database)?
        .iter()
        .map(|answer| answer.largest_face().map(|face| face.bounds).context("a photo without a face"))
        .collect::<Result<_>>()?;
    let mut enough = true;
    for (size, pixels, wanted) in TRIALS {
        let (mut photos, mut places) = (Vec::new(), Vec::new());
        for (index, (original, bounds)) in originals.iter().zip(&boxes).enumerate() {
            let photo = folder.path().join(format!("large {index}.jpg"));
            places.push(paste(original, *bounds, size, pixels, index as u64, &photo)?);
            photos.push(photo);
        }
        let answers = identify(&photos.iter().collect::<Vec<_>>(), &database)?;
        ensure!(
            answers.len() == photos.len(),
            "{} photos were sent, but {} answers were received",
            photos.len(),
            answers.len()
        );
        let (mut found, mut named, mut others) = (0, 0, 0);
        for ((answer, place), name) in answers.iter().zip(places).zip(&names) {
            let face = answer.faces.iter().find(|face| overlap(face.bounds, place) >= FOUND);
            found += usize::from(face.is_some());
            named += usize::from(face.is_some_and(|face| face.name.as_ref() == Some(name)));
            others += answer.faces.len() - usize::from(face.is_some());
        }
        let (width, height) = size;
        println!(
            "Large photos: {found} of {PEOPLE} faces of {pixels} pixels found on {width}x{height} (required: at least {wanted}), \
             {named} named; {others} other boxes"
        );
        enough &= found >= wanted;
    }
    Ok(enough)
}

/// Enrols the person of each photo. Returns their names and the database.
fn enrol_each(originals: &[&PathBuf], folder: &Path) -> Result<(Vec<String>, PathBuf)> {
    let (people, database) = (folder.join("people"), folder.join("people.db"));
    let mut names = Vec::new();
    for (index, original) in originals.iter().enumerate() {
        let name = format!("person {index}");
        let of_person = people.join(&name);
        fs::create_dir_all(&of_person).with_context(|| format!("{}: cannot be made", of_person.display()))?;
        fs::copy(original, of_person.join("photo.jpg")).with_context(|| format!("{}", original.display()))?;
        names.push(name);
    }
    enrol_folder(&people, &database)?;
    Ok((names, database))
}

fn identify(photos: &[&PathBuf], database: &Path) -> Result<Vec<Answer>> {
    let mut identify = encoder_tool(["identify", "--json", "--db"]);
    parse_answers(&process::answer_of(identify.arg(database).args(photos), &[0, 1])?)
}

/// Writes the large photo and returns the position of the face in it.
fn paste(
    original: &Path,
    [x, y, width, height]: [f32; 4],
    size: (u32, u32),
    pixels: f32,
    seed: u64,
    to: &Path,
) -> Result<[f32; 4]> {
    let original = image::open(original).with_context(|| format!("{}: cannot be read", original.display()))?;
    let scale = pixels / width.min(height);
    let scaled = |length: u32| ((length as f32 * scale).round() as u32).max(1);
    let small = imageops::resize(
        &original.to_rgb8(),
        scaled(original.width()),
        scaled(original.height()),
        if scale < 1.0 { FilterType::Triangle } else { FilterType::CatmullRom },
    );
    let mut random = Random(seed + 1);
    let mut photo = clutter(size, &mut random);
    let left = random.below(size.0 - small.width());
    let top = random.below(size.1 - small.height());
    imageops::replace(&mut photo, &small, left.into(), top.into());
    photo.save(to).with_context(|| format!("{}: cannot be written", to.display()))?;
    Ok([left as f32 + x * scale, top as f32 + y * scale, width * scale, height * scale])
}

/// A background of rectangles and ellipses of many sizes and colours, with noise.
fn clutter((width, height): (u32, u32), random: &mut Random) -> RgbImage {
    let mut picture = RgbImage::from_pixel(width, height, random.colour());
    for _ in 0..SHAPES {
        let side =
            |random: &mut Random, length: u32| (length >> (1 + random.below(6))) / 2 + random.below(length / 32) + 1;
        let (across, down) = (side(random, width), side(random, height));
        let (middle_x, middle_y) = (random.below(width), random.below(height));
        let (colour, round) = (random.colour(), random.below(2) == 1);
        for y in middle_y.saturating_sub(down)..(middle_y + down).min(height) {
            for x in middle_x.saturating_sub(across)..(middle_x + across).min(width) {
                let part = |at: u32, middle: u32, side: u32| (at.abs_diff(middle) as f32 / side as f32).powi(2);
                if !round || part(x, middle_x, across) + part(y, middle_y, down) < 1.0 {
                    picture.put_pixel(x, y, colour);
                }
            }
        }
    }
    for value in picture.iter_mut() {
        *value = value.saturating_add_signed(random.below(25) as i8 - 12);
    }
    picture
}

fn overlap([x, y, width, height]: [f32; 4], other: [f32; 4]) -> f32 {
    let span = |a: f32, a_length: f32, b: f32, b_length: f32| ((a + a_length).min(b + b_length) - a.max(b)).max(0.0);
    let shared = span(x, width, other[0], other[2]) * span(y, height, other[1], other[3]);
    shared / (width * height + other[2] * other[3] - shared)
}

/// A reproducible random generator: xorshift64*, by Marsaglia and Vigna.
struct Random(u64);

impl Random {
    /// A number from 0 to `limit` - 1.
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        ((number * u64::from(limit.max(1))) >> 32) as u32
    }

    fn colour(&mut self) -> Rgb<u8> {
        Rgb([0; 3].map(|_: u8| self.below(256) as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_face_lies_where_it_is_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let (original, large) = (folder.path().join("a.png"), folder.path().join("b.png"));
        let mut photo = RgbImage::new(100, 100);
        for (x, y) in (40..60).flat_map(|x| (30..60).map(move |y| (x, y))) {
            photo.put_pixel(x, y, Rgb([0, 255, 0]));
        }
        photo.save(&original).unwrap();
        let [x, y, width, height] = paste(&original, [40.0, 30.0, 20.0, 30.0], (500, 400), 10.0, 3, &large).unwrap();
        assert_eq!((width, height), (10.0, 15.0));
        let pasted = image::open(&large).unwrap().to_rgb8();
        assert_eq!(*pasted.get_pixel(x as u32 + 5, y as u32 + 7), Rgb([0, 255, 0]));
        assert_eq!(*pasted.get_pixel(x as u32 - 5, y as u32 + 7), Rgb([0, 0, 0]));
    }

    #[test]
    fn overlap_of_boxes() {
        let unit = [0.0, 0.0, 2.0, 2.0];
        for (other, expected) in [(unit, 1.0), ([1.0, 0.0, 2.0, 2.0], 1.0 / 3.0), ([2.0, 0.0, 2.0, 2.0], 0.0)] {
            assert!((overlap(unit, other) - expected).abs() < 1e-6, "{other:?}");
        }
    }
}
