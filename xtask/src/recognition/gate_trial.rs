//! Faces that are hardly recognisable: whether the gate of the bundled encoder keeps strangers with covered, turned or
//! blurred faces from being taken for people who were enrolled from such photos. `encoder-tool` does it, with people whose
//! photos the gate was not learnt from.

use crate::process;
use crate::programs::encoder_tool;
use anyhow::{Context, Result};
use std::path::PathBuf;

const BUNDLE: &str = "models/bundled/sface-int8";
/// Of these people of Labeled Faces in the Wild a photo lies under the name of another.
const WRONG_LABELS: [&str; 6] =
    ["Janica_Kostelic", "Anja_Paerson", "Nora_Bendijo", "Flor_Montulo", "Yingfan_Wang", "Wang_Yingfan"];

/// Tries it on at most `most` people, and prints what came of it. Whether it is good enough.
///
/// # Errors
/// If `encoder-tool` cannot be started.
pub(crate) fn run(images: &[PathBuf], most: Option<usize>) -> Result<bool> {
    let mut trial = encoder_tool(["model", "gate", BUNDLE, "--trial"]);
    for images in images {
        trial.arg("--images").arg(images);
    }
    for name in WRONG_LABELS {
        trial.args(["--leave-out", name]);
    }
    if let Some(most) = most {
        trial.arg("--most").arg(most.to_string());
    }
    let ended = process::run_to_any_end(&mut trial).context("the trial of the gate")?;
    Ok(ended.success())
}
