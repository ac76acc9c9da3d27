use super::*;
use crate::audit_log::{AuditLog, Upkeep};
use crate::door::ScriptedDoor;
use crate::sight::{Seen, Sight};
use crate::unit::testing::{nobody, rules};
use files::Memory;
use models::{Frame, ModelError};
use policy::{Attention, Now};
use sd_notify::NotifyState;
use shared::gallery::{DatabaseDigest, Gallery};
use std::cell::RefCell;
use std::rc::Rc;

/// Fails three times, sees nobody three times, and ends the loop.
struct Moody {
    looks: usize,
    end: Arc<AtomicBool>,
}

impl Sight for Moody {
    fn look(&mut self, _: &Frame, _: &Gallery, _: Attention) -> Result<Seen, ModelError> {
        self.looks += 1;
        self.end.store(self.looks == 6, Ordering::Relaxed);
        if self.looks <= 3 { Err(ModelError::Inference("a mood".to_owned())) } else { Ok(Seen::default()) }
    }
}

/// Invariant 2: the watchdog ends a loop that does not finish its turns, and the door is locked.
#[test]
fn only_finished_turns_ping_the_watchdog() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("grey.png");
    image::GrayImage::new(8, 8).save(&photo).unwrap();
    let section = crate::config::Camera {
        source: Some(crate::config::Source::Files),
        files: Some(photo),
        frames_per_second: 120.0,
        ..Default::default()
    };
    let device = configured::camera_device(&section).unwrap();
    let camera = configured::start_camera(device, &section, None).unwrap();
    let latch = Latch::close(Box::new(ScriptedDoor::default()), 1000).unwrap();
    let (clock, end) = (Arc::new(SystemClock::start()), Arc::new(AtomicBool::new(false)));
    let audit =
        AuditLog::open_in(Box::new(Memory::default()), "log", None, Upkeep::default(), &Now::new(0, 0)).unwrap();
    let sight = Box::new(Moody { looks: 0, end: Arc::clone(&end) });
    let time = Arc::clone(&clock) as Arc<dyn Clock>;
    let mut unit = Unit::new(sight, nobody(), Policy::new(rules()).unwrap(), audit, latch.clone(), time);
    let board = Board::new(camera.health(), latch, Path::new("people.db"), &nobody(), DatabaseDigest([0; 32]));
    let sent = Rc::new(RefCell::new(Vec::new()));
    let record = Rc::clone(&sent);
    let hear = move |what: NotifyState<'_>| {
        record.borrow_mut().push(match what {
            NotifyState::Ready => "ready",
            NotifyState::Watchdog => "watchdog",
            _ => "something else",
        });
    };
    let mut service = Service::heard_by(Box::new(hear), Duration::ZERO);
    let mut good_starts = 0;
    let (people, orders, link) = (People::unchanging(), Orders::none(), LinkDesk::without_link());
    Loop { unit: &mut unit, camera, people, orders, link, board: board.clone(), clock }.turn_until(
        &end,
        &mut service,
        |_| good_starts += 1,
    );
    let turns = board.report().turns;
    let pings = sent.borrow().iter().filter(|what| **what == "watchdog").count();
    // Turns during which the camera is still being opened also finish.
    assert_eq!((turns.failed, pings as u64), (3, turns.count));
    assert!(turns.count >= 3, "{turns:?}");
    assert_eq!(sent.borrow()[0], "ready");
    assert_eq!(good_starts, 1);
}
