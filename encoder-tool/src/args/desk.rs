//! The arguments of `desk`.

use super::ModelChoice;
use crate::examples;
use crate::workstation_keys::KeyChoice;
use clap::Args;
use std::path::PathBuf;

/// Open the desk in the browser: enrol people with a webcam or from photos, find wrong photos, build and ship databases, see
/// who came, aim cameras.
///
/// It works on the same folder of photos, people.csv and schedules.toml as the other commands. The server is for this
/// computer only (127.0.0.1), gives out one link that opens once, and ends a minute after the last page is closed. Nothing is
/// sent anywhere, except to your doors, over ssh.
///
/// Exit codes: 0 the desk was closed, 2 error.
#[derive(Debug, Args)]
#[command(after_long_help = examples::DESK)]
pub(crate) struct Desk {
    /// Folder with one folder for each person; it is created if it is not there
    #[arg(value_name = "FOLDER", default_value = "people")]
    pub(crate) photos: PathBuf,
    /// The database, instead of people.db beside the folder
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// The key that signs databases, instead of ~/.config/encoder-tool/signing.key
    #[arg(long, value_name = "KEY")]
    pub(crate) sign: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: KeyChoice,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// The port of the server; by default, a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port: u16,
    /// Print the link, and do not open the browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Print one JSON object with the link
    #[arg(long)]
    pub(crate) json: bool,
}
