//! What the firmware does to a pin before Linux starts: the `gpio=` lines of `config.txt`.

use super::{Board, Level, Pin};
use std::fs;
use std::path::Path;

/// The path of `config.txt`, on Raspberry Pi OS since 2023 and before.
pub const CONFIG_TXT: [&str; 2] = ["/boot/firmware/config.txt", "/boot/config.txt"];

/// The text of a `config.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootConfig {
    text: String,
}

impl BootConfig {
    /// A `config.txt` with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// The `config.txt` of this computer, if it can be read.
    pub fn of_this_computer() -> Option<Self> {
        CONFIG_TXT.iter().find_map(|path| fs::read_to_string(Path::new(path)).ok()).map(Self::new)
    }

    /// The level that the firmware of this board drives a pin to, if any. The last line about the pin counts. Lines
    /// under a filter other than a model's (`[EDID=…]`, `[gpio4=1]`) are ignored.
    pub fn drives(&self, pin: Pin, board: Board) -> Option<Level> {
        let mut applies = true;
        let mut driven = None;
        for line in self.text.lines().map(str::trim) {
            if let Some(filter) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                applies = filter_applies(filter, board);
            } else if let Some(setting) = line.strip_prefix("gpio=").filter(|_| applies)
                && let Some((pins, options)) = setting.split_once('=')
                && pins.split(',').any(|range| covers(range, pin))
            {
                driven = level_driven_by(options.split('#').next().unwrap_or_default());
            }
        }
        driven
    }
}

fn filter_applies(filter: &str, board: Board) -> bool {
    let names: &[&str] = match board {
        Board::Pi3 => &["all", "pi3"],
        Board::Pi4 => &["all", "pi4"],
        Board::Pi5 => &["all", "pi5"],
        Board::Zero2W => &["all", "pi02"],
    };
    names.iter().any(|name| filter.eq_ignore_ascii_case(name))
}

/// `17`, or `0-27`.
fn covers(range: &str, pin: Pin) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let [first, last] = [first, last].map(|number| number.trim().parse::<u8>());
    matches!((first, last), (Ok(first), Ok(last)) if (first..=last).contains(&pin.number()))
}

fn level_driven_by(options: &str) -> Option<Level> {
    let mut is_output = false;
    let mut level = None;
    for option in options.split(',').map(str::trim) {
        match option {
            "op" => is_output = true,
            "dh" => level = Some(Level::High),
            "dl" => level = Some(Level::Low),
            _ => {}
        }
    }
    level.filter(|_| is_output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_about_a_pin_counts() {
        let (high, low) = (Some(Level::High), Some(Level::Low));
        for (text, expected) in [
            ("", None),
            ("gpio=17=op,dh", high),
            ("  gpio=17=op,dl\r\n", low),
            ("gpio=17=dh,op", high),
            ("gpio=17=op", None),
            ("gpio=17=ip,pu", None),
            ("gpio=17=dh", None),
            ("#gpio=17=op,dh", None),
            ("gpio=17=op,dh # the lock", high),
            ("gpio=16=op,dh", None),
            ("gpio=4,17=op,dh", high),
            ("gpio=0-27=op,dh", high),
            ("gpio=18-27=op,dh", None),
            ("gpio=a-b=op,dh", None),
            ("gpio=17", None),
            ("gpio=17=op,dh\ngpio=17=op,dl", low),
            ("gpio=17=op,dh\ngpio=17=ip", None),
            ("[pi4]\ngpio=17=op,dh", high),
            ("[pi5]\ngpio=17=op,dh", None),
            ("[pi5]\ndtparam=audio=on\n[all]\ngpio=17=op,dh", high),
            ("[EDID=VSC-TD2220]\ngpio=17=op,dh", None),
            ("[none]\ngpio=17=op,dh", None),
        ] {
            let found = BootConfig::new(text).drives(Pin::new(17).unwrap(), Board::Pi4);
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
