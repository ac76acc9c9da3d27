//! Finds the GPIO chip with the pins of the header.
//!
//! The kernel numbers chips in the order in which it finds them. On a Pi 5 the header was gpiochip4, then gpiochip0
//! with a link from gpiochip4, and is gpiochip11 or higher since Linux 6.12, where there is no gpiochip0. Only the
//! label is stable.

use super::{Board, GpioError};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

const FOLDER: &str = "/dev";
const NAME: &str = "gpiochip";

/// A GPIO chip and the label that its driver gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chip {
    pub(super) path: PathBuf,
    /// `None` if it cannot be read.
    pub(super) label: Option<String>,
}

/// The chip with the header's pins: line 17 of it is GPIO17.
///
/// # Errors
/// If there is no such chip, or no permission to open it.
pub(super) fn chip_of_this_computer() -> Result<PathBuf, GpioError> {
    let chips = paths(Path::new(FOLDER)).into_iter().map(Chip::at).collect::<Result<Vec<_>, _>>()?;
    chip_with_header(&chips, Board::of_this_computer()).map(|chip| chip.path.clone())
}

/// The paths of the chips. Links are resolved, so that each chip is listed once.
fn paths(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_name_of_chip))
        .filter_map(|entry| entry.path().canonicalize().ok())
        .collect()
}

fn is_name_of_chip(name: &str) -> bool {
    let number = name.strip_prefix(NAME).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

impl Chip {
    fn at(path: PathBuf) -> Result<Self, GpioError> {
        match fs::OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(GpioError::NotPermitted { path: path.shown().to_string() });
            }
            _ => {}
        }
        let info = gpiocdev::Chip::from_path(&path).and_then(|chip| chip.info());
        Ok(Self { path, label: info.ok().map(|info| info.label) })
    }
}

fn chip_with_header(chips: &[Chip], board: Option<Board>) -> Result<&Chip, GpioError> {
    let wanted: BTreeSet<&str> = match board {
        Some(board) => [label(board)].into(),
        None => Board::ALL.map(label).into(),
    };
    let fits = |chip: &&Chip| chip.label.as_deref().is_some_and(|label| wanted.contains(label));
    let fitting: Vec<&Chip> = chips.iter().filter(fits).collect();
    match (&fitting[..], board) {
        ([chip], _) => Ok(chip),
        ([], None) => Err(GpioError::NoRaspberryPi { found: described(chips) }),
        ([], Some(board)) => Err(GpioError::NoHeader { wanted: label(board), found: described(chips) }),
        (_, _) => Err(GpioError::SeveralHeaders { found: described(chips) }),
    }
}

/// Sources: `drivers/pinctrl/bcm/pinctrl-bcm2835.c` and `drivers/pinctrl/pinctrl-rp1.c` of Linux.
const fn label(board: Board) -> &'static str {
    match board {
        Board::Pi3 | Board::Zero2W => "pinctrl-bcm2835",
        Board::Pi4 => "pinctrl-bcm2711",
        Board::Pi5 => "pinctrl-rp1",
    }
}

fn described(chips: &[Chip]) -> String {
    if chips.is_empty() {
        return "no GPIO chip".to_owned();
    }
    let one =
        |Chip { path, label }: &Chip| format!("{} ({})", path.shown(), label.as_deref().unwrap_or("no readable label"));
    chips.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chips(described: &str) -> Vec<Chip> {
        let one = |word: &str| {
            let (number, label) = word.split_once(':').unwrap();
            let label = Some(label.to_owned()).filter(|label| !label.is_empty());
            Chip { path: PathBuf::from(format!("/dev/gpiochip{number}")), label }
        };
        described.split_whitespace().map(one).collect()
    }

    /// The chips of a Pi 5 with Linux 6.1, 6.6 and 6.12, of a Pi 4 and of a Pi 3. A search that starts at gpiochip0 and
    /// stops at the first missing number finds nothing with Linux 6.12.
    #[test]
    fn the_header_is_found_by_label_whatever_its_number() {
        let (early, middle, late) = (
            "0:gpio-brcmstb@107d508500 1:gpio-brcmstb@107d508520 2:gpio-brcmstb@107d517c00 3:gpio-brcmstb@107d517c20 4:pinctrl-rp1",
            "0:pinctrl-rp1 10:gpio-brcmstb@107d508500 11:gpio-brcmstb@107d508520",
            "11:gpio-brcmstb@107d508500 12:gpio-brcmstb@107d508520 13:gpio-brcmstb@107d517c00 14:gpio-brcmstb@107d517c20 15:pinctrl-rp1",
        );
        let pi_4 = "0:pinctrl-bcm2711 1:raspberrypi-exp-gpio";
        let with_expander = "0:mcp23017 1:pinctrl-bcm2835 2:raspberrypi-exp-gpio";
        for (there, board, expected) in [
            (early, Some(Board::Pi5), Ok("/dev/gpiochip4")),
            (middle, Some(Board::Pi5), Ok("/dev/gpiochip0")),
            (late, Some(Board::Pi5), Ok("/dev/gpiochip15")),
            (late, None, Ok("/dev/gpiochip15")),
            (pi_4, Some(Board::Pi4), Ok("/dev/gpiochip0")),
            (with_expander, Some(Board::Pi3), Ok("/dev/gpiochip1")),
            (with_expander, Some(Board::Zero2W), Ok("/dev/gpiochip1")),
            // A label that only starts like the header's belongs to another chip.
            ("0:pinctrl-rp1-ext 1:pinctrl-rp1", Some(Board::Pi5), Ok("/dev/gpiochip1")),
            (
                "0:pinctrl-rp1-ext",
                Some(Board::Pi5),
                Err("labelled pinctrl-rp1: there is /dev/gpiochip0 (pinctrl-rp1-ext)"),
            ),
            (pi_4, Some(Board::Pi5), Err("labelled pinctrl-rp1: there is /dev/gpiochip0 (pinctrl-bcm2711)")),
            ("11: 12:", Some(Board::Pi5), Err("/dev/gpiochip11 (no readable label)")),
            ("", Some(Board::Pi4), Err("there is no GPIO chip")),
            ("0:gpio-mockup-A", None, Err("not a Raspberry Pi")),
            ("", None, Err("not a Raspberry Pi")),
            ("0:pinctrl-rp1 5:pinctrl-rp1", Some(Board::Pi5), Err("more than one")),
            ("0:pinctrl-bcm2711 5:pinctrl-rp1", None, Err("more than one")),
        ] {
            let chips = chips(there);
            match (chip_with_header(&chips, board), expected) {
                (Ok(chip), Ok(path)) => assert_eq!(chip.path, Path::new(path), "{there}"),
                (Err(error), Err(message)) => assert!(error.to_string().contains(message), "{there}: {error}"),
                (found, _) => panic!("{there}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_link_to_a_chip_is_the_same_chip() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["gpiochip0", "gpiochip11", "gpiomem0", "gpiochip", "gpiochip1x"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("gpiochip0", folder.path().join("gpiochip4")).unwrap();
        let root = folder.path().canonicalize().unwrap();
        let expected: Vec<PathBuf> = ["gpiochip0", "gpiochip11"].map(|name| root.join(name)).into();
        assert_eq!(Vec::from_iter(paths(folder.path())), expected);
    }
}
