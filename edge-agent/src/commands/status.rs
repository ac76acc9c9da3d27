//! `status`: asks a running unit how it is, and prints the answer.

use super::examples;
use crate::camera::CameraState;
use crate::config::Config;
use crate::status::{Form, SelfTest, ask, shown};
use clap::Args;
use std::path::PathBuf;
use terminal::{Answer, print};

/// A loop that has not turned for so long has stopped.
const LONGEST_TURN_SECONDS: f64 = 10.0;

/// Ask a running unit how it is: door, camera, last decisions, rates, how long the stages take, temperatures.
///
/// Exit codes: 0 if it looks at people as it should, 1 if not (no camera, a loop that stands still, nothing can be
/// recorded, networks that failed their self-test, the previous database because the current one cannot be used), 2 if
/// no unit answers.
#[derive(Debug, Args)]
#[command(after_long_help = examples::STATUS)]
pub(crate) struct Status {
    /// The configuration, which says where the unit answers
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// Where the unit answers, instead of where the configuration says
    #[arg(long, value_name = "SOCKET")]
    pub(crate) socket: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Print Prometheus's text format
    #[arg(long, conflicts_with = "json")]
    pub(crate) prometheus: bool,
}

impl Status {
    pub(crate) fn form(&self) -> Form {
        match (self.json, self.prometheus) {
            (true, _) => Form::Json,
            (_, true) => Form::Prometheus,
            _ => Form::Words,
        }
    }
}

/// Asks the unit and prints what it says. Yes if it looks at people as it should.
///
/// # Errors
/// If no unit answers.
pub(crate) fn run(arguments: &Status) -> anyhow::Result<Answer> {
    let socket = match &arguments.socket {
        Some(socket) => socket.clone(),
        None => Config::read(&arguments.config)?.status.socket,
    };
    let report = ask(&socket)?;
    print(&shown(&report, arguments.form())?)?;
    let turns = report.last_turn_seconds_ago.is_some_and(|seconds| seconds < LONGEST_TURN_SECONDS);
    let knows_people = report.database.returned.is_none() && !matches!(report.self_test, Some(SelfTest::Failed { .. }));
    let streams = report.camera.state == CameraState::Streaming;
    Ok(Answer::yes_if(turns && streams && knows_people && report.audit.failing.is_none()))
}
