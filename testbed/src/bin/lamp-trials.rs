//! Simulated trials of the coded lamp: how often it lets in each instrument, refuses people, or cannot tell.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail};
use clap::Parser;
use liveness::lamp::LampKind;
use models::Recogniser;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use testbed::campaign::{Campaign, Cell};
use testbed::experiment::{DISTANCES, Experiment, LUX};
use testbed::faces::{self, Face};
use testbed::instrument::Instrument;
use testbed::tally::Tally;
use testbed::{pipeline, training};

/// What every report begins with.
const NOTE: &str = "This is a simulation: no person and no attacker took part.";

/// The conditions that the lamp is made for.
const INDOORS: ([f32; 2], [f32; 2]) = ([50.0, 1000.0], [0.4, 0.8]);

/// Simulated trials of the coded lamp.
#[derive(Parser)]
struct Arguments {
    /// Instruments to try; all if none is given.
    #[arg(long, value_enum)]
    instrument: Vec<Instrument>,
    /// Trials of each instrument, over all illuminances and distances.
    #[arg(long, default_value_t = 2000)]
    trials: usize,
    /// Seed of all chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Illuminances in lux, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = LUX)]
    lux: Vec<f32>,
    /// Distances in metres, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = DISTANCES)]
    distance: Vec<f32>,
    /// An infrared lamp, whose code is shorter.
    #[arg(long)]
    infrared: bool,
    /// Photos of faces for the textures; drawn faces without it.
    #[arg(long)]
    faces: Option<PathBuf>,
    /// Renders whole pictures, compresses them, and finds the face in them.
    #[arg(long)]
    pipeline: bool,
    /// Fits the coefficients of the judge's shape test, in place of trials.
    #[arg(long)]
    train: bool,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let bad = |values: &[f32]| values.is_empty() || values.iter().any(|value| !value.is_finite() || *value <= 0.0);
    if bad(&arguments.lux) || bad(&arguments.distance) {
        bail!("--lux and --distance take positive numbers");
    }
    let faces = match &arguments.faces {
        Some(folder) => faces::from_photos(folder, 400)?,
        None => faces::drawn(120, 5),
    };
    if faces.is_empty() {
        bail!("--faces: no face was found in these photos");
    }
    let campaign = Campaign {
        lux: arguments.lux.clone(),
        distances: arguments.distance.clone(),
        kind: if arguments.infrared { LampKind::Infrared } else { LampKind::White },
        trials: arguments.trials,
        seed: arguments.seed,
    };
    if arguments.train {
        return train(&campaign, &faces);
    }
    let instruments = if arguments.instrument.is_empty() { &Instrument::ALL[..] } else { &arguments.instrument };
    let mut cells = Vec::new();
    for instrument in instruments {
        let of_instrument = if arguments.pipeline {
            through_pipeline(&campaign, *instrument, &faces)?
        } else {
            campaign.run(*instrument, &faces)
        };
        eprintln!("{instrument}: done");
        cells.extend(of_instrument);
    }
    if arguments.json {
        print_json(&campaign, &cells)
    } else {
        print_tables(&campaign, instruments, &cells)
    }
    Ok(())
}

fn train(campaign: &Campaign, faces: &[Face]) -> Result<()> {
    let examples = training::examples(campaign, faces);
    let found = training::fit(&examples, 0.01).context("there are no people or no instruments among the trials")?;
    println!("// {} trials of seed {}", examples.len(), campaign.seed);
    println!("const OFFSET: f32 = {:.4};", found.offset);
    for [mean, slope] in found.means_and_slopes {
        println!("    [{mean:.4}, {slope:.4}],");
    }
    let prints: Vec<f64> =
        examples.iter().filter(|example| !example.is_person).map(|example| found.odds(&example.features)).collect();
    let passed = prints.iter().filter(|odds| **odds > 0.0).count();
    println!("// {passed} of {} instruments have odds above 1", prints.len());
    Ok(())
}

fn through_pipeline(campaign: &Campaign, instrument: Instrument, faces: &[Face]) -> Result<Vec<Cell>> {
    let mut recogniser = Recogniser::bundled()?;
    let mut cells = Vec::new();
    for conditions in campaign.conditions(instrument) {
        let mut tally = Tally::default();
        for index in 0..campaign.each() {
            let chance = campaign.chance(&conditions, index);
            let experiment = Experiment::new(conditions, faces, pipeline::SIZE, true, chance);
            tally.add(&experiment.film(&mut recogniser, campaign.seed ^ index as u64)?.judge());
        }
        cells.push(Cell { conditions, tally });
    }
    Ok(cells)
}

fn print_json(campaign: &Campaign, cells: &[Cell]) {
    let rows: Vec<_> = cells
        .iter()
        .map(|Cell { conditions, tally }| {
            json!({
                "instrument": conditions.instrument.in_words(),
                "lux": conditions.lux,
                "distance": conditions.distance,
                "tally": tally,
                "live": tally.let_in(),
                "not_live": tally.refused(),
                "non_response": tally.unanswered(),
            })
        })
        .collect();
    println!("{}", json!({ "schema": 1, "note": NOTE, "seed": campaign.seed, "lamp": campaign.kind, "cells": rows }));
}

fn print_tables(campaign: &Campaign, instruments: &[Instrument], cells: &[Cell]) {
    let (lux, distance) = INDOORS;
    println!("{NOTE}\n");
    println!(
        "{} lux to {} lux, {} m to {} m. Rates in %, with 95 % intervals:\n",
        lux[0], lux[1], distance[0], distance[1]
    );
    println!("| instrument | trials | live | not live | cannot tell | reasons |\n|---|---|---|---|---|---|");
    let within = |cell: &&Cell| {
        let at = &cell.conditions;
        (lux[0]..=lux[1]).contains(&at.lux) && (distance[0]..=distance[1]).contains(&at.distance)
    };
    for instrument in instruments {
        let sum = sum_of(cells.iter().filter(within).filter(|cell| cell.conditions.instrument == *instrument));
        let reasons: Vec<String> = sum.reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        let rates = [sum.let_in(), sum.refused(), sum.unanswered()].map(|rate| rate.in_words());
        println!("| {instrument} | {} | {} | {} |", sum.trials, rates.join(" | "), reasons.join(", "));
    }
    println!("\nBy light and distance, live / not live / cannot tell in %, of {} trials each:\n", campaign.each());
    for instrument in instruments {
        let header: Vec<String> = campaign.distances.iter().map(|distance| format!("{distance} m")).collect();
        println!("| {instrument} | {} |\n|---|{}", header.join(" | "), "---|".repeat(header.len()));
        for lux in &campaign.lux {
            let row =
                cells.iter().filter(|cell| cell.conditions.instrument == *instrument && cell.conditions.lux == *lux);
            let shown: Vec<String> = row
                .map(|cell| {
                    let share = |rate: testbed::tally::Rate| format!("{:.0}", 100.0 * rate.share());
                    let tally = &cell.tally;
                    [tally.let_in(), tally.refused(), tally.unanswered()].map(share).join(" / ")
                })
                .collect();
            println!("| {lux} lux | {} |", shown.join(" | "));
        }
        println!();
    }
}

fn sum_of<'a>(cells: impl Iterator<Item = &'a Cell>) -> Tally {
    cells.fold(Tally::default(), |mut sum, cell| {
        sum.join(&cell.tally);
        sum
    })
}
