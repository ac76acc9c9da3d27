//! `doctor`: finds problems of this computer as a door unit and says how to fix each. Moves no lock and runs on any
//! computer.

mod cameras;
mod computer;
mod finding;
mod infrared;
mod key_files;
mod lamp;
mod picture;
mod readers;

use crate::audit_log::read::last_recorded_utc_ms;
use crate::camera::LiveCamera;
use crate::clock::utc_now_ms;
use crate::commands::configured;
use crate::config::{self, Config, Source, WHERE_KEYS_ARE_EXPLAINED};
use crate::folders;
use crate::infrared::LitFrames;
use crate::unit::system_chance;
use cameras::{Camera, Stack};
use clap::Args;
use files::folder_of;
use finding::{Finding, Level};
use models::Recogniser;
use picture::{Picture, Wanted};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use terminal::{Answer, ShowPath, Tone, for_reader, on_one_line, print, print_json, print_toned, say};

/// Check this computer: cameras, a frame and the face in it, the card reader, clock, storage, keys, power; each finding with its remedy.
///
/// Moves no lock. Camera and card reader must be free: first stop the unit that uses them.
///
/// Exit codes: 0 if nothing is wrong, 1 if something is, 2 on any other error.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The configuration; the defaults if the file does not exist
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Serialize)]
struct Diagnosis {
    cameras: Vec<Camera>,
    /// `None` if no frame could be taken.
    picture: Option<Picture>,
    findings: Vec<Finding>,
}

/// Runs all checks. Returns yes if nothing is bad.
///
/// # Errors
/// If the findings cannot be printed.
pub(crate) fn run(arguments: &Doctor) -> anyhow::Result<Answer> {
    let root = Path::new("/");
    let (config, mut findings) = configuration(&arguments.config);
    folders::step_down(&folders::written(&config))?;
    let cameras = cameras::list(root);
    let uses_files = config.camera.source == Some(Source::Files);
    if !(uses_files && cameras.is_empty()) {
        findings.extend(cameras::findings(&cameras));
    }
    let picture = look(&config, &cameras, &mut findings);
    findings.extend(readers::finding(config.reader.as_ref(), root));
    let witnesses = config.clock.witnesses(last_recorded_utc_ms(&config.audit.path));
    findings.push(computer::clock(&witnesses, utc_now_ms()));
    findings.extend(written_folders(&config).iter().map(|folder| computer::storage(folder)));
    findings.extend(key_files::findings(&config));
    findings.push(computer::power(root));
    findings.extend(computer::warmth(root));
    let bad = findings.iter().any(|finding| finding.level == Level::Bad);
    let diagnosis = Diagnosis { cameras, picture, findings };
    match arguments.json {
        true => print_json(&diagnosis)?,
        false => diagnosis.findings.iter().try_for_each(print_finding)?,
    }
    Ok(Answer::yes_if(!bad))
}

fn print_finding(finding: &Finding) -> anyhow::Result<()> {
    let line = for_reader(&finding.in_words(), 6);
    match finding.level {
        Level::Good => print_toned(Tone::Good, &line),
        Level::Note => print(&line),
        Level::Bad => print_toned(Tone::Bad, &line),
    }
}

/// Reads the configuration. An invalid one is a finding, and the other checks use the defaults.
fn configuration(path: &Path) -> (Config, Vec<Finding>) {
    let about = "configuration";
    let shown = path.shown();
    if !path.exists() {
        let remedy = format!("write one; {WHERE_KEYS_ARE_EXPLAINED}");
        return (Config::default(), vec![Finding::note(about, format!("{shown} does not exist"), remedy)]);
    }
    match Config::read(path) {
        Ok(config) => (config, vec![Finding::good(about, format!("{shown} can be read"))]),
        Err(error) => {
            let remedy = format!("run `edge-agent check` for details; {WHERE_KEYS_ARE_EXPLAINED}");
            (Config::default(), vec![Finding::bad(about, on_one_line(&error), remedy)])
        }
    }
}

/// Takes a frame from the configured camera, or from the first one found.
fn look(config: &Config, cameras: &[Camera], findings: &mut Vec<Finding>) -> Option<Picture> {
    let chosen = chosen_camera(&config.camera, cameras)?;
    let lamp = configured::lamp(&config.lamp).unwrap_or_else(|error| {
        let remedy = "stop a unit that uses the pin (`systemctl stop edge-agent`); check [lamp] pin";
        findings.push(Finding::bad("lamp", on_one_line(&error), remedy));
        None
    });
    let opened = configured::camera_device(&chosen);
    let opened = opened.and_then(|device| configured::start_camera(device, &chosen, lamp.as_ref()));
    let mut camera = match opened {
        Ok(camera) => camera,
        Err(error) => {
            findings.push(Finding::bad("picture", on_one_line(&error), "set the camera in [camera]"));
            return None;
        }
    };
    say("taking a frame from the camera ...");
    let mut recogniser = Recogniser::load(&config.model.bundles)
        .inspect_err(|error| {
            findings.push(Finding::bad(
                "picture",
                format!("faces cannot be detected: {error}"),
                "check [model] bundles",
            ));
        })
        .ok();
    let rules = config.rules_with_threshold(1.0);
    let wanted = Wanted {
        face: rules.minimum_face,
        sharpness: rules.minimum_sharpness.unwrap_or(picture::BLURRED),
        orientation: config.camera.orientation(),
    };
    let (picture, found) = picture::take(&mut camera, recogniser.as_mut(), wanted);
    findings.extend(found);
    if let Some(player) = lamp.filter(|_| picture.is_some()) {
        say("flashing the lamp ...");
        let (kind, configured) = (config.lamp.settings(chosen.frames_per_second).kind, config.lamp.delay_frames);
        findings.push(lamp::flash(&player, &mut camera, kind, configured, &mut system_chance));
    }
    if let Some(recogniser) = recogniser.as_mut().filter(|_| picture.is_some()) {
        findings.extend(look_in_infrared(&config.camera, &mut camera, recogniser));
    }
    picture
}

/// Compares frames of the infrared camera with those of the first one; `None` if there is no infrared camera.
fn look_in_infrared(config: &config::Camera, first: &mut LiveCamera, recogniser: &mut Recogniser) -> Option<Finding> {
    let started = configured::infrared_device(config).transpose()?;
    let started = started.and_then(|device| configured::start_infrared(device, &config.infrared));
    say("looking with the infrared camera ...");
    Some(match started {
        Ok(camera) => {
            let health = camera.health();
            let mut frames = LitFrames::new(Box::new(camera));
            infrared::compare(first, &mut frames, recogniser, config.infrared.place, &|| health.report().reason)
        }
        Err(error) => Finding::bad("infrared", on_one_line(&error), "set the camera in [camera.infrared]"),
    })
}

/// The configured camera, or the first one that a stack can read.
fn chosen_camera(config: &config::Camera, cameras: &[Camera]) -> Option<config::Camera> {
    if config.source.is_some() {
        return Some(config.clone());
    }
    let (source, device) = cameras.iter().find_map(|camera| match camera.stack {
        Stack::V4l => Some((Source::V4l, Some(camera.path.clone()))),
        Stack::Libcamera => Some((Source::Rpicam, None)),
        Stack::None => None,
    })?;
    Some(config::Camera { source: Some(source), device, ..config.clone() })
}

/// The folders that the unit, or another program for it, writes to.
fn written_folders(config: &Config) -> BTreeSet<&Path> {
    [&config.audit.path, &config.database.path, &config.door.last_lock].map(|path| folder_of(path)).into()
}
