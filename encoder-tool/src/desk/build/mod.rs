//! The page that builds the database and ships it: what changes, what the threshold means, the signing key, the doors.

mod database;
mod signing;

use super::doors::doors_file::{Door, DoorsFile};
use super::examiner::Examination;
use super::lock::lock;
use super::opaque;
use super::page::{Page, Place, error_box, why_and_help};
use super::request::Request;
use super::site::Site;
use super::texts::{Texts, fill};
use super::work;
use crate::database_files;
use anyhow::bail;
use local_web::{Answer, Kind, Method};
use maud::{Markup, html};
use signing::Signing;
use std::path::Path;
use std::sync::Arc;
use terminal::{ShowPath, counted};
use zeroize::Zeroizing;

/// Answers a request for `/build/…`; `None` if there is no such page.
///
/// # Errors
/// If the key or the list of doors cannot be used.
pub(super) fn answer(site: &Arc<Site>, request: &Request, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    let t = site.texts;
    match (request.method, rest) {
        (Method::Get, []) => {
            let done = if request.query("keys").is_empty() { "" } else { t.keys_are_created };
            Ok(Some(Page { done, ..page(site, None)? }.answer(t)))
        }
        (Method::Get, ["signing.key.pub"]) => {
            let public = files::key_file::read_public(&files::key_file::public_path(&site.places.signing))?;
            Ok(Some(Answer::file(Kind::Text, "signing.key.pub", public)))
        }
        (Method::Get, ["progress"]) => Ok(Some(Answer::of(Kind::Html, progress(site).into_string()))),
        (Method::Post, ["keys"]) => begun(site, new_keys(site, request), "/build?keys=1").map(Some),
        (Method::Post, []) => begun(site, build(site, request), "/build#progress").map(Some),
        (Method::Post, ["ship"]) => begun(site, ship(site, request), "/build#progress").map(Some),
        _ => Ok(None),
    }
}

/// Back to the page, which shows the progress; or the page with what was refused.
fn begun(site: &Arc<Site>, begun: anyhow::Result<()>, then: &str) -> anyhow::Result<Answer> {
    match begun {
        Ok(()) => Ok(Answer::see(then)),
        Err(refused) => Ok(page(site, Some(&refused))?.refusal(site.texts, 422)),
    }
}

fn new_keys(site: &Arc<Site>, request: &Request) -> anyhow::Result<()> {
    let t = site.texts;
    let _one_at_a_time = lock(&site.key);
    let (passphrase, again) = (secret(request, "passphrase"), secret(request, "again"));
    if *passphrase != *again {
        bail!("{}", t.passphrases_differ);
    }
    if passphrase.is_empty() && request.form("without") != "yes" {
        bail!("{}", t.passphrase_needed);
    }
    signing::create(&site.places.signing, &passphrase, t)
}

fn secret(request: &Request, name: &str) -> Zeroizing<String> {
    Zeroizing::new(request.form(name).to_owned())
}

fn build(site: &Arc<Site>, request: &Request) -> anyhow::Result<()> {
    let passphrase = secret(request, "passphrase");
    let _one_at_a_time = lock(&site.key);
    lock(&site.work).require_idle(site.texts)?;
    // A wrong passphrase is said at once.
    let key = signing::unlock(&site.places.signing, &passphrase, site.texts)?;
    let allowed = request.all("allow").into_iter().map(str::to_owned).collect();
    let site_of_work = Arc::clone(site);
    work::begin(&site.work, site.texts, site.texts.building, move |log| {
        database::build(&site_of_work, key, allowed, log)
    })
}

fn ship(site: &Arc<Site>, request: &Request) -> anyhow::Result<()> {
    let wanted = request.form("door").to_owned();
    let doors = DoorsFile::read(&site.places.doors)?.doors();
    let doors: Vec<Door> =
        doors.into_iter().filter(|door| wanted == "all" || opaque::of_door(&door.name) == wanted).collect();
    if doors.is_empty() {
        bail!("{}", site.texts.no_doors_yet);
    }
    if !site.places.database.exists() {
        bail!("{}", site.texts.no_database_yet);
    }
    let site_of_work = Arc::clone(site);
    work::begin(&site.work, site.texts, site.texts.shipping, move |log| {
        let t = site_of_work.texts;
        let mut failed = 0;
        for door in &doors {
            log.say(&fill(t.shipping_to, &[&door.name]));
            match door.ship_arguments(&site_of_work.places.database).and_then(|ship| crate::ship::send(&ship)) {
                Ok(shipped) if shipped.running => {
                    log.say(&fill(t.door_uses_it, &[&door.name, &crate::ship::in_words(&shipped)]))
                }
                Ok(shipped) => {
                    failed += 1;
                    log.warn(&fill(t.door_refuses_it, &[&door.name, &crate::ship::in_words(&shipped)]));
                }
                Err(error) => {
                    failed += 1;
                    log.warn(&fill(t.door_not_reached, &[&door.name, &why_and_help(&error).join("\n")]));
                }
            }
        }
        match failed {
            0 => Ok(t.all_doors_use_it.to_owned()),
            some => bail!("{}", fill(t.some_doors_do_not, &[&counted(some, "door")])),
        }
    })
}

fn page<'a>(site: &Site, refused: Option<&anyhow::Error>) -> anyhow::Result<Page<'a>> {
    let t = site.texts;
    let (examination, is_current) = site.examiner.newest();
    let version = examination.as_ref().map_or(0, |examination| examination.version);
    let doors = DoorsFile::read(&site.places.doors)?.doors();
    let has_people = site.has_people();
    let left = if has_people { 0 } else { people_in(&site.places.database) };
    let body = html! {
        @if let Some(error) = refused { (error_box(t.not_done, error)) }
        section aria-labelledby="changes" {
            h2 #changes { "1. " (t.changes) }
            div #findings data-live data-page="/build" data-version=(version) data-looking[!is_current] {
                @if !is_current { p.looking role="status" { (t.looking) } }
                @if has_people { (changes(t, &examination)) }
                @else if left > 0 { p { (t.nobody_left) } }
                @else { p { (t.nobody_yet) " " a href="/enrol" { (t.enrol_first) } } }
            }
        }
        section aria-labelledby="sign" {
            h2 #sign { "2. " (t.build_and_sign) }
            (sign(site, left)?)
        }
        section aria-labelledby="ship" {
            h2 #ship { "3. " (t.ship) }
            div #shipping data-live {
                @if doors.is_empty() { p { (t.no_doors_yet) " " a href="/doors" { (t.add_door) } } }
                @else if !site.places.database.exists() { p { (t.no_database_yet) } }
                @else {
                    form.buttons method="post" action="/build/ship" {
                        @if doors.len() > 1 { button name="door" value="all" { (t.ship_to_all) } }
                        @for door in &doors {
                            button.plain name="door" value=(opaque::of_door(&door.name)) { (fill(t.ship_to, &[&door.name])) }
                        }
                    }
                }
            }
        }
        section aria-labelledby="progress" {
            h2 #progress { (t.progress) }
            div #work data-poll="/build/progress" aria-live="polite" { (progress(site)) }
        }
    };
    Ok(Page::new(Place::Build, t.build, body))
}

/// What the next database changes, in words.
fn changes(t: &Texts, examination: &Option<Arc<Examination>>) -> Markup {
    let Some(examination) = examination else { return html! {} };
    let plan = match &examination.plan {
        Ok(plan) => plan,
        Err(error) => return error_box(t.cannot_build, error),
    };
    let lines = plan.report.changes_in_words();
    let first = plan.report.changes.is_none();
    html! {
        p { (fill(t.people_and_encodings, &[&counted(plan.report.people, "person"), &counted(plan.report.encodings, "photo")])) }
        @if first { p { (t.first_database) } }
        @else if lines.is_empty() { p { (t.no_changes) } }
        ul { @for line in &lines { li { (line) } } }
        @if let Some(risk) = plan.report.calibration {
            p { (fill(t.threshold_means, &[&format!("{:.3}", risk.threshold), &one_in(risk.fpir)])) }
        }
    }
}

/// `1000` for a rate of 0.001.
fn one_in(rate: f64) -> String {
    format!("{:.0}", 1.0 / rate.max(1e-9))
}

/// `left` is the number of people in the database who are not in the folder, because nobody is.
fn sign(site: &Site, left: u32) -> anyhow::Result<Markup> {
    let t = site.texts;
    Ok(match signing::state(&site.places.signing)? {
        Signing::NoKey => html! {
            p { (t.no_key_yet) }
            form.fields method="post" action="/build/keys" {
                label { span { (t.passphrase) } input type="password" name="passphrase" autocomplete="new-password" minlength=(crate::passphrase::FEWEST_CHARACTERS); small { (t.new_passphrase_hint) } }
                label { span { (t.passphrase_again) } input type="password" name="again" autocomplete="new-password"; }
                label.check.wide { input type="checkbox" name="without" value="yes"; span { (t.without_passphrase) } }
                button { (t.create_keys) }
            }
        },
        state => html! {
            form.fields method="post" action="/build" {
                @if state == Signing::Locked {
                    label { span { (t.passphrase) } input type="password" name="passphrase" required autocomplete="current-password"; }
                } @else { p { (t.key_is_open) } }
                @if left > 0 {
                    input type="hidden" name="allow" value="--remove-everybody";
                    button.danger data-sure=(fill(t.sure_empty, &[&site.places.photos.shown().to_string(), &counted(left, "person")])) { (t.build_empty_button) }
                } @else {
                    details.wide {
                        summary { (t.more_choices) }
                        label.check { input type="checkbox" name="allow" value="--allow-removals"; span { (t.allow_removals) } }
                        label.check { input type="checkbox" name="allow" value="--allow-misses"; span { (t.allow_misses) } }
                        label.check { input type="checkbox" name="allow" value="--remove-everybody"; span { (t.allow_nobody) } }
                    }
                    button { (t.build_button) }
                }
            }
            details {
                summary { (t.key_for_units) }
                p { a href="/build/signing.key.pub" download { "signing.key.pub" } }
                p { (t.key_for_units_how) }
            }
        },
    })
}

/// The number of people in a database; 0 if it cannot be read.
fn people_in(database: &Path) -> u32 {
    database_files::read_outside(database).map_or(0, |outside| outside.header.people)
}

/// What is under way, or was done last.
fn progress(site: &Site) -> Markup {
    lock(&site.work).render(site.texts)
}
