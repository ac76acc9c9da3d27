//! Tests that tract is built with the same features for every member of the workspace, so that it is compiled only
//! once. The root Cargo.toml pins the features that would differ.

use crate::cross::{ARM, PACKAGES};
use crate::process::{answer_of, cargo};
use serde_json::Value;
use std::collections::BTreeSet;

/// tract and its dependencies, with their depth below tract and their features.
fn tract(selection: &[&str]) -> Vec<String> {
    let mut tree =
        cargo(["tree", "--edges", "normal,build", "--no-dedupe", "--prefix", "depth", "--format", " {p} {f}"]);
    below_tract(&answer_of(tree.args(selection), &[0]).unwrap())
}

/// The first subtree whose root is tract-onnx, from lines of the form `DEPTH PACKAGE VERSION FEATURES`.
fn below_tract(tree: &str) -> Vec<String> {
    let lines = tree.lines().filter_map(|line| line.split_once(' '));
    let entries: Vec<(usize, &str)> =
        lines.filter_map(|(depth, package)| Some((depth.parse().ok()?, package))).collect();
    let Some(first) = entries.iter().position(|(_, package)| package.starts_with("tract-onnx ")) else { return vec![] };
    let top = entries[first].0;
    let below = entries[first + 1..].iter().take_while(|(depth, _)| *depth > top);
    below.map(|(depth, package)| format!("{} {package}", depth - top)).collect()
}

fn members() -> Vec<String> {
    let metadata = answer_of(&mut cargo(["metadata", "--no-deps", "--format-version", "1"]), &[0]).unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| package["name"].as_str().unwrap().to_owned()).collect()
}

/// The packages in `these` that are not in `those`, without duplicates.
fn without<'a>(these: &'a [String], those: &[String]) -> BTreeSet<&'a str> {
    let lacking = these.iter().filter(|line| !those.contains(line));
    lacking.filter_map(|line| Some(line.split_once(' ')?.1)).collect()
}

#[test]
fn every_member_is_built_with_the_same_tract() {
    let expected = tract(&["--workspace"]);
    assert!(expected.len() > 100, "only {} crates below tract", expected.len());
    let mut with_tract = 0;
    for member in members() {
        let found = tract(&["--package", &member]);
        if found.is_empty() {
            continue;
        }
        with_tract += 1;
        let (added, missing) = (without(&found, &expected), without(&expected, &found));
        assert!(
            found == expected,
            "`cargo build -p {member}` would compile tract once more: it wants {added:?} where the workspace wants \
             {missing:?}; pin the features in the root's Cargo.toml and in models/Cargo.toml"
        );
    }
    assert!(with_tract >= 5, "only {with_tract} members use tract");
}

/// The dependencies of the programs for 64-bit ARM; `more` adds those of their tests.
fn for_arm(more: &str) -> BTreeSet<String> {
    let mut tree = cargo(["tree", "--target", ARM, "--prefix", "none", "--format", "{p} {f}", "--edges"]);
    tree.arg(format!("normal,build{more}"));
    PACKAGES.iter().for_each(|package| {
        tree.args(["--package", package]);
    });
    let lines = answer_of(&mut tree, &[0]).unwrap();
    lines.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// Otherwise the ARM checks compile every crate above the differing one twice.
#[test]
fn programs_are_built_with_the_features_of_their_tests() {
    let (programs, tests) = (for_arm(""), for_arm(",dev"));
    let only: Vec<&String> = programs.difference(&tests).collect();
    assert!(programs.len() > 100 && only.is_empty(), "tests ask for more features of {only:?}; pin them");
}

#[test]
fn only_what_is_below_tract_is_compared() {
    let tree =
        "0models\n1 image v1 png\n1 tract-onnx v2 \n2 libc v3 std\n3 cc v4 \n1 toml v5 \n\n2 tract-onnx v2 \n3 no v6 ";
    assert_eq!(below_tract(tree), ["1 libc v3 std", "2 cc v4 "]);
    assert!(below_tract("0 xtask v1 \n1 clap v2 derive").is_empty());
}
