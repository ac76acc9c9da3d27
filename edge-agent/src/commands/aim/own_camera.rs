//! Opens the camera itself while no unit runs: while a unit is being installed. Shows the same, and records it in the same log.

use crate::aim::{AimDesk, Watched};
use crate::audit_log::AuditLog;
use crate::camera::{Captured, FrameSource, LiveCamera};
use crate::clock::{Clock, SystemClock};
use crate::commands::configured;
use crate::config::Config;
use crate::folders;
use crate::sight::{Networks, Sight};
use anyhow::Context;
use files::FolderLock;
use fleet_messages::aim::AimEnd;
use models::Recogniser;
use policy::Policy;
use policy::audit::Event;
use rustix::process::getuid;
use shared::gallery::{Gallery, GalleryBuilder};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// What takes the place of a unit: it decides nothing and moves no lock.
struct Sees {
    /// No unit can start meanwhile: it would want the camera, too.
    _alone: FolderLock,
    camera: LiveCamera,
    networks: Networks,
    nobody: Gallery,
    policy: Policy,
    audit: AuditLog,
    clock: SystemClock,
    /// Set by the signals that end a command.
    interrupted: Arc<AtomicBool>,
}

/// Begins to watch for this long. Wait for the thread when nobody watches any more: it records that.
///
/// # Errors
/// If a unit has started meanwhile, the camera is not configured, or it cannot be recorded that somebody watches.
pub(super) fn watch(config: &Config, seconds: u16) -> anyhow::Result<(BufReader<UnixStream>, JoinHandle<()>)> {
    let by_uid = getuid().as_raw();
    folders::step_down(&folders::written(config))?;
    let alone = folders::lock_unless_a_unit_runs(config)?.context("[audit], [database], [door]")?;
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        flag::register(signal, Arc::clone(&interrupted)).context("cannot catch signals")?;
    }
    let clock = SystemClock::start();
    let device = configured::camera_device(&config.camera)?;
    let mut audit = configured::audit_log(&config.audit, &clock.now())?;
    let recogniser = Recogniser::load(&config.model.bundles).context("[model] bundles")?;
    let nobody = GalleryBuilder::new(1, recogniser.model_hash(), recogniser.dimensions())?.build();
    let policy = Policy::new(config.rules_with_threshold(1.0)).context("[policy]")?;
    audit.append(Event::AimBegan { by_uid, for_seconds: seconds }, &clock.now())?;
    let mut desk = AimDesk::new(config.model.bundles.clone(), config.camera.orientation());
    let showing = desk.begin(seconds);
    let camera = configured::start_camera(device, &config.camera, None)?;
    let networks = Networks::new(recogniser, None);
    let sees = Sees { _alone: alone, camera, networks, nobody, policy, audit, clock, interrupted };
    let (viewer, client) = UnixStream::pair().context("cannot make a pair of sockets")?;
    thread::Builder::new().name("aim".to_owned()).spawn(move || showing.send_to(client))?;
    let seeing = thread::Builder::new().name("camera loop".to_owned()).spawn(move || sees.show(desk))?;
    Ok((BufReader::new(viewer), seeing))
}

impl Sees {
    /// Shows frames until nobody watches any more, and records that.
    fn show(mut self, mut desk: AimDesk) {
        let Watched { end, pictures } = loop {
            let interrupted = self.interrupted.load(Ordering::Relaxed).then(|| desk.end(AimEnd::ViewerGone)).flatten();
            if let Some(watched) = interrupted.or_else(|| desk.take_ended()) {
                break watched;
            }
            let attention = self.policy.attention();
            let Ok(Captured::Frame(frame, _)) = self.camera.next_frame() else { continue };
            match self.networks.look(frame, &self.nobody, attention) {
                Ok(seen) => desk.offer(frame, &seen.faces, (&self.policy, true), self.clock.monotonic_ms()),
                Err(error) => tracing::warn!("a frame cannot be judged: {error}"),
            }
        };
        let now = self.clock.now();
        // The log reports its own failures.
        self.audit.append(Event::aim_ended(end.code(), pictures), &now).ok();
        self.audit.sign(&now).ok();
    }
}
