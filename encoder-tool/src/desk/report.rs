//! The page of reports: who came in a week and who was refused at each door, as the units report it; and how well the
//! enrolled people are told apart.

use super::doors::doors_file::{Door, DoorsFile};
use super::doors::unit;
use super::opaque;
use super::page::{Page, Place, error_box};
use super::request::Request;
use super::site::Site;
use super::texts::{Texts, fill};
use crate::build_db::plan::Plan;
use crate::plots::{self, Curve, Drawn};
use accuracy::Roc;
use anyhow::{Context, anyhow};
use jiff::civil::Date;
use jiff::{ToSpan, ZonedDateTime};
use local_web::{Answer, Kind, Method};
use maud::{Markup, PreEscaped, html};
use policy::Reason;
use serde::Deserialize;
use shared::encoding::Encoding;

/// The most encodings that are compared with each other for the plots; of more, every n-th.
const MOST_COMPARED: usize = 1500;

/// What `edge-agent audit report --json` prints; more may be in it.
#[derive(Debug, Deserialize)]
struct Reported {
    people: Vec<Came>,
    visitor_entries: u64,
    refusals: Vec<Counted>,
    events: Vec<Counted>,
    is_complete: bool,
}

#[derive(Debug, Deserialize)]
struct Came {
    person_id: String,
    name: Option<String>,
    first_in: String,
    last_seen: String,
    entries: u64,
    refusals: u64,
}

#[derive(Debug, Deserialize)]
struct Counted {
    what: String,
    count: u64,
}

/// Answers a request for `/report/…`; `None` if there is no such page.
///
/// # Errors
/// If the list of doors cannot be used, or a unit gives no table to export.
pub(super) fn answer(site: &Site, request: &Request, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    let t = site.texts;
    if request.method == Method::Post {
        return Ok(None);
    }
    let doors = DoorsFile::read(&site.places.doors)?.doors();
    let week = week_of(request.query("week"));
    let door = |key: &str| doors.iter().find(|door| opaque::of_door(&door.name) == key);
    match rest {
        [] => Ok(Some(page(t, &doors, week).answer(t))),
        ["distances"] => {
            let (examination, _) = site.examiner.newest();
            let shown = match examination.as_ref().map(|examination| &examination.plan) {
                Some(Ok(plan)) if !plan.enrolment.enrolled.is_empty() => distances(t, plan)?,
                Some(Err(error)) if !site.office()?.people().is_empty() => error_box(t.cannot_build, error),
                _ => html! { p { (t.nobody_to_check) } },
            };
            Ok(Some(Answer::of(Kind::Html, shown.into_string())))
        }
        [key, "who"] => Ok(door(key).map(|door| {
            let shown = who_came(t, door, week).unwrap_or_else(|error| error_box(t.no_answer, &error));
            Answer::of(Kind::Html, shown.into_string())
        })),
        [key, "who.csv"] => {
            let Some(door) = door(key) else { return Ok(None) };
            let table = unit::ask(door, &format!("audit report --week {week} --csv"))?;
            Ok(Some(Answer::file(Kind::Csv, &format!("{} {week}.csv", door.name), table + "\n")))
        }
        _ => Ok(None),
    }
}

/// The Monday of the week with this day; of this week if it is none.
fn week_of(text: &str) -> Date {
    let day = text.parse::<Date>().unwrap_or_else(|_| ZonedDateTime::now().date());
    day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).unwrap_or(day)
}

fn page<'a>(t: &'a Texts, doors: &[Door], week: Date) -> Page<'a> {
    let [before, after] = [week.checked_sub(7.days()), week.checked_add(7.days())];
    let body = html! {
        section aria-labelledby="who" {
            h2 #who { (fill(t.week_of, &[&week.to_string()])) }
            p.buttons {
                @if let Ok(before) = before { a href={ "/report?week=" (before) } { (t.week_before) } }
                @if let Some(after) = after.ok().filter(|after| *after <= ZonedDateTime::now().date()) { a href={ "/report?week=" (after) } { (t.week_after) } }
            }
            @if doors.is_empty() { p { (t.no_doors_yet) } }
            @for door in doors {
                @let key = opaque::of_door(&door.name);
                h3 { (door.name) }
                div data-load={ "/report/" (key) "/who?week=" (week) } { p.looking { (t.asking_unit) } }
                p { a href={ "/report/" (key) "/who.csv?week=" (week) } download { (fill(t.export, &[&door.name])) } }
            }
        }
        section aria-labelledby="accuracy" {
            h2 #accuracy { (t.told_apart) }
            div data-load="/report/distances" { p.looking { (t.comparing) } }
        }
    };
    Page::new(Place::Report, t.report, body)
}

fn who_came(t: &Texts, door: &Door, week: Date) -> anyhow::Result<Markup> {
    let said = unit::ask(door, &format!("audit report --week {week} --json"))?;
    let Reported { people, visitor_entries, refusals, events, is_complete } =
        serde_json::from_str(&said).context("the unit's report cannot be read: it may have another version")?;
    let reason = |counted: &Counted| {
        Reason::from_code(&counted.what).map_or(counted.what.clone(), |reason| reason.in_words().to_owned())
    };
    Ok(html! {
        @if people.is_empty() { p { (t.nobody_came) } }
        @else {
            div.scroll role="region" aria-label=(fill(t.who_came_at, &[&door.name])) tabindex="0" {
                table {
                    thead { tr { th scope="col" { (t.name) } th scope="col" { (t.first_in) } th scope="col" { (t.last_seen) } th scope="col" { (t.entries) } th scope="col" { (t.refusals) } } }
                    tbody { @for came in &people {
                        tr {
                            th scope="row" { (came.name.as_deref().unwrap_or(&came.person_id)) }
                            td { (came.first_in) } td { (came.last_seen) } td { (came.entries) } td { (came.refusals) }
                        }
                    } }
                }
            }
        }
        @if visitor_entries > 0 { p { (fill(t.visitors_came, &[&visitor_entries.to_string()])) } }
        @if !refusals.is_empty() {
            p { (t.refused_because) }
            ul { @for counted in &refusals { li { (counted.count) " × " (reason(counted)) } } }
        }
        @if !events.is_empty() {
            p { (t.needs_attention) }
            ul { @for counted in &events { li { (counted.count) " × " (counted.what.replace('_', " ")) } } }
        }
        @if !is_complete { p.soft { (t.log_begins_later) } }
    })
}

/// Distances between photos of the same person and of different people, with the threshold.
fn distances(t: &Texts, plan: &Plan) -> anyhow::Result<Markup> {
    let all: Vec<(usize, &Encoding)> = plan
        .enrolment
        .enrolled
        .iter()
        .enumerate()
        .flat_map(|(person, enrolled)| enrolled.photos.iter().map(move |photo| (person, &photo.new.encoding)))
        .collect();
    let every = all.len().div_ceil(MOST_COMPARED).max(1);
    let compared: Vec<_> = all.iter().step_by(every).collect();
    let pairs = compared.iter().enumerate().flat_map(|(at, (person, encoding))| {
        compared[at + 1..].iter().map(move |(other, next)| (Some(encoding.l2_distance(next)), person == other))
    });
    let roc = Roc::new(pairs);
    let threshold = plan.report.threshold;
    let drawn = |plot: Drawn| plot.map(PreEscaped).map_err(|error| anyhow!("{error}"));
    let histogram = drawn(plots::distances(&roc, threshold))?;
    let curve = Curve { name: t.enrolled_people, points: roc.points() };
    let both = !roc.mated().is_empty() && !roc.non_mated().is_empty();
    let curve = if both { Some(drawn(plots::roc(&[curve], roc.non_mated().len()))?) } else { None };
    let above = threshold.map(|threshold| roc.mated().iter().filter(|distance| **distance > threshold).count());
    Ok(html! {
        @if let Some(risk) = plan.report.calibration {
            p { (fill(t.threshold_means, &[&format!("{:.3}", risk.threshold), &format!("{:.0}", 1.0 / risk.fpir.max(1e-9))])) }
        }
        figure.plot tabindex="0" {
            (histogram)
            figcaption { (fill(t.plot_explained, &[&roc.mated().len().to_string(), &roc.non_mated().len().to_string()])) }
        }
        @if let Some(curve) = curve {
            figure.plot tabindex="0" { (curve) figcaption { (t.roc_explained) } }
        }
        @if let Some(above) = above.filter(|above| *above > 0) { p { (fill(t.pairs_above, &[&above.to_string()])) } }
        details { summary { (t.statistics) } p { (plan.thresholds_in_full) } }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday() {
        for (day, monday) in [("2026-11-29", "2026-11-23"), ("2026-11-23", "2026-11-23"), ("2026-11-30", "2026-11-30")]
        {
            assert_eq!(week_of(day).to_string(), monday);
        }
        assert_eq!(
            week_of("1; reboot").weekday(),
            jiff::civil::Weekday::Monday,
            "a line for a unit has a day, and no text"
        );
    }
}
