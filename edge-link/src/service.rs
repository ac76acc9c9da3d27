//! What systemd is told, and the signals that end the link.

use anyhow::Context;
use sd_notify::NotifyState;
use std::convert::Infallible;
use std::future::pending;
use tokio::signal::unix::{SignalKind, signal as on};
use tokio::time::interval;

/// Resolves at the first SIGTERM or SIGINT.
///
/// # Errors
/// If the signals cannot be caught.
pub(crate) fn signal() -> anyhow::Result<impl Future<Output = ()>> {
    let catch = |kind| on(kind).context("cannot catch signals");
    let (mut terminate, mut interrupt) = (catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The link has started.
pub(crate) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// What the link does now.
pub(crate) fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// Pings the watchdog for as long as the link's only thread gets to it.
pub(crate) async fn watchdog() -> Infallible {
    let Some(within) = sd_notify::watchdog_enabled() else { pending().await };
    let mut pings = interval(within / 3);
    loop {
        pings.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

/// Without systemd, there is nobody to tell.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("systemd was not told: {error}");
    }
}
