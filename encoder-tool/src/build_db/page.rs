//! The HTML page with suspect photos and look-alikes.

use super::report::{LookAlikeReport, OddPhotoReport, Report};
use super::resemblance::Resemblance;
use super::write::EnrolledPhoto;
use crate::html;
use maud::{Markup, html};

/// Renders one self-contained page. The indices in `resemblance` refer to `photos`.
pub(super) fn page_of(report: &Report, resemblance: &Resemblance, photos: &[&EnrolledPhoto], about: &str) -> String {
    let odd = report.odd_photos.iter().zip(&resemblance.odd_photos);
    let alike = report.look_alikes.iter().zip(&resemblance.look_alikes);
    let body = html! {
        p { (report.people) " people with " (report.encodings) " encodings from " (report.photos) " photos." }
        p { (about) }
        h2 { "People who are not enrolled" }
        @if report.not_enrolled.is_empty() { p.soft { "None." } }
        ul { @for missing in &report.not_enrolled { li { (missing.name) ": " (missing.reason) } } }
        @if let Some(changes) = &report.changes {
            h2 { "Changes from the replaced database" }
            @let lines = changes.in_words();
            @if lines.is_empty() { p.soft { "Nothing." } }
            ul { @for line in lines { li { (line) } } }
        }
        h2 { "Photos that do not resemble the others of their person" }
        @if report.odd_photos.is_empty() { p.soft { "None." } }
        div.pairs {
            @for (told, found) in odd {
                (faces(photos, [found.photo, found.own.0], &OddPhotoReport::in_words(told)))
                @if let Some((other, _)) = found.other { (faces(photos, [found.photo, other], "… but resembles this one")) }
            }
        }
        h2 { "People who resemble each other" }
        @if report.look_alikes.is_empty() { p.soft { "None." } }
        div.pairs {
            @for (told, found) in alike { (faces(photos, found.photos, &LookAlikeReport::in_words(told))) }
        }
        h2 { "Photos that were left out" }
        @if report.skipped.is_empty() { p.soft { "None." } }
        ul { @for skipped in &report.skipped { li { (skipped.photo) ": " (skipped.reason) } } }
    };
    html::page("The enrolled people", &body)
}

fn faces(photos: &[&EnrolledPhoto], pair: [usize; 2], caption: &str) -> Markup {
    html::two_faces(pair.map(|photo| &photos[photo].portrait), caption)
}
