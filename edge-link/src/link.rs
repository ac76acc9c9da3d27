//! A running link: the unit on one side, the broker on the other, and what goes between them.

use crate::broker::{Broker, Identity};
use crate::config::{self, Config};
use crate::credentials::{Credentials, for_files};
use crate::fetch::{Fetcher, Limits};
use crate::fleet::Fleet;
use crate::home_assistant::{Door, HomeAssistant};
use crate::identity;
use crate::service;
use crate::unit::Unit;
use anyhow::Context;
use fleet_messages::Kind;
use std::future::pending;
use terminal::{Help, ShowPath};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Runs until a signal.
///
/// # Errors
/// If a file of the configuration cannot be used, or another unit answers than at first.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    let credentials = Credentials::read(&config.broker)?;
    let fetcher = config.fleet.enabled.then(|| fetcher(&config.fleet)).transpose()?;
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start the link")?;
    let done = runtime.block_on(async {
        let signal = service::signal()?;
        tokio::select! {
            // The broker must be told that the link goes, so the link ends on its own.
            done = connect(config, &credentials, fetcher, signal) => done,
            never = service::watchdog() => match never {},
        }
    });
    // A name that is being looked up, or a slow disk, must not keep the link from ending.
    runtime.shutdown_background();
    done
}

async fn connect(
    config: &Config,
    credentials: &Credentials,
    fetcher: Option<Fetcher>,
    signal: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let mut signal = std::pin::pin!(signal);
    let unit = unit(&config.unit);
    service::ready("waiting for the unit");
    let (id, report) = tokio::select! {
        first = identity::first_report(&unit) => first,
        () = &mut signal => return Ok(()),
    };
    service::status(&format!("connects the unit {id}"));
    let topics = config.broker.topics()?;
    let identity = Identity {
        client: format!("edge-link-{id}"),
        presence: topics.of(id, Kind::Presence),
        is_awaited: config.fleet.enabled,
    };
    let mut broker = Broker::new(&config.broker, credentials, identity)?;
    let home = config.home_assistant.enabled.then(|| {
        let door = Door::new(id, &topics, &config.home_assistant);
        HomeAssistant::new(door, unit.clone(), report.audit.sequence, &mut broker)
    });
    let home = async {
        match home {
            Some(home) => home.run().await,
            None => pending().await,
        }
    };
    let fleet = fetcher.map(|fetcher| Fleet::new(id, &topics, unit.clone(), fetcher, &mut broker));
    let fleet = async {
        match fleet {
            Some(fleet) => fleet.run().await,
            None => pending().await,
        }
    };
    let (end, ended) = oneshot::channel::<()>();
    let other = async {
        let other = tokio::select! {
            other = home => Err(anyhow::Error::from(other)),
            other = identity::other_than(id, &unit) => Err(other.into()),
            never = fleet => match never {},
            () = &mut signal => Ok(()),
        };
        end.send(()).ok();
        other
    };
    let broker = broker.run(async {
        ended.await.ok();
    });
    let (other, ()) = tokio::join!(other, broker);
    other.help("restart the link: systemd does so by itself")
}

/// Fetches what notices name.
fn fetcher(fleet: &config::Fleet) -> anyhow::Result<Fetcher> {
    let (folder, hosts) = (&fleet.folder, fleet.file_hosts.clone());
    let is_folder = std::fs::metadata(folder).is_ok_and(|found| found.is_dir());
    anyhow::ensure!(is_folder, "[fleet] folder: {} is not a folder", folder.shown());
    Ok(Fetcher::new(folder, for_files(fleet)?, hosts, Limits::default()))
}

/// The unit on these sockets.
pub(crate) fn unit(config: &config::Unit) -> Unit {
    Unit::at(&config.status, &config.link, &config.receive)
}
