//! Measures how far apart the encodings of a colour photo and of a stand-in for an infrared picture are, to choose the
//! threshold of the infrared camera. No infrared picture takes part.
#![forbid(unsafe_code)]

use accuracy::{Interval, clopper_pearson, foremost};
use anyhow::{Context, Result};
use clap::Parser;
use models::{Frame, Photo, Recogniser, on_every_core};
use shared::encoding::Encoding;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the report begins with.
const NOTE: &str =
    "No infrared picture took part: the second picture of each pair is a stand-in, made from a colour photo.";

/// L2 distances at which rates are reported.
const THRESHOLDS: [f32; 7] = [1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3];

/// Every person is compared with this many others.
const OTHERS: usize = 25;

/// Distances between colour photos and stand-ins for infrared pictures.
#[derive(Parser)]
struct Arguments {
    /// Folder with one folder of colour photos for each person
    #[arg(long)]
    images: PathBuf,
    /// File with the names of people to leave out, one a line
    #[arg(long)]
    leave_out: Option<PathBuf>,
}

/// How a colour photo is turned into a stand-in for an infrared picture.
#[derive(Clone, Copy)]
enum StandIn {
    /// Luma.
    Grey,
    /// The red channel, which is nearest to infrared: skin is bright, lips are pale, freckles vanish.
    Red,
    /// The red channel at half the size with noise, like a small sensor in the dark.
    SmallRed,
}

const STAND_INS: [(StandIn, &str); 3] =
    [(StandIn::Grey, "grey"), (StandIn::Red, "red channel"), (StandIn::SmallRed, "red channel, half the size, noise")];

/// Standard deviation of the noise of [`StandIn::SmallRed`], of 255.
const NOISE: f32 = 8.0;

/// The encodings of one photo: in colour, and of each stand-in. `None` where no face is found.
struct Encoded {
    colour: Option<Encoding>,
    stand_ins: [Option<Encoding>; STAND_INS.len()],
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let left_out = left_out(arguments.leave_out.as_deref())?;
    let people = people_in(&arguments.images, &left_out)?;
    let photos: Vec<&PathBuf> = people.iter().flatten().collect();
    let recogniser = Recogniser::bundled()?;
    let encoded = on_every_core(&recogniser, &photos, |recogniser, path| encode(recogniser, path));
    let mut encoded = encoded.into_iter().collect::<Result<Vec<Encoded>>>()?.into_iter();
    let people: Vec<Vec<Encoded>> = people.iter().map(|photos| encoded.by_ref().take(photos.len()).collect()).collect();
    println!("{NOTE}");
    for (index, (_, name)) in STAND_INS.iter().enumerate() {
        report(&people, index, name);
    }
    Ok(())
}

/// The first two photos of each person.
fn people_in(images: &Path, left_out: &BTreeSet<String>) -> Result<Vec<Vec<PathBuf>>> {
    let mut people = Vec::new();
    for folder in sorted(images)? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !left_out.contains(&name) {
            people.push(sorted(&folder)?.into_iter().take(2).collect());
        }
    }
    Ok(people)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.to_string_lossy()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

fn left_out(file: Option<&Path>) -> Result<BTreeSet<String>> {
    let Some(file) = file else { return Ok(BTreeSet::new()) };
    let text = fs::read_to_string(file).with_context(|| format!("{}: cannot be read", file.to_string_lossy()))?;
    Ok(text.lines().filter_map(|line| line.split('#').next()?.split_whitespace().next().map(str::to_owned)).collect())
}

fn encode(recogniser: &mut Recogniser, path: &Path) -> Result<Encoded> {
    let shown = path.to_string_lossy();
    let bytes = fs::read(path).with_context(|| format!("{shown}: cannot be read"))?;
    let photo = Photo::open(&bytes).and_then(Photo::decode).with_context(|| format!("{shown}: is no photo"))?;
    let mut stand_ins = [const { None }; STAND_INS.len()];
    for (encoding, (stand_in, _)) in stand_ins.iter_mut().zip(STAND_INS) {
        *encoding = encoding_of(recogniser, &stand_in.of(&photo)?)?;
    }
    Ok(Encoded { colour: encoding_of(recogniser, &photo)?, stand_ins })
}

fn encoding_of(recogniser: &mut Recogniser, frame: &Frame) -> Result<Option<Encoding>> {
    let faces = recogniser.detect(frame)?;
    let Some(face) = foremost(&faces, frame) else { return Ok(None) };
    let crop = recogniser.align(frame, face)?;
    Ok(Some(recogniser.encode(&crop)?))
}

impl StandIn {
    fn of(self, photo: &Frame) -> Result<Frame> {
        let red = |frame: &Frame| -> Vec<u8> {
            frame.pixels().as_chunks::<3>().0.iter().flat_map(|&[red, ..]| [red; 3]).collect()
        };
        let (width, height) = (photo.width(), photo.height());
        Ok(match self {
            Self::Grey => photo.clone().in_grey(),
            Self::Red => Frame::from_rgb(width, height, red(photo))?,
            Self::SmallRed => {
                let mut chance = fastrand::Rng::with_seed(1);
                // The sum of twelve uniform numbers has a variance of one.
                let mut noise = || NOISE * ((0..12).map(|_| chance.f32()).sum::<f32>() - 6.0);
                let pixels = red(photo);
                let at = |x: u32, y: u32| f32::from(pixels[3 * (y * width + x) as usize]);
                let halves = (0..height / 2).flat_map(|y| (0..width / 2).map(move |x| (2 * x, 2 * y)));
                let means = halves.map(|(x, y)| (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4.0);
                // A conversion to u8 saturates.
                let noisy = means.flat_map(|mean| [(mean + noise()).round() as u8; 3]).collect();
                Frame::from_rgb(width / 2, height / 2, noisy)?
            }
        })
    }
}

/// Distances of pairs, and how many pairs had a picture without a face.
#[derive(Default)]
struct Distances {
    sorted: Vec<f32>,
    without_face: usize,
}

impl Distances {
    fn new<'a>(pairs: impl Iterator<Item = (&'a Option<Encoding>, &'a Option<Encoding>)>) -> Self {
        let mut found = Self::default();
        for pair in pairs {
            match pair {
                (Some(a), Some(b)) => found.sorted.push(a.l2_distance(b)),
                _ => found.without_face += 1,
            }
        }
        found.sorted.sort_by(f32::total_cmp);
        found
    }

    fn quantile(&self, part: f64) -> f32 {
        let last = self.sorted.len().saturating_sub(1);
        self.sorted.get((part * last as f64).round() as usize).copied().unwrap_or(f32::NAN)
    }

    fn within(&self, threshold: f32) -> usize {
        self.sorted.partition_point(|distance| *distance <= threshold)
    }
}

fn report(people: &[Vec<Encoded>], index: usize, name: &str) {
    let same_photo = Distances::new(people.iter().filter_map(|photos| {
        let photo = photos.first()?;
        Some((&photo.colour, &photo.stand_ins[index]))
    }));
    let other_day = Distances::new(people.iter().filter_map(|photos| match photos.as_slice() {
        [one, other] => Some((&one.colour, &other.stand_ins[index])),
        _ => None,
    }));
    let firsts: Vec<&Encoded> = people.iter().filter_map(|photos| photos.first()).collect();
    let two_people = Distances::new(firsts.iter().enumerate().flat_map(|(at, one)| {
        let others = (1..=OTHERS).map(move |step| (at + step) % people.len());
        others.filter_map(|other| Some((&one.colour, &firsts.get(other)?.stand_ins[index])))
    }));
    println!("\n{name}");
    for (what, distances) in [("same photo", &same_photo), ("other day", &other_day), ("two people", &two_people)] {
        let [least, low, median, high, most] = [0.0, 0.01, 0.5, 0.99, 1.0].map(|part| distances.quantile(part));
        println!(
            "  {what:<11} {:>6} pairs, {:>3} without a face; least {least:.3}, 1 % {low:.3}, median {median:.3}, 99 % \
             {high:.3}, most {most:.3}",
            distances.sorted.len(),
            distances.without_face,
        );
    }
    for threshold in THRESHOLDS {
        let rate = |hits: usize, distances: &Distances| {
            let Interval { low, high } = clopper_pearson(hits, distances.sorted.len());
            let rate = hits as f64 / distances.sorted.len().max(1) as f64;
            format!("{:.2} % [{:.2}, {:.2}]", 100.0 * rate, 100.0 * low, 100.0 * high)
        };
        let refused = |distances: &Distances| rate(distances.sorted.len() - distances.within(threshold), distances);
        println!(
            "  {threshold:.2}: refused, same photo {}; refused, other day {}; accepted, two people {}",
            refused(&same_photo),
            refused(&other_day),
            rate(two_people.within(threshold), &two_people),
        );
    }
}
