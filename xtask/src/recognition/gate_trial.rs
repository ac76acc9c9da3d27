//! Faces that are hardly recognisable: whether the gate of the bundled encoder keeps strangers with covered, turned or
//! blurred faces from being taken for people who were enrolled from such photos. `encoder-tool` does it, with people whose
//! photos the gate was not learnt from.

use super::trials::WRONG_LABELS;
use crate::process;
use crate::programs::encoder_tool;
use anyhow::{Context, Result};
use std::path::PathBuf;

const BUNDLE: &str = "models/bundled/sface-int8";

/// Tries it on at most `most` people, and prints what came of it. Whether it is good enough.
///
/// # Errors
/// If `encoder-tool` cannot be started.
pub(crate) fn run(images: &[PathBuf], most: Option<usize>) -> Result<bool> {
    let mut trial = encoder_tool(["model", "gate", BUNDLE, "--trial"]);
    for images in images {
        trial.arg("--images").arg(images);
    }
    trial.args(["--leave-out", WRONG_LABELS]);
    if let Some(most) = most {
        trial.arg("--most").arg(most.to_string());
    }
    let ended = process::run_to_any_end(&mut trial).context("the trial of the gate")?;
    Ok(ended.success())
}
