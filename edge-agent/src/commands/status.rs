//! `status`: prints the status of a running unit.

use super::examples;
use super::moment::start_of_today;
use super::relay::relay;
use crate::audit_log::names::Names;
use crate::camera::CameraState;
use crate::config::Config;
use crate::status::{Form, Report, SelfTest, Wording, ask, shown};
use clap::Args;
use fleet_messages::Nonce;
use jiff::tz::TimeZone;
use std::path::PathBuf;
use terminal::{Answer, columns, print};

/// The time without a turn after which the main loop counts as stopped.
const LONGEST_TURN_SECONDS: f64 = 10.0;

/// Show the status of a running unit: door, camera, last decisions, rates, stage timings, temperatures.
///
/// Exit codes: 0 if the unit works, 1 if not (no camera, the main loop has stopped, nothing can be recorded, the
/// networks failed their self-test, or the previous database is used because the current one cannot be), 2 if no unit
/// answers.
#[derive(Debug, Args)]
#[command(after_long_help = examples::STATUS)]
pub(crate) struct Status {
    /// The configuration with the path of the status socket
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// The status socket, instead of the configured one
    #[arg(long, value_name = "SOCKET")]
    pub(crate) socket: Option<PathBuf>,
    /// Show only today's decisions
    #[arg(long, help_heading = "Which decisions")]
    pub(crate) today: bool,
    /// Show only grants
    #[arg(long, help_heading = "Which decisions")]
    pub(crate) grants: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Print Prometheus's text format
    #[arg(long, conflicts_with = "json")]
    pub(crate) prometheus: bool,
    /// Print the report with the unit's signature, as an answer to this nonce: 1 to 64 hexadecimal digits
    #[arg(long, value_name = "NONCE", conflicts_with_all = ["json", "prometheus", "today", "grants"])]
    pub(crate) signed: Option<Nonce>,
}

/// Asks the unit and prints the answer. Returns yes if the unit works as it should.
///
/// # Errors
/// If no unit answers.
pub(crate) fn run(arguments: &Status) -> anyhow::Result<Answer> {
    let config = match (Config::read(&arguments.config), &arguments.socket) {
        (Ok(config), _) => config,
        (Err(_), Some(_)) => Config::default(),
        (Err(error), None) => return Err(error),
    };
    let socket = arguments.socket.as_ref().unwrap_or(&config.status.socket);
    if let Some(nonce) = &arguments.signed {
        relay(socket, &format!("signed-status {nonce}\n"), 1)?;
        return Ok(Answer::Yes);
    }
    let mut report = ask(socket)?;
    let zone = config.clock.zone().unwrap_or_else(|_| TimeZone::system());
    let since = if arguments.today { start_of_today(&zone) } else { i64::MIN };
    report.decisions.retain(|decision| decision.utc_ms >= since && (!arguments.grants || decision.reason.is_none()));
    let wording = || {
        let names = Names::beside(&config.audit.path).unwrap_or_else(|error| {
            tracing::info!("{error:#}; people are shown by their ids");
            Names::default()
        });
        Wording { names, zone, columns: columns() }
    };
    let shown = match (arguments.json, arguments.prometheus) {
        (true, _) => shown(&report, Form::Json),
        (_, true) => shown(&report, Form::Prometheus),
        _ => shown(&report, Form::Words(&wording())),
    };
    print(&shown?)?;
    Ok(Answer::yes_if(is_well(&report)))
}

/// Whether the unit works as it should.
fn is_well(report: &Report) -> bool {
    let turns = report.last_turn_seconds_ago.is_some_and(|seconds| seconds < LONGEST_TURN_SECONDS);
    let knows_people = report.database.returned.is_none() && !matches!(report.self_test, Some(SelfTest::Failed { .. }));
    let mut cameras = [&report.camera].into_iter().chain(&report.infrared_camera);
    let streams = cameras.all(|camera| camera.state == CameraState::Streaming);
    turns && streams && knows_people && report.audit.failing.is_none()
}
