//! `lockout`: shows or ends the lockouts of a running unit after too many failed attempts.

use super::running_unit::{UnitOptions, connect, order};
use crate::audit_log::names::Names;
use crate::control::{Lockout, LockoutsOf, Request};
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::Serialize;
use shared::gallery::PersonId;
use std::path::Path;
use terminal::{Answer, Help, ShowPath, counted, print, print_json};

/// Show or end the lockouts of a running unit after too many failed attempts.
///
/// Only root and the unit's own user may do this; the audit log records who did.
#[derive(Debug, Subcommand)]
pub(crate) enum LockoutCommand {
    /// Show the current lockouts.
    ///
    /// Exit codes: 0 if there are any, 1 if not, 2 if no unit answers.
    List(List),
    /// Forgive failed attempts and end their lockouts.
    ///
    /// Exit codes: 0 if there were any, 1 if not, 2 if no unit answers.
    Clear(Clear),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    unit: UnitOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Clear {
    /// Which attempts: `face` without a card; `card` of unknown cards; a person's name or id: faces with that person's
    /// card
    #[arg(value_name = "all|face|card|NAME_OR_ID", default_value = "all")]
    of: String,
    #[command(flatten)]
    unit: UnitOptions,
}

/// The answer of a unit.
#[derive(Debug, Serialize)]
struct Answered {
    lockouts: Vec<Lockout>,
}

/// Asks the unit. Returns yes if there were lockouts or failed attempts.
///
/// # Errors
/// If no unit runs, it does not answer, or it refuses.
pub(crate) fn run(command: &LockoutCommand) -> anyhow::Result<Answer> {
    let (options, nothing, is_clear) = match command {
        LockoutCommand::List(List { unit }) => (unit, "nothing is refused", false),
        LockoutCommand::Clear(Clear { unit, .. }) => (unit, "there were no failed attempts to forgive", true),
    };
    let config = options.config()?;
    let names = Names::beside(&config.audit.path).unwrap_or_default();
    let request = match command {
        LockoutCommand::List(_) => Request::ListLockouts {},
        LockoutCommand::Clear(Clear { of, .. }) => {
            Request::ClearLockouts { of: whose(of, &names, &config.audit.path)? }
        }
    };
    let unit =
        connect(&config, "lockouts survive a restart: start the unit (`systemctl start edge-agent`) and try again")?;
    let reply = order(unit, &request)?;
    let answered = Answered { lockouts: reply.lockouts };
    match (options.json, answered.lockouts.is_empty()) {
        (true, _) => print_json(&answered)?,
        (false, true) => print(nothing)?,
        (false, false) => {
            let lines: Vec<String> =
                answered.lockouts.iter().map(|lockout| in_words(lockout, &names, is_clear)).collect();
            print(&lines.join("\n"))?;
        }
    }
    Ok(Answer::yes_if(!answered.lockouts.is_empty()))
}

fn whose(text: &str, names: &Names, log: &Path) -> anyhow::Result<LockoutsOf> {
    match text {
        "all" => return Ok(LockoutsOf::All),
        "face" => return Ok(LockoutsOf::Face),
        "card" => return Ok(LockoutsOf::Card),
        _ => {}
    }
    if let Ok(id) = text.parse::<PersonId>() {
        return Ok(LockoutsOf::Person(id));
    }
    match names.find(text)[..] {
        [id] => Ok(LockoutsOf::Person(id)),
        [] => Err(anyhow!("nobody is known as {text} beside {}", log.shown()))
            .help("give all, face, card, or the person's id: `edge-agent lockout list` shows it"),
        ref several => {
            let ids: Vec<String> = several.iter().map(PersonId::to_string).collect();
            Err(anyhow!("several people are called {text}")).help(&format!("give one of these ids: {}", ids.join(", ")))
        }
    }
}

fn in_words(lockout: &Lockout, names: &Names, is_cleared: bool) -> String {
    let Lockout { tried, person_id, failures, seconds_left } = lockout;
    let whose = person_id.as_ref().map_or_else(String::new, |id| {
        let name = id.parse().ok().and_then(|id| names.name(&id)).unwrap_or("somebody");
        format!(" of {name} ({id})")
    });
    let what = format!("{}{whose}: {}", tried.replace('_', " "), counted(*failures, "failed attempt"));
    match (is_cleared, seconds_left) {
        (true, _) => format!("forgiven  {what}"),
        (false, Some(seconds)) => format!("refused   {what}, for {seconds} s more"),
        (false, None) if tried == "face" => {
            format!("slowed    {what}, one face every five minutes until somebody is let in or it is cleared")
        }
        (false, None) => format!("refused   {what}, until it is cleared or the person has a new card"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_selected_by_kind_or_person() {
        let (names, log) = (Names::default(), Path::new("audit.jsonl"));
        let id = PersonId([0xad; 16]);
        for (text, expected) in [
            ("all", LockoutsOf::All),
            ("face", LockoutsOf::Face),
            ("card", LockoutsOf::Card),
            (&id.to_string(), LockoutsOf::Person(id)),
        ] {
            assert_eq!(whose(text, &names, log).unwrap(), expected);
        }
        let unknown = whose("Ada", &names, log).unwrap_err().to_string();
        assert!(unknown.contains("nobody is known as Ada"), "{unknown}");
    }

    #[test]
    fn words() {
        let names = Names::default();
        let face = Lockout { tried: "face".into(), person_id: None, failures: 1, seconds_left: Some(30) };
        assert_eq!(in_words(&face, &names, false), "refused   face: 1 failed attempt, for 30 s more");
        let card = Lockout {
            tried: "card_and_face".into(),
            person_id: Some("ad".repeat(16)),
            failures: 50,
            seconds_left: None,
        };
        let shown = in_words(&card, &names, false);
        assert!(
            shown.starts_with("refused   card and face of somebody (adad") && shown.ends_with("a new card"),
            "{shown}"
        );
        assert!(in_words(&card, &names, true).starts_with("forgiven  card and face of somebody"));
    }
}
