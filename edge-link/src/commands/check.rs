//! `check`: whether a link could run with this configuration.

use crate::config::{Config, DEFAULT_PATH, Transport};
use crate::credentials::{Credentials, for_files};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use terminal::{Answer, ShowPath, ShownPath, for_reader, print, print_json};

/// Check whether a link could run with this configuration. Connects to nothing.
///
/// Exit codes: 0 if it could, 2 if not.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The results of the checks that passed.
#[derive(Debug, Serialize)]
struct Checked {
    config: ShownPath,
    /// `socket`, `clear_text` or `tls`.
    transport: &'static str,
    broker: String,
    topics: String,
    home_assistant: bool,
    fleet: bool,
}

/// Reads everything. Returns yes if a link could run.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn run(arguments: &Check) -> anyhow::Result<Answer> {
    let config = Config::read(&arguments.config)?;
    Credentials::read(&config.broker)?;
    if config.fleet.enabled {
        for_files(&config.fleet)?;
    }
    let (transport, broker) = match config.broker.transport()? {
        Transport::Socket(path) => ("socket", path.shown().to_string()),
        Transport::ClearText(address) => ("clear_text", address.to_string()),
        Transport::Tls { address, .. } => ("tls", address.to_string()),
    };
    let checked = Checked {
        config: arguments.config.shown(),
        transport,
        broker,
        topics: config.broker.topic_prefix.clone(),
        home_assistant: config.home_assistant.enabled,
        fleet: config.fleet.enabled,
    };
    match arguments.json {
        true => print_json(&checked)?,
        false => print(&for_reader(&in_words(&checked), 4))?,
    }
    Ok(Answer::Yes)
}

fn in_words(checked: &Checked) -> String {
    let Checked { config, transport, broker, topics, home_assistant, fleet } = checked;
    let by = match *transport {
        "tls" => " by TLS",
        "clear_text" => " in clear text, on this computer",
        _ => "",
    };
    let is = |on: &bool| if *on { "on" } else { "off" };
    [
        format!("configuration  {config}: can be used"),
        format!("broker         {broker}{by}"),
        format!("topics         {topics}/…"),
        format!("home assistant {}", is(home_assistant)),
        format!("fleet          {}", is(fleet)),
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn words() {
        let checked = Checked {
            config: Path::new("c.toml").shown(),
            transport: "tls",
            broker: "broker.example:8883".to_owned(),
            topics: "edge-agent".to_owned(),
            home_assistant: true,
            fleet: false,
        };
        let expected = "\
configuration  c.toml: can be used
broker         broker.example:8883 by TLS
topics         edge-agent/…
home assistant on
fleet          off";
        assert_eq!(in_words(&checked), expected);
    }
}
