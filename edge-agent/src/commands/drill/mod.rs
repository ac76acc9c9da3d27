//! `drill`: measures this door with real people and with the pictures that the installer has. Runs the real loop, but moves
//! no lock, and ends in a signed report.

mod presentation;
mod script;

use crate::audit_log::{AuditLog, LogKey, Upkeep};
use crate::clock::{Clock, ClockSource, SystemClock};
use crate::commands::configured;
use crate::config::Config;
use crate::database::{self, Trust, trust};
use crate::door::{Latch, ScriptedDoor};
use crate::drilled::basis;
use crate::folders;
use crate::infrared::Infrared;
use crate::lamp::Lamp;
use crate::protection::ProtectionReport;
use crate::sight::Networks;
use crate::unit::{Unit, equip};
use anyhow::Context;
use clap::Args;
use drill::{DrillReport, SignedReport};
use files::{Access, Memory};
use policy::Policy;
use presentation::Presenter;
use script::{Plan, Script};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use terminal::{Answer, ShowPath, print};

/// Measure how this door withstands pictures, with real people and with your own prints and screens.
///
/// Stop the unit first (`systemctl stop edge-agent`). The drill moves no lock. It asks for one approach after the other:
/// people who are enrolled, then each instrument, with a picture of an enrolled person. Press Enter to begin an approach;
/// enter `s` to skip the rest of its kind, or `q` to end. No picture is kept.
///
/// It ends in a report that is signed with the key of the audit log. `status` shows it, and says when the configuration
/// has changed since. `encoder-tool drill-report` shows it on the workstation.
///
/// Exit codes: 0 if no attack was let in, 1 if one was, 2 on an error.
#[derive(Debug, Args)]
pub(crate) struct Drill {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// The number of approaches by people
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) people: u32,
    /// An instrument to attack with, such as print, phone or tablet; may be given several times; print and phone if not
    /// given
    #[arg(long = "instrument", value_name = "NAME", value_parser = instrument)]
    pub(crate) instruments: Vec<String>,
    /// The number of approaches with each instrument
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) attacks: u32,
    /// The longest time for one approach, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub(crate) seconds: u64,
    /// Write the report to this file, instead of drill.json beside [door] memory
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print the signed report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The largest length of an instrument's name, in bytes.
const MAX_INSTRUMENT: usize = 32;

fn instrument(name: &str) -> Result<String, String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > MAX_INSTRUMENT || !name.chars().all(is_name) {
        return Err(format!(
            "want a name of lower-case letters, digits and hyphens, up to {MAX_INSTRUMENT}: print, phone"
        ));
    }
    Ok(name.to_owned())
}

/// Runs the drill. Returns yes if no attack was let in.
///
/// # Errors
/// If a unit runs, or a part cannot be created, or the report cannot be written.
pub(crate) fn run(arguments: &Drill) -> anyhow::Result<Answer> {
    let mut config = Config::read(&arguments.config)?;
    folders::step_down(&folders::written(&config))?;
    let _alone = folders::lock_unless_a_unit_runs(&config)?.context("[audit], [database], [door]")?;
    let key = LogKey::read_or_create(&config.audit.key).context("[audit] key")?;
    let (recogniser, pad) = configured::networks(&mut config)?;
    let read = database::read(&config.database.path, &recogniser.model_hash(), &Trust::from_config(&config)?);
    let gallery = read.context("[database] path")?.gallery;
    let rules = config.rules_for(&gallery, recogniser.threshold());
    let basis = basis(&config, &recogniser.model_hash(), pad.as_ref().map(|pad| pad.manifest()), &rules);
    let source = ClockSource::watch(config.clock.witnesses(None)).context("cannot spawn the clock thread")?;
    let clock = Arc::new(SystemClock::start_in(config.clock.zone()?, source));
    let lamp = configured::lamp(&config.lamp)?;
    let camera = configured::start_camera(configured::camera_device(&config.camera)?, &config.camera, lamp.as_ref())?;
    let infrared = configured::infrared_device(&config.camera)?;
    let start_infrared = |device| configured::start_infrared(device, &config.camera.infrared);
    let infrared = infrared.map(start_infrared).transpose()?;
    let place = config.camera.infrared.place;
    let infrared = infrared.map(|camera| Infrared::new(Box::new(camera), recogniser.clone(), place));
    let policy = Policy::new(rules).context("[policy]")?;
    let log = AuditLog::open_in(Box::new(Memory::default()), "audit.jsonl", None, Upkeep::default(), &clock.now())?;
    let latch = Latch::close(Box::new(ScriptedDoor::default()), config.door.unlock_ms())?;
    let time = Arc::clone(&clock) as Arc<dyn Clock>;
    let mut unit = Unit::new(Box::new(Networks::new(recogniser, pad)), gallery, policy, log, latch, time);
    equip(&mut unit, &config, &clock)?;
    if let Some(infrared) = infrared {
        unit.set_infrared(infrared);
    }
    if let Some(player) = lamp {
        unit.set_lamp(Lamp::new(player, config.lamp.settings(config.camera.frames_per_second)));
    }

    let began_utc_ms = clock.now().utc_ms;
    let plan = Plan {
        people: arguments.people,
        instruments: match arguments.instruments.as_slice() {
            [] => vec!["print".to_owned(), "phone".to_owned()],
            given => given.to_vec(),
        },
        attacks: arguments.attacks,
    };
    let with_card = rules.is_card_door();
    let mut presenter = Presenter::new(unit, camera, Duration::from_secs(arguments.seconds));
    let done = Script::new(plan, with_card).play(&mut std::io::stdin().lock(), &mut presenter)?;
    let protection = ProtectionReport::new(&rules);
    let report = DrillReport {
        began_utc_ms,
        ended_utc_ms: clock.now().utc_ms,
        unit_id: trust::fingerprint(&config.database.identity).ok().flatten().map(|id| id.to_string()),
        basis,
        opens_to: protection.in_words,
        required: protection.required,
        ended_early: done.ended_early,
        people: done.people,
        attacks: done.attacks,
    };
    let signed = SignedReport::new(report, key.public().to_string(), |bytes| key.sign_drill(bytes));
    let signed = signed.context("the report of the drill")?;
    let report = signed.report();
    let output = arguments.output.clone().unwrap_or_else(|| config.drill_report());
    let text = serde_json::to_string(&signed).context("the report of the drill")?;
    files::replace(&output, Access::Private, format!("{text}\n").as_bytes())?;
    if arguments.json {
        print(&text)?;
    } else {
        print(&format!("{}\nreport         {}", report.in_words(), output.shown()))?;
    }
    Ok(Answer::yes_if(report.attacks_let_in().count == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instruments_have_simple_names() {
        for (name, is_one) in [("print", true), ("tablet-2", true), ("", false), ("Print", false), ("a b", false)] {
            assert_eq!(instrument(name).is_ok(), is_one, "{name}");
        }
        assert!(instrument(&"x".repeat(33)).is_err());
    }
}
