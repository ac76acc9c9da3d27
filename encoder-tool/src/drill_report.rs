//! `drill-report`: checks the report of a drill, and shows it.

use crate::html;
use anyhow::{Context, Result, bail};
use clap::Args;
use drill::{DrillReport, Presentations, SignedReport};
use files::{Access, key_file, read_bounded};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Serialize;
use std::path::PathBuf;
use terminal::{Answer, Help, ShowPath, print, print_json};

const MAX_BYTES: u64 = 1 << 20;

/// Check the signature of a unit's drill report, and show how the door withstood pictures.
///
/// The report is the file drill.json of the unit, which `edge-agent drill` wrote. It holds no picture and no name.
///
/// Exit codes: 0 if no attack was let in, 1 if one was, 2 if the report cannot be read or is not genuine.
#[derive(Debug, Args)]
pub(crate) struct DrillReportArguments {
    /// The report
    pub(crate) report: PathBuf,
    /// The unit's public key (audit.key.pub on the unit); without it, anybody may have signed the report
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Write an HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// A report whose signature is right.
#[derive(Serialize)]
struct Checked<'a> {
    /// The public key that signed it.
    key: &'a str,
    /// Whether `--key` names this key.
    is_of_unit: bool,
    report: &'a DrillReport,
}

/// Shows a report. Yes if no attack was let in.
///
/// # Errors
/// If the file cannot be read, is not a report, was changed, or is not signed with the given key.
pub(crate) fn run(arguments: &DrillReportArguments) -> Result<Answer> {
    let path = &arguments.report;
    let bytes = read_bounded(path, MAX_BYTES)?;
    let text = String::from_utf8(bytes).with_context(|| format!("{} is not text", path.shown()))?;
    let signed = SignedReport::parse(&text).with_context(|| path.shown().to_string())?;
    if let Some(key) = &arguments.key {
        let expected = key_file::read_public(key)?;
        if expected.trim() != signed.key() {
            let error: Result<Answer> = Err(anyhow::anyhow!(
                "{} is signed with the key {}, not with that of {}",
                path.shown(),
                signed.key(),
                key.shown()
            ));
            return error.help("use the file audit.key.pub of the unit on which the drill was made");
        }
    }
    let checked = Checked { key: signed.key(), is_of_unit: arguments.key.is_some(), report: signed.report() };
    if let Some(output) = &arguments.html {
        files::replace(output, Access::Private, page(&checked)?.as_bytes())?;
    }
    if arguments.json {
        print_json(&checked)?;
    } else {
        print(&in_words(&checked)?)?;
    }
    Ok(Answer::yes_if(checked.report.attacks_let_in().count == 0))
}

/// The page of a report whose key was not compared with a unit's.
pub(crate) fn page_of(signed: &SignedReport) -> Result<String> {
    page(&Checked { key: signed.key(), is_of_unit: false, report: signed.report() })
}

fn in_words(checked: &Checked<'_>) -> Result<String> {
    let Checked { key, is_of_unit, report } = checked;
    let signed = if *is_of_unit { "by the unit" } else { "NOT CHECKED against a unit's key: give --key" };
    let unit = report.unit_id.as_deref().unwrap_or("without an id");
    Ok(format!("unit           {unit}, {}\nsigned         {signed}, {key}\n{}", day(report)?, report.in_words()))
}

fn day(report: &DrillReport) -> Result<String> {
    let Ok(ended) = Timestamp::from_millisecond(report.ended_utc_ms) else {
        bail!("the report ends at an impossible time, {} ms", report.ended_utc_ms)
    };
    Ok(ended.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn page(checked: &Checked<'_>) -> Result<String> {
    let Checked { key, is_of_unit, report } = checked;
    let seconds = |ms: Option<u32>| ms.map_or("-".to_owned(), |ms| format!("{:.1} s", f64::from(ms) / 1e3));
    let attack = |(instrument, counts): (&String, &Presentations)| -> Markup {
        html! { tr {
            td { (instrument) } td { (counts.let_in()) } td { (report.if_judged(counts.apcer())) } td { (counts.non_response()) }
            td { (others(counts)) }
        } }
    };
    let people = &report.people;
    let body = html! {
        p.soft { (day(report)?) ", unit " (report.unit_id.as_deref().unwrap_or("without an id")) ", edge-agent " (report.basis.version) }
        p { "This door opens to " (report.opens_to) "." }
        @if report.ended_early { p { strong { "The drill was ended early: not everything planned was tried." } } }
        h2 { "Attacks" }
        @if report.attacks.is_empty() { p { "None were tried." } } @else {
            div.scroll { table {
                tr { th { "instrument" } th { "let in (IAPAR)" } th { "taken for live (APCER)" } th { "no response" } th { "refused otherwise" } }
                @for counts in &report.attacks { (attack(counts)) }
            } }
        }
        h2 { "People" }
        div.scroll { table {
            tr { th { "let in" } td { (people.let_in()) } }
            tr { th { "taken for attacks (BPCER)" } td { (report.if_judged(people.bpcer())) } }
            tr { th { "no response" } td { (people.non_response()) } }
            tr { th { "refused otherwise" } td { (others(people)) } }
            tr { th { "time to entry" } td { "median " (seconds(people.median_entry_ms())) ", longest " (seconds(people.longest_entry_ms())) } }
        } }
        p.soft {
            "In brackets: 95 % intervals (Wilson). IAPAR: impostor attack presentation accept rate; APCER, BPCER: of the presentations \
             that the liveness signals judged (ISO/IEC 30107-3). The figures hold for this door, these people and these instruments."
        }
        h2 { "What it depends on" }
        div.scroll { table {
            tr { th { "configuration" } td { (report.basis.configuration) } }
            tr { th { "model" } td { (report.basis.model) } }
            @if let Some(pad) = &report.basis.pad_network { tr { th { "PAD network" } td { (pad) } } }
            tr { th { "threshold" } td { (format!("{:.3}", report.basis.threshold)) } }
            tr { th { "signed with" } td { (key) @if !is_of_unit { " (not checked against a unit's key)" } } }
        } }
    };
    Ok(html::page("Drill: how this door withstands pictures", &body))
}

fn others(counts: &Presentations) -> String {
    let listed: Vec<String> = counts.refused.iter().map(|(reason, count)| format!("{count}: {reason}")).collect();
    if listed.is_empty() { "-".to_owned() } else { listed.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drill::{Basis, Outcome};
    use std::collections::BTreeMap;

    #[test]
    fn a_page_and_words() {
        let mut counts = Presentations::default();
        for outcome in [Outcome::LetIn { after_ms: 1200 }, Outcome::Detected, Outcome::Refused("<b>".to_owned())] {
            counts.add(&outcome);
        }
        let report = DrillReport {
            began_utc_ms: 0,
            ended_utc_ms: 1_800_000_000_000,
            unit_id: Some("11-22".to_owned()),
            basis: Basis {
                version: "1".into(),
                configuration: "ab".into(),
                model: "cd".into(),
                pad_network: None,
                threshold: 1.05,
            },
            opens_to: "a face".to_owned(),
            required: vec!["lamp".to_owned()],
            ended_early: true,
            people: counts.clone(),
            attacks: BTreeMap::from([("print".to_owned(), counts)]),
        };
        let checked = Checked { key: "ef", is_of_unit: false, report: &report };
        let page = page(&checked).unwrap();
        for expected in ["1 of 3, 33.3 % (6.1 to 79.2 %)", "1 of 2, 50.0 %", "median 1.2 s", "&lt;b&gt;", "ended early"]
        {
            assert!(page.contains(expected), "{expected}");
        }
        let words = in_words(&checked).unwrap();
        assert!(words.starts_with("unit           11-22, 2027-01-15 08:00 UTC\nsigned         NOT CHECKED"), "{words}");
    }
}
