//! `lockout`: shows or ends the lockouts of a running unit after too many failed attempts.

use crate::audit_log::names::Names;
use crate::config::{self, Config};
use crate::control::{self, Lockout, LockoutsOf, Request};
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::Serialize;
use shared::gallery::PersonId;
use std::path::{Path, PathBuf};
use terminal::{Answer, Help, ShowPath, counted, print, print_json};

/// Show or end the lockouts of a running unit after too many failed attempts.
///
/// Only root and the unit's own user may do this; the audit log records who did.
#[derive(Debug, Subcommand)]
pub(crate) enum LockoutCommand {
    /// Show what is refused now.
    ///
    /// Exit codes: 0 if something is, 1 if nothing is, 2 if no unit answers.
    List(List),
    /// Forgive failed attempts, so that nothing is refused for them any more.
    ///
    /// Exit codes: 0 if there were any, 1 if not, 2 if no unit answers.
    Clear(Clear),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    shown: Shown,
}

#[derive(Debug, Args)]
pub(crate) struct Clear {
    /// Whose: `face`, of faces without a card; `card`, of cards that nobody has; a person's name or id, of faces with that
    /// person's card
    #[arg(value_name = "all|face|card|NAME_OR_ID", default_value = "all")]
    of: String,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Debug, Args)]
struct Shown {
    /// The configuration, which says where the unit answers
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What a unit answered.
#[derive(Debug, Serialize)]
struct Answered {
    lockouts: Vec<Lockout>,
}

/// Asks the unit. Returns yes if there was something to show or to forgive.
///
/// # Errors
/// If no unit runs, it cannot be asked, or it refuses.
pub(crate) fn run(command: &LockoutCommand) -> anyhow::Result<Answer> {
    let (shown, nothing, is_clear) = match command {
        LockoutCommand::List(List { shown }) => (shown, "nothing is refused", false),
        LockoutCommand::Clear(Clear { shown, .. }) => (shown, "there were no failed attempts to forgive", true),
    };
    let config = Config::read(&shown.config)?;
    let names = Names::beside(&config.audit.path).unwrap_or_default();
    let request = match command {
        LockoutCommand::List(_) => Request::ListLockouts {},
        LockoutCommand::Clear(Clear { of, .. }) => {
            Request::ClearLockouts { of: whose(of, &names, &config.audit.path)? }
        }
    };
    let unit = control::unit_at(&config.control_socket(), &config.status.socket)?
        .ok_or_else(|| anyhow!("no unit runs here"))
        .help("what it refuses is kept over a restart; start it (`systemctl start edge-agent`) and ask again")?;
    let reply = control::ask(unit, &request)?;
    if let Some(why) = reply.refused {
        return Err(anyhow!("the unit does not do it: {why}"));
    }
    let answered = Answered { lockouts: reply.lockouts };
    match (shown.json, answered.lockouts.is_empty()) {
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
    fn the_argument_selects_whose_attempts_to_clear() {
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
