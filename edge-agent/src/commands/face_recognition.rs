//! `face-recognition`: switches face recognition of a running unit off or on.

use super::running_unit::{UnitOptions, connect, order};
use crate::control::Request;
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::Serialize;
use terminal::{Answer, Help, print, print_json};

/// Switch face recognition of a running unit off or on: while it is off, nobody is let in by their face.
///
/// Cards work where a card alone is enough, and nowhere else. The unit encodes no faces; lights, contacts and the reading of
/// visitor passes go on. Only root and the unit's own user may do this; the audit log records who did. It stays off after a
/// restart.
#[derive(Debug, Subcommand)]
pub(crate) enum FaceRecognitionCommand {
    /// Recognise faces again.
    ///
    /// Exit codes: 0 if it is on, 2 if no unit answers or this cannot be recorded.
    On(Options),
    /// Let in nobody by their face.
    ///
    /// Exit codes: 0 if it is off, 2 if no unit answers or a restart may switch it on.
    Off(Options),
}

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    unit: UnitOptions,
}

/// The answer of a unit.
#[derive(Debug, Serialize)]
struct Answered {
    face_recognition_off: bool,
    /// Why a restart may switch it on.
    not_saved: Option<String>,
}

/// Asks the unit.
///
/// # Errors
/// If no unit runs, it does not answer, it refuses, or a restart may undo this.
pub(crate) fn run(command: &FaceRecognitionCommand) -> anyhow::Result<Answer> {
    let (Options { unit: options }, request, is_off) = match command {
        FaceRecognitionCommand::On(options) => (options, Request::TurnOnFaceRecognition {}, false),
        FaceRecognitionCommand::Off(options) => (options, Request::TurnOffFaceRecognition {}, true),
    };
    let unit = connect(&options.config()?, "start the unit (`systemctl start edge-agent`) and try again")?;
    let not_saved = order(unit, &request)?.face_recognition_not_saved;
    let answered = Answered { face_recognition_off: is_off, not_saved };
    match (options.json, is_off) {
        (true, _) => print_json(&answered)?,
        (false, true) => print("face recognition is off: nobody is let in by their face")?,
        (false, false) => print("face recognition is on")?,
    }
    match answered.not_saved {
        Some(why) => Err(anyhow!("face recognition is off, but a restart may switch it on: {why}"))
            .help("make the folder of [door] memory writable, and switch it off again"),
        None => Ok(Answer::Yes),
    }
}
