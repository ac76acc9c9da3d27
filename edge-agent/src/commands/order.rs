//! `order`: passes a signed order on to the running unit.

use super::relay;
use crate::config::{self, Config};
use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Deserialize;
use shared::order::MAX_ORDER_BYTES;
use std::io::{self, Read};
use std::path::PathBuf;
use terminal::{Answer, print};

/// Pass on a signed order from stdin to the running unit.
///
/// `encoder-tool fleet` runs this on the unit over ssh. The unit itself decides whether a trusted key has signed the order,
/// and whether it is for this door and new.
///
/// Exit codes: 0 the unit carried it out, 1 it refused it, 2 no unit answers.
#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The configuration with the path of the unit's socket
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

#[derive(Deserialize)]
struct Reply {
    refused: Option<String>,
}

/// Passes on the order, and prints the unit's reply as one line of JSON.
///
/// # Errors
/// If there is no order, or no unit answers.
pub(crate) fn run(arguments: &Order) -> anyhow::Result<Answer> {
    let config = Config::read(&arguments.config)?;
    let request = request(&read(io::stdin().lock())?)?;
    let line = relay::first_line(&config.link_socket(), &request)?;
    let Ok(Reply { refused }) = serde_json::from_str(&line) else {
        bail!("the reply of the unit is not understood: does the unit run another version?");
    };
    print(line.trim_end())?;
    Ok(Answer::yes_if(refused.is_none()))
}

fn read(input: impl Read) -> anyhow::Result<String> {
    let mut text = String::new();
    input.take(MAX_ORDER_BYTES as u64 + 2).read_to_string(&mut text).context("cannot read an order from stdin")?;
    let order = text.trim_end_matches(['\n', '\r']);
    ensure!(!order.is_empty(), "there is no order on stdin");
    ensure!(
        order.len() <= MAX_ORDER_BYTES && !order.contains('\n'),
        "an order is one line of at most {MAX_ORDER_BYTES} bytes"
    );
    Ok(order.to_owned())
}

fn request(order: &str) -> anyhow::Result<String> {
    let request = serde_json::json!({ "schema": 1, "request": { "signed_order": { "order": order } } });
    Ok(serde_json::to_string(&request)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_one_line() {
        assert_eq!(read(&b"{\"a\":1}\n"[..]).unwrap(), "{\"a\":1}");
        for (text, expected) in [
            (&b"\n"[..], "no order"),
            (b"a\nb\n", "one line"),
            (&[b'x'; MAX_ORDER_BYTES + 1], "one line"),
            (b"\xff", "cannot read"),
        ] {
            let refused = read(text).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
        let asked = request("{\"a\":1}").unwrap();
        assert_eq!(asked.matches('\n').count(), 1);
        let expected = serde_json::json!({"schema": 1, "request": {"signed_order": {"order": "{\"a\":1}"}}});
        assert_eq!(serde_json::from_str::<serde_json::Value>(&asked).unwrap(), expected);
    }
}
