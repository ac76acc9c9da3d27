//! The pictures of a trial: which instrument, which person and which sequence each belongs to, as the names of folders and
//! files tell.
//!
//! | folder | meaning |
//! |---|---|
//! | `REAL/…` | bona fide pictures |
//! | `ATTACK/<instrument>/…` | attacks with that instrument; files directly in `ATTACK` are one instrument |
//! | the same name in both | a person; then its neighbours are people too |
//!
//! If most folders in `ATTACK` also are in `REAL`, they are people, and `ATTACK` holds one instrument. A word such as
//! `client012` or `subject-3` in a name is a person too.

use super::tree::{File, Tree, tree};
use accuracy::pad::Picture;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

/// Words before a number that names a person.
const PEOPLE: [&str; 6] = ["client", "subject", "person", "participant", "user", "volunteer"];

/// The pictures of a trial, bona fide ones first, each tree in the order of its names.
#[derive(Debug)]
pub(super) struct Pictures {
    pub(super) pictures: Vec<Picture>,
    /// How many files are no pictures, by the ending of their names.
    pub(super) others: BTreeMap<String, usize>,
}

/// Lists the pictures below the two folders.
///
/// # Errors
/// If a folder cannot be read or holds no picture.
pub(super) fn pictures(real: &Path, attack: &Path) -> Result<Pictures> {
    let (real, attacks) = (tree(real)?, tree(attack)?);
    let instrument = attack.file_name().unwrap_or(attack.as_os_str()).to_string_lossy().into_owned();
    let mut others = real.others.clone();
    attacks.others.iter().for_each(|(ending, count)| *others.entry(ending.clone()).or_default() += count);
    Ok(Pictures { pictures: sorted_out(&real, &attacks, &instrument), others })
}

fn sorted_out(real: &Tree, attacks: &Tree, only_instrument: &str) -> Vec<Picture> {
    let first =
        |tree: &Tree| tree.files.iter().filter_map(|file| file.folders.first().cloned()).collect::<BTreeSet<_>>();
    let (of_real, of_attacks) = (first(real), first(attacks));
    let shared = of_attacks.intersection(&of_real).count();
    let are_people = shared > 0 && 2 * shared >= of_attacks.len();
    let below = usize::from(!are_people);
    let (in_real, in_attacks) = (names(real, 0), names(attacks, below));
    let in_both: HashSet<&str> = in_real.intersection(&in_attacks).copied().collect();
    let (people_of_real, people_of_attacks) = (parents(real, 0, &in_both), parents(attacks, below, &in_both));
    let bona_fide = real.files.iter().map(|file| picture(file, None, 0, &people_of_real));
    let attacks = attacks.files.iter().map(|file| {
        let named = file.folders.first().filter(|_| !are_people);
        let instrument = named.map_or(only_instrument, String::as_str);
        picture(file, Some(instrument), usize::from(named.is_some()), &people_of_attacks)
    });
    bona_fide.chain(attacks).collect()
}

/// The names of all folders below the first `below` ones.
fn names(tree: &Tree, below: usize) -> HashSet<&str> {
    tree.files.iter().flat_map(|file| file.folders.iter().skip(below).map(String::as_str)).collect()
}

/// The folders that hold a person's folder. All folders in them are people: not everybody is in both trees.
fn parents<'t>(tree: &'t Tree, below: usize, people: &HashSet<&str>) -> HashSet<&'t [String]> {
    let of_file = |file: &'t File| {
        let places = (below..file.folders.len()).filter(|&at| people.contains(file.folders[at].as_str()));
        places.map(|at| &file.folders[..at]).collect::<Vec<&[String]>>()
    };
    tree.files.iter().flat_map(of_file).collect()
}

/// `below` is the number of folders that do not tell who is shown; `parents` hold folders of people.
fn picture(file: &File, instrument: Option<&str>, below: usize, parents: &HashSet<&[String]>) -> Picture {
    let own = file.folders.get(below..).unwrap_or_default();
    let folder = (!own.is_empty()).then(|| file.folders.join("/"));
    let numbered = || own.iter().chain([&file.stem]).find_map(|name| numbered_person(name));
    let person = (below..file.folders.len()).find(|&at| parents.contains(&file.folders[..at]));
    let person = person.map(|at| file.folders[at].clone()).or_else(numbered);
    let sequence = format!("{}/{}", file.folders.join("/"), file.stem.trim_end_matches(|c: char| c.is_ascii_digit()));
    Picture { path: file.path.clone(), instrument: instrument.map(str::to_owned), person, folder, sequence }
}

/// The person in a name such as `client012_session1`: `client12`.
fn numbered_person(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    words.iter().enumerate().find_map(|(index, word)| {
        let start = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = if start == *word { words.get(index + 1)? } else { &word[start.len()..] };
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        (PEOPLE.contains(&start) && is_number).then(|| format!("{start}{}", digits.trim_start_matches('0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree_of(files: &[&str]) -> Tree {
        let file = |path: &&str| {
            let mut folders: Vec<String> = path.split('/').map(str::to_owned).collect();
            let stem = folders.pop().unwrap();
            File { path: path.into(), folders, stem }
        };
        Tree { files: files.iter().map(file).collect(), ..Tree::default() }
    }

    /// Instrument and person of each picture, separated by a colon.
    fn told(real: &[&str], attacks: &[&str]) -> Vec<String> {
        let pictures = sorted_out(&tree_of(real), &tree_of(attacks), "attack");
        let or_dash = |name: Option<String>| name.unwrap_or("-".to_owned());
        pictures.into_iter().map(|picture| [or_dash(picture.instrument), or_dash(picture.person)].join(":")).collect()
    }

    #[test]
    fn layouts_of_known_data_sets() {
        for (what, real, attacks, expected) in [
            (
                "people in both",
                &["1/a_1", "2/a_1"][..],
                &["1/x", "2/x", "3/x"][..],
                &["-:1", "-:2", "attack:1", "attack:2", "attack:3"][..],
            ),
            (
                "instruments",
                &["a", "b"],
                &["print/a", "screen/b", "c"],
                &["-:-", "-:-", "print:-", "screen:-", "attack:-"],
            ),
            (
                "some people are in one tree only",
                &["ada/1", "bo/1", "cy/1"],
                &["print/ada/1", "print/di/1", "screen/film/1"],
                &["-:ada", "-:bo", "-:cy", "print:ada", "print:di", "screen:-"],
            ),
            (
                "people below instruments",
                &["ada/1", "bo/1"],
                &["print/ada/1", "screen/bo/v/1"],
                &["-:ada", "-:bo", "print:ada", "screen:bo"],
            ),
            (
                "Replay-Attack",
                &["client001_session01_webcam_authenticate_adverse_1/10"],
                &[
                    "fixed/attack_print_client001_session01_highdef_photo_adverse/10",
                    "hand/attack_mobile_client002_x/2",
                ],
                &["-:client1", "fixed:client1", "hand:client2"],
            ),
            (
                "sessions that are in both by chance",
                &["s1/subject-07/1"],
                &["mask/s1/subject_7/1"],
                &["-:s1", "mask:s1"],
            ),
            ("a number in the file name", &["x/user12-3"], &["phone/user012"], &["-:user12", "phone:user12"]),
        ] {
            assert_eq!(told(real, attacks), expected, "{what}");
        }
    }

    #[test]
    fn a_sequence_is_a_folder_and_a_name_without_its_number() {
        let real = ["v/f_1", "v/f_2", "w/f_1", "v/g_1", "1", "2"];
        let pictures = sorted_out(&tree_of(&real), &tree_of(&["x"]), "attack");
        let sequences: Vec<&str> = pictures.iter().map(|picture| picture.sequence.as_str()).collect();
        assert_eq!(sequences, ["v/f_", "v/f_", "w/f_", "v/g_", "/", "/", "/x"]);
        let folders: Vec<Option<&str>> = pictures.iter().map(|picture| picture.folder.as_deref()).collect();
        assert_eq!(folders, [Some("v"), Some("v"), Some("w"), Some("v"), None, None, None]);
    }

    #[test]
    fn people_in_names() {
        for (name, person) in [
            ("client001_session01", Some("client1")),
            ("attack_Client-7", Some("client7")),
            ("subject", None),
            ("clients12", None),
            ("session01", None),
            ("person_x", None),
        ] {
            assert_eq!(numbered_person(name).as_deref(), person, "{name}");
        }
    }
}
