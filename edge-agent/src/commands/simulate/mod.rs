//! `simulate`: runs the real loop with frames from files and a simulated door.

mod day;
mod line;
mod script;
mod time;

use super::{configured, examples};
use crate::audit_log::{AuditLog, Upkeep};
use crate::camera::{CameraError, FileFrames};
use crate::config::Config;
use crate::database::{self, Trust};
use crate::door::contacts::ScriptedContacts;
use crate::door::{Latch, ScriptedDoor};
use crate::loop_turn::Turn;
use crate::memory_file::MemoryFile;
use crate::passes::InTurn;
use crate::reader::ScriptedReader;
use crate::sight::Networks;
use crate::unit::{self, Unit};
use anyhow::Context;
use clap::Args;
use day::DoorNow;
use files::Memory;
use jiff::Timestamp;
use line::{Line, in_words};
use policy::{Now, Policy};
use shared::card::CardNumber;
use std::path::{Path, PathBuf};
use terminal::{Answer, ShowPath, Verbosity, print, print_json, say};
use time::Time;

/// Run the unit with frames from files and a simulated door.
///
/// Each file is one approach: it is shown repeatedly until somebody is let in or the time for a consensus is over; then
/// the door has time to lock. Time is simulated, without waiting, unless --real-time is given.
///
/// Exit codes: 0 if somebody was let in, 1 if nobody was, 2 if a file cannot be read or on any other error.
#[derive(Debug, Args)]
#[command(after_long_help = examples::SIMULATE)]
pub(crate) struct Simulate {
    /// A photo, or a folder whose photos are shown in the order of their names
    #[arg(long, value_name = "DIR_OR_FILE", required_unless_present = "script")]
    pub(crate) frames: Option<PathBuf>,
    /// A script of what happens at the door and when, instead of --frames
    #[arg(long, value_name = "FILE", conflicts_with_all = ["frames", "card", "sequence", "start", "real_time"])]
    pub(crate) script: Option<PathBuf>,
    /// The people database
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// The configuration; if not given, the defaults for a door that a face alone opens
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of a model bundle, instead of the configured or built-in one; may be given once for each kind
    #[arg(long = "model", value_name = "DIR")]
    pub(crate) models: Vec<PathBuf>,
    /// A card that is presented at the beginning of each approach, or of the sequence: 8108654, 123:47726 or 0x7bba6e
    #[arg(long, value_name = "NUMBER")]
    pub(crate) card: Option<CardNumber>,
    /// Treat the files as consecutive frames, each shown once
    #[arg(long, help_heading = "Time and order")]
    pub(crate) sequence: bool,
    /// Frames per second
    #[arg(long, help_heading = "Time and order", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=240))]
    pub(crate) fps: u16,
    /// The time at which the simulation begins, such as 2027-01-31T18:00:00Z; now if not given
    #[arg(long, help_heading = "Time and order", value_name = "TIME", conflicts_with = "real_time")]
    pub(crate) start: Option<Timestamp>,
    /// Show frames in real time, and keep the door unlocked as long as a real one
    #[arg(long, help_heading = "Time and order")]
    pub(crate) real_time: bool,
    /// Restore failed attempts and uses of visitor passes from this file, and save them there; if not given, they are
    /// discarded at the end
    #[arg(long, value_name = "FILE")]
    pub(crate) memory: Option<PathBuf>,
    /// Append to this audit log; if not given, records are discarded at the end
    #[arg(long, value_name = "FILE")]
    pub(crate) audit: Option<PathBuf>,
    /// Print one JSON object for each frame; with --script, for each decision and each change of the door
    #[arg(long)]
    pub(crate) json: bool,
}

/// Shows every file to the unit. Returns yes if somebody was granted.
///
/// # Errors
/// If configuration, model, database or a file cannot be read; the other files are shown first.
pub(crate) fn run(arguments: &Simulate, verbosity: Verbosity) -> anyhow::Result<Answer> {
    if let Some(script) = &arguments.script {
        return run_script(script, arguments, verbosity);
    }
    let files = arguments.frames.as_deref().map_or_else(|| Ok(Vec::new()), FileFrames::list)?;
    let mut simulation = Simulation::prepare(arguments, None, verbosity)?;
    let mut first = true;
    let mut unreadable: Option<CameraError> = None;
    for file in &files {
        if let Err(error) = simulation.camera.show(file) {
            simulation.report_unreadable(file, &error)?;
            unreadable.get_or_insert(error);
            continue;
        }
        if !arguments.sequence || std::mem::take(&mut first) {
            simulation.present_card();
        }
        if arguments.sequence { simulation.frame(file)? } else { simulation.approach(file)? }
    }
    simulation.unit.stop();
    match unreadable {
        Some(first) => Err(anyhow::Error::new(first).context("not every file could be read")),
        None => Ok(Answer::yes_if(simulation.granted > 0)),
    }
}

fn run_script(path: &Path, arguments: &Simulate, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let zone = configuration(arguments)?.clock.zone()?;
    let steps = script::read(path, &zone)?;
    let mut simulation = Simulation::prepare(arguments, day::beginning(&steps), verbosity)?;
    simulation.run_script(&steps)?;
    simulation.unit.stop();
    Ok(Answer::yes_if(simulation.granted > 0))
}

fn configuration(arguments: &Simulate) -> anyhow::Result<Config> {
    arguments.config.as_deref().map_or_else(|| Ok(Config::for_faces_alone()), Config::read)
}

struct Simulation {
    unit: Unit,
    camera: FileFrames,
    card: Option<CardNumber>,
    reader: ScriptedReader,
    contacts: ScriptedContacts,
    door_before: Option<DoorNow>,
    latch: Latch,
    time: Time,
    frame_ms: u64,
    json: bool,
    verbosity: Verbosity,
    granted: usize,
}

impl Simulation {
    /// `start` goes before the one in the arguments.
    fn prepare(arguments: &Simulate, start: Option<Timestamp>, verbosity: Verbosity) -> anyhow::Result<Self> {
        let mut config = configuration(arguments)?;
        if !arguments.models.is_empty() {
            config.model.bundles.clone_from(&arguments.models);
        }
        let (recogniser, pad) = configured::networks(&mut config)?;
        let trust = Trust::from_config(&config)?;
        let trust = if arguments.config.is_some() { trust } else { trust.for_any_door() };
        let read = database::read(&arguments.db, &recogniser.model_hash(), &trust)?;
        let policy = Policy::new(config.rules_for(&read.gallery, recogniser.threshold()))?;
        let latch = Latch::close(Box::new(ScriptedDoor::default()), config.door.unlock_ms())?;
        let time = match arguments.real_time {
            true => Time::real(latch.clone()).context("cannot spawn the relock thread")?,
            false => Time::starting_at(start.or(arguments.start), config.clock.zone()?),
        };
        let audit = open_audit_log(arguments.audit.as_deref(), &time.clock().now())?;
        let sight = Box::new(Networks::new(recogniser, pad));
        let mut unit = Unit::new(sight, read.gallery, policy, audit, latch.clone(), time.clock());
        let reader = ScriptedReader::default();
        unit.set_card_reader(Box::new(reader.clone()));
        let contacts = ScriptedContacts::default();
        unit.set_contacts(Box::new(contacts.clone()), config.contacts.watch_rules());
        if config.door.passes {
            unit.set_passes(unit::passes(Box::new(InTurn::default()), &config)?);
        }
        if let Some(path) = &arguments.memory {
            unit.set_memory(MemoryFile::at(path)?);
        }
        unit.start();
        Ok(Self {
            unit,
            camera: FileFrames::oriented(config.camera.orientation()),
            card: arguments.card,
            reader,
            contacts,
            door_before: None,
            latch,
            time,
            frame_ms: 1000 / u64::from(arguments.fps),
            json: arguments.json,
            verbosity,
            granted: 0,
        })
    }

    fn present_card(&self) {
        if let Some(card) = self.card {
            self.reader.present(card);
        }
    }

    /// Shows the photo until somebody is let in or the time for a consensus is over; then shows nothing until the
    /// approach has ended and the door is locked.
    fn approach(&mut self, file: &Path) -> anyhow::Result<()> {
        let frames = self.frames_of_an_approach();
        for number in 1..=frames {
            let turn = self.turn(file)?;
            let granted = turn.verdict.lets_in();
            if !self.json && (granted || number == frames) {
                print(&in_words(&self.line(file, &turn), number))?;
            }
            if granted {
                break;
            }
        }
        self.clear_the_view()
    }

    fn frames_of_an_approach(&self) -> u64 {
        (self.unit.policy().rules().consensus_window_ms / self.frame_ms).max(1)
    }

    /// Shows a photo until somebody is let in or the time for a consensus is over, and returns the last turn.
    fn until_decided(&mut self, file: &Path) -> anyhow::Result<Turn> {
        let mut turn = self.unit.turn(&mut self.camera).with_context(|| file.shown().to_string())?;
        for _ in 1..self.frames_of_an_approach() {
            if turn.verdict.lets_in() {
                break;
            }
            self.time.pass(self.frame_ms, &self.latch);
            turn = self.unit.turn(&mut self.camera).with_context(|| file.shown().to_string())?;
        }
        Ok(self.count_grant(turn))
    }

    fn count_grant(&mut self, turn: Turn) -> Turn {
        self.granted += usize::from(turn.verdict.lets_in());
        turn
    }

    fn frame(&mut self, file: &Path) -> anyhow::Result<()> {
        let turn = self.turn(file)?;
        if self.json { Ok(()) } else { print(&in_words(&self.line(file, &turn), 1)) }
    }

    fn turn(&mut self, file: &Path) -> anyhow::Result<Turn> {
        let turn = self.unit.turn(&mut self.camera).with_context(|| file.shown().to_string())?;
        let turn = self.count_grant(turn);
        if self.json {
            print_json(&self.line(file, &turn))?;
        }
        self.time.pass(self.frame_ms, &self.latch);
        Ok(turn)
    }

    fn line(&self, file: &Path, turn: &Turn) -> Line {
        Line::new(file, turn, self.unit.gallery(), self.unit.policy().threshold_in_force())
    }

    fn clear_the_view(&mut self) -> anyhow::Result<()> {
        self.camera.hide();
        let until_locked = self.time.until_locked(&self.latch);
        if until_locked > 0 && !self.json {
            self.verbosity.note("nobody is in view, and the door locks again");
        }
        let gap = self.unit.policy().rules().approach_gap_ms.saturating_add(1);
        self.time.pass(until_locked.max(gap), &self.latch);
        self.unit.turn(&mut self.camera)?;
        Ok(())
    }

    fn report_unreadable(&self, file: &Path, error: &CameraError) -> anyhow::Result<()> {
        if self.json {
            return print_json(&line::Unreadable::new(file, error));
        }
        say(&format!("error: {error}"));
        Ok(())
    }
}

fn open_audit_log(path: Option<&Path>, now: &Now) -> anyhow::Result<AuditLog> {
    match path {
        Some(path) => AuditLog::open(path, None, Upkeep::default(), now),
        None => Ok(AuditLog::open_in(Box::new(Memory::default()), "audit.jsonl", None, Upkeep::default(), now)?),
    }
}
