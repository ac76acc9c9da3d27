//! `desk`: a local web application for an office. It enrols people, shows what is wrong with photos, builds and ships
//! databases, and shows how the doors are and who came.
//!
//! browser -> `local_web` (who may ask) -> `routes` (what is asked) -> a page's module -> the folder of photos, a build, or a
//! unit over ssh. The folder, `people.csv` and `schedules.toml` hold everything: each request reads them anew, and the
//! [`examiner`] looks at the photos in the background. Decides nothing about doors: the door check asks `policy`.

mod aiming;
mod assets;
mod build;
mod check;
mod conflict;
mod days;
pub(crate) mod doors;
mod draft;
mod enrol;
mod examiner;
mod hours;
mod lock;
mod modes;
mod opaque;
mod page;
mod people;
mod pictures;
mod places;
mod refused_fields;
mod report;
mod request;
mod routes;
mod site;
mod texts;
mod work;

use crate::args::Desk;
use anyhow::Context;
use local_web::{Ended, LocalServer, Stop};
use places::Places;
use request::Request;
use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use site::Site;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use terminal::{Answer, Help, ShowPath, ShownPath, Verbosity, print, print_json};

/// What is printed at the start.
#[derive(Debug, Serialize)]
struct Started {
    /// It opens the desk once.
    link: String,
    photos: ShownPath,
    database: ShownPath,
}

/// Serves the desk until its last page is closed.
///
/// # Errors
/// If the folder cannot be used, the networks cannot be loaded, or there is no free port.
pub(crate) fn run(arguments: &Desk, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let places = Places::of(arguments)?;
    let site = Arc::new(Site::open(places, arguments)?);
    let server = LocalServer::listen(arguments.port)
        .with_context(|| format!("cannot listen on port {} of 127.0.0.1", arguments.port))
        .help("choose another port with --port, or leave it out")?;
    let started =
        Started { link: server.link(), photos: site.places.photos.shown(), database: site.places.database.shown() };
    match arguments.json {
        true => print_json(&started)?,
        false => print(&format!(
            "The desk for {} is at\n  {}\nIt ends a minute after its last page is closed.",
            started.photos, started.link
        ))?,
    }
    if !arguments.no_browser
        && let Err(why) = open_browser(&started.link)
    {
        verbosity.note(&format!("no browser could be opened ({why}): open the link yourself"));
    }
    stop_on_signals(server.stop())?;
    let ended = server.run({
        let site = Arc::clone(&site);
        move |mut asked| {
            let site = Arc::clone(&site);
            async move {
                let request = match Request::read(&mut asked).await {
                    Ok(request) => request,
                    Err(refused) => return refused.into(),
                };
                // Files and networks would hold up other requests.
                let answered = tokio::task::spawn_blocking(move || routes::answer(&site, &request)).await;
                answered.unwrap_or_else(|_| local_web::Answer::failed(texts::ENGLISH.failed))
            }
        }
    });
    site.end();
    match ended.context("the server failed")? {
        Ended::NobodyLeft => verbosity.note("the last page was closed"),
        _ => verbosity.note("stopped"),
    }
    Ok(Answer::Yes)
}

/// Ends the server on Ctrl-C and SIGTERM, so that work which has begun is finished and nothing is left behind.
fn stop_on_signals(stop: Stop) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot handle signals")?;
    thread::spawn(move || signals.forever().for_each(|_| stop.stop()));
    Ok(())
}

/// Starts the user's browser.
fn open_browser(link: &str) -> anyhow::Result<()> {
    let mut open = Command::new("xdg-open");
    open.arg(link).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut browser = open.spawn().context("cannot start xdg-open")?;
    // It ends at once; nobody else would wait for it.
    thread::spawn(move || browser.wait());
    Ok(())
}
