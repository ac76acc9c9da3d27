//! A script for a simulation: what happens at a door, and when.
//!
//! ```toml
//! [[step]]
//! at = "2026-11-30 08:00"     # local time of the door
//! show = "ann.jpg"            # beside the script
//! card = "8108654"
//!
//! [[step]]
//! at = "2026-11-30 12:00"
//! lockdown = "on"
//! admit = "wardens"
//! ```

use anyhow::{Context, anyhow, bail};
use files::read_bounded;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use shared::card::CardNumber;
use std::path::{Path, PathBuf};
use terminal::{Help, ShowPath};

const MAX_BYTES: u64 = 1 << 20;

/// One moment, and what happens then.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// Milliseconds since 1970, UTC.
    pub(super) utc_ms: i64,
    pub(super) happens: Vec<Happening>,
    /// The photo that is shown until a decision is made.
    pub(super) show: Option<PathBuf>,
    pub(super) card: Option<CardNumber>,
}

/// Something that happens besides an approach.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Happening {
    /// A lockdown is ordered, which admits a group.
    LockDown {
        admits: Option<String>,
    },
    EndLockdown,
    FaceRecognition {
        is_on: bool,
    },
    Clock {
        is_trusted: bool,
    },
    FireAlarm {
        is_on: bool,
    },
    Door {
        is_open: bool,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    step: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    at: String,
    show: Option<PathBuf>,
    card: Option<String>,
    lockdown: Option<Switch>,
    admit: Option<String>,
    face_recognition: Option<Switch>,
    clock: Option<Clock>,
    fire_alarm: Option<Switch>,
    door: Option<Leaf>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Clock {
    Trusted,
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Leaf {
    Open,
    Closed,
}

/// Reads a script. Times are in this zone, photos are beside the file.
///
/// # Errors
/// If it cannot be read; the message names the step.
pub(super) fn read(path: &Path, zone: &TimeZone) -> anyhow::Result<Vec<Step>> {
    let bytes = read_bounded(path, MAX_BYTES)?;
    let text = str::from_utf8(&bytes).with_context(|| format!("{} is not UTF-8 text", path.shown()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(text, zone, folder)
        .with_context(|| path.shown().to_string())
        .help("[[step]] has at = \"2026-11-30 08:00\", and show, card, lockdown, admit, face-recognition, clock, fire-alarm or door")
}

fn parse(text: &str, zone: &TimeZone, folder: &Path) -> anyhow::Result<Vec<Step>> {
    let File { step } = toml::from_str(text)?;
    let mut steps: Vec<Step> = Vec::new();
    for written in step {
        let at = written.at.clone();
        let step = step_of(written, zone, folder).with_context(|| format!("the step at {at}"))?;
        if steps.last().is_some_and(|before| before.utc_ms > step.utc_ms) {
            bail!("the step at {at} comes after a later one");
        }
        steps.push(step);
    }
    Ok(steps)
}

fn step_of(written: Written, zone: &TimeZone, folder: &Path) -> anyhow::Result<Step> {
    let Written { at, show, card, lockdown, admit, face_recognition, clock, fire_alarm, door } = written;
    let at: DateTime = at.parse().map_err(|error| anyhow!("{at:?} is not a time such as 2026-11-30 08:00: {error}"))?;
    let lockdown = match (lockdown, admit) {
        (Some(Switch::On), admits) => Some(Happening::LockDown { admits }),
        (Some(Switch::Off), None) => Some(Happening::EndLockdown),
        (None, None) => None,
        (_, Some(_)) => bail!("admit is only for lockdown = \"on\""),
    };
    let face_recognition = face_recognition.map(|switch| Happening::FaceRecognition { is_on: switch == Switch::On });
    let clock = clock.map(|clock| Happening::Clock { is_trusted: clock == Clock::Trusted });
    let fire_alarm = fire_alarm.map(|alarm| Happening::FireAlarm { is_on: alarm == Switch::On });
    let door = door.map(|door| Happening::Door { is_open: door == Leaf::Open });
    let card = card.map(|card| card.parse().map_err(|error| anyhow!("card {card:?}: {error}"))).transpose()?;
    Ok(Step {
        utc_ms: zone.to_timestamp(at)?.as_millisecond(),
        happens: [lockdown, face_recognition, clock, fire_alarm, door].into_iter().flatten().collect(),
        show: show.map(|photo| folder.join(photo)),
        card,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(lines: &str) -> Result<Vec<Step>, String> {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        parse(lines, &berlin, Path::new("day")).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_day_is_parsed() {
        let steps = parsed(
            "[[step]]\nat = \"2026-11-30 08:00\"\nshow = \"ann.jpg\"\ncard = \"5\"\n\
             [[step]]\nat = \"2026-11-30 12:00:30\"\nlockdown = \"on\"\nadmit = \"wardens\"\nface-recognition = \"off\"\nclock = \"unknown\"\n\
             fire-alarm = \"off\"\ndoor = \"open\"\n",
        );
        let utc_ms = 1_796_022_000_000;
        let admits = Some("wardens".to_owned());
        let happens = vec![
            Happening::LockDown { admits },
            Happening::FaceRecognition { is_on: false },
            Happening::Clock { is_trusted: false },
            Happening::FireAlarm { is_on: false },
            Happening::Door { is_open: true },
        ];
        let (show, card) = (Some(PathBuf::from("day/ann.jpg")), CardNumber::new(5).ok());
        let first = Step { utc_ms, happens: Vec::new(), show, card };
        let second = Step { utc_ms: utc_ms + 4 * 3_600_000 + 30_000, happens, show: None, card: None };
        assert_eq!(steps, Ok(vec![first, second]));
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        for (lines, named) in [
            ("[[step]]\nshow = \"a.jpg\"\n", "missing field `at`"),
            ("[[step]]\nat = \"8:00\"\n", "2026-11-30 08:00"),
            ("[[step]]\nat = \"2026-11-30 08:00\"\nadmit = \"x\"\n", "only for lockdown"),
            ("[[step]]\nat = \"2026-11-30 08:00\"\ncard = \"x\"\n", "card \"x\""),
            ("[[step]]\nat = \"2026-11-30 08:00\"\nunlock = true\n", "unlock"),
            ("[[step]]\nat = \"2026-11-30 08:00\"\n[[step]]\nat = \"2026-11-29 08:00\"\n", "after a later one"),
        ] {
            let refused = parsed(lines).unwrap_err();
            assert!(refused.contains(named), "{lines}: {refused}");
        }
    }
}
