//! The hours of a schedule as a form has them: lines with boxes for the days, and two times.

use crate::build_db::schedules_toml::hours_text::{period, written};
use crate::desk::request::Request;
use crate::desk::texts::{Texts, fill};
use anyhow::bail;
use maud::{Markup, html};
use shared::schedule::{DAY_MINUTES, MAX_PERIODS, Period, Weekday, Weekdays};

/// Midnight, at which a day begins, and ends.
const MIDNIGHT: &str = "00:00";

/// A line, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    days: [bool; 7],
    from: String,
    until: String,
}

/// The lines for hours of the file.
pub(super) fn of_file(hours: &[String]) -> Vec<Line> {
    hours.iter().filter_map(|text| period(text)).map(Line::of).collect()
}

/// A line for somebody who types the hours of an office.
pub(super) fn of_an_office() -> Line {
    Line { days: [true, true, true, true, true, false, false], ..Line::default() }
}

/// Hours of the file in words: those that go on past midnight say so.
pub(super) fn in_words(t: &Texts, text: &str) -> String {
    match period(text) {
        Some(period) if 0 < period.until_minute && period.until_minute <= period.from_minute => {
            fill(t.next_day, &[text])
        }
        _ => text.to_owned(),
    }
}

/// The lines that were typed.
pub(super) fn of_form(request: &Request) -> Vec<Line> {
    let numbers = (0..).take_while(|number: &usize| request.one(&format!("from{number}")).is_some());
    let line = |number: usize| {
        let ticked = request.all(&format!("days{number}"));
        Line {
            days: std::array::from_fn(|day| ticked.contains(&day.to_string().as_str())),
            from: request.form(&format!("from{number}")).trim().to_owned(),
            until: request.form(&format!("until{number}")).trim().to_owned(),
        }
    };
    numbers.map(line).collect()
}

/// The lines as the file has them. An empty line is left out; hours that are those of the file keep its words.
///
/// # Errors
/// If a line has only a part of what it needs, if its hours are empty, or if there is no line.
pub(super) fn for_file(t: &Texts, lines: &[Line], before: &[String]) -> anyhow::Result<Vec<String>> {
    let mut hours = Vec::new();
    for line in lines.iter().filter(|line| **line != Line::default()) {
        if !line.days.contains(&true) {
            bail!("{}", fill(t.days_missing, &[&line.from, &line.until]));
        }
        let until = if line.until == MIDNIGHT { "24:00" } else { &line.until };
        let Some(time) = period(&format!("{}-{until}", line.from)) else {
            bail!("{}", fill(t.times_missing, &[&line.days_in_words(t)]));
        };
        let new = Period { weekdays: line.weekdays(), ..time };
        let known = before.iter().find(|text| period(text).is_some_and(|old| written(old) == written(new)));
        // Somebody who types the same time twice hardly means 24 hours; in the file, it stands for that.
        if known.is_none() && new.from_minute == new.until_minute {
            bail!("{}", fill(t.times_equal, &[&line.days_in_words(t)]));
        }
        hours.push(known.cloned().unwrap_or_else(|| written(new)));
    }
    if hours.is_empty() {
        bail!("{}", t.no_hours);
    }
    Ok(hours)
}

/// The lines as fields of a form, and an empty one to unfold.
pub(super) fn fields(t: &Texts, lines: &[Line]) -> Markup {
    let has_room = lines.len() < MAX_PERIODS && !lines.contains(&Line::default());
    html! {
        div.wide {
            @for (number, line) in lines.iter().enumerate() { (line.fields(t, number)) }
            @if has_room {
                details { summary { (t.more_hours) } (Line::default().fields(t, lines.len())) }
            }
            small { (t.hours_hint) }
        }
    }
}

fn names(t: &Texts) -> [&'static str; 7] {
    [t.monday, t.tuesday, t.wednesday, t.thursday, t.friday, t.saturday, t.sunday]
}

impl Line {
    fn of(period: Period) -> Self {
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self {
            days: Weekday::ALL.map(|day| period.weekdays.has(day)),
            from: time(period.from_minute),
            until: time(period.until_minute % DAY_MINUTES),
        }
    }

    fn fields(&self, t: &Texts, number: usize) -> Markup {
        html! {
            fieldset.hours {
                legend { (t.hours) @if number > 0 { " " (number + 1) } }
                div.days {
                    @for (day, (name, is_ticked)) in names(t).into_iter().zip(self.days).enumerate() {
                        label.check { input type="checkbox" name={ "days" (number) } value=(day) checked[is_ticked]; span { (name) } }
                    }
                }
                div.times {
                    label { span { (t.from) } input type="time" name={ "from" (number) } value=(self.from); }
                    label { span { (t.until_time) } input type="time" name={ "until" (number) } value=(self.until); }
                }
                // Times as HH:MM are in their order as texts.
                @if self.until != MIDNIGHT && self.until <= self.from && !self.until.is_empty() { p { (t.until_next_day) } }
            }
        }
    }

    fn weekdays(&self) -> Weekdays {
        Weekdays::from_days(Weekday::ALL.into_iter().zip(self.days).filter(|(_, has)| *has).map(|(day, _)| day))
    }

    fn days_in_words(&self, t: &Texts) -> String {
        let ticked = names(t).into_iter().zip(self.days).filter(|(_, has)| *has);
        ticked.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::texts::ENGLISH;

    fn line(days: &[usize], from: &str, until: &str) -> Line {
        Line { days: std::array::from_fn(|day| days.contains(&day)), from: from.to_owned(), until: until.to_owned() }
    }

    #[test]
    fn hours_come_back_from_the_form_as_the_file_has_them() {
        for text in ["monday-friday 6:00-20:00", "22:00-02:00", "sat 0:00-24:00", "sun 18:00-0:00", "fri 9:00-9:00"] {
            let before = [text.to_owned()];
            assert_eq!(for_file(&ENGLISH, &of_file(&before), &before).unwrap(), before);
        }
    }

    #[test]
    fn hours_past_midnight_say_so() {
        for (text, expected) in [
            ("fri 17:00-09:00", "fri 17:00-09:00 the next day"),
            ("fri 17:00-17:00", "fri 17:00-17:00 the next day"),
            ("fri 09:00-17:00", "fri 09:00-17:00"),
            ("fri 17:00-24:00", "fri 17:00-24:00"),
            ("fri 17:00-0:00", "fri 17:00-0:00"),
        ] {
            assert_eq!(in_words(&ENGLISH, text), expected);
        }
    }

    #[test]
    fn what_is_typed_is_written_or_refused() {
        for (lines, expected) in [
            (vec![line(&[0, 1, 2, 3, 4], "09:00", "17:00"), line(&[], "", "")], Ok(vec!["mon-fri 09:00-17:00"])),
            (vec![line(&[5], "00:00", "00:00")], Ok(vec!["sat 00:00-24:00"])),
            (vec![line(&[0], "22:00", "06:00"), line(&[], "", "")], Ok(vec!["mon 22:00-06:00"])),
            (vec![line(&[0], "22:00", "06:00"), line(&[], "09:00", "10:00")], Err("09:00 until 10:00")),
            (vec![line(&[0], "09:00", "09:00")], Err("Monday: the times are the same")),
            (vec![line(&[0, 2], "09:00", "")], Err("Monday, Wednesday")),
            (vec![line(&[0], "nine", "\"]\n")], Err("Monday")),
            (vec![line(&[0], "25:00", "26:00")], Err("Monday")),
            (vec![line(&[], "09:00", "17:00")], Err("tick")),
            (vec![line(&[], "", "")], Err("tick")),
            (vec![], Err("tick")),
        ] {
            match (for_file(&ENGLISH, &lines, &[]), expected) {
                (Ok(hours), Ok(expected)) => assert_eq!(hours, expected),
                (Err(refused), Err(expected)) => assert!(refused.to_string().contains(expected), "{refused}"),
                (other, expected) => panic!("{lines:?}: {other:?}, expected {expected:?}"),
            }
        }
    }
}
