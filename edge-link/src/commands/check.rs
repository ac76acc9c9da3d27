//! `check`: whether a link could run with this configuration, and reaches what it connects.

use crate::broker;
use crate::config::{Config, DEFAULT_PATH, Transport};
use crate::credentials::{Credentials, for_files};
use crate::link;
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use terminal::{Answer, ShowPath, ShownPath, for_reader, on_one_line, print, print_json};
use tokio::runtime::Builder;

/// Check whether a link could run with this configuration, and reaches the unit and the broker.
///
/// It asks the unit for its report, and connects to the broker once; it publishes nothing. Exit codes: 0 if all is well, 1
/// if the unit or the broker cannot be reached, 2 if the configuration cannot be used.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  edge-link check\n  sudo -u edge-link edge-link check --json")]
pub(super) struct Check {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Checked {
    config: ShownPath,
    /// The unit's id; `None` if it has none or does not answer.
    unit: Option<String>,
    /// Why the unit cannot be connected.
    unit_trouble: Option<String>,
    /// `socket`, `clear_text` or `tls`.
    transport: &'static str,
    broker: String,
    /// Why the broker does not let the link in.
    broker_trouble: Option<String>,
    topics: String,
    home_assistant: bool,
    fleet: bool,
}

/// Reads everything, and asks both sides.
///
/// # Errors
/// The first thing that is wrong in the configuration.
pub(super) fn run(arguments: &Check) -> anyhow::Result<Answer> {
    let config = Config::read(&arguments.config)?;
    let credentials = Credentials::read(&config.broker)?;
    if config.fleet.enabled {
        for_files(&config.fleet)?;
    }
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot connect to anything")?;
    let (reported, connected) = runtime.block_on(async {
        let unit = link::unit(&config.unit);
        tokio::join!(unit.report(), broker::try_out(&config.broker, &credentials))
    });
    let (unit, unit_trouble) = match reported.map(|report| report.unit_id) {
        Ok(Some(id)) => (Some(id), None),
        Ok(None) => (None, Some("it has no id: make its key with `edge-agent keygen`, then restart it".to_owned())),
        Err(error) => (None, Some(on_one_line(&error.into()))),
    };
    let (transport, broker) = match config.broker.transport()? {
        Transport::Socket(path) => ("socket", path.shown().to_string()),
        Transport::ClearText(addresses) => ("clear_text", addresses.to_string()),
        Transport::Tls { addresses, .. } => ("tls", addresses.to_string()),
    };
    let checked = Checked {
        config: arguments.config.shown(),
        unit,
        unit_trouble,
        transport,
        broker,
        broker_trouble: connected.err().map(|error| on_one_line(&error)),
        topics: config.broker.topic_prefix.clone(),
        home_assistant: config.home_assistant.enabled,
        fleet: config.fleet.enabled,
    };
    match arguments.json {
        true => print_json(&checked)?,
        false => print(&for_reader(&in_words(&checked), 4))?,
    }
    Ok(Answer::yes_if(checked.unit_trouble.is_none() && checked.broker_trouble.is_none()))
}

fn in_words(checked: &Checked) -> String {
    let Checked { config, unit, unit_trouble, transport, broker, broker_trouble, topics, .. } = checked;
    let by = match *transport {
        "tls" => " by TLS",
        "clear_text" => " in clear text, on this computer",
        _ => "",
    };
    let is = |on: bool| if on { "on" } else { "off" };
    let unit = match (unit, unit_trouble) {
        (_, Some(trouble)) => format!("NOT CONNECTED: {trouble}"),
        (Some(id), None) => format!("{id}: it answers"),
        (None, None) => "it has no id".to_owned(),
    };
    let broker = match broker_trouble {
        Some(trouble) => format!("NOT CONNECTED: {trouble}"),
        None => format!("{broker}{by}: it lets the link in"),
    };
    [
        format!("configuration   {config}: can be used"),
        format!("unit            {unit}"),
        format!("broker          {broker}"),
        format!("topics          {topics}/…"),
        format!("home assistant  {}", is(checked.home_assistant)),
        format!("fleet           {}", is(checked.fleet)),
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
            unit: Some("5f0c-8a71".to_owned()),
            unit_trouble: None,
            transport: "tls",
            broker: "broker.example:8883".to_owned(),
            broker_trouble: None,
            topics: "edge-agent".to_owned(),
            home_assistant: true,
            fleet: false,
        };
        let expected = "\
configuration   c.toml: can be used
unit            5f0c-8a71: it answers
broker          broker.example:8883 by TLS: it lets the link in
topics          edge-agent/…
home assistant  on
fleet           off";
        assert_eq!(in_words(&checked), expected);
        let trouble = |text: &str| Some(text.to_owned());
        let lost = Checked { unit: None, unit_trouble: trouble("a"), broker_trouble: trouble("b"), ..checked };
        let said = in_words(&lost);
        assert!(said.contains("unit            NOT CONNECTED: a\nbroker          NOT CONNECTED: b\n"), "{said}");
    }
}
