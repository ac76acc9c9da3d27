//! The command line. Checks the values; the commands open the files they name.

use crate::doors::Doors;
use crate::examples;
use crate::workstation_keys::KeyChoice;
use accuracy::calibration::DEFAULT_FPIR;
use accuracy::parse_threshold;
use clap::{Args, Parser, Subcommand};
use model_tools::ModelCommand;
use std::path::PathBuf;
use terminal::Verbosity;

/// Enrol people from photos, and ask who is in a photo.
///
/// Exit codes: 0 yes, 1 no, 2 error. Distances are L2 distances between encodings, 0 (same) to 2 (opposite): smaller
/// is more alike.
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
    Ship(Ship),
    Keygen(crate::keygen::Keygen),
    Forget(crate::forget::Forget),
    /// What was kept of photos to make a second evaluation fast: biometric data
    #[command(subcommand)]
    Cache(CacheCommand),
    #[command(hide = true)]
    DecodeHeif(crate::heif::DecodeHeif),
    /// Work on models
    #[command(subcommand)]
    Model(ModelCommand),
}

/// Which networks are used.
#[derive(Debug, Args)]
pub(crate) struct ModelChoice {
    /// Folder of a model bundle, instead of the one compiled in; once for each kind (detector, encoder)
    #[arg(long = "model", value_name = "DIR")]
    pub(crate) folders: Vec<PathBuf>,
}

/// How alike is alike enough.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ThresholdChoice {
    /// L2 distance, 0 to 2, up to which two faces are the same person. Smaller is stricter: 0 lets nobody through, 2
    /// everybody. Default: the database's own, else the encoder's
    #[arg(long, value_name = "DISTANCE", value_parser = parse_threshold)]
    pub(crate) threshold: Option<f32>,
}

/// Make a people database from folders of photos.
///
/// Each folder in PHOTOS is a person: PHOTOS/<person>/<photo>, JPEG, PNG or WebP (HEIC where libheif's heif-convert is
/// installed), one face in each photo. A file PHOTOS/people.csv may say more about them; its first line names the columns,
/// of which all but `name` may be left out: id (the folder's name if it is not the person's, or the id that `list`
/// prints), name, groups (a;b), mode (face, card-and-face, card-or-face), valid_from and valid_to (2027-01-31: that whole
/// day in this computer's time zone; or 2027-01-31T18:00:00Z), cards (123:45678;0008108654), note.
///
/// Of a database that is replaced it says who was added, removed and changed. A person who is in it keeps the id.
///
/// Exit codes: 0 everybody has an encoding, 1 somebody has none (the others are in the database), 2 nothing was
/// written.
#[derive(Debug, Args)]
#[command(after_long_help = examples::BUILD_DB)]
pub(crate) struct BuildDb {
    /// The folder that holds a folder for each person
    pub(crate) photos: PathBuf,
    /// The database to write; one that is there is replaced only when the new one is whole
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Sign it with this key, so that units know whose it is: ~/.config/encoder-tool/signing.key, if `keygen` made it
    #[arg(long, value_name = "KEY", help_heading = "Keys and doors")]
    pub(crate) sign: Option<PathBuf>,
    /// The doors that it is for; no other takes it. Either units, at most 64, each by the id or the file that `edge-agent
    /// keygen` prints; or one group of doors, which units name in [unit] groups; or `all`. Default: the units of
    /// --encrypt-to, or what the database that is replaced says; a signed database must say it
    #[arg(long = "for", value_name = "UNIT|GROUP|all", num_args = 1.., help_heading = "Keys and doors")]
    pub(crate) doors: Vec<Doors>,
    /// Seal it for the unit with this public key (`edge-agent keygen` prints it), once for each unit, at most 64, and for
    /// this workstation. Default: those that the replaced database was sealed for
    #[arg(long, value_name = "PUBLIC_KEY", help_heading = "Keys and doors")]
    pub(crate) encrypt_to: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Leave out photos in which the shorter side of the face has fewer pixels; 16 or more
    #[arg(long, value_name = "N", help_heading = "Photos and threshold", default_value_t = 24, value_parser = clap::value_parser!(u32).range(16..=1000))]
    pub(crate) minimum_face: u32,
    /// How often a stranger may be named: the threshold for that is worked out from the number of people, and stored
    #[arg(long, value_name = "RATE", help_heading = "Photos and threshold", default_value_t = DEFAULT_FPIR, value_parser = parse_rate)]
    pub(crate) fpir: f64,
    /// Store no threshold: the encoder's own holds, whatever the number of people
    #[arg(long, help_heading = "Photos and threshold", conflicts_with = "fpir")]
    pub(crate) uncalibrated: bool,
    /// Write the database though more than two people and more than a tenth of those in the one that is replaced are
    /// not in it any more
    #[arg(long, help_heading = "Safeguards")]
    pub(crate) allow_removals: bool,
    /// Write the database though more than 30 % of those enrolled would not be recognised (FNIR)
    #[arg(long, help_heading = "Safeguards")]
    pub(crate) allow_misses: bool,
    /// Write a page with the faces of photos that look wrong and of people who look alike, and who is not enrolled
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Exit code 1 also if a photo looks wrong or two people look alike
    #[arg(long, help_heading = "Safeguards")]
    pub(crate) strict: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Bring a people database to a door unit over ssh, and wait for the unit to say that it runs it.
///
/// One connection, in which `edge-agent receive` takes the database on the unit.
///
/// The unit takes it into use while it runs, or refuses it (another model, an older one, a damaged one) and goes on with
/// what it has.
///
/// Exit codes: 0 if the unit runs it, 1 if not, 2 on any error.
#[derive(Debug, Args)]
#[command(after_long_help = examples::SHIP)]
pub(crate) struct Ship {
    /// The people database
    pub(crate) db: PathBuf,
    /// Where the unit is: [user@]host, as ssh takes it
    #[arg(value_name = "HOST")]
    pub(crate) host: String,
    /// The port of its ssh server
    #[arg(short, long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// The private key for ssh
    #[arg(short, long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// An option of ssh's, such as StrictHostKeyChecking=yes; may be given again
    #[arg(short = 'o', long = "ssh-option", value_name = "OPTION")]
    pub(crate) ssh_options: Vec<String>,
    /// Hand it over as the unit's user, through sudo on the unit, which the group edge-agent-ship may use for this without a
    /// password
    #[arg(long)]
    pub(crate) sudo: bool,
    /// Not needed any more: the unit's configuration says where its database lies
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) remote_db: Option<String>,
    /// The unit's configuration, instead of /etc/edge-agent/config.toml; sudo must allow that by itself
    #[arg(long, value_name = "FILE")]
    pub(crate) remote_config: Option<String>,
    /// How long to wait for the unit's word, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub(crate) wait: u16,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Say who is in a people database.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The people database
    pub(crate) db: PathBuf,
    /// Only what can be read without a key: sequence, model, how many people, who signed it and who can open it
    #[arg(long)]
    pub(crate) head: bool,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Who is it? The nearest of all enrolled, for every face of a photo.
///
/// Exit codes: 0 if any face is named, 1 if none is, 2 if a photo cannot be read or on any other error.
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
    /// Print a JSON object; with several photos one on each line, with the photo's path added
    #[arg(long)]
    pub(crate) json: bool,
}

/// Is it who they claim to be? Compares the largest face of a photo with one enrolled person.
///
/// Exit codes: 0 yes, 1 no (also if there is no face), 2 error.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The photo
    pub(crate) photo: PathBuf,
    /// The people database
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// The name they claim
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

/// Are the largest faces of two photos alike?
///
/// Exit codes: 0 alike, 1 not (also if one has no face), 2 error.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// One photo
    pub(crate) a: PathBuf,
    /// The other
    pub(crate) b: PathBuf,
    /// Also compare the aligned crops pixel by pixel, which is what encodings replace: the root mean square
    /// difference of their values, 0 (same) to 1 (black and white)
    #[arg(long)]
    pub(crate) pixels: bool,
    /// L2 distance, 0 to 2, up to which two faces are the same person. Smaller is stricter: 0 takes nobody for the same, 2
    /// everybody. Default: the encoder's
    #[arg(long, value_name = "DISTANCE", value_parser = parse_threshold)]
    pub(crate) threshold: Option<f32>,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// How well are people told apart? Compares many pairs of photos whose people are known.
///
/// IMAGES/<person>/<photo> are photos of known people. With --pairs, a pair file of Labeled Faces in the Wild says which
/// photos are compared; without, all pairs are, or a random sample of them. Of several faces in a photo the foremost
/// counts: large, and near the middle.
///
/// Beside the encodings stand the pixels of the same crops, and the same network on crops that are not aligned. With
/// several encoders (--model once for each), all are shown on the same pairs.
///
/// Encodings and crops are kept in ~/.cache/encoder-tool, which only you may enter: `encoder-tool cache clear` empties it.
#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// The folder that holds a folder for each person
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// pairs.txt of Labeled Faces in the Wild, or a file like it. With --identification: people who resemble each other, two
    /// folders' names a line with a tab between them
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: Option<PathBuf>,
    /// Without --pairs: at most this many mated and this many non-mated pairs, drawn at random where there are more
    #[arg(long, value_name = "N", default_value_t = 100_000, conflicts_with = "pairs")]
    pub(crate) most_pairs: usize,
    /// Another random sample
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Instead of pairs: enrol people at random, up to four photos each, search one photo more of each and one of everybody
    /// else, and say how often the former are missed (FNIR) where the latter are named at a given rate (FPIR)
    #[arg(long, help_heading = "Identification trials", conflicts_with_all = ["failures_count", "triplets", "distances", "most_pairs"])]
    pub(crate) identification: bool,
    /// A folder that holds a folder for each of further people, who are never enrolled
    #[arg(long, value_name = "DIR", requires = "identification", help_heading = "Identification trials")]
    pub(crate) strangers: Option<PathBuf>,
    /// Names whose photos are known to be labelled wrongly, one a line: figures are given with and without them
    #[arg(long, value_name = "FILE", requires = "identification", help_heading = "Identification trials")]
    pub(crate) leave_out: Option<PathBuf>,
    /// Turn photos that are searched to grey, as a stand-in for infrared; people stay enrolled as they are
    #[arg(long, requires = "identification", help_heading = "Identification trials")]
    pub(crate) grey: bool,
    /// How many people are enrolled in each draw
    #[arg(
        long,
        value_name = "N",
        default_value_t = 200,
        requires = "identification",
        help_heading = "Identification trials"
    )]
    pub(crate) enrolled: usize,
    /// How many draws
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        requires = "identification",
        help_heading = "Identification trials"
    )]
    pub(crate) draws: usize,
    /// FMR and FNMR of each group: a column of the people.csv in or beside --images, the first of which names the folder
    #[arg(long, value_name = "COLUMN", requires = "identification", help_heading = "Identification trials")]
    pub(crate) by: Option<String>,
    /// Folder of a model bundle, instead of the one compiled in: one detector, and as many encoders as shall be compared
    #[arg(long = "model", value_name = "DIR")]
    pub(crate) models: Vec<PathBuf>,
    /// Photos without a face make their pairs count as errors, instead of being left out
    #[arg(long)]
    pub(crate) failures_count: bool,
    /// Also go through all triplets: which people does the network confuse?
    #[arg(long)]
    pub(crate) triplets: bool,
    /// Write a page with plots and faces
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Keep no encodings for the next time, and use none that were kept
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// With --json: every pair's distances too
    #[arg(long, requires = "json")]
    pub(crate) distances: bool,
}

/// Which threshold gives this gallery a stated risk?
///
/// The more people are enrolled, the more often a stranger resembles one of them. From how often two different people
/// are how near (the encoder's calibration.toml, or photos of known people with --images) follows the L2 distance at
/// which this gallery names a stranger at the rate --fpir.
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// The people database
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// A folder that holds a folder for each of many people, instead of what the encoder's bundle says
    #[arg(long, value_name = "DIR")]
    pub(crate) images: Option<PathBuf>,
    /// How often a stranger may be named, above 0 and below 1
    #[arg(long, value_name = "RATE", default_value_t = DEFAULT_FPIR, value_parser = parse_rate)]
    pub(crate) fpir: f64,
    /// Store the threshold in the database
    #[arg(long)]
    pub(crate) write: bool,
    /// With --write: the key, if the database is signed
    #[arg(long, value_name = "KEY", requires = "write")]
    pub(crate) sign: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// With --images: keep no encodings for the next time, and use none that were kept
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate < 1.0 => Ok(rate),
        _ => Err("a rate is above 0 and below 1, such as 0.001".to_owned()),
    }
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Say where it is and how large
    Show,
    /// Erase it
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
            ("forget Ada --db people.db --sign a.key --open-with b.key --json", None),
            ("forget Ada", Some(ErrorKind::MissingRequiredArgument)),
            ("list people.db --head --json", None),
            ("identify --db people.db", Some(ErrorKind::MissingRequiredArgument)),
            ("verify a.jpg --db people.db", Some(ErrorKind::MissingRequiredArgument)),
            ("verify a.jpg --db people.db --identity y --threshold 2.1", Some(ErrorKind::ValueValidation)),
            ("ship people.db pi@door --sudo -p 2222 -i key -o BatchMode=yes --wait 5 --json", None),
            ("ship people.db", Some(ErrorKind::MissingRequiredArgument)),
            ("ship people.db pi@door --wait 0", Some(ErrorKind::ValueValidation)),
            ("list people.db -q -v", Some(ErrorKind::ArgumentConflict)),
        ] {
            let parsed = Arguments::try_parse_from(format!("encoder-tool {line}").split(' '));
            assert_eq!(parsed.map(|_| ()).err().map(|error| error.kind()), refusal, "{line}");
        }
    }
}
