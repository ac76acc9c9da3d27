//! Tests that the modules of each crate form layers without circular imports. In the unit, commands are above
//! subsystems.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules that may import commands: the fuzz targets enter the unit at every interface.
const ABOVE_COMMANDS: [&str; 1] = ["fuzz_entry_points"];

/// Which of its siblings each module of a folder imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

const CRATES: [&str; 13] = [
    "shared",
    "policy",
    "kernels",
    "models",
    "files",
    "terminal",
    "accuracy",
    "model-tools",
    "liveness",
    "testbed",
    "encoder-tool",
    "edge-agent",
    "xtask",
];

#[test]
fn no_subsystem_of_the_unit_knows_a_command() {
    let imports = imports_of_siblings(&source_of("edge-agent"), &[]);
    assert!(imports.len() > 4, "{imports:?}");
    for (module, imported) in imports {
        let is_above = ABOVE_COMMANDS.contains(&module.as_str());
        assert!(is_above || !imported.contains("commands"), "edge-agent/src/{module} imports commands");
    }
}

#[test]
fn no_import_leads_in_a_circle() {
    let circles: Vec<String> = CRATES.into_iter().flat_map(|name| circles_in(&source_of(name), &[])).collect();
    assert!(circles.is_empty(), "modules that import each other:\n{}", circles.join("\n"));
}

fn source_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src")
}

/// The circles in a folder with the module path `module`, and in the folders within it.
fn circles_in(folder: &Path, module: &[String]) -> Vec<String> {
    let circle = left_in_circles(imports_of_siblings(folder, module));
    let here = (!circle.is_empty()).then(|| format!("{}: {circle:?}", folder.display()));
    let folders = children(folder).into_iter().filter(|child| child.is_dir());
    let below = folders.flat_map(|child| circles_in(&child, &[module, &[name_of(&child)]].concat()));
    here.into_iter().chain(below).collect()
}

fn imports_of_siblings(folder: &Path, module: &[String]) -> Imports {
    let children = children(folder);
    let siblings: BTreeSet<String> = children.iter().map(|child| name_of(child)).collect();
    let imported_by = |child: &PathBuf| {
        let name = name_of(child);
        let paths = paths_in(child, &[module, std::slice::from_ref(&name)].concat());
        let below = paths.into_iter().filter_map(|path| path.strip_prefix(module)?.first().cloned());
        let imported = below.filter(|to| *to != name && siblings.contains(to)).collect();
        (name, imported)
    };
    children.iter().map(imported_by).collect()
}

/// The production modules of a folder: its files and folders, without `mod.rs`, `lib.rs`, `main.rs` and tests.
fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_production = |path: &PathBuf| {
        let name = name_of(path);
        let is_source = path.is_dir() || path.extension().is_some_and(|extension| extension == "rs");
        let is_root = ["mod", "lib", "main"].contains(&name.as_str());
        is_source && !is_root && name != "tests" && name != "testing" && !name.ends_with("_tests")
    };
    entries.filter(is_production).collect()
}

fn name_of(path: &Path) -> String {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned()
}

/// The absolute module paths that the files of a module name.
fn paths_in(path: &Path, module: &[String]) -> Vec<Vec<String>> {
    if path.is_dir() {
        let own = path.join("mod.rs");
        let own = if own.exists() { paths_in(&own, module) } else { Vec::new() };
        let of_children = children(path).into_iter().flat_map(|child| {
            let module = [module, &[name_of(&child)]].concat();
            paths_in(&child, &module)
        });
        return own.into_iter().chain(of_children).collect();
    }
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    named_paths(&code, module)
}

/// The paths after `crate::` and `super::` in code of this module, as absolute paths: the names of modules only, and of
/// `{...}` each.
fn named_paths(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        collect(&code[at + "crate::".len()..], &[], &mut paths);
    }
    for (at, _) in code.match_indices("super::").filter(|(at, _)| !code[..*at].ends_with("super::")) {
        let mut rest = &code[at..];
        let mut base = module;
        while let (Some(after), Some((_, parent))) = (rest.strip_prefix("super::"), base.split_last()) {
            (rest, base) = (after, parent);
        }
        collect(rest, base, &mut paths);
    }
    paths
}

/// The path at the beginning of `text`, relative to `base`; returns what is behind it.
fn collect<'t>(text: &'t str, base: &[String], paths: &mut Vec<Vec<String>>) -> &'t str {
    if let Some(mut rest) = text.strip_prefix('{') {
        while !rest.starts_with('}') && !rest.is_empty() {
            rest = collect(rest.trim_start_matches([' ', ',']), base, paths).trim_start_matches([' ', ',']);
        }
        return rest.strip_prefix('}').unwrap_or(rest);
    }
    let end = text.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let path = [base, &[name.to_owned()]].concat();
    match rest.strip_prefix("::") {
        Some(below) => collect(below, &path, paths),
        None => {
            paths.push(path);
            // Past `as name`, and past anything that is not a path, so that a list always ends.
            rest.find([',', '}', ';']).map_or("", |end| &rest[end..])
        }
    }
}

/// Repeatedly removes modules that import no other module, or that no other module imports. The modules that remain are
/// part of a circle or between two circles.
fn left_in_circles(mut imports: Imports) -> BTreeSet<String> {
    loop {
        let there: BTreeSet<String> = imports.keys().cloned().collect();
        let imported: BTreeSet<String> = imports.values().flatten().cloned().collect();
        imports.retain(|name, imports| imported.contains(name) && imports.iter().any(|module| there.contains(module)));
        if imports.len() == there.len() {
            return there;
        }
    }
}

#[test]
fn circles_are_found() {
    let graph = |arrows: &[(&str, &[&str])]| -> Imports {
        arrows
            .iter()
            .map(|(from, to)| ((*from).to_owned(), to.iter().map(|name| (*name).to_owned()).collect()))
            .collect()
    };
    assert!(left_in_circles(graph(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])).is_empty());
    let circle = left_in_circles(graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &[])]));
    assert_eq!(circle.into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn paths_are_found_in_code() {
    let module = ["a".to_owned(), "b".to_owned()];
    let found = |code| named_paths(code, &module).into_iter().map(|path| path.join(" ")).collect::<Vec<_>>();
    assert_eq!(found("use crate::c::{d::E, f, g as h};"), ["c d E", "c f", "c g"]);
    assert_eq!(found("use super::{c, d::{e, F}}; let x = super::g::h(1);"), ["a c", "a d e", "a d F", "a g h"]);
    assert_eq!(found("use super::super::c;"), ["c"]);
}
