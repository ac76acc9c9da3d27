//! Tests the gate of the bundled encoder, which refuses faces that are hardly recognisable: strangers with covered,
//! turned or blurred faces must not be taken for people who were enrolled from such photos. `encoder-tool` runs the
//! test with people whose photos were not used to train the gate.

use super::trials::WRONG_LABELS;
use crate::process;
use crate::programs::encoder_tool;
use anyhow::{Context, Result};
use std::path::PathBuf;

const BUNDLE: &str = "models/bundled/sface-int8";

/// Runs the test with at most `most` people and prints the result. `true` if the gate is good enough.
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
