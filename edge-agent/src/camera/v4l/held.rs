//! Holds a camera's exposure, gain and white balance at their present values, while the lamp plays its code: a camera
//! that adjusts itself would hide the lamp's light.

use super::{AUTOMATIC_EXPOSURE, AUTOMATIC_GAIN, EXPOSURE, GAIN};
use v4l::control::{Control, Value};

// Control IDs of the kernel's `linux/v4l2-controls.h`.
const AUTOMATIC_WHITE_BALANCE: u32 = 0x0098_090c;
const WHITE_BALANCE: u32 = 0x0098_091a;
const EXPOSURE_PRIORITY: u32 = 0x009a_0903;
const LOCK_OF_ALL: u32 = 0x009a_091b;

/// Bits of `V4L2_CID_3A_LOCK`: exposure and white balance.
const LOCKED: i64 = 0b11;

/// `V4L2_EXPOSURE_MANUAL`.
const MANUAL: i64 = 1;

/// An automatic mode, its value when it is off, and the control whose present value must then be kept.
const MODES: [(u32, i64, Option<u32>); 4] = [
    (EXPOSURE_PRIORITY, 0, None),
    (AUTOMATIC_EXPOSURE, MANUAL, Some(EXPOSURE)),
    (AUTOMATIC_GAIN, 0, Some(GAIN)),
    (AUTOMATIC_WHITE_BALANCE, 0, Some(WHITE_BALANCE)),
];

/// The controls of a camera. A scripted one takes its place in tests.
pub(super) trait Controls {
    fn value(&self, id: u32) -> Option<i64>;
    /// Whether the camera took the value.
    fn set(&self, id: u32, value: i64) -> bool;
}

impl Controls for v4l::Device {
    fn value(&self, id: u32) -> Option<i64> {
        match self.control(id).ok()?.value {
            Value::Integer(value) => Some(value),
            Value::Boolean(value) => Some(i64::from(value)),
            _ => None,
        }
    }

    fn set(&self, id: u32, value: i64) -> bool {
        self.set_control(Control { id, value: Value::Integer(value) }).is_ok()
    }
}

/// What was changed, to be undone in reverse order.
pub(super) struct HeldControls {
    before: Vec<(u32, i64)>,
}

impl HeldControls {
    /// Holds whatever the camera lets be held. A control that it lacks is left alone.
    pub(super) fn hold(camera: &dyn Controls) -> Self {
        let mut held = Self { before: Vec::new() };
        if held.change(camera, LOCK_OF_ALL, LOCKED) {
            return held;
        }
        for (automatic, off, kept) in MODES {
            // Read before: many cameras fall back to the last manual value once the automatic mode is off.
            let present = kept.and_then(|kept| Some((kept, camera.value(kept)?)));
            if camera.value(automatic) == Some(off) || !held.change(camera, automatic, off) {
                continue;
            }
            if let Some((kept, present)) = present {
                camera.set(kept, present);
            }
        }
        held
    }

    /// Gives the controls back to the camera.
    pub(super) fn release(self, camera: &dyn Controls) {
        for (id, value) in self.before.into_iter().rev() {
            camera.set(id, value);
        }
    }

    /// Returns whether the camera has the control and took the value.
    fn change(&mut self, camera: &dyn Controls, id: u32, value: i64) -> bool {
        let Some(before) = camera.value(id) else { return false };
        let has_changed = camera.set(id, value);
        if has_changed {
            self.before.push((id, before));
        }
        has_changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    /// A camera with these controls. Like many real ones, it takes an exposure only in manual mode, and jumps to its last
    /// manual exposure when that mode begins.
    struct Scripted(RefCell<BTreeMap<u32, i64>>);

    impl Scripted {
        fn new(controls: &[(u32, i64)]) -> Self {
            Self(RefCell::new(controls.iter().copied().collect()))
        }

        fn number(&self, id: u32) -> Option<i64> {
            self.0.borrow().get(&id).copied()
        }
    }

    impl Controls for Scripted {
        fn value(&self, id: u32) -> Option<i64> {
            self.number(id)
        }

        fn set(&self, id: u32, number: i64) -> bool {
            if id == EXPOSURE && self.number(AUTOMATIC_EXPOSURE) != Some(MANUAL) {
                return false;
            }
            if id == AUTOMATIC_EXPOSURE && number == MANUAL {
                self.0.borrow_mut().insert(EXPOSURE, 3);
            }
            self.0.borrow_mut().insert(id, number).is_some()
        }
    }

    #[test]
    fn present_values_are_held_and_automatic_modes_come_back() {
        let automatic = [
            (AUTOMATIC_EXPOSURE, 3),
            (EXPOSURE, 156),
            (EXPOSURE_PRIORITY, 1),
            (AUTOMATIC_WHITE_BALANCE, 1),
            (WHITE_BALANCE, 4600),
        ];
        let camera = Scripted::new(&automatic);
        let held = HeldControls::hold(&camera);
        for (id, expected) in [
            (AUTOMATIC_EXPOSURE, MANUAL),
            (EXPOSURE, 156),
            (EXPOSURE_PRIORITY, 0),
            (AUTOMATIC_WHITE_BALANCE, 0),
            (WHITE_BALANCE, 4600),
        ] {
            assert_eq!(camera.number(id), Some(expected), "{id:#x}");
        }
        held.release(&camera);
        assert_eq!(camera.0.into_inner(), automatic.into_iter().collect());
    }

    #[test]
    fn a_camera_with_fixed_or_no_settings_is_left_alone() {
        for controls in [&[][..], &[(AUTOMATIC_EXPOSURE, MANUAL), (EXPOSURE, 100)]] {
            let camera = Scripted::new(controls);
            let held = HeldControls::hold(&camera);
            assert_eq!(held.before.len(), 0);
            held.release(&camera);
            assert_eq!(camera.0.into_inner(), controls.iter().copied().collect());
        }
    }

    #[test]
    fn a_lock_of_everything_is_enough() {
        let camera = Scripted::new(&[(LOCK_OF_ALL, 0), (AUTOMATIC_EXPOSURE, 3), (EXPOSURE, 156)]);
        let held = HeldControls::hold(&camera);
        assert_eq!((camera.number(LOCK_OF_ALL), camera.number(AUTOMATIC_EXPOSURE)), (Some(LOCKED), Some(3)));
        held.release(&camera);
        assert_eq!(camera.number(LOCK_OF_ALL), Some(0));
    }
}
