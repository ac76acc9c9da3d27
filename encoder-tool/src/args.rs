//! The command line. Parsing checks the values; the commands open the files.

mod desk;
mod people;

pub(crate) use desk::Desk;
pub(crate) use people::{PeopleCommand, PeopleDue, PeopleExport, PeopleRemove, PeopleRename, PeopleSet};

use crate::doors::Doors;
use crate::examples;
use crate::workstation_keys::{KeyChoice, Unlock};
use accuracy::calibration::DEFAULT_FPIR;
use accuracy::parse_threshold;
use clap::{Args, Parser, Subcommand};
use model_tools::ModelCommand;
use std::path::PathBuf;
use terminal::Verbosity;

/// Enrol people from photos, and identify people in photos.
///
/// Exit codes: 0 yes, 1 no, 2 error. Distances are L2 distances between encodings, from 0 (same) to 2 (opposite): the
/// smaller, the more alike.
#[derive(Debug, Parser)]
#[command(name = "encoder-tool", version, propagate_version = true, after_long_help = examples::PROGRAM)]
pub struct Arguments {
    #[command(flatten)]
    pub(crate) verbosity: Verbosity,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    BuildDb(BuildDb),
    List(List),
    Identify(Identify),
    Verify(Verify),
    Compare(Compare),
    Calibrate(Calibrate),
    Evaluate(Evaluate),
    EvaluatePad(EvaluatePad),
    Ship(Ship),
    Aim(crate::aim::Aim),
    Desk(Desk),
    /// Many doors at once: how they are, databases, audit logs
    #[command(subcommand)]
    Fleet(crate::fleet::FleetCommand),
    DrillReport(crate::drill_report::DrillReportArguments),
    Keygen(crate::keygen::Keygen),
    Forget(crate::forget::Forget),
    #[command(subcommand)]
    People(PeopleCommand),
    /// Issue, list and revoke visitor passes
    #[command(subcommand)]
    Pass(crate::passes::PassCommand),
    /// Show or erase the encodings and faces that `build-db` and `evaluate` cache (biometric data)
    #[command(subcommand)]
    Cache(CacheCommand),
    #[command(hide = true)]
    DecodeHeif(crate::heif::DecodeHeif),
    /// Work with models
    #[command(subcommand)]
    Model(ModelCommand),
}

/// The networks to use.
#[derive(Debug, Args)]
pub(crate) struct ModelChoice {
    /// Folder of a model bundle, instead of the built-in one; can be repeated, once for each kind (detector, encoder)
    #[arg(long = "model", value_name = "DIR")]
    pub(crate) folders: Vec<PathBuf>,
}

/// The match threshold.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ThresholdChoice {
    /// L2 distance, 0 to 2, up to which two faces match. Smaller is stricter: 0 matches nobody, 2 matches everybody.
    /// Default: the database's threshold, else the encoder's
    #[arg(long, value_name = "DISTANCE", value_parser = parse_threshold)]
    pub(crate) threshold: Option<f32>,
}

/// Build a people database from folders of photos.
///
/// Each folder in PHOTOS is one person: PHOTOS/<person>/<photo>. Photos are JPEG, PNG or WebP (HEIC if libheif's
/// heif-convert is installed), with one face each.
///
/// The optional file PHOTOS/people.csv holds more data about people. Its first line names the columns. Only `name` is
/// required: id (the folder's name if it differs from the person's, or the id that `list` prints), name, groups (a;b),
/// mode (face, card-and-face, card-or-face, card), valid_from and valid_to (2027-01-31: that whole day in this
/// computer's time zone; or 2027-01-31T18:00:00Z), cards (123:45678;0008108654), note, basis (why the data may be
/// stored), informed_on, keep_until (2027-01-31). People with the mode `card` need a card and no photo. Where the file
/// has the column basis, people without one are left out.
///
/// When it replaces a database, it reports who was added, removed and changed. People keep their ids.
///
/// Encodings and faces are kept in ~/.cache/encoder-tool, which only you can open, so that each photo is encoded only
/// once: `encoder-tool cache clear` erases them.
///
/// Exit codes: 0 everybody is enrolled as intended, 1 at least one person is left out or has no usable photo (the
/// others are in the database), 2 nothing was written.
#[derive(Debug, Args)]
#[command(after_long_help = examples::BUILD_DB)]
#[command(mut_arg("passphrase_file", |file| file.requires("sign").help_heading("Keys and doors")))]
pub(crate) struct BuildDb {
    /// Folder with one folder for each person
    pub(crate) photos: PathBuf,
    /// The database to write; an existing one is replaced only when the new one is complete
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Sign the database with this key, so that units can verify it; by default, `keygen` writes the key to
    /// ~/.config/encoder-tool/signing.key
    #[arg(long, value_name = "KEY", help_heading = "Keys and doors")]
    pub(crate) sign: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
    /// The doors that the database is for; other units refuse it. Give units (at most 1024, each by the id or the file
    /// that `edge-agent keygen` prints), or one group of doors (listed in `groups` of [unit] on the units), or
    /// `all`. Default: the units of --encrypt-to, or the doors of the replaced database. Required for a signed database
    #[arg(long = "for", value_name = "UNIT|GROUP|all", num_args = 1.., help_heading = "Keys and doors")]
    pub(crate) doors: Vec<Doors>,
    /// Seal the database for the unit with this public key (`edge-agent keygen` prints it) and for this workstation;
    /// can be repeated, at most 1024 units. Default: the recipients of the replaced database
    #[arg(long, value_name = "PUBLIC_KEY", help_heading = "Keys and doors")]
    pub(crate) encrypt_to: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Leave out photos in which the shorter side of the face has fewer than N pixels; N is at least 16
    #[arg(long, value_name = "N", help_heading = "Photos and threshold", default_value_t = 24, value_parser = clap::value_parser!(u32).range(16..=1000))]
    pub(crate) minimum_face: u32,
    /// Rate at which a stranger may be named (FPIR); the threshold is computed from it and the number of people, and
    /// stored
    #[arg(long, value_name = "RATE", help_heading = "Photos and threshold", default_value_t = DEFAULT_FPIR, value_parser = parse_rate)]
    pub(crate) fpir: f64,
    /// Store no threshold: the encoder's own applies, regardless of the number of people
    #[arg(long, help_heading = "Photos and threshold", conflicts_with = "fpir")]
    pub(crate) uncalibrated: bool,
    /// Write the database even if it removes more than two people and more than a tenth of the people in the replaced
    /// one
    #[arg(long, help_heading = "Safeguards")]
    pub(crate) allow_removals: bool,
    /// Write a database without people, because nobody is left in PHOTOS, or nobody's data may be stored
    #[arg(long, help_heading = "Safeguards")]
    pub(crate) remove_everybody: bool,
    /// Write the database even if more than 30 % of the enrolled people would not be recognised (FNIR)
    #[arg(long, help_heading = "Safeguards")]
    pub(crate) allow_misses: bool,
    /// Write an HTML page with the faces of suspect photos and of look-alikes, and a list of people who are not
    /// enrolled
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Encode every photo: do not read or write the cache of encodings
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Exit with code 1 also if a photo is suspect or two people look alike
    #[arg(long, help_heading = "Safeguards")]
    pub(crate) strict: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Send a people database to a door unit over ssh, and wait until the unit confirms that it uses it.
///
/// It opens one connection and runs `edge-agent receive` on the unit.
///
/// The unit switches to the database without a restart, or refuses it (made with another model, older, or damaged) and
/// keeps the one it has.
///
/// Exit codes: 0 the unit uses it, 1 it does not, 2 error.
#[derive(Debug, Args)]
#[command(after_long_help = examples::SHIP)]
pub(crate) struct Ship {
    /// The people database
    pub(crate) db: PathBuf,
    /// The unit, as for ssh: [user@]host
    #[arg(value_name = "HOST")]
    pub(crate) host: String,
    /// The port of the unit's ssh server
    #[arg(short, long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// The private key for ssh
    #[arg(short, long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// An option for ssh, such as StrictHostKeyChecking=yes; can be repeated
    #[arg(short = 'o', long = "ssh-option", value_name = "OPTION")]
    pub(crate) ssh_options: Vec<String>,
    /// Run the command on the unit as the unit's user, with sudo; members of the group edge-agent-ship need no password
    /// for this
    #[arg(long)]
    pub(crate) sudo: bool,
    /// No longer needed: the unit's configuration gives the path of its database
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) remote_db: Option<String>,
    /// The unit's configuration, instead of /etc/edge-agent/config.toml; with --sudo, it needs its own sudo rule
    #[arg(long, value_name = "FILE")]
    pub(crate) remote_config: Option<String>,
    /// How long to wait for the unit's confirmation, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub(crate) wait: u16,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the people in a people database.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The people database
    pub(crate) db: PathBuf,
    /// Show only what can be read without a key: sequence, model, number of people, signer and recipients
    #[arg(long)]
    pub(crate) head: bool,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Identify faces: find the nearest enrolled person for every face in a photo.
///
/// Exit codes: 0 at least one face is named, 1 no face is named, 2 a photo cannot be read or another error.
#[derive(Debug, Args)]
#[command(after_long_help = examples::IDENTIFY)]
pub(crate) struct Identify {
    /// The photos
    #[arg(required = true, value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
    /// The people database
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    #[command(flatten)]
    pub(crate) threshold: ThresholdChoice,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print one JSON object for each photo; with several photos, one a line, with the path of the photo
    #[arg(long)]
    pub(crate) json: bool,
}

/// Verify a claimed identity: compare the largest face in a photo with one enrolled person.
///
/// Exit codes: 0 match, 1 no match (also if there is no face), 2 error.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The photo
    pub(crate) photo: PathBuf,
    /// The people database
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// The claimed name
    #[arg(long, value_name = "NAME")]
    pub(crate) identity: String,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    #[command(flatten)]
    pub(crate) threshold: ThresholdChoice,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Compare the largest faces of two photos.
///
/// Exit codes: 0 match, 1 no match (also if a photo has no face), 2 error.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The first photo
    pub(crate) a: PathBuf,
    /// The second photo
    pub(crate) b: PathBuf,
    /// Also compare the aligned crops pixel by pixel, as a baseline for encodings: the root mean square difference of
    /// their values, 0 (same) to 1 (black and white)
    #[arg(long)]
    pub(crate) pixels: bool,
    /// L2 distance, 0 to 2, up to which two faces match. Smaller is stricter: 0 matches nobody, 2 matches everybody.
    /// Default: the encoder's threshold
    #[arg(long, value_name = "DISTANCE", value_parser = parse_threshold)]
    pub(crate) threshold: Option<f32>,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Measure how well encodings tell people apart, on pairs of photos of known people.
///
/// IMAGES/<person>/<photo> are photos of known people. With --pairs, a pair file of Labeled Faces in the Wild lists the
/// pairs to compare; without it, all pairs are compared, or a random sample of them. If a photo has several faces, the
/// foremost one counts: large, and near the middle.
///
/// The report also gives two baselines: the pixels of the same crops, and the same network on crops without alignment.
/// With several encoders (repeat --model), all are measured on the same pairs.
///
/// Encodings and crops are cached in ~/.cache/encoder-tool, which only you can open: `encoder-tool cache clear` erases
/// it.
#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// Folder with one folder for each person
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// pairs.txt of Labeled Faces in the Wild, or a file in its format. With --identification: people who resemble each
    /// other, two folder names a line, separated by a tab
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: Option<PathBuf>,
    /// Without --pairs: compare at most N mated and N non-mated pairs, drawn at random if there are more
    #[arg(long, value_name = "N", default_value_t = 100_000, conflicts_with = "pairs")]
    pub(crate) most_pairs: usize,
    /// Seed of the random sample
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Instead of comparing pairs: enrol people at random, with up to four photos each; search another photo of each,
    /// and one photo of everybody else; report how often enrolled people are missed (FNIR) when strangers are named at
    /// a given rate (FPIR)
    #[arg(long, help_heading = "Identification trials", conflicts_with_all = ["failures_count", "triplets", "distances", "most_pairs"])]
    pub(crate) identification: bool,
    /// Folder with one folder for each additional person; these people are never enrolled
    #[arg(long, value_name = "DIR", requires = "identification", help_heading = "Identification trials")]
    pub(crate) strangers: Option<PathBuf>,
    /// File with the names of people whose photos are known to be mislabelled, one a line; the report gives figures
    /// with and without them
    #[arg(long, value_name = "FILE", requires = "identification", help_heading = "Identification trials")]
    pub(crate) leave_out: Option<PathBuf>,
    /// Convert searched photos to grey, as a stand-in for infrared; enrolled photos keep their colours
    #[arg(long, requires = "identification", help_heading = "Identification trials")]
    pub(crate) grey: bool,
    /// Number of people enrolled in each draw
    #[arg(
        long,
        value_name = "N",
        default_value_t = 200,
        requires = "identification",
        help_heading = "Identification trials"
    )]
    pub(crate) enrolled: usize,
    /// Number of draws
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        requires = "identification",
        help_heading = "Identification trials"
    )]
    pub(crate) draws: usize,
    /// Report FMR and FNMR for each group in this column of people.csv, which is in or beside --images; its first
    /// column is the folder name
    #[arg(long, value_name = "COLUMN", requires = "identification", help_heading = "Identification trials")]
    pub(crate) by: Option<String>,
    /// Folder of a model bundle, instead of the built-in one; can be repeated: at most one detector, and every encoder
    /// to compare
    #[arg(long = "model", value_name = "DIR")]
    pub(crate) models: Vec<PathBuf>,
    /// Count pairs with a photo without a face as errors, instead of leaving them out
    #[arg(long)]
    pub(crate) failures_count: bool,
    /// Also examine all triplets, to show which people the network confuses
    #[arg(long)]
    pub(crate) triplets: bool,
    /// Write an HTML page with plots and faces
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Do not read or write the cache of encodings
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// With --json: include the distances of every pair
    #[arg(long, requires = "json")]
    pub(crate) distances: bool,
}

/// Measure how well a network for presentation attack detection (PAD) tells live faces from pictures of faces.
///
/// REAL holds pictures of live faces, in folders of any depth. ATTACK holds pictures of attacks: ATTACK/<instrument>/…,
/// such as print or tablet; files directly in ATTACK are one instrument. A folder that is in both, or a word such as
/// client012 in a name, tells who is shown. If most folders in ATTACK are also in REAL, they are people, and ATTACK is one
/// instrument. Save the frames of a video as files in a folder of their own.
///
/// The report gives BPCER, APCER for each instrument and non-responses, with 95 % intervals; and BPCER and APCER for new
/// people: each person is left out in turn when the threshold is chosen. If a picture has several faces, the foremost one counts:
/// large, and near the middle.
#[derive(Debug, Args)]
#[command(after_long_help = examples::EVALUATE_PAD)]
pub(crate) struct EvaluatePad {
    /// Folder of pictures of live faces
    #[arg(long, value_name = "DIR")]
    pub(crate) real: PathBuf,
    /// Folder of pictures of attacks, with one folder for each instrument
    #[arg(long, value_name = "DIR")]
    pub(crate) attack: PathBuf,
    /// Folder of the PAD network's bundle; can be repeated to give a detector too
    #[arg(long = "model", value_name = "DIR", required = true)]
    pub(crate) models: Vec<PathBuf>,
    /// Number of pictures that form one approach, by their mean: pictures in one folder whose names differ only in their
    /// last number. A unit takes the mean of 5 frames or more
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_frames)]
    pub(crate) frames_of_one_approach: usize,
    /// BPCER for which a threshold is chosen, above 0 and below 1
    #[arg(long, value_name = "RATE", default_value_t = 0.03, value_parser = parse_rate)]
    pub(crate) bpcer: f64,
    /// Store the threshold that is chosen on these pictures in the bundle
    #[arg(long)]
    pub(crate) write_threshold: bool,
    /// Write an HTML page with curves and faces
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Compute the threshold for this gallery at a given risk.
///
/// The more people are enrolled, the more often a stranger resembles one of them. The threshold is the L2 distance at
/// which this gallery names a stranger at the rate --fpir. It is computed from the distribution of distances between
/// different people (the encoder's calibration.toml, or photos of known people with --images).
#[derive(Debug, Args)]
#[command(mut_arg("passphrase_file", |file| file.requires("sign")))]
pub(crate) struct Calibrate {
    /// The people database
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// Folder with one folder for each of many people, to use instead of the calibration in the encoder's bundle
    #[arg(long, value_name = "DIR")]
    pub(crate) images: Option<PathBuf>,
    /// Rate at which a stranger may be named (FPIR), above 0 and below 1
    #[arg(long, value_name = "RATE", default_value_t = DEFAULT_FPIR, value_parser = parse_rate)]
    pub(crate) fpir: f64,
    /// Store the threshold in the database
    #[arg(long)]
    pub(crate) write: bool,
    /// With --write: the signing key, if the database is signed
    #[arg(long, value_name = "KEY", requires = "write")]
    pub(crate) sign: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// With --images: do not read or write the cache of encodings
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate < 1.0 => Ok(rate),
        _ => Err("a rate must be above 0 and below 1, such as 0.001".to_owned()),
    }
}

fn parse_frames(text: &str) -> Result<usize, String> {
    let frames = text.parse().ok().filter(|frames| (1..=1000).contains(frames));
    frames.ok_or_else(|| "an approach has 1 to 1000 pictures".to_owned())
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Show its location and size
    Show,
    /// Erase the cache
    Clear,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_accepted() {
        for (line, refusal) in [
            ("build-db photos -o people.db --json", None),
            ("-vv identify a.jpg b.jpg --db people.db --model one --model two", None),
            ("verify a.jpg --db people.db --identity younes --threshold 0.7", None),
            ("compare a.jpg b.jpg --pixels -q", None),
            ("people export Ada --db people.db --photos photos --log door.jsonl -o ada.tar", None),
            ("people due photos --within 60 --at 2026-11-30 --json", None),
            ("people due photos --not-seen-for 6", Some(ErrorKind::MissingRequiredArgument)),
            (
                "build-db photos -o people.db --sign a.key --encrypt-to one.pub --encrypt-to two.pub --open-with b.key",
                None,
            ),
            ("build-db photos -o people.db --for 5f0c-8a71-0000-1111-2222 door.pub --sign a.key", None),
            ("build-db photos -o people.db --for office", None),
            ("build-db photos -o people.db --minimum-face 40", None),
            ("build-db photos -o people.db --minimum-face 0", Some(ErrorKind::ValueValidation)),
            ("build-db photos -o people.db --for 5f0c-8a71-0000-1111", Some(ErrorKind::ValueValidation)),
            ("calibrate --db people.db --sign a.key", Some(ErrorKind::MissingRequiredArgument)),
            ("keygen --dir keys --replace --json", None),
            ("keygen --backup keys.age --passphrase-file words --dir keys --json", None),
            ("keygen --restore keys.age", None),
            ("keygen --restore keys.age --backup keys.age", Some(ErrorKind::ArgumentConflict)),
            ("keygen --restore keys.age --replace", Some(ErrorKind::ArgumentConflict)),
            ("keygen --lock --passphrase-file words --json", None),
            ("keygen --lock --backup keys.age", Some(ErrorKind::ArgumentConflict)),
            ("keygen --lock --replace", Some(ErrorKind::ArgumentConflict)),
            ("keygen --unlock --dir keys --json", None),
            ("keygen --lock --unlock", Some(ErrorKind::ArgumentConflict)),
            ("keygen --lock --key-passphrase-file words", Some(ErrorKind::ArgumentConflict)),
            ("keygen --key-passphrase-file words", Some(ErrorKind::MissingRequiredArgument)),
            ("keygen --backup keys.age --key-passphrase-file words", None),
            ("build-db photos -o people.db --sign a.key --passphrase-file words", None),
            ("build-db photos -o people.db --passphrase-file words", Some(ErrorKind::MissingRequiredArgument)),
            ("calibrate --db people.db --write --sign a.key --passphrase-file words", None),
            ("calibrate --db people.db --write --passphrase-file words", Some(ErrorKind::MissingRequiredArgument)),
            ("forget Ada --db people.db --sign a.key --passphrase-file words", None),
            ("forget Ada --db people.db --passphrase-file words", Some(ErrorKind::MissingRequiredArgument)),
            ("fleet clear-lockouts --to all --passphrase-file words", None),
            ("keygen --passphrase-file words", Some(ErrorKind::MissingRequiredArgument)),
            ("forget Ada --db people.db --sign a.key --open-with b.key --json", None),
            ("forget Ada", Some(ErrorKind::MissingRequiredArgument)),
            ("list people.db --head --json", None),
            ("identify --db people.db", Some(ErrorKind::MissingRequiredArgument)),
            ("verify a.jpg --db people.db", Some(ErrorKind::MissingRequiredArgument)),
            ("verify a.jpg --db people.db --identity y --threshold 2.1", Some(ErrorKind::ValueValidation)),
            ("ship people.db pi@door --sudo -p 2222 -i key -o BatchMode=yes --wait 5 --json", None),
            ("ship people.db", Some(ErrorKind::MissingRequiredArgument)),
            ("aim pi@door --sudo -p 2222 -i key -o BatchMode=yes --seconds 60 --picture now.jpg --json", None),
            ("aim pi@door --seconds 601", Some(ErrorKind::ValueValidation)),
            ("aim", Some(ErrorKind::MissingRequiredArgument)),
            ("ship people.db pi@door --wait 0", Some(ErrorKind::ValueValidation)),
            (
                "evaluate-pad --real a --attack b --model c --frames-of-one-approach 5 --bpcer 0.01 --write-threshold",
                None,
            ),
            ("evaluate-pad --real a --attack b", Some(ErrorKind::MissingRequiredArgument)),
            ("evaluate-pad --real a --attack b --model c --frames-of-one-approach 0", Some(ErrorKind::ValueValidation)),
            ("list people.db -q -v", Some(ErrorKind::ArgumentConflict)),
        ] {
            let parsed = Arguments::try_parse_from(format!("encoder-tool {line}").split(' '));
            assert_eq!(parsed.map(|_| ()).err().map(|error| error.kind()), refusal, "{line}");
        }
    }
}
