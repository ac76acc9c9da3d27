//! `forget`: removes a person from a people database and from the cache, and prints a receipt: what was erased, and
//! what must be erased elsewhere.

use crate::database_files;
use crate::protect::Protect;
use crate::user_folders;
use crate::workstation_keys::{KeyChoice, Unlock};
use anyhow::Context;
use clap::Args;
use files::Access;
use jiff::Timestamp;
use serde::Serialize;
use shared::gallery::{DatabaseDigest, Gallery, GalleryBuilder, PersonId, PhotoDigest};
use std::path::PathBuf;
use terminal::{Answer, Help, ShowPath, ShownPath, counted, print, print_json};

/// Remove a person from a people database, and list the data about them that remains elsewhere.
///
/// This also erases the cached encodings and faces of the person's photos. It does not delete the photos themselves.
///
/// Exit codes: 0 the person was erased, 1 there is no such person, 2 something cannot be read or written.
#[derive(Debug, Args)]
#[command(mut_arg("passphrase_file", |file| file.requires("sign")))]
pub(crate) struct Forget {
    /// The person's name, or the id that `list` prints
    #[arg(value_name = "NAME_OR_ID")]
    person: String,
    /// The people database
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// The signing key, if the database is signed
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    #[command(flatten)]
    unlock: Unlock,
    #[command(flatten)]
    keys: KeyChoice,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The receipt.
#[derive(Debug, PartialEq, Serialize)]
struct Receipt {
    utc: String,
    database: ShownPath,
    /// `null` if there is no such person.
    person_id: Option<String>,
    erased: Option<Erased>,
    /// Sequence number of the database after the command.
    sequence: u64,
    /// SHA-256 of the file after the command; `null` if it did not change.
    digest: Option<String>,
    people_left: usize,
    /// Data that the user must erase.
    elsewhere: Vec<Elsewhere>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Erased {
    encodings: usize,
    /// Number of distinct photos of these encodings.
    photos: usize,
    cards: usize,
    groups: usize,
    note: bool,
    look_alikes: usize,
    /// Erased files of the cache.
    cached: Vec<ShownPath>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Elsewhere {
    place: &'static str,
    what: String,
}

/// Erases a person. Yes if the database contains the person.
///
/// # Errors
/// If the database cannot be read, opened or written, or the key for it is missing.
pub(crate) fn run(arguments: &Forget) -> anyhow::Result<Answer> {
    let opened = database_files::read(&arguments.db, &arguments.keys)?;
    let protect =
        Protect::new(arguments.unlock.signing_key_of(arguments.sign.as_deref())?, &[], &arguments.keys, Some(&opened))?;
    let found = database_files::person_named(&opened.gallery, &arguments.person);
    let receipt = match found {
        Some(person) => erase(arguments, opened.gallery, person, &protect)?,
        None => Receipt { elsewhere: elsewhere(None), ..receipt(arguments, &opened.gallery) },
    };
    match arguments.json {
        true => print_json(&receipt)?,
        false => print(&receipt.in_words(&arguments.person))?,
    }
    Ok(Answer::yes_if(receipt.erased.is_some()))
}

fn erase(arguments: &Forget, gallery: Gallery, index: usize, protect: &Protect) -> anyhow::Result<Receipt> {
    let person = &gallery.people()[index];
    let id = person.id;
    let mut photos: Vec<PhotoDigest> = gallery.encodings_of(index).map(|encoding| encoding.photo).collect();
    photos.sort_unstable();
    photos.dedup();
    let pairs = gallery.look_alikes().iter().filter(|pair| pair.one == index || pair.other == index);
    let mut erased = Erased {
        encodings: person.encodings.len(),
        photos: photos.len(),
        cards: person.details.cards.len(),
        groups: person.details.groups.len(),
        note: !person.details.note.is_empty(),
        look_alikes: pairs.count(),
        cached: Vec::new(),
    };
    let sequence = database_files::next_sequence(Some(gallery.header().sequence), Timestamp::now().as_second());
    let mut builder = GalleryBuilder::from_gallery(gallery, sequence);
    builder.remove_person(&id);
    let bytes = protect.encode(builder.gallery())?;
    files::replace(&arguments.db, Access::Private, &bytes).help("make room, or check who may write there")?;
    if let Some(root) = user_folders::cache() {
        let removed = accuracy::forget(&root, &photos)
            .with_context(|| format!("the person was erased from the database, but not from {}", root.shown()))?;
        erased.cached = removed.iter().map(|path| path.shown()).collect();
    }
    Ok(Receipt {
        person_id: Some(id.to_string()),
        erased: Some(erased),
        digest: Some(DatabaseDigest::from_file(&bytes).to_string()),
        elsewhere: elsewhere(Some(id)),
        ..receipt(arguments, builder.gallery())
    })
}

fn receipt(arguments: &Forget, now: &Gallery) -> Receipt {
    Receipt {
        utc: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        database: arguments.db.shown(),
        person_id: None,
        erased: None,
        sequence: now.header().sequence,
        digest: None,
        people_left: now.people().len(),
        elsewhere: Vec::new(),
    }
}

/// The places that this program cannot reach or must not change.
fn elsewhere(id: Option<PersonId>) -> Vec<Elsewhere> {
    let id = id.map_or("ID".to_owned(), |id| id.to_string());
    [
        ("photos", "the person's photo folder and line in people.csv: from these, `build-db` would enrol the person again".to_owned()),
        (
            "cache",
            "encodings and faces of photos of the person that are not in this database: run `encoder-tool cache clear`"
                .to_owned(),
        ),
        (
            "passes",
            "passes.toml beside people.csv, if the person was a visitor or a host: `encoder-tool pass forget` erases passes that \
             are over"
                .to_owned(),
        ),
        ("units", "every unit still has the person: ship this database to it".to_owned()),
        (
            "previous",
            "every unit keeps its previous database, people.db.previous, until the next one arrives: ship a second one, or \
             erase that file on the unit"
                .to_owned(),
        ),
        ("names", format!("the name beside each unit's log: run `edge-agent forget {id}` there; it reports which records remain")),
        ("reports", "pages with faces from `build-db --html` and `evaluate --html`, and saved output of `list` and `audit show`".to_owned()),
        ("copies", "other copies of the database, and backups of any of these; the disk may keep the old file's blocks until it overwrites them".to_owned()),
    ]
    .map(|(place, what)| Elsewhere { place, what })
    .into()
}

impl Receipt {
    fn in_words(&self, named: &str) -> String {
        let Self { utc, database, person_id, erased, sequence, digest, people_left, elsewhere } = self;
        let mut lines = Vec::new();
        match (person_id, erased) {
            (Some(id), Some(erased)) => {
                lines.push(format!("{utc}  forgotten: {id}"));
                lines.push(format!("erased      in {database}: {}", erased.in_words()));
                lines.extend(erased.cached.iter().map(|file| format!("erased      {file}")));
                let digest = digest.as_deref().unwrap_or_default();
                lines.push(format!(
                    "now         {}, sequence {sequence}, SHA-256 {digest}",
                    counted(*people_left, "person")
                ));
            }
            _ => lines.push(format!("{utc}  nobody in {database} is called {named}: nothing was erased")),
        }
        lines.push("STILL TO BE ERASED".to_owned());
        lines.extend(elsewhere.iter().map(|Elsewhere { place, what }| format!("{place:<11} {what}")));
        lines.join("\n")
    }
}

impl Erased {
    fn in_words(&self) -> String {
        let Self { encodings, photos, cards, groups, note, look_alikes, cached: _ } = self;
        let mut parts = vec![
            "the name".to_owned(),
            format!("{} of {}", counted(*encodings, "encoding"), counted(*photos, "photo")),
        ];
        for (count, what) in [(cards, "card"), (groups, "group"), (look_alikes, "look-alike note")] {
            if *count > 0 {
                parts.push(counted(*count, what));
            }
        }
        if *note {
            parts.push("the note".to_owned());
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression test: passes.toml was not named, though it can have the person as a visitor or a host.
    #[test]
    fn every_place_that_keeps_data_is_named() {
        let places: Vec<&str> = elsewhere(None).iter().map(|Elsewhere { place, .. }| *place).collect();
        assert_eq!(places, ["photos", "cache", "passes", "units", "previous", "names", "reports", "copies"]);
        assert!(elsewhere(None)[2].what.contains("passes.toml"));
    }

    #[test]
    fn words() {
        let erased = Erased {
            encodings: 3,
            photos: 2,
            cards: 1,
            groups: 0,
            note: true,
            look_alikes: 0,
            cached: vec!["cache/a".shown()],
        };
        let receipt = Receipt {
            utc: "now".to_owned(),
            database: "people.db".shown(),
            person_id: Some("00ff".to_owned()),
            erased: Some(erased),
            sequence: 8,
            digest: Some("ab".to_owned()),
            people_left: 4,
            elsewhere: vec![Elsewhere { place: "photos", what: "yours".to_owned() }],
        };
        let expected = "\
now  forgotten: 00ff
erased      in people.db: the name, 3 encodings of 2 photos, 1 card, the note
erased      cache/a
now         4 people, sequence 8, SHA-256 ab
STILL TO BE ERASED
photos      yours";
        assert_eq!(receipt.in_words("Ada"), expected);
        let nobody = Receipt { person_id: None, erased: None, digest: None, ..receipt };
        assert!(nobody.in_words("Ada").starts_with("now  nobody in people.db is called Ada: nothing was erased\n"));
    }
}
