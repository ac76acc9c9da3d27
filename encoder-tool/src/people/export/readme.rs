//! README.txt of an archive: what is in it, and what is not.

use super::super::log_records::skipped_in_words;
use super::Exported;
use crate::args::PeopleExport;
use jiff::Timestamp;
use shared::gallery::PersonName;
use terminal::ShowPath;

pub(super) fn readme(name: &PersonName, arguments: &PeopleExport, exported: &Exported) -> String {
    let PeopleExport { db, photos, logs, .. } = arguments;
    let mut text = format!(
        "This archive has what is stored about {name}, {}.\n\n\
         database.json  what the people database {} holds. It is on this workstation and on each door unit. An encoding is\n\
         \u{20}              a list of numbers that describes a face; a photo cannot be made from it exactly, but it is\n\
         \u{20}              biometric data. Cards are stored as keyed hashes.\n",
        Timestamp::now().strftime("%Y-%m-%d"),
        db.shown(),
    );
    let mut missing = Vec::new();
    match photos {
        Some(photos) => {
            text += &format!(
                "people.csv     the line in people.csv in {0}.\n\
                 photos/        the photos in {0}. They are on this workstation only.\n\
                 passes.json    the visitor passes in passes.toml in {0}: those in this name, which may also be somebody\n\
                 \u{20}              else's, and those that need this person's card, without the names of the visitors.\n",
                photos.shown()
            );
        }
        None => missing.push("photos, people.csv and passes.toml, because no folder of photos was given"),
    }
    if logs.is_empty() {
        missing.push("the logs of the doors, because none was given");
    } else {
        text += "log/           the records of the doors that name this person, one for each line. A distance says how much a\n\
                 \u{20}              face differs from the stored one, from 0 (the same) to 2. The ids of other people are left out.\n";
    }
    text += "\nA file or folder is missing if it would be empty.\n";
    if let Some(skipped) = skipped_in_words(exported.skipped_lines) {
        text += &format!("{skipped}.\n");
    }
    missing.extend([
        "names beside the logs of the doors",
        "what the doors count until it is no longer needed: failed attempts, entries, uses of passes",
        "copies on other computers",
        "backups",
    ]);
    text + "\nNot in here:\n" + &missing.iter().map(|what| format!("- {what}\n")).collect::<String>()
}
