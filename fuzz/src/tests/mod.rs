//! Runs every target over its seeds in the normal tests, and generates the seeds.

mod seeds;

use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// Regression test: a file whose name begins with `finding-` once made a target panic.
#[test]
fn seeds_satisfy_every_invariant() {
    for (name, target) in TARGETS {
        let mut answers = Vec::new();
        for file in files_in(&folder("seeds").join(name)) {
            println!("{}", file.display());
            answers.push(target(&fs::read(file).unwrap()));
        }
        // Otherwise nobody would notice a target that rejects everything, for example after a format change.
        for wanted in [Answer::Accepted, Answer::Refused] {
            assert!(answers.contains(&wanted), "no seed of {name} is {wanted:?}: {}", seeds::HOW_TO_MAKE_THEM);
        }
    }
}

#[test]
fn trivial_input_makes_no_target_panic() {
    for (_, target) in TARGETS {
        for bytes in [&b""[..], b"\0", b"\n", &[0xff; 64]] {
            let _no_panic = target(bytes);
        }
    }
}

#[test]
fn every_target_has_a_program_and_every_program_a_target() {
    let named: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let programs: BTreeSet<String> = files_in(&folder("targets")).into_iter().map(stem).collect();
    let seeds: BTreeSet<String> = files_in(&folder("seeds")).into_iter().map(stem).collect();
    assert_eq!(programs, named);
    assert_eq!(seeds, named);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in &named {
        assert!(manifest.contains(&format!("name = \"fuzz-{name}\"\npath = \"targets/{name}.rs\"")), "{name}");
        let source = fs::read_to_string(folder("targets").join(format!("{name}.rs"))).unwrap();
        assert!(source.contains(&format!("fuzz::driven(fuzz::{},", name.replace('-', "_"))), "{name}");
    }
}
