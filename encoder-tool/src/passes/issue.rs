//! `pass issue`: signs a pass, records it in `passes.toml`, and writes its QR code.

use super::key::KeyToSignWith;
use super::passes_file;
use super::passes_toml::{self, Issued};
use super::times::{self, Edge};
use super::{Place, qr_code};
use crate::database_files;
use crate::doors::Doors;
use crate::workstation_keys::{self, KeyChoice};
use anyhow::anyhow;
use clap::Args;
use files::Access;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use shared::gallery::{Gallery, PersonId, PersonName};
use shared::pass::{DoorTag, HostTag, MAX_PASS_USES, Pass, PassError};
use std::path::PathBuf;
use std::str::FromStr;
use terminal::{Answer, Help, ShowPath, ShownPath, print, print_json};

/// Issue a visitor pass: sign it, record it in passes.toml, and write its QR code.
///
/// The visitor shows the code to the camera of the door. A pass is for one unit and a number of uses, or for several
/// doors and any number of uses, and always for certain hours. The visitor's name is kept in passes.toml only.
///
/// Anybody who has a copy of the picture can use the pass until its uses are spent: issue one use, and require the
/// host's card at doors that matter (--with-host).
///
/// Exit codes: 0 the pass was issued, 2 error.
#[derive(Debug, Args)]
#[command(after_long_help = crate::examples::PASS_ISSUE)]
pub(crate) struct Issue {
    /// The visitor's name
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: PersonName,
    /// The door: the id of its unit, or the file with it, which `edge-agent keygen` prints; or a group of doors. Can be
    /// repeated, at most four times
    #[arg(long = "door", value_name = "UNIT|GROUP", required = true, num_args = 1..)]
    doors: Vec<Doors>,
    /// When the pass begins: a day (2027-01-31), a local time (2027-01-31T09:00), or a time with Z or an offset
    /// (2027-01-31T09:00+01:00); now if not given
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// When the pass ends; a day counts as a whole
    #[arg(long, value_name = "TIME")]
    to: String,
    /// How often the pass lets somebody in: 1 to 255, or `any`. Several doors and groups need `any`
    #[arg(long, value_name = "N", default_value = "1")]
    uses: Uses,
    /// The person whose card must be presented within 30 seconds of the pass: the name or the id in the database
    #[arg(long, value_name = "NAME_OR_ID", requires = "db")]
    with_host: Option<String>,
    /// The people database with the host
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// The picture to write, a PNG
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    key: KeyToSignWith,
    #[command(flatten)]
    keys: KeyChoice,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// How often a pass lets somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Uses(Option<u8>);

impl FromStr for Uses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "any" {
            return Ok(Self(None));
        }
        let number = text.parse().ok().filter(|uses| *uses > 0);
        number.map(|uses| Self(Some(uses))).ok_or_else(|| format!("give 1 to {MAX_PASS_USES}, or any"))
    }
}

fn name(text: &str) -> Result<PersonName, String> {
    PersonName::parse(text).map_err(|error| error.to_string())
}

#[derive(Debug, PartialEq, Serialize)]
struct IssuedPass {
    id: String,
    name: String,
    doors: Vec<String>,
    /// UTC.
    from: String,
    /// UTC; the first moment after its validity.
    to: String,
    /// `null` for any number.
    uses: Option<u8>,
    /// The id of the person whose card is needed as well; `null` if none is.
    host: Option<String>,
    /// Fingerprint of the pass key.
    key: String,
    picture: ShownPath,
    /// What the QR code says.
    text: String,
}

/// Issues the pass. It is recorded before the picture exists, so that every pass can be revoked.
///
/// # Errors
/// If an argument is wrong, a key or the database cannot be read, or a file cannot be written.
pub(super) fn run(arguments: &Issue) -> anyhow::Result<Answer> {
    let zone = TimeZone::system();
    let now = Timestamp::now();
    let from = arguments.from.as_ref().map_or(Ok(now), |text| times::parse(text, Edge::Start, &zone))?;
    let to = times::parse(&arguments.to, Edge::End, &zone)?;
    let hours = times::hours(from, to)?;
    if to <= now {
        return Err(anyhow!("the pass would be over already: it ends at {to}")).help("give a later time with --to");
    }
    let Uses(uses) = arguments.uses;
    let doors = arguments.doors.iter().map(|door| door_of(door, uses)).collect::<anyhow::Result<Vec<_>>>()?;
    let tags: Vec<DoorTag> = doors.iter().map(|(_, tag)| *tag).collect();
    let host = match (&arguments.with_host, &arguments.db) {
        (Some(host), Some(db)) => Some(host_in(&database_files::read(db, &arguments.keys)?.gallery, host)?),
        _ => None,
    };
    let key = arguments.key.read()?;
    files::require_replaceable(&arguments.output).help("choose another file with -o")?;
    let pass = passes_file::change(&arguments.place.photos, |passes| {
        let id = passes_toml::fresh_id(passes)?;
        let tag = host.as_ref().map(HostTag::of);
        let pass = Pass::new(id, hours, uses, &tags, tag);
        let pass = pass.or_else(|error| Err(error).help(advice_on(error)))?;
        passes.add_key(&key.issuer())?;
        let (from, to) = passes_toml::times(hours);
        passes.passes.push(Issued {
            id,
            name: arguments.name.to_string(),
            doors: doors.iter().map(|(shown, _)| shown.clone()).collect(),
            from,
            to,
            uses,
            host: host.map(|host| host.to_string()),
            key: Some(key.issuer().fingerprint().to_string()),
            issued: Timestamp::from_second(now.as_second()).unwrap_or(now),
            revoked: None,
        });
        Ok(pass)
    })?;
    let text = pass.sign(&key);
    files::replace(&arguments.output, Access::Private, &qr_code::png(&text)?)
        .help("the pass is in passes.toml without a picture: revoke it, and issue another one")?;
    let (from, to) = passes_toml::times(hours);
    let issued = IssuedPass {
        id: pass.id().to_string(),
        name: arguments.name.to_string(),
        doors: doors.into_iter().map(|(shown, _)| shown).collect(),
        from: from.to_string(),
        to: to.to_string(),
        uses,
        host: host.map(|host| host.to_string()),
        key: key.issuer().fingerprint().to_string(),
        picture: arguments.output.shown(),
        text,
    };
    match arguments.json {
        true => print_json(&issued)?,
        false => print(&in_words(&issued, [from, to], &zone))?,
    }
    Ok(Answer::Yes)
}

fn advice_on(error: PassError) -> &'static str {
    match error {
        PassError::UsesAtSeveralDoors(_) => "give --uses any, or issue one pass for each door",
        PassError::Doors(_) => "put the units into a group of doors, and name the group with --door",
        PassError::DoorTwice => "name each door once with --door",
        _ => "give other times with --from and --to",
    }
}

/// A door as it is written in `passes.toml`, and its tag.
fn door_of(door: &Doors, uses: Option<u8>) -> anyhow::Result<(String, DoorTag)> {
    let of_unit = |unit: shared::seal::Fingerprint| (unit.to_string(), DoorTag::of_unit(unit));
    match door {
        Doors::Unit(unit) => Ok(of_unit(*unit)),
        Doors::KeyFile(path) => Ok(of_unit(workstation_keys::recipient(path)?.fingerprint())),
        Doors::Group(group) if uses.is_none() => Ok((group.to_string(), DoorTag::of_group(&group.to_string()))),
        Doors::Group(group) => Err(anyhow!("the units of the group {group} cannot count uses together"))
            .help("name one unit with --door, or give --uses any"),
        Doors::All => {
            Err(anyhow!("a pass names its doors; \"all\" is none")).help("name units or groups of doors with --door")
        }
    }
}

/// The host, if no other enrolled person could be taken for them.
fn host_in(gallery: &Gallery, named: &str) -> anyhow::Result<PersonId> {
    let Some(host) = database_files::person_named(gallery, named).map(|index| &gallery.people()[index]) else {
        return Err(anyhow!("nobody in the database is called {named}"))
            .help("`encoder-tool list` prints the names and ids");
    };
    if host.details.cards.is_empty() {
        return Err(anyhow!("{} has no card, so nobody could use this pass", host.name))
            .help("give the host a card in people.csv, or name another host");
    }
    let tag = HostTag::of(&host.id);
    match gallery.people().iter().find(|person| tag.is(&person.id) && person.id != host.id) {
        None => Ok(host.id),
        Some(other) => Err(anyhow!("the ids of {} and {} begin alike", host.name, other.name))
            .help("give one of them another id in people.csv"),
    }
}

fn in_words(issued: &IssuedPass, [from, to]: [Timestamp; 2], zone: &TimeZone) -> String {
    let IssuedPass { id, name, doors, uses, host, key, picture, text, .. } = issued;
    let uses = match uses {
        Some(1) => "once".to_owned(),
        Some(uses) => format!("{uses} times"),
        None => "any number of times".to_owned(),
    };
    let host = host.as_ref().map_or(String::new(), |host| format!(", with the card of {host}"));
    let (from, to) = (times::in_zone(from, zone), times::in_zone(to, zone));
    format!(
        "{picture}: pass {id} for {name}, {uses}, from {from} until {to}, at {}{host}\nsigned by the pass key {key}; a \
         database that names this key must be on the unit\n{text}",
        doors.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::card::{CardFormat, CardHash, CardKey};
    use shared::gallery::{Details, GalleryBuilder, Mode, ModelHash, NewPerson};
    use shared::pass::{PassHours, PassId};

    #[test]
    fn uses_are_a_number_or_any() {
        for (text, expected) in [
            ("1", Some(Some(1))),
            ("255", Some(Some(255))),
            ("any", Some(None)),
            ("0", None),
            ("256", None),
            ("-1", None),
        ] {
            assert_eq!(text.parse::<Uses>().ok().map(|Uses(uses)| uses), expected, "{text}");
        }
    }

    #[test]
    fn a_group_or_all_doors_count_no_uses() {
        let unit = "5f0c-8a71-0000-1111-2222";
        for (door, uses, expected) in [
            (unit, Some(1), Ok(unit)),
            (unit, None, Ok(unit)),
            ("office", None, Ok("office")),
            ("office", Some(1), Err("cannot count uses")),
            ("all", None, Err("names its doors")),
            ("/nowhere/door.pub", Some(1), Err("/nowhere/door.pub")),
        ] {
            let found = door_of(&door.parse().unwrap(), uses).map(|(shown, _)| shown);
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(error), Err(expected)) => assert!(format!("{error:#}").contains(expected), "{error:#}"),
                (found, _) => panic!("{door} {uses:?}: {found:?}"),
            }
        }
    }

    /// Regression test: each of these was refused with "leave out --uses", which means one use.
    #[test]
    fn each_limit_of_a_pass_has_its_own_advice() {
        let doors = [1, 2, 3, 4, 5].map(|number| DoorTag::of_group(&number.to_string()));
        let made = |minutes, uses, doors: &[DoorTag]| {
            let hours = PassHours { from_minute: 30_000_000, minutes };
            Pass::new(PassId([0; 6]), hours, uses, doors, None).map_err(advice_on)
        };
        assert!(made(60, Some(1), &doors[..1]).is_ok());
        for (minutes, uses, doors, expected) in [
            (60, Some(1), &doors[..2], "--uses any"),
            (60, None, &doors[..], "a group of doors"),
            (60, None, &[doors[0]; 2], "each door once"),
            (400 * 24 * 60, None, &doors[..1], "--from and --to"),
        ] {
            let advice = made(minutes, uses, doors).unwrap_err();
            assert!(advice.contains(expected), "{advice}");
        }
    }

    #[test]
    fn a_host_is_one_person_with_a_card() {
        let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
        builder.set_card_key(CardKey([1; 32])).unwrap();
        let mut enrol = |last_byte: u8, first: u8, name: &str| {
            let mut id = PersonId([first; 16]);
            id.0[15] = last_byte;
            let cards = vec![CardHash { format: CardFormat(1), hash: [last_byte; 16] }];
            let details = Details { cards, mode: Mode::Card, ..Details::default() };
            let name = PersonName::parse(name).unwrap();
            builder.add_person(NewPerson { id, name, details, encodings: Vec::new() }).unwrap();
            id
        };
        let ada = enrol(1, 9, "Ada");
        enrol(2, 8, "Bo");
        enrol(3, 8, "Cy");
        let gallery = builder.build();
        assert_eq!(host_in(&gallery, "ada").unwrap(), ada);
        assert_eq!(host_in(&gallery, &ada.to_string()).unwrap(), ada);
        for (host, expected) in [("Bo", "begin alike"), ("Dee", "nobody in the database")] {
            let refused = host_in(&gallery, host).unwrap_err().to_string();
            assert!(refused.contains(expected), "{host}: {refused}");
        }
    }

    #[test]
    fn words() {
        let issued = IssuedPass {
            id: "00112233aabb".to_owned(),
            name: "Vera".to_owned(),
            doors: vec!["lab".to_owned(), "office".to_owned()],
            from: String::new(),
            to: String::new(),
            uses: None,
            host: Some("00ff".to_owned()),
            key: "11-22".to_owned(),
            picture: "p.png".shown(),
            text: "ABC".to_owned(),
        };
        let day = [Timestamp::UNIX_EPOCH, Timestamp::from_second(3600).unwrap()];
        assert_eq!(
            in_words(&issued, day, &TimeZone::UTC),
            "p.png: pass 00112233aabb for Vera, any number of times, from 1970-01-01 00:00 until 1970-01-01 01:00, at lab, \
             office, with the card of 00ff\nsigned by the pass key 11-22; a database that names this key must be on the \
             unit\nABC"
        );
    }
}
