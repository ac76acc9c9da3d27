//! The frame of every page: title, navigation, what was done or what went wrong.

use super::texts::Texts;
use local_web::{Answer, Kind};
use maud::{DOCTYPE, Markup, html};

/// Where the user is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    People,
    Enrol,
    Check,
    Build,
    Doors,
    Report,
}

/// A page.
pub(super) struct Page<'a> {
    pub(super) place: Place,
    pub(super) title: &'a str,
    /// A script of its own.
    pub(super) script: Option<&'static str>,
    /// What was done, shown above everything else.
    pub(super) done: &'a str,
    pub(super) body: Markup,
}

impl<'a> Page<'a> {
    /// A page without a script of its own.
    pub(super) fn new(place: Place, title: &'a str, body: Markup) -> Self {
        Self { place, title, script: None, done: "", body }
    }

    /// The page as an answer.
    pub(super) fn answer(&self, t: &Texts) -> Answer {
        Answer::of(Kind::Html, self.render(t))
    }

    /// The page as a refusal, with this status.
    pub(super) fn refusal(&self, t: &Texts, status: u16) -> Answer {
        Answer::refused_with(status, self.render(t))
    }

    fn render(&self, t: &Texts) -> String {
        let places = [
            (Place::People, "/people", t.people),
            (Place::Enrol, "/enrol", t.enrol),
            (Place::Check, "/check", t.check),
            (Place::Build, "/build", t.build),
            (Place::Doors, "/doors", t.doors),
            (Place::Report, "/report", t.report),
        ];
        let page = html! {
            (DOCTYPE)
            html lang=(t.language) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " – " (t.desk) }
                    link rel="icon" href="/static/icon.svg";
                    link rel="stylesheet" href="/static/style.css";
                    script src="/static/desk.js" type="module" {}
                    @if let Some(script) = self.script { script src={ "/static/" (script) } type="module" {} }
                }
                body {
                    a.skip href="#main" { (t.skip) }
                    header {
                        nav aria-label=(t.pages) {
                            ul {
                                @for (place, path, name) in places {
                                    li { a href=(path) aria-current=[(place == self.place).then_some("page")] { (name) } }
                                }
                            }
                        }
                    }
                    main id="main" tabindex="-1" {
                        h1 { (self.title) }
                        @if !self.done.is_empty() { p.done role="status" { (self.done) } }
                        (self.body)
                    }
                    p.gone id="gone" role="alert" hidden { (t.gone) }
                }
            }
        };
        page.into_string()
    }
}

/// An error as a box: what was not done, why, and what to do.
pub(super) fn error_box(not_done: &str, error: &anyhow::Error) -> Markup {
    let [why, help] = why_and_help(error);
    html! {
        div.wrong role="alert" {
            p { strong { (not_done) } " " (why) }
            @if !help.is_empty() { p { (help) } }
        }
    }
}

/// Why something was not done, and what to do, which may be empty.
pub(super) fn why_and_help(error: &anyhow::Error) -> [String; 2] {
    let said = terminal::in_words(error);
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    let (why, help) = said.split_once("\nhelp: ").unwrap_or((said, ""));
    [why, help].map(str::to_owned)
}

/// A page that says what went wrong. Nothing was changed, or the text says what was.
pub(super) fn error_page(t: &Texts, place: Place, error: &anyhow::Error) -> Answer {
    let body = html! { (error_box(t.not_done, error)) p { a href="/people" { (t.try_again) } } };
    Page::new(place, t.something_is_wrong, body).refusal(t, 422)
}

/// A choice of a form.
pub(super) fn choice(name: &str, label: &str, choices: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        label { span { (label) }
            select name=(name) {
                @for (value, words) in choices { option value=(value) selected[*value == chosen] { (words) } }
            }
        }
    }
}

/// A text field of a form, with a hint.
pub(super) fn field(name: &str, label: &str, hint: &str, value: &str) -> Markup {
    text_field(name, label, hint, value, false)
}

/// A text field that must not be empty.
pub(super) fn needed_field(name: &str, label: &str, hint: &str, value: &str) -> Markup {
    text_field(name, label, hint, value, true)
}

fn text_field(name: &str, label: &str, hint: &str, value: &str, is_needed: bool) -> Markup {
    html! {
        label { span { (label) }
            input type="text" name=(name) value=(value) required[is_needed] autocomplete="off";
            @if !hint.is_empty() { small { (hint) } }
        }
    }
}

/// A day of a form.
pub(super) fn day(name: &str, label: &str, hint: &str, value: &str) -> Markup {
    // A time of day, which people.csv may have, does not fit into a field for days.
    let kind = if value.is_empty() || value.len() == 10 { "date" } else { "text" };
    html! {
        label { span { (label) }
            input type=(kind) name=(name) value=(value);
            @if !hint.is_empty() { small { (hint) } }
        }
    }
}
