//! The hours of one person: which schedules bind the person, by name or through a group, and boxes to choose them.

use super::{lines, version_of};
use crate::desk::conflict;
use crate::desk::page::error_box;
use crate::desk::site::Site;
use crate::desk::texts::{Texts, fill};
use crate::office::{SchedulesFile, Written};
use crate::rule_files::SCHEDULES_FILE;
use maud::{Markup, html};
use shared::gallery::PersonName;

/// The schedules of the file, to say which of them bind a person.
#[derive(Debug, Default)]
pub(in crate::desk) struct Known {
    schedules: Vec<Written>,
    version: String,
    /// Why the file cannot be used.
    mistake: Option<anyhow::Error>,
}

/// The schedules, as they are now.
pub(in crate::desk) fn schedules(site: &Site) -> Known {
    match SchedulesFile::read(&site.places.photos.join(SCHEDULES_FILE)) {
        Ok(file) => Known { schedules: file.schedules(), version: version_of(&file), mistake: None },
        Err(mistake) => Known { mistake: Some(mistake), ..Known::default() },
    }
}

impl Known {
    /// The schedules that bind a person with these groups (`a;b`), with their hours.
    pub(in crate::desk) fn of(&self, t: &Texts, name: &PersonName, groups: &str) -> Vec<String> {
        if self.mistake.is_some() {
            return vec![t.hours_unknown.to_owned()];
        }
        let binds = |schedule: &&Written| schedule.names(name) || by_group(schedule, groups).is_some();
        self.schedules.iter().filter(binds).map(|schedule| in_words(t, schedule)).collect()
    }

    /// Boxes to choose the schedules that name a person, with those that hold for the person's groups besides; or why the
    /// file cannot be used. Nothing without a schedule.
    pub(in crate::desk) fn choices(&self, t: &Texts, groups: &str, is_ticked: impl Fn(&Written) -> bool) -> Markup {
        html! {
            @if let Some(mistake) = &self.mistake { (error_box(t.not_done, mistake)) }
            @for schedule in &self.schedules {
                @match by_group(schedule, groups).filter(|_| !is_ticked(schedule)) {
                    Some(group) => label.check {
                        input type="checkbox" checked disabled;
                        span { (fill(t.through_group, &[&in_words(t, schedule), group])) }
                    },
                    None => label.check {
                        input type="checkbox" name="schedule" value=(schedule.name) checked[is_ticked(schedule)];
                        span { (in_words(t, schedule)) }
                    },
                }
            }
        }
    }

    /// The form that says which schedules bind a person.
    pub(in crate::desk) fn form_of(&self, t: &Texts, name: &PersonName, groups: &str, action: &str) -> Markup {
        html! {
            section aria-labelledby="hours" {
                h2 #hours { (t.hours) }
                @if let Some(mistake) = &self.mistake { (error_box(t.hours_unknown, mistake)) }
                @else if self.schedules.is_empty() { p { (t.no_schedules_yet) " " a href="/hours" { (t.change_hours) } } }
                @else {
                    form method="post" action=(action) {
                        input type="hidden" name="version" value=(self.version);
                        fieldset {
                            legend { (t.hours_of_person) }
                            (self.choices(t, groups, |schedule| schedule.names(name)))
                        }
                        p.buttons { button { (t.save_hours) } a.button href="/hours" { (t.change_hours) } }
                    }
                }
            }
        }
    }

    /// Whether somebody else has changed the file since a form was made.
    ///
    /// # Errors
    /// If so.
    pub(in crate::desk) fn require(&self, t: &Texts, version: &str) -> anyhow::Result<()> {
        conflict::require_version(t, version, &self.version)
    }

    /// Whether there is nothing to choose and nothing to correct.
    pub(in crate::desk) fn is_empty(&self) -> bool {
        self.schedules.is_empty() && self.mistake.is_none()
    }
}

fn in_words(t: &Texts, schedule: &Written) -> String {
    let mut hours: Vec<String> = schedule.hours.iter().map(|text| lines::in_words(t, text)).collect();
    hours.extend(schedule.has_more.then(|| t.more_limits.to_owned()));
    format!("{} ({})", schedule.name, hours.join(", "))
}

/// The group through which a schedule binds somebody with these groups (`a;b`).
fn by_group<'s>(schedule: &'s Written, groups: &str) -> Option<&'s str> {
    let groups: Vec<&str> = groups.split([';', ',', '|']).map(str::trim).collect();
    schedule.groups.iter().map(String::as_str).find(|group| groups.contains(group))
}
