//! What happens to an output pin after its program has exited or crashed.
//!
//! Raspberry Pi's kernels keep its level, unless `dtparam=strict_gpiod` is set. Others make it an input, so that its
//! pull determines the level. The parameter `persist_gpio_outputs` of the pin driver says which.

use super::Board;
use std::fs;
use std::path::Path;

/// The state of a released pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// It keeps its level until another program drives it.
    KeepsLevel,
    /// It becomes an input, and its pull determines the level.
    BecomesInput,
}

impl Released {
    /// The behaviour of this computer's kernel; `None` if this computer is another board.
    pub fn on(board: Board) -> Option<Self> {
        (Board::of_this_computer() == Some(board)).then(|| Self::by_kernel(Path::new("/"), board))
    }

    fn by_kernel(root: &Path, board: Board) -> Self {
        let driver = match board {
            Board::Pi3 | Board::Pi4 | Board::Zero2W => "pinctrl_bcm2835",
            Board::Pi5 => "pinctrl_rp1",
        };
        let value = fs::read(root.join("sys/module").join(driver).join("parameters/persist_gpio_outputs"));
        match value {
            Ok(value) if value.trim_ascii() == b"Y" => Self::KeepsLevel,
            // A driver without the parameter cannot keep the level.
            _ => Self::BecomesInput,
        }
    }

    /// The code in `snake_case`, for JSON output.
    pub const fn code(self) -> &'static str {
        match self {
            Self::KeepsLevel => "keeps_level",
            Self::BecomesInput => "becomes_input",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Released::{BecomesInput, KeepsLevel};
    use super::*;

    #[test]
    fn the_kernel_parameter_tells_whether_released_pins_keep_their_level() {
        for (driver, value, board, expected) in [
            ("pinctrl_bcm2835", Some("Y\n"), Board::Pi4, KeepsLevel),
            ("pinctrl_bcm2835", Some("N\n"), Board::Pi4, BecomesInput),
            ("pinctrl_bcm2835", Some(""), Board::Pi3, BecomesInput),
            ("pinctrl_bcm2835", None, Board::Zero2W, BecomesInput),
            ("pinctrl_rp1", Some("Y\n"), Board::Pi5, KeepsLevel),
            ("pinctrl_rp1", None, Board::Pi5, BecomesInput),
            // The driver of another chip does not matter.
            ("pinctrl_bcm2835", Some("Y\n"), Board::Pi5, BecomesInput),
        ] {
            let root = tempfile::tempdir().unwrap();
            let parameters = root.path().join("sys/module").join(driver).join("parameters");
            fs::create_dir_all(&parameters).unwrap();
            if let Some(value) = value {
                fs::write(parameters.join("persist_gpio_outputs"), value).unwrap();
            }
            assert_eq!(Released::by_kernel(root.path(), board), expected, "{driver} {value:?} {board}");
        }
    }
}
