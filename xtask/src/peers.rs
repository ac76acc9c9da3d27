//! Programs that others wrote, which the tests run beside the programs of this workspace.

use crate::npm;
use crate::process::succeeds;
use crate::python::Environment;
use crate::requirements::{self, CHROMIUM, NODE};
use crate::tools::{AXE, OSDP_READER, PLAYWRIGHT};
use anyhow::{Context, Result, bail};

/// The broker and its clients, the tool that makes certificates for it, and networks between them.
const BROKER: [&str; 4] = ["mosquitto", "mosquitto-clients", "openssl", "iproute2"];
/// Nodes of a cluster.
const CLUSTER: [&str; 1] = ["rabbitmq-server"];
/// The packages of Home Assistant, all with their versions, as they were tested.
const HOME_ASSISTANT: &str = "tests/peers/home_assistant.txt";

/// Installs those that are missing. Returns what could not be installed here and is not tested therefore.
///
/// # Errors
/// If one cannot be installed that can be installed everywhere.
pub(crate) fn install() -> Result<Option<String>> {
    requirements::install(&BROKER)?;
    Environment::make()?.pip("install", [OSDP_READER])?;
    let missing = [
        home_assistant().context("Home Assistant cannot be installed, so its test was skipped"),
        browser().context("Chromium cannot be installed and commanded, so the tests in a browser were skipped"),
    ];
    let missing: Vec<String> = missing.into_iter().filter_map(|result| Some(format!("{:#}", result.err()?))).collect();
    Ok((!missing.is_empty()).then(|| missing.join("; ")))
}

/// Installs what only the tests that take minutes need.
///
/// # Errors
/// If it cannot be installed.
pub(crate) fn install_cluster() -> Result<()> {
    requirements::install(&BROKER)?;
    requirements::install(&CLUSTER)
}

/// The browser, and in `target/browser` the packages with which tests command it.
fn browser() -> Result<()> {
    requirements::ensure(&[NODE])?;
    if !requirements::is_there(&NODE) {
        bail!("the tests need Node.js 20 or newer");
    }
    requirements::ensure(&[CHROMIUM])?;
    [PLAYWRIGHT, AXE].iter().try_for_each(|package| npm::install(package, "browser"))
}

/// It needs Python 3.11 or 3.12.
fn home_assistant() -> Result<()> {
    let environment = Environment::named("home-assistant")?;
    if succeeds(&mut environment.python(["-c", "import homeassistant.core, paho.mqtt, numpy"])) {
        return Ok(());
    }
    println!("Home Assistant is missing: installing it, 400 MB");
    let installed = environment.pip("install", ["--no-deps", "--no-compile", "-r", HOME_ASSISTANT]);
    installed.or_else(|error| environment.remove().and(Err(error)))
}
