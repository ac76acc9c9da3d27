//! The state of the lock while no program drives its pin: for most of a minute after power-on, and after the unit has
//! exited. The level of the pin then depends only on the chip's pull resistor, the firmware and the kernel.

use super::LockPin;
use crate::gpio::{Board, BootConfig, Level, Pin, Released};

/// The boards that a configuration may be for: the configured one, else the one that this runs on, else all.
pub fn candidate_boards(configured: Option<Board>) -> Vec<Board> {
    configured.or_else(Board::of_this_computer).map_or_else(|| Board::ALL.to_vec(), |board| vec![board])
}

/// What keeps the door locked while the Pi boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptLocked {
    /// The pin's own pull, from power-on until the program requests the pin.
    ByPull,
    /// A line in `config.txt`. From power-on until the firmware reads it, the pull is at the unlocked level.
    ByFirmware,
}

/// Why a pin must not drive a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsafePin {
    /// At reset the pin is pulled to the unlocked level.
    #[error(
        "on a {board} {} is pulled {} from power-on until a program sets it, and the door is locked at {}: it would be \
         unlocked while the Pi boots", lock.pin, lock.locked.other(), lock.locked
    )]
    Pulled {
        /// The board.
        board: Board,
        /// The pin.
        lock: LockPin,
    },
    /// The kernel makes the pin an input when the program exits, and the pin is pulled to the unlocked level.
    #[error(
        "this kernel makes {} an input when the unit exits, it is then pulled {}, and the door is locked at {}: it would \
         be unlocked whenever the unit does not run", lock.pin, lock.locked.other(), lock.locked
    )]
    Released {
        /// The board.
        board: Board,
        /// The pin.
        lock: LockPin,
    },
    /// `config.txt` drives the pin to the unlocked level.
    #[error(
        "config.txt drives {} {}, and the door is locked at {}: it would be unlocked while the Pi boots",
        lock.pin, lock.locked.other(), lock.locked
    )]
    Driven {
        /// The pin.
        lock: LockPin,
    },
}

impl UnsafePin {
    /// How to fix it.
    pub fn remedy(&self) -> String {
        let (Self::Pulled { lock, .. } | Self::Released { lock, .. } | Self::Driven { lock }) = self;
        let line = config_line(*lock);
        match self {
            Self::Driven { .. } => format!("in /boot/firmware/config.txt change the line to `{line}`"),
            Self::Released { board, .. } => format!(
                "move the lock to a pin that is pulled {}: {}; or run Raspberry Pi's own kernel, without dtparam=strict_gpiod, \
                 which lets pins keep their level",
                lock.locked,
                pins_pulled(*board, lock.locked),
            ),
            Self::Pulled { board, .. } => format!(
                "move the lock to a pin that is pulled {}: {}; or add the line `{line}` to /boot/firmware/config.txt on the \
                 unit, with a resistor of 10 kΩ that pulls the pin {} until the firmware reads it",
                lock.locked,
                pins_pulled(*board, lock.locked),
                lock.locked,
            ),
        }
    }
}

/// What keeps the door locked while no program drives the pin. `released` is `None` if the unit's kernel is not known.
///
/// # Errors
/// [`UnsafePin`] if the door would be unlocked.
pub fn judge(
    lock: LockPin,
    board: Board,
    config: Option<&BootConfig>,
    released: Option<Released>,
) -> Result<KeptLocked, UnsafePin> {
    let pulled_locked = board.level_at_reset(lock.pin) == lock.locked;
    match config.and_then(|config| config.drives(lock.pin, board)) {
        Some(level) if level != lock.locked => Err(UnsafePin::Driven { lock }),
        _ if pulled_locked => Ok(KeptLocked::ByPull),
        None => Err(UnsafePin::Pulled { board, lock }),
        Some(_) if released == Some(Released::BecomesInput) => Err(UnsafePin::Released { board, lock }),
        Some(_) => Ok(KeptLocked::ByFirmware),
    }
}

/// The line in `config.txt` that makes the firmware drive the pin to its locked level.
pub fn config_line(lock: LockPin) -> String {
    let drive = match lock.locked {
        Level::Low => "dl",
        Level::High => "dh",
    };
    format!("gpio={}=op,{drive}", lock.pin.number())
}

/// The free pins with this pull, by number; consecutive ones as a range.
fn pins_pulled(board: Board, level: Level) -> String {
    let fits = |pin: &Pin| board.level_at_reset(*pin) == level && Board::other_use(*pin).is_none();
    let numbers: Vec<u8> = Pin::all().filter(fits).map(Pin::number).collect();
    let ranges = numbers.chunk_by(|one, next| one + 1 == *next).filter_map(|range| match range {
        [] => None,
        [only] => Some(format!("GPIO{only}")),
        [first, .., last] => Some(format!("GPIO{first} to GPIO{last}")),
    });
    ranges.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeptLocked::{ByFirmware, ByPull};

    fn lock(pin: u8, locked: Level) -> LockPin {
        LockPin { pin: Pin::new(pin).unwrap(), locked }
    }

    /// The kind of error, as a word.
    fn word(why: UnsafePin) -> &'static str {
        match why {
            UnsafePin::Pulled { .. } => "pulled",
            UnsafePin::Released { .. } => "released",
            UnsafePin::Driven { .. } => "driven",
        }
    }

    #[test]
    fn a_pin_that_would_unlock_at_boot_is_refused() {
        let (opens, driven) = ("pulled", "driven");
        let cases = [
            (17, Level::Low, "", Ok(ByPull)),
            (17, Level::High, "", Err(opens)),
            (5, Level::High, "", Ok(ByPull)),
            (5, Level::Low, "", Err(opens)),
            (8, Level::Low, "", Err(opens)),
            (9, Level::Low, "", Ok(ByPull)),
            (17, Level::High, "gpio=17=op,dh", Ok(ByFirmware)),
            (17, Level::High, "gpio=18=op,dh", Err(opens)),
            (17, Level::High, "gpio=17=ip,pu", Err(opens)),
            (17, Level::High, "gpio=17=op,dl", Err(driven)),
            (17, Level::Low, "gpio=17=op,dl", Ok(ByPull)),
            (17, Level::Low, "gpio=17=op,dh", Err(driven)),
            (5, Level::Low, "gpio=5=op,dl", Ok(ByFirmware)),
        ];
        for board in Board::ALL {
            for (pin, locked, config, expected) in cases {
                let judged = judge(lock(pin, locked), board, Some(&BootConfig::new(config)), None).map_err(word);
                assert_eq!(judged, expected, "{board}, {pin} {locked} {config:?}");
            }
        }
    }

    /// Where a released pin becomes an input, the line in `config.txt` does not help: only the pull does.
    #[test]
    fn if_released_pins_become_inputs_the_pull_must_be_the_locked_level() {
        use Released::{BecomesInput, KeepsLevel};
        let line = "gpio=17=op,dh";
        for (locked, config, released, expected) in [
            (Level::High, line, Some(KeepsLevel), Ok(ByFirmware)),
            (Level::High, line, Some(BecomesInput), Err("released")),
            (Level::High, line, None, Ok(ByFirmware)),
            (Level::High, "", Some(BecomesInput), Err("pulled")),
            (Level::Low, "", Some(BecomesInput), Ok(ByPull)),
            (Level::Low, "gpio=17=op,dl", Some(BecomesInput), Ok(ByPull)),
            (Level::Low, "", Some(KeepsLevel), Ok(ByPull)),
        ] {
            for board in Board::ALL {
                let judged = judge(lock(17, locked), board, Some(&BootConfig::new(config)), released).map_err(word);
                assert_eq!(judged, expected, "{board}, {locked} {config:?} {released:?}");
            }
        }
        let refusal = judge(lock(17, Level::High), Board::Pi5, Some(&BootConfig::new(line)), Some(BecomesInput));
        let remedy = refusal.unwrap_err().remedy();
        assert!(remedy.contains("GPIO4 to GPIO8;") && !remedy.contains("config.txt"), "{remedy}");
    }

    /// For every pin and both polarities: without a line in `config.txt` the door is locked at boot exactly where the
    /// pull is the locked level, and the recommended line fixes the rest.
    #[test]
    fn the_recommended_line_fixes_the_pin() {
        for board in Board::ALL {
            for lock in Pin::all().flat_map(|pin| [Level::Low, Level::High].map(|locked| LockPin { pin, locked })) {
                let pulled = board.level_at_reset(lock.pin) == lock.locked;
                assert_eq!(judge(lock, board, None, None).is_ok(), pulled, "{lock:?}");
                assert!(judge(lock, board, Some(&BootConfig::new(config_line(lock))), None).is_ok(), "{lock:?}");
            }
        }
    }

    #[test]
    fn the_fix_names_the_line_and_the_pins() {
        let refusal = judge(lock(17, Level::High), Board::Pi4, None, None).unwrap_err();
        let (why, remedy) = (refusal.to_string(), refusal.remedy());
        assert!(why.contains("GPIO17 is pulled low") && why.contains("locked at high"), "{why}");
        for part in ["GPIO4 to GPIO8;", "`gpio=17=op,dh`"] {
            assert!(remedy.contains(part), "{remedy}");
        }
        let remedy = judge(lock(5, Level::Low), Board::Pi5, None, None).unwrap_err().remedy();
        for part in ["GPIO9 to GPIO13, GPIO16 to GPIO27;", "`gpio=5=op,dl`"] {
            assert!(remedy.contains(part), "{remedy}");
        }
    }
}
