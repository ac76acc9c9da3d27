//! `model bench`: measures the load time and the run time of a bundle on this computer.

use anyhow::{Context, Result};
use models::bundle::{Bundle, DetectorBundle, EncoderBundle, Input, PadBundle};
use models::encode::{Encoder, planes};
use models::onnx;
use models::pad::Pad;
use models::planned::Planned;
use models::{Crop, ModelError};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use terminal::{Help, ShowPath, print, print_json};

/// Number of runs over which the times of operators are averaged.
const TIMED_RUNS: u32 = 10;

/// Measure how long a bundle takes to load and to run on this computer.
///
/// For an encoder, a run goes from a crop to its encoding; for a PAD network, to its probability. For a detector, it is the network alone, on an image of
/// --size. The images are fixed pseudo-random bytes. Other work on the same cores makes the times longer: compare the
/// minima.
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// Folder of the bundle
    bundle: PathBuf,
    /// Number of cores for one run, if the network's operators can use several
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Number of timed runs, after one that is not timed
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    runs: u32,
    /// Width and height of the image for a detector, multiples of 32
    #[arg(long, value_name = "WxH", default_value = "320x320", value_parser = parse_size)]
    size: (usize, usize),
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Times {
    /// From opening the folder to the first result.
    load_ms: f64,
    /// Time of one run.
    median_ms: f64,
    min_ms: f64,
    /// Peak memory of this process until the end of the runs, in units of 10^6 bytes. `None` if the system does not
    /// report it.
    peak_mb: Option<f64>,
    /// Milliseconds per run in all operators of a kind, averaged over a few runs.
    ops: BTreeMap<String, f64>,
}

impl Bench {
    /// Loads the bundle, runs its network and prints the times.
    ///
    /// # Errors
    /// If the folder is not a bundle, or its network does not run.
    pub(crate) fn run(&self) -> Result<()> {
        let cores = rayon::ThreadPoolBuilder::new().num_threads(usize::from(self.threads)).build();
        let times = cores.context("cannot start the threads").help("give fewer --threads")?.install(|| self.times())?;
        if self.json { print_json(&times) } else { print(&in_words(&times)) }
    }

    fn times(&self) -> Result<Times> {
        let started = Instant::now();
        match Bundle::open(&self.bundle)? {
            Bundle::Encoder(bundle) => self.encoder_times(started, &bundle),
            Bundle::Detector(bundle) => self.detector_times(started, &bundle),
            Bundle::Pad(bundle) => self.pad_times(started, &bundle),
        }
        .with_context(|| self.bundle.shown().to_string())
    }

    fn encoder_times(&self, started: Instant, bundle: &EncoderBundle) -> Result<Times> {
        // Creating an encoder already encodes one crop.
        let mut encoder = Encoder::on_threads(bundle, usize::from(self.threads))?;
        let load = started.elapsed();
        let crop = test_crop(bundle.manifest.crop.side())?;
        let times = Times::new(load, self.timed(|| encoder.encode(&crop).map(drop))?, peak_megabytes());
        Ok(Times { ops: self.operators_on(&crop, &bundle.manifest.input, &bundle.network)?, ..times })
    }

    fn pad_times(&self, started: Instant, bundle: &PadBundle) -> Result<Times> {
        // Creating it already assesses one crop.
        let mut pad = Pad::on_threads(bundle, usize::from(self.threads))?;
        let load = started.elapsed();
        let crop = test_crop(bundle.manifest.crop.side())?;
        let times = Times::new(load, self.timed(|| pad.assess_crop(&crop).map(drop))?, peak_megabytes());
        Ok(Times { ops: self.operators_on(&crop, &bundle.manifest.input, &bundle.network)?, ..times })
    }

    fn operators_on(&self, crop: &Crop, input: &Input, network: &[u8]) -> Result<BTreeMap<String, f64>> {
        let side = crop.side() as usize;
        let mut planned = Planned::new(onnx::decode(network)?, &[1, 3, side, side], usize::from(self.threads))?;
        operators(&mut planned, &planes(input, crop))
    }

    fn detector_times(&self, started: Instant, bundle: &DetectorBundle) -> Result<Times> {
        let (width, height) = self.size;
        let mut planned =
            Planned::new(onnx::decode(&bundle.network)?, &[1, 3, height, width], usize::from(self.threads))?;
        let input = bundle.manifest.input;
        let pixels = pseudo_random(3 * width * height);
        let picture: Vec<f32> =
            pixels.iter().map(|&pixel| (f32::from(pixel) - input.subtract) / input.divide).collect();
        planned.run(&picture)?;
        let load = started.elapsed();
        let runs = self.timed(|| planned.run(&picture).map(drop))?;
        let peak_mb = peak_megabytes();
        let ops = operators(&mut planned, &picture)?;
        Ok(Times { ops, ..Times::new(load, runs, peak_mb) })
    }

    /// The time of each run, in ascending order.
    fn timed(&self, mut run: impl FnMut() -> Result<(), ModelError>) -> Result<Vec<Duration>> {
        run()?;
        let mut times = Vec::with_capacity(self.runs as usize);
        for _ in 0..self.runs {
            let started = Instant::now();
            run()?;
            times.push(started.elapsed());
        }
        times.sort_unstable();
        Ok(times)
    }
}

impl Times {
    fn new(load: Duration, runs: Vec<Duration>, peak_mb: Option<f64>) -> Self {
        let at = |index: usize| runs.get(index).copied().map_or(f64::NAN, milliseconds);
        Self {
            load_ms: milliseconds(load),
            median_ms: at(runs.len() / 2),
            min_ms: at(0),
            peak_mb,
            ops: BTreeMap::new(),
        }
    }
}

fn operators(planned: &mut Planned, numbers: &[f32]) -> Result<BTreeMap<String, f64>> {
    planned.times(numbers)?;
    let mut ops: BTreeMap<String, f64> = BTreeMap::new();
    for _ in 0..TIMED_RUNS {
        for (operator, time) in planned.times(numbers)? {
            *ops.entry(operator).or_default() += milliseconds(time) / f64::from(TIMED_RUNS);
        }
    }
    Ok(ops)
}

fn test_crop(side: u32) -> Result<Crop> {
    Crop::from_rgb(side, pseudo_random(3 * side as usize * side as usize)).context("no crop")
}

/// Fixed pseudo-random bytes: Knuth's multiplicative hash of the index.
fn pseudo_random(count: usize) -> Vec<u8> {
    (0..count as u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn peak_megabytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    kibibytes(&status).map(|kibibytes| kibibytes * 1024.0 / 1e6)
}

/// Reads `VmHWM` from Linux's `/proc/self/status`: the peak resident memory.
fn kibibytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn in_words(times: &Times) -> String {
    let mut lines = vec![
        format!("load and first run  {:9.1} ms", times.load_ms),
        format!("median run          {:9.2} ms", times.median_ms),
        format!("fastest run         {:9.2} ms", times.min_ms),
    ];
    lines.extend(times.peak_mb.map(|peak| format!("peak memory         {peak:9.1} MB")));
    let mut ops: Vec<(&String, &f64)> = times.ops.iter().collect();
    ops.sort_by(|a, b| b.1.total_cmp(a.1));
    lines.extend(ops.iter().map(|(operator, time)| format!("  {operator:30} {time:9.3} ms")));
    lines.join("\n")
}

fn parse_size(text: &str) -> Result<(usize, usize), String> {
    let side =
        |text: &str| text.parse().ok().filter(|&side: &usize| side.is_multiple_of(32) && (32..=4096).contains(&side));
    let sides = text.split_once('x').and_then(|(width, height)| Some((side(width)?, side(height)?)));
    sides.ok_or_else(|| "expected a size such as 320x320: both multiples of 32, from 32 to 4096".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_two_multiples_of_32() {
        for (text, size) in [
            ("320x320", Some((320, 320))),
            ("640x480", Some((640, 480))),
            ("320", None),
            ("320x100", None),
            ("0x32", None),
            ("8192x32", None),
            ("-32x32", None),
        ] {
            assert_eq!(parse_size(text).ok(), size, "{text}");
        }
    }

    #[test]
    fn the_most_memory_is_read_in_kibibytes() {
        assert_eq!(kibibytes("VmPeak:\t  200 kB\nVmHWM:\t  123456 kB\nVmRSS:\t 1 kB\n"), Some(123_456.0));
        assert_eq!(kibibytes("VmPeak:\t  200 kB\n"), None);
    }

    #[test]
    fn median_and_least_of_few_runs() {
        let runs = [1, 2, 9].map(Duration::from_millis).to_vec();
        let times = Times::new(Duration::from_secs(1), runs, None);
        assert_eq!((times.load_ms, times.median_ms, times.min_ms), (1000.0, 2.0, 1.0));
    }
}
