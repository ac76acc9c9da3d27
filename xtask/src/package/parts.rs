//! What a program is made of, for everybody who has to know whether a hole in a library is one in the door: a list in
//! CycloneDX's format (version 1.5, ECMA-424), from what cargo says.

use crate::cross::ARM;
use crate::process::{self, cargo};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// The list for one package of the workspace, on a Raspberry Pi: everything that ends up in the program.
///
/// # Errors
/// If cargo does not answer.
pub(super) fn of(package: &str) -> Result<String> {
    let answer = process::answer_of(&mut cargo(["metadata", "--format-version", "1", "--filter-platform", ARM]), &[0])?;
    let metadata: Value = serde_json::from_str(&answer).context("cargo's answer is not understood")?;
    let list = list(&metadata, package).with_context(|| format!("cargo knows no package {package}"))?;
    Ok(format!("{}\n", serde_json::to_string_pretty(&list)?))
}

fn list(metadata: &Value, package: &str) -> Option<Value> {
    let packages: HashMap<&str, &Value> = metadata["packages"]
        .as_array()?
        .iter()
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    let nodes: HashMap<&str, &Value> =
        metadata["resolve"]["nodes"].as_array()?.iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let root = packages.iter().find(|(_, found)| found["name"] == package).map(|(id, _)| *id)?;
    let mut reached = BTreeSet::new();
    reach(root, &nodes, &mut reached);
    let of = |id: &&str| packages.get(id).map(|package| component(package));
    let components: Vec<Value> = reached.iter().filter(|id| **id != root).filter_map(of).collect();
    Some(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(packages.get(root)?) },
        "components": components,
    }))
}

/// Everything that a package needs when it runs, itself included.
fn reach<'a>(id: &'a str, nodes: &HashMap<&'a str, &'a Value>, reached: &mut BTreeSet<&'a str>) {
    let Some(node) = nodes.get(id).filter(|_| reached.insert(id)) else { return };
    for dependency in node["deps"].as_array().into_iter().flatten() {
        let kinds = dependency["dep_kinds"].as_array();
        let runs = kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()));
        if let Some(next) = dependency["pkg"].as_str().filter(|_| runs) {
            reach(next, nodes, reached);
        }
    }
}

fn component(package: &Value) -> Value {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    json!({
        "type": "library",
        "name": text("name"),
        "version": text("version"),
        "purl": format!("pkg:cargo/{}@{}", text("name"), text("version")),
        "licenses": [{ "expression": text("license").replace('/', " OR ") }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_and_builds_need_is_no_part() {
        let package = |name: &str| json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0" });
        let needs = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let packages = ["door", "lock", "spring", "test-tool"].map(package);
        let metadata = json!({
            "packages": packages,
            "resolve": { "nodes": [
                { "id": "door", "deps": [needs("lock", Value::Null), needs("test-tool", json!("dev"))] },
                { "id": "lock", "deps": [needs("spring", Value::Null), needs("test-tool", json!("build"))] },
                { "id": "spring", "deps": [] },
                { "id": "test-tool", "deps": [] },
            ] },
        });
        let list = list(&metadata, "door").unwrap();
        let names: Vec<&str> =
            list["components"].as_array().unwrap().iter().map(|part| part["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["lock", "spring"]);
        assert_eq!(list["metadata"]["component"]["name"], "door");
        assert_eq!(list["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
    }
}
