//! `check`: checks whether a unit could run with this configuration. Makes the same checks as the start of `run`, but
//! opens no device and touches no pin.

mod advice;
mod database_keys;
mod passes;
mod people;

use super::examples;
use crate::audit_log::read::last_recorded_utc_ms;
use crate::clock::utc_now_ms;
use crate::commands::configured;
use crate::commands::run::needed::{Needed, devices};
use crate::commands::run::writable::{Unwritable, unwritable};
use crate::config::{Config, Reader, WHERE_KEYS_ARE_EXPLAINED};
use crate::database::{self, Trust};
use crate::folders;
use crate::protection::ProtectionReport;
use advice::{CheckedLock, wiring_advice};
use anyhow::Context;
use clap::Args;
use database_keys::CheckedKeys;
use models::self_test::Tested;
use policy::Policy;
use serde::Serialize;
use std::path::PathBuf;
use terminal::{Answer, Help, ShowPath, ShownPath, counted, for_reader, print, print_json};

/// Check whether a unit could run with this configuration, model and database. Opens no door and no camera.
///
/// Exit codes: 0 if it could, 2 if not.
#[derive(Debug, Args)]
#[command(after_long_help = examples::CHECK)]
pub(crate) struct Check {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// The people database, instead of the configured one
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// The unit's config.txt, which the firmware reads; default: /boot/firmware/config.txt
    #[arg(long, value_name = "FILE")]
    pub(crate) boot_config: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// The results of the checks that passed.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Checked {
    config: ShownPath,
    database: ShownPath,
    sequence: u64,
    people: usize,
    encodings: usize,
    #[serde(flatten)]
    keys: CheckedKeys,
    /// The model's hash.
    model: String,
    dimensions: usize,
    /// L2 distance; smaller is stricter.
    threshold: f32,
    /// The threshold for frames without colour.
    threshold_grey: f32,
    threshold_from: &'static str,
    protection: ProtectionReport,
    unlock_seconds: f32,
    /// Names of the hours in `schedules.toml` that apply to this door.
    door_hours: Vec<String>,
    lock: Option<CheckedLock>,
    /// `evdev` or `wiegand`.
    reader: Option<&'static str>,
    audit: ShownPath,
    /// The evidence that this computer's clock is right now; `None` if there is none.
    clock_evidence: Option<&'static str>,
    /// The same in words, or why the clock is not trusted.
    clock: String,
    /// Devices that only `run` opens.
    not_tried: Vec<String>,
    /// Warnings about settings that are allowed.
    warnings: Vec<String>,
}

/// Reads everything. Returns yes if a unit could run.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn run(arguments: &Check) -> anyhow::Result<Answer> {
    let mut config = Config::read(&arguments.config)?;
    // The unit's user may not be permitted to read another database.
    if arguments.db.is_none() {
        folders::step_down(&folders::written(&config))?;
    }
    Needed::from_config(&config)?;
    let lock = advice::lock(&config, arguments.boot_config.as_deref())?;
    let (mut recogniser, _pad) = configured::networks(&mut config)?;
    let tested = recogniser.self_test().context("[model] bundles: the networks failed their self-test")?;
    let path = arguments.db.as_ref().unwrap_or(&config.database.path);
    let trust = Trust::from_config(&config)?;
    let read = database::read(path, &recogniser.model_hash(), &trust).context("[database] path")?;
    let keys = CheckedKeys::new(&config, &read)?;
    let gallery = read.gallery;
    let rules = config.rules_for(&gallery, recogniser.threshold());
    Policy::new(rules).context("[policy]").help(WHERE_KEYS_ARE_EXPLAINED)?;
    // With another database, this computer may not be the unit.
    let lost = if arguments.db.is_none() { unwritable(&config) } else { Vec::new() };
    require_writable(&lost)?;
    let threshold_from = match (config.policy.threshold, gallery.header().threshold) {
        (Some(_), _) => "configuration",
        (None, Some(_)) => "database",
        (None, None) => "encoder",
    };
    let clock = config.clock.witnesses(last_recorded_utc_ms(&config.audit.path)).ask(utc_now_ms());
    let checked = Checked {
        config: arguments.config.shown(),
        database: path.shown(),
        sequence: gallery.header().sequence,
        people: gallery.people().len(),
        encodings: gallery.encoding_count(),
        model: recogniser.model_hash().to_string(),
        dimensions: recogniser.dimensions(),
        threshold: rules.threshold,
        threshold_grey: rules.grey_threshold,
        threshold_from,
        protection: ProtectionReport::new(&rules),
        unlock_seconds: config.door.unlock_seconds,
        door_hours: gallery.schedules().doors().iter().map(|hours| hours.name.clone()).collect(),
        warnings: [
            advice::warnings(&config, lock.as_ref(), &gallery),
            keys.warnings(&config),
            passes::warnings(&config, &gallery, keys.identity.is_some()),
        ]
        .concat()
        .into_iter()
        .chain(untested(tested))
        .chain(recogniser.gate_warning(gallery.gate()))
        .chain(about_set_file(&config))
        .chain(lost.into_iter().map(|lost| lost.message))
        .collect(),
        keys,
        not_tried: devices(&config),
        lock,
        reader: config.reader.as_ref().map(Reader::kind),
        audit: config.audit.path.shown(),
        clock_evidence: clock.as_ref().ok().map(|evidence| evidence.code()),
        clock: clock.map_or_else(
            |doubt| format!("not trusted, so that people with dates or hours are refused: {doubt}"),
            |evidence| format!("trusted: {evidence}"),
        ),
    };
    match arguments.json {
        true => print_json(&checked)?,
        false => print(&for_reader(&in_words(&checked), 4))?,
    }
    Ok(Answer::Yes)
}

/// Fails if a place is not writable. `run` starts nevertheless and logs the loss.
fn require_writable(lost: &[Unwritable]) -> anyhow::Result<()> {
    let lost: Vec<&str> = lost.iter().filter(|lost| !lost.is_missing).map(|lost| lost.message.as_str()).collect();
    if lost.is_empty() {
        return Ok(());
    }
    Err(anyhow::anyhow!("{}", lost.join("\n"))).help(
        "make the unit's user the owner of the folders (`sudo chown -R`), on a disk that is not mounted read-only",
    )
}

/// Warns of a `set-file` that a restart does not remove.
fn about_set_file(config: &Config) -> Option<String> {
    let set_file = &config.clock.set_file;
    (!set_file.starts_with("/run")).then(|| {
        format!(
            "[clock] set-file is {}: a file outside /run survives a restart, after which the clock may be wrong",
            set_file.shown()
        )
    })
}

fn untested(tested: Tested) -> Option<String> {
    (tested == Tested::NothingStored).then(|| {
        "the encoder's bundle has no crops for a self-test: `encoder-tool model golden DIR` writes them".to_owned()
    })
}

fn in_words(checked: &Checked) -> String {
    let Checked { config, database, sequence, people, encodings, model, dimensions, .. } = checked;
    let Checked { keys, threshold, threshold_from, unlock_seconds, lock, reader, audit, clock, warnings, .. } = checked;
    let in_grey = match checked.threshold_grey {
        grey if grey == *threshold => String::new(),
        grey => format!(", {grey:.3} in frames without colour"),
    };
    let mut lines = vec![
        format!("configuration  {config}: can be used"),
        format!("model          {model}, {dimensions} numbers per encoding"),
        format!(
            "database       {database}: {}, {}, sequence {sequence}",
            counted(*people, "person"),
            counted(*encodings, "encoding")
        ),
        keys.in_words(),
        format!("threshold      {threshold:.3}{in_grey} from the {threshold_from}; smaller is stricter"),
        format!("opens to       {}", checked.protection.in_words),
        format!("door           unlocked for {unlock_seconds} s"),
    ];
    if !checked.door_hours.is_empty() {
        lines.push(format!("door hours     {}", checked.door_hours.join(", ")));
    }
    if let Some(lock) = lock {
        lines.push(lock_in_words(lock));
        lines.extend(lock.wiring.map(|wiring| format!("wiring         {}", wiring_advice(wiring))));
    }
    lines.extend(reader.map(|kind| format!("card reader    {kind}")));
    lines.extend([format!("audit log      {audit}"), format!("clock          {clock}")]);
    lines.extend(checked.not_tried.iter().map(|device| format!("not tried      to open {device}")));
    lines.extend(warnings.iter().map(|warning| format!("warning        {warning}")));
    lines.join("\n")
}

fn lock_in_words(lock: &CheckedLock) -> String {
    let CheckedLock { pin, locked_level, boards, locked_at_boot_by, when_released, .. } = lock;
    let by = if *locked_at_boot_by == "pull" { "its pull at reset" } else { "a line of config.txt" };
    let boards = boards.join(", ");
    let then = match when_released {
        Some("keeps_level") => "; with this kernel it keeps its level when the unit ends",
        Some(_) => "; with this kernel it becomes an input when the unit ends, and its pull keeps it locked",
        None => "",
    };
    format!("lock           GPIO{pin}, locked at {locked_level}, and while the Pi boots by {by} ({boards}){then}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Wiring;

    #[test]
    fn words() {
        let checked = Checked {
            config: "c.toml".shown(),
            database: "people.db".shown(),
            sequence: 7,
            people: 2,
            encodings: 5,
            keys: CheckedKeys {
                signed_by: Some("11-22".to_owned()),
                signers: vec!["11-22".to_owned()],
                sealed_for: vec!["33-44".to_owned(), "55-66".to_owned()],
                identity: Some("33-44".to_owned()),
                audience: Some("the doors of the group office".to_owned()),
            },
            model: "ab".to_owned(),
            dimensions: 128,
            threshold: 1.02,
            threshold_grey: 1.01,
            threshold_from: "encoder",
            protection: ProtectionReport { in_words: "a card".to_owned(), ..ProtectionReport::default() },
            unlock_seconds: 5.0,
            door_hours: vec!["night".to_owned()],
            lock: Some(CheckedLock {
                pin: 17,
                locked_level: "low".to_owned(),
                wiring: Some(Wiring::Strike),
                boards: vec!["pi-4", "pi-5"],
                locked_at_boot_by: "pull",
                when_released: None,
            }),
            reader: Some("wiegand"),
            audit: "audit.jsonl".shown(),
            clock_evidence: Some("time_server"),
            clock: "trusted: a time server has set it".to_owned(),
            not_tried: vec!["the lock's GPIO17".to_owned()],
            warnings: vec!["mind the step".to_owned()],
        };
        let expected = "\
configuration  c.toml: can be used
model          ab, 128 numbers per encoding
database       people.db: 2 people, 5 encodings, sequence 7
signed         by 11-22, a trusted signer
sealed         for 33-44 (this unit), 55-66
doors          for the doors of the group office
threshold      1.020, 1.010 in frames without colour from the encoder; smaller is stricter
opens to       a card
door           unlocked for 5 s
door hours     night
lock           GPIO17, locked at low, and while the Pi boots by its pull at reset (pi-4, pi-5)
wiring         use the relay's normally-open contact: a relay at rest supplies no power, and the door is locked
card reader    wiegand
audit log      audit.jsonl
clock          trusted: a time server has set it
not tried      to open the lock's GPIO17
warning        mind the step";
        assert_eq!(in_words(&checked), expected);
        for (released, expected) in
            [("keeps_level", "keeps its level when"), ("becomes_input", "its pull keeps it locked")]
        {
            let lock = checked.lock.clone().map(|lock| CheckedLock { when_released: Some(released), ..lock });
            let said = in_words(&Checked { lock, ..checked.clone() });
            assert!(said.contains(expected), "{said}");
        }
    }
}
