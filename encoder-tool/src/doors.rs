//! `--for`: parses, chooses and displays the doors that a people database is for.

use crate::database_files::Opened;
use crate::workstation_keys;
use anyhow::anyhow;
use serde::Serialize;
use shared::gallery::{ALL_DOORS, Audience, DoorGroup, NotADoor};
use shared::seal::Fingerprint;
use std::path::PathBuf;
use std::str::FromStr;
use terminal::Help;

/// One argument of `--for`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Doors {
    /// `all`
    All,
    /// The name of a group of doors.
    Group(DoorGroup),
    /// The id of a unit.
    Unit(Fingerprint),
    /// A file with the public half of a unit's key: an argument that contains `/` or ends in `.pub`.
    KeyFile(PathBuf),
}

impl FromStr for Doors {
    type Err = NotADoor;

    fn from_str(text: &str) -> Result<Self, NotADoor> {
        if text == ALL_DOORS {
            return Ok(Self::All);
        }
        if let Ok(unit) = text.parse() {
            return Ok(Self::Unit(unit));
        }
        match text.contains('/') || text.ends_with(".pub") {
            true => Ok(Self::KeyFile(text.into())),
            false => text.parse().map(Self::Group),
        }
    }
}

/// Chooses the doors of a database: those that were named; else the units that it will be sealed for, unless the
/// replaced database is for a group or for all doors; else those of the replaced database.
///
/// # Errors
/// If a key cannot be read, if too many units or both units and a group are named, or if a signed database would name
/// no doors.
pub(crate) fn choose(
    named: &[Doors],
    encrypt_to: &[PathBuf],
    is_signed: bool,
    replaced: Option<&Opened>,
) -> anyhow::Result<Option<Audience>> {
    let before = replaced.and_then(|replaced| replaced.gallery.audience());
    let audience = match (named, before) {
        ([], None | Some(Audience::Units(_))) if !encrypt_to.is_empty() => {
            let units = encrypt_to.iter().map(|path| Ok(workstation_keys::recipient(path)?.fingerprint()));
            Some(Audience::units(units.collect::<anyhow::Result<Vec<_>>>()?)?)
        }
        ([], before) => before.cloned(),
        (named, _) => Some(audience_of(named)?),
    };
    if is_signed && audience.is_none() {
        return Err(anyhow!(
            "a signed database must say for which doors it is: without that, it would open every door"
        ))
        .help(
            "name the doors with --for: the id of a unit, which `edge-agent keygen` prints; a group of doors; or all",
        );
    }
    Ok(audience)
}

fn audience_of(named: &[Doors]) -> anyhow::Result<Audience> {
    match named {
        [Doors::All] => return Ok(Audience::AllDoors),
        [Doors::Group(group)] => return Ok(Audience::Group(group.clone())),
        _ => {}
    }
    let unit = |doors: &Doors| match doors {
        Doors::Unit(unit) => Ok(*unit),
        Doors::KeyFile(path) => Ok(workstation_keys::recipient(path)?.fingerprint()),
        Doors::All | Doors::Group(_) => Err(anyhow!(
            "a database can be for units, for one group of doors, or for all doors, but not for a mix of these"
        ))
        .help("after --for, give one group or only units; a unit can belong to several groups"),
    };
    Ok(Audience::units(named.iter().map(unit).collect::<anyhow::Result<Vec<_>>>()?)?)
}

/// Refuses a sealed database that one of its units could not open.
///
/// # Errors
/// If it is sealed, but not for every unit that it names.
pub(crate) fn require_sealed_for_them(audience: Option<&Audience>, sealed_for: &[Fingerprint]) -> anyhow::Result<()> {
    let Some(Audience::Units(units)) = audience.filter(|_| !sealed_for.is_empty()) else { return Ok(()) };
    let missing = units.ids().iter().find(|unit| !sealed_for.contains(unit));
    let Some(unit) = missing else { return Ok(()) };
    let refused: anyhow::Result<()> =
        Err(anyhow!("the database is for the unit {unit}, but it is not sealed for that unit"));
    refused.help("seal it for each of its units: give the public half of each unit's key with --encrypt-to")
}

/// The doors of a database in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "doors", rename_all = "snake_case")]
pub(crate) enum Shown {
    All,
    Group { group: String },
    Units { units: Vec<String> },
}

impl From<&Audience> for Shown {
    fn from(audience: &Audience) -> Self {
        match audience {
            Audience::AllDoors => Self::All,
            Audience::Group(group) => Self::Group { group: group.to_string() },
            Audience::Units(units) => Self::Units { units: units.ids().iter().map(Fingerprint::to_string).collect() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "5f0c-8a71-0000-1111-2222";

    fn doors(words: &[&str]) -> Vec<Doors> {
        words.iter().map(|word| word.parse().unwrap()).collect()
    }

    #[test]
    fn units_one_group_or_all() {
        let other = "ffff-8a71-0000-1111-2222";
        for (words, expected) in [
            (&["all"][..], Ok("all doors".to_owned())),
            (&["office"], Ok("the doors of the group office".to_owned())),
            (&[other, ONE, ONE], Ok(format!("the units {ONE}, {other}"))),
            (&["office", "lab"], Err("for one group")),
            (&["office", ONE], Err("for one group")),
            (&["all", ONE], Err("for one group")),
            (&["/nowhere/door.pub"], Err("/nowhere/door.pub")),
        ] {
            let chosen = choose(&doors(words), &[], true, None).map(|audience| audience.unwrap().to_string());
            match (&chosen, &expected) {
                (Ok(chosen), Ok(expected)) => assert_eq!(chosen, expected),
                (Err(error), Err(expected)) => assert!(format!("{error:#}").contains(expected), "{error:#}"),
                _ => panic!("{words:?}: {chosen:?}"),
            }
        }
    }

    #[test]
    fn too_many_units_and_mistyped_ids_are_refused() {
        let units = |count| (0..count).map(|n| Doors::Unit(format!("0000-0000-0000-0000-{n:04}").parse().unwrap()));
        assert!(choose(&units(1024).collect::<Vec<_>>(), &[], true, None).is_ok());
        let refused = choose(&units(1025).collect::<Vec<_>>(), &[], true, None).unwrap_err().to_string();
        assert!(refused.contains("1 to 1024 units, not for 1025"), "{refused}");
        for word in [&ONE[..19], "5f0c8a71000011112222", "Office", ""] {
            assert!(word.parse::<Doors>().is_err(), "{word}");
        }
    }

    #[test]
    fn a_signed_database_says_who_it_is_for() {
        assert_eq!(choose(&[], &[], false, None).unwrap(), None);
        let refused = choose(&[], &[], true, None).unwrap_err().to_string();
        assert!(refused.contains("for which doors"), "{refused}");
    }

    #[test]
    fn every_unit_of_the_audience_can_open_a_sealed_database() {
        let unit = |text: &str| text.parse::<Fingerprint>().unwrap();
        let for_one = Audience::units([unit(ONE)]).unwrap();
        let other = unit("ffff-8a71-0000-1111-2222");
        for (audience, sealed_for, is_sound) in [
            (Some(&for_one), &[][..], true),
            (Some(&for_one), &[other, unit(ONE)], true),
            (Some(&for_one), &[other], false),
            (Some(&Audience::AllDoors), &[other], true),
            (None, &[other], true),
        ] {
            assert_eq!(require_sealed_for_them(audience, sealed_for).is_ok(), is_sound, "{audience:?} {sealed_for:?}");
        }
    }
}
