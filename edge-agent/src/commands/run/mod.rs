//! `run`: runs the unit (camera, networks, policy, audit log and door) until a signal ends it.
//!
//! The door is locked right after the configuration is read, and again at the end. A lost camera does not end the unit:
//! the door stays locked, the status reports the loss, and the camera is opened again.

mod decisions;
mod heat;
mod link;
pub(crate) mod needed;
mod orders;
mod service;
pub(super) mod signals;
pub(crate) mod writable;

use crate::aim::AimDesk;
use crate::audit_log::LogKey;
use crate::audit_log::read::last_recorded_utc_ms;
use crate::camera::{CameraReport, CameraState, LiveCamera};
use crate::clock::{Clock, ClockSource, SystemClock};
use crate::commands::configured;
use crate::config::Config;
use crate::database::{InUse, trust};
use crate::door::{Latch, RelockTimer};
use crate::drilled::{LastDrill, basis};
use crate::face_recognition::{FaceRecognition, FaceRecognitionFile};
use crate::folders;
use crate::infrared::Infrared;
use crate::lamp::Lamp;
use crate::lockdown::{LockdownFile, LockdownReport, Lockdowns};
use crate::protection::ProtectionReport;
use crate::sight::Networks;
use crate::status::{self, AccessReport, Board, PeripheralsReport, ReportedLog};
use crate::unit::{LinkDesk, People, Unit, UnitError, equip, people};
use anyhow::Context;
use clap::Args;
use decisions::Decisions;
use heat::Heat;
use needed::Needed;
use orders::Orders;
use policy::Policy;
use service::Service;
use signals::EndingSignals;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use terminal::{Answer, Help, ShowPath, Verbosity};

/// Run the unit: take frames from the camera, decide, and move the lock, until a signal ends it.
///
/// The door is locked first at the start, and first when a signal arrives. A lost camera does not end the unit: the
/// door stays locked, and the camera is opened again.
///
/// Exit codes: 0 if a signal ended it, 2 if it could not start.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
}

/// The pause after a failed turn: the next turn may fail at once, too.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);

/// Runs until a signal ends it.
///
/// # Errors
/// If a part cannot be created; the door is locked in that case.
pub(crate) fn run(arguments: &Run, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let mut config = Config::read(&arguments.config)?;
    folders::step_down(&folders::written(&config))?;
    let alone = folders::lock_unless_a_unit_runs(&config)?;
    let signals = EndingSignals::install()?;
    // First, even if anything else fails.
    let locked = configured::door(&config.door).and_then(|door| Ok(Latch::close(door, config.door.unlock_ms())?));
    let Needed { lock_line, camera, infrared, memory } = Needed::from_config(&config)?;
    let latch = locked?;
    let _alone = alone.context("[audit], [database], [door]")?;
    let end = signals.lock_on_signal(latch.clone()).context("cannot spawn the signal thread")?;
    let witnesses = config.clock.witnesses(last_recorded_utc_ms(&config.audit.path));
    let source = ClockSource::watch(witnesses).context("cannot spawn the clock thread")?;
    let clock = Arc::new(SystemClock::start_in(config.clock.zone()?, source));
    let _relock = RelockTimer::start(latch.clone(), Arc::clone(&clock)).context("cannot spawn the relock thread")?;
    let lamp = configured::lamp(&config.lamp)?;
    // The cameras open on their own threads while the networks are loaded.
    let camera = configured::start_camera(camera, &config.camera, lamp.as_ref())?;
    let start_infrared = |device| configured::start_infrared(device, &config.camera.infrared);
    let infrared = infrared.map(start_infrared).transpose()?;
    let (recogniser, pad) = configured::networks(&mut config)?;
    let (InUse { gallery, rules, digest }, found) = people::find(&config, &recogniser)?;
    let (policy, model) = (Policy::new(rules).context("[policy]")?, recogniser.model_hash());
    let board = Board::new(camera.health(), latch.clone(), &config.database.path, &gallery, digest);
    board.set_clock(clock.source());
    board.set_protection(ProtectionReport::new(policy.rules()));
    board.set_unit_id(trust::fingerprint(&config.database.identity).unwrap_or_default());
    answer_status(&config.status.socket, &board)?;
    for lost in writable::unwritable(&config) {
        tracing::error!("{}", lost.message);
    }
    let orders = Orders::heard_on(&config.control_socket())?;
    let link = link::desk(&config)?;
    let audit = configured::audit_log(&config.audit, &clock.now())?;
    let key = LogKey::read(&config.audit.key).ok();
    if let Some(key) = &key {
        let now = basis(&config, &model, pad.as_ref().map(|pad| pad.manifest()), policy.rules());
        board.set_drill(LastDrill::read(&config, &key.public().to_string(), &now));
    }
    board.set_audit_log(ReportedLog::new(audit.health(), &config.audit.path, key, config.status.names));
    let time = Arc::clone(&clock) as Arc<dyn Clock>;
    let infrared = infrared.map(|camera| {
        let place = config.camera.infrared.place;
        (camera.health(), Infrared::new(Box::new(camera), recogniser.clone(), place))
    });
    let sight = Box::new(Networks::new(recogniser, pad));
    let mut unit = Unit::new(sight, gallery, policy, audit, latch, time);
    equip(&mut unit, &config, &clock)?;
    if let Some(player) = lamp {
        unit.set_lamp(Lamp::new(player, config.lamp.settings(config.camera.frames_per_second)));
    }
    if let Some((health, infrared)) = infrared {
        unit.set_infrared(infrared);
        unit.follow_part(health.part());
        board.set_infrared(health);
    }
    unit.set_aim(AimDesk::new(config.model.bundles.clone(), config.camera.orientation()));
    unit.set_memory(memory);
    unit.set_lockdowns(Lockdowns::restored(
        LockdownFile::at(&config.lockdown())?,
        config.contacts.lockdown_admits.clone(),
    ));
    unit.set_face_recognition(FaceRecognition::restored(FaceRecognitionFile::at(&config.face_recognition())?));
    unit.follow_part(camera.health().part());
    unit.start();
    let people = found.follow(&mut unit, &board, &config.audit, &clock);
    let people = people.context("cannot spawn the database thread")?;
    let good_start = |camera: &CameraReport| {
        verbosity.note(&format!("the unit runs: {}", in_words(camera)));
        if let Err(error) = lock_line.save(&config.door.last_lock) {
            tracing::warn!("{error:#}; `edge-agent lock` will need the configuration");
        }
    };
    let mut service = Service::of_systemd();
    Loop { unit: &mut unit, camera, people, orders, link, board, clock }.turn_until(&end, &mut service, good_start);
    unit.stop();
    service.stopping();
    Ok(Answer::Yes)
}

/// Serves the status. If the socket cannot be opened, the unit runs without it.
///
/// # Errors
/// If another unit answers there.
fn answer_status(socket: &Path, board: &Board) -> anyhow::Result<()> {
    let shown = socket.shown();
    match status::serve(socket, board.clone()) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(anyhow::anyhow!("a unit runs already: {shown} answers"))
                .help("stop it first (`systemctl stop edge-agent`), or set another [status] socket for this unit")
        }
        Err(error) => {
            tracing::warn!("[status] socket {shown}: {error}; `edge-agent status` will get no answer");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

struct Loop<'a> {
    unit: &'a mut Unit,
    camera: LiveCamera,
    people: People,
    orders: Orders,
    link: LinkDesk,
    board: Board,
    clock: Arc<SystemClock>,
}

impl Loop<'_> {
    fn turn_until(&mut self, end: &AtomicBool, service: &mut Service, good_start: impl FnOnce(&CameraReport)) {
        let mut good_start = Some(good_start);
        let (mut last_failure, mut decisions, mut heat) = (None, Decisions::default(), Heat::of_this_computer());
        while !end.load(Ordering::Relaxed) {
            self.people.take_news(self.unit, &self.board);
            self.orders.carry_out(self.unit, &mut self.people);
            self.link.carry_out(self.unit);
            let before = self.camera.last_frame_at();
            let turned = self.unit.turn(&mut self.camera);
            self.board.set_peripherals(self.peripherals());
            self.board.set_access(self.access());
            // After what it has changed.
            self.link.take_report().into_iter().for_each(|report| self.board.set_order(report));
            match turned {
                Ok(turn) => {
                    let frame_at = self.camera.last_frame_at().filter(|at| Some(*at) != before);
                    self.board.finished(&turn, frame_at, &self.clock.now());
                    decisions.print(&turn.verdict, Instant::now());
                    let health = self.camera.health();
                    service.turned(|| format!("{}; {}", turn.door.code(), in_words(&health.report())));
                    if let Some(good_start) = good_start.take() {
                        good_start(&health.report());
                    }
                    last_failure = None;
                    heat.rest_after(&turn.verdict, Instant::now()).inspect(|rest| thread::sleep(*rest));
                }
                // No ping: the watchdog ends a loop whose turns fail.
                Err(error) => self.failed(&error, &mut last_failure),
            }
        }
    }

    fn access(&self) -> AccessReport {
        let lockdown = LockdownReport::new(self.unit.lockdowns(), self.unit.gallery());
        AccessReport::new(self.unit.policy(), lockdown, self.unit.face_recognition())
    }

    fn peripherals(&self) -> PeripheralsReport {
        PeripheralsReport::new(self.unit.door_watch(), self.unit.reader_state(), &self.unit.locked_out())
    }

    /// Counts a failed turn, and logs an error that differs from the last one.
    fn failed(&self, error: &UnitError, last: &mut Option<String>) {
        self.board.failed(&self.clock.now());
        let error = error.to_string();
        if last.as_ref() != Some(&error) {
            tracing::error!("{error}");
            *last = Some(error);
        }
        thread::sleep(AFTER_A_FAILURE);
    }
}

fn in_words(camera: &CameraReport) -> String {
    match camera.state {
        CameraState::Streaming => {
            format!("the camera delivers frames: {}", camera.description.as_deref().unwrap_or_default())
        }
        CameraState::Opening => "the camera is being opened".to_owned(),
        CameraState::Lost => format!("NO CAMERA: {}", camera.reason.as_deref().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
