//! `pass revoke` and `pass forget`: what happens to passes that were issued.

use super::Place;
use super::passes_file;
use super::passes_toml::{Issued, Passes};
use anyhow::anyhow;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use shared::gallery::PersonName;
use shared::pass::PassId;
use terminal::{Answer, Help, print, print_json};

/// Revoke a visitor pass.
///
/// The next database tells the units: build it and ship it. Until a unit has it, the pass opens that door.
///
/// Exit codes: 0 the pass is revoked, 1 there is no such pass, 2 error.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The pass's id, or the name of the visitor
    #[arg(value_name = "ID_OR_NAME")]
    pass: String,
    #[command(flatten)]
    place: Place,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Erase passes that are over from passes.toml, and with them the names of visitors.
///
/// Exit codes: 0 no such pass is left, 2 error.
#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// Erase passes that ended at least this many days ago
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16))]
    ended_days_ago: u16,
    #[command(flatten)]
    place: Place,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, PartialEq, Serialize)]
struct Revoked {
    /// `null` if there is no such pass.
    id: Option<String>,
    /// When it was revoked, UTC; `null` if there is no such pass.
    revoked: Option<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Forgotten {
    erased: usize,
    left: usize,
}

/// Revokes the pass. Yes if there is such a pass.
///
/// # Errors
/// If `passes.toml` cannot be read or written, or several passes are meant.
pub(super) fn revoke(arguments: &Revoke) -> anyhow::Result<Answer> {
    let now = Timestamp::from_second(Timestamp::now().as_second())?;
    let revoked = passes_file::change(&arguments.place.photos, |passes| {
        let Some(pass) = pass_named(passes, &arguments.pass, now)? else { return Ok(None) };
        let revoked = *pass.revoked.get_or_insert(now);
        Ok(Some((pass.id, revoked)))
    })?;
    let answer =
        Revoked { id: revoked.map(|(id, _)| id.to_string()), revoked: revoked.map(|(_, time)| time.to_string()) };
    match (arguments.json, &answer.id) {
        (true, _) => print_json(&answer)?,
        (false, Some(id)) => print(&format!(
            "pass {id} is revoked: build the database and ship it; until then, the units still accept the pass"
        ))?,
        (false, None) => print(&format!("there is no pass {}", arguments.pass))?,
    }
    Ok(Answer::yes_if(revoked.is_some()))
}

/// The pass with this id, or the only one with this visitor's name that is not over.
fn pass_named<'a>(passes: &'a mut Passes, named: &str, now: Timestamp) -> anyhow::Result<Option<&'a mut Issued>> {
    if let Ok(id) = named.parse::<PassId>() {
        return Ok(passes.passes.iter_mut().find(|pass| pass.id == id));
    }
    let key = PersonName::parse(named).map(|name| name.collision_key()).ok();
    let is_meant = |pass: &Issued| {
        let name = PersonName::parse(&pass.name).ok().map(|name| name.collision_key());
        pass.is_live(now) && name.is_some() && name == key
    };
    let meant: Vec<PassId> = passes.passes.iter().filter(|pass| is_meant(pass)).map(|pass| pass.id).collect();
    match meant.as_slice() {
        [] => Ok(None),
        [one] => Ok(passes.passes.iter_mut().find(|pass| pass.id == *one)),
        several => {
            let ids: Vec<String> = several.iter().map(PassId::to_string).collect();
            Err(anyhow!("{named} has {} valid passes: {}", several.len(), ids.join(", "))).help("give the id of one")
        }
    }
}

/// Erases passes that are over.
///
/// # Errors
/// If `passes.toml` cannot be read or written.
pub(super) fn forget(arguments: &Forget) -> anyhow::Result<Answer> {
    let before = Timestamp::now().as_second() - i64::from(arguments.ended_days_ago) * 24 * 3600;
    let answer = passes_file::change(&arguments.place.photos, |passes| {
        let count = passes.passes.len();
        passes.keep(|pass| pass.to.as_second() > before);
        Ok(Forgotten { erased: count - passes.passes.len(), left: passes.passes.len() })
    })?;
    match arguments.json {
        true => print_json(&answer)?,
        false => {
            let Forgotten { erased, left } = answer;
            print(&format!("passes erased from passes.toml: {erased}; left: {left}"))?;
        }
    }
    Ok(Answer::Yes)
}

#[cfg(test)]
mod tests {
    use super::super::passes_toml::tests::issued;
    use super::*;

    #[test]
    fn a_pass_is_named_by_its_id_or_by_a_visitor_with_one_valid_pass() {
        let now: Timestamp = "2027-01-31T09:00:00Z".parse().unwrap();
        let passes = vec![
            issued(1, "Vera", "2027-01-31T17:00:00Z"),
            issued(2, "Vera", "2027-01-31T08:30:00Z"),
            issued(3, "Bo", "2027-01-31T17:00:00Z"),
            issued(4, "Bo", "2027-01-31T17:00:00Z"),
            Issued { revoked: Some(now), ..issued(5, "Cy", "2027-01-31T17:00:00Z") },
        ];
        let mut passes = Passes { passes, ..Passes::default() };
        for (named, expected) in [
            ("vera", Ok(Some(1))),
            ("020202020202", Ok(Some(2))),
            ("050505050505", Ok(Some(5))),
            ("060606060606", Ok(None)),
            ("Cy", Ok(None)),
            ("Dee", Ok(None)),
            ("", Ok(None)),
            ("Bo", Err("030303030303, 040404040404")),
        ] {
            let found = pass_named(&mut passes, named, now).map(|pass| pass.map(|pass| pass.id.0[0]));
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{named}"),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (found, _) => panic!("{named}: {found:?}"),
            }
        }
    }
}
