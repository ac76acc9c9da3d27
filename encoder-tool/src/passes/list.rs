//! `pass list`: the passes in `passes.toml`.

use super::Place;
use super::passes_file;
use super::passes_toml::{Issued, Passes};
use super::times;
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use terminal::{Answer, for_reader, print, print_json};

/// List the visitor passes that were issued.
///
/// The units count the uses; this list does not know how many are left.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
    /// Only passes that can still be used: neither over nor revoked, and their key was not removed
    #[arg(long)]
    valid: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, PartialEq, Serialize)]
struct Listed {
    passes: Vec<ListedPass>,
}

#[derive(Debug, PartialEq, Serialize)]
struct ListedPass {
    id: String,
    name: String,
    /// `valid`, `not_yet`, `over`, `revoked`, or `stopped` if its key was removed.
    state: &'static str,
    doors: Vec<String>,
    /// UTC.
    from: String,
    /// UTC; the first moment after its validity.
    to: String,
    /// `null` for any number.
    uses: Option<u8>,
    /// The id of the person whose card is needed as well; `null` if none is.
    host: Option<String>,
    /// UTC.
    issued: String,
    /// UTC; `null` if it was not revoked.
    revoked: Option<String>,
}

/// Prints the passes.
///
/// # Errors
/// If `passes.toml` cannot be read.
pub(super) fn run(arguments: &List) -> anyhow::Result<Answer> {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let all = passes_file::read_in(&arguments.place.photos)?;
    let with_state = all.passes.iter().map(|pass| (pass, state(&all, pass, now)));
    let shown = with_state.filter(|(_, state)| !arguments.valid || matches!(*state, "valid" | "not_yet"));
    if arguments.json {
        print_json(&Listed { passes: shown.map(|(pass, state)| listed(pass, state)).collect() })?;
    } else {
        let lines: Vec<String> = shown.map(|(pass, state)| in_words(pass, state, &zone)).collect();
        let none = lines.is_empty().then(|| "no passes".to_owned());
        lines.into_iter().chain(none).try_for_each(|line| print(&for_reader(&line, 4)))?;
    }
    Ok(Answer::Yes)
}

fn state(all: &Passes, pass: &Issued, now: Timestamp) -> &'static str {
    match pass {
        Issued { revoked: Some(_), .. } => "revoked",
        Issued { to, .. } if *to <= now => "over",
        _ if all.is_stopped(pass) => "stopped",
        Issued { from, .. } if *from > now => "not_yet",
        _ => "valid",
    }
}

fn listed(pass: &Issued, state: &'static str) -> ListedPass {
    ListedPass {
        id: pass.id.to_string(),
        name: pass.name.clone(),
        state,
        doors: pass.doors.clone(),
        from: pass.from.to_string(),
        to: pass.to.to_string(),
        uses: pass.uses,
        host: pass.host.clone(),
        issued: pass.issued.to_string(),
        revoked: pass.revoked.map(|time| time.to_string()),
    }
}

fn in_words(pass: &Issued, state: &str, zone: &TimeZone) -> String {
    let in_zone = |time| times::in_zone(time, zone);
    let uses = match pass.uses {
        Some(1) => "one use".to_owned(),
        Some(uses) => format!("{uses} uses"),
        None => "any number of uses".to_owned(),
    };
    let mut line = format!(
        "{}  {}  {} until {}, {uses}, at {}",
        pass.id,
        pass.name,
        in_zone(pass.from),
        in_zone(pass.to),
        pass.doors.join(", ")
    );
    if let Some(host) = &pass.host {
        line += &format!(", with the card of {host}");
    }
    match (state, pass.revoked) {
        ("revoked", Some(time)) => line += &format!(", revoked {}", in_zone(time)),
        ("over", _) => line += ", over",
        ("not_yet", _) => line += ", not valid yet",
        ("stopped", _) => line += ", stopped: its key was removed",
        _ => {}
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::passes_toml::tests::issued;
    use super::*;
    use terminal::to_json;

    #[test]
    fn words_and_states() {
        let pass = issued(1, "Vera", "2027-01-31T17:00:00Z");
        let revoked =
            Issued { revoked: Some(Timestamp::UNIX_EPOCH), host: Some("00ff".to_owned()), uses: None, ..pass.clone() };
        let stopped = Issued { key: Some("5f0c-8a71-0000-1111-3333".to_owned()), ..pass.clone() };
        let line = "010101010101  Vera  2027-01-31 08:00 until 2027-01-31 17:00, one use, at 5f0c-8a71-0000-1111-2222";
        for (pass, now, state_expected, ending) in [
            (&pass, "2027-01-31T07:59:59Z", "not_yet", ", not valid yet"),
            (&pass, "2027-01-31T08:00:00Z", "valid", ""),
            (&pass, "2027-01-31T17:00:00Z", "over", ", over"),
            (&revoked, "2027-01-31T08:00:00Z", "revoked", ", with the card of 00ff, revoked 1970-01-01 00:00"),
            (&stopped, "2027-01-31T08:00:00Z", "stopped", ", stopped: its key was removed"),
            (&stopped, "2027-01-31T17:00:00Z", "over", ", over"),
        ] {
            let state = state(&Passes::default(), pass, now.parse().unwrap());
            assert_eq!(state, state_expected);
            let uses = if pass.uses.is_some() { "one use" } else { "any number of uses" };
            assert_eq!(in_words(pass, state, &TimeZone::UTC), line.replace("one use", uses) + ending);
        }
    }

    #[test]
    fn json() {
        let pass = listed(&issued(1, "Vera", "2027-01-31T17:00:00Z"), "not_yet");
        let expected = concat!(
            r#"{"schema":1,"passes":[{"id":"010101010101","name":"Vera","state":"not_yet","#,
            r#""doors":["5f0c-8a71-0000-1111-2222"],"from":"2027-01-31T08:00:00Z","to":"2027-01-31T17:00:00Z","uses":1,"#,
            r#""host":null,"issued":"2027-01-30T12:34:56Z","revoked":null}]}"#
        );
        assert_eq!(to_json(&Listed { passes: vec![pass] }).unwrap(), expected);
    }
}
