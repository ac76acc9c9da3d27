//! Checks that the stored crops give the same encodings on this processor and on an emulated 64-bit ARM processor: a
//! door must recognise people who were enrolled on the workstation.

use crate::cross::{PACKAGES, for_arm};
use crate::process::{self, cargo, command};
use crate::programs::{ONE_BUILD, encoder_tool};
use crate::shared_data::{self, FACENET, GREY_PHOTOS};
use crate::workspace::{self, sorted_entries};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The bundled encoder, in floats.
const SFACE: &str = "models/bundled/sface";
/// The minimum cosine between float encodings. In practice they are bit-identical.
const LEAST_COSINE: f64 = 0.99999;

/// Compares the bundled encoder in 8-bit integers and in floats, and FaceNet in floats and in 8-bit integers.
///
/// Skips FaceNet if its weights or the photos to calibrate it are missing, and returns a note that says so.
///
/// # Errors
/// If encodings differ, or a program cannot be built or run.
pub(super) fn check() -> Result<Option<String>> {
    process::run(cargo(["build", "--example", "encodings"]).args(ONE_BUILD))?;
    process::run(for_arm("build", &PACKAGES).args(["--example", "encodings"]))?;
    compare("SFace, 8-bit integers", None, &crops("_112.png")?, 1.0)?;
    compare("SFace", Some(Path::new(SFACE)), &crops("_112.png")?, LEAST_COSINE)?;
    if let Some(missing) = shared_data::missing(&[FACENET, GREY_PHOTOS]) {
        return Ok(Some(format!("FaceNet was not compared: {missing}")));
    }
    let [floats, integers] = facenet()?;
    compare("FaceNet", Some(&floats), &crops("_160.png")?, LEAST_COSINE)?;
    compare("FaceNet, 8-bit integers", Some(&integers), &crops("_160.png")?, 1.0)?;
    Ok(None)
}

/// Three of the stored crops; encoding one under emulation takes seconds.
fn crops(ending: &str) -> Result<Vec<PathBuf>> {
    let all = sorted_entries(Path::new("tests/fixtures/crops"))?;
    Ok(all.into_iter().filter(|path| path.to_string_lossy().ends_with(ending)).take(3).collect())
}

/// The FaceNet bundles in floats and in integers. Builds them if they are missing.
fn facenet() -> Result<[PathBuf; 2]> {
    let folder = workspace::target().join("facenet");
    let bundles = [folder.join("floats"), folder.join("integers")];
    let [floats, integers] = &bundles;
    if !integers.join("manifest.toml").exists() {
        workspace::empty_folder("facenet")?;
        process::run(encoder_tool(["model", "import"]).arg(FACENET.path()).arg("-o").arg(floats))?;
        let mut quantize = encoder_tool(["model", "quantize"]);
        quantize.arg(floats).arg("--calibrate").arg(GREY_PHOTOS.path());
        process::run(quantize.arg("-o").arg(integers))?;
    }
    Ok(bundles)
}

fn compare(what: &str, model: Option<&Path>, crops: &[PathBuf], least: f64) -> Result<()> {
    ensure!(!crops.is_empty(), "there are no stored crops");
    let here = encodings(command::<&str>(&built(""), []), model, crops)?;
    let emulated = encodings(command("qemu-aarch64-static", [built("arm/aarch64-unknown-linux-gnu/")]), model, crops)?;
    ensure!(
        here.len() == crops.len() && here.len() == emulated.len(),
        "{what}: the number of encodings differs from the number of crops"
    );
    let identical = here == emulated;
    let cosines = here.iter().zip(&emulated).map(|(here, emulated)| cosine(here, emulated));
    let lowest = cosines.fold(1.0, f64::min);
    println!(
        "{what}: {} encodings, {}",
        here.len(),
        if identical { "identical".to_owned() } else { format!("cosine {lowest:.7}") }
    );
    ensure!(identical || lowest >= least && least < 1.0, "{what}: the encodings on 64-bit ARM differ");
    Ok(())
}

fn built(folder: &str) -> String {
    workspace::target().join(folder).join("release/examples/encodings").display().to_string()
}

fn encodings(mut program: Command, model: Option<&Path>, crops: &[PathBuf]) -> Result<Vec<Vec<u32>>> {
    model.map(|model| program.arg(format!("--model={}", model.display())));
    let printed = process::answer_of(program.args(crops), &[0])?;
    let numbers = |line: &str| line.split(' ').map(|bits| u32::from_str_radix(bits, 16)).collect::<Result<_, _>>();
    printed.lines().map(|line| numbers(line).context("an encoding is made of numbers")).collect()
}

/// The cosine of two vectors of unit length.
fn cosine(one: &[u32], other: &[u32]) -> f64 {
    one.iter().zip(other).map(|(&one, &other)| f64::from(f32::from_bits(one)) * f64::from(f32::from_bits(other))).sum()
}
