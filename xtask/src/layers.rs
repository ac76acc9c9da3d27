//! Tests that the modules of each crate form layers without circular imports. In the unit, commands are above
//! subsystems.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Modules that may import commands: the fuzz targets enter the unit at every interface.
const ABOVE_COMMANDS: [&str; 1] = ["fuzz_entry_points"];

/// The modules that each module of a crate imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The crates without import circles. In `shared`, a person's hours and cards need the person, and the gallery needs
/// all three.
const CRATES: [&str; 9] =
    ["policy", "kernels", "models", "files", "terminal", "accuracy", "model-tools", "encoder-tool", "edge-agent"];

#[test]
fn no_subsystem_of_the_unit_knows_a_command() {
    for (module, imported) in imports_of("edge-agent") {
        let is_above = ABOVE_COMMANDS.contains(&module.as_str());
        assert!(is_above || !imported.contains("commands"), "edge-agent/src/{module} imports commands");
    }
}

#[test]
fn no_import_leads_in_a_circle() {
    for name in CRATES {
        let circle = left_in_circles(imports_of(name));
        assert!(circle.is_empty(), "these modules of {name}/src import each other in circles: {circle:?}");
    }
}

fn imports_of(name: &str) -> Imports {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
    let mut imports = Imports::new();
    for entry in fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !["lib", "main", "soak"].contains(&module.as_str()) {
            let files = production_files(&path);
            let imported = files.iter().flat_map(|text| imported(text)).filter(|to| *to != module);
            imports.insert(module.clone(), imported.collect());
        }
    }
    assert!(imports.len() > 4, "{name}: only {imports:?}");
    imports
}

/// The source files of a module, without files that contain only tests.
fn production_files(path: &Path) -> Vec<String> {
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if path.is_dir() {
        return fs::read_dir(path).unwrap().flat_map(|entry| production_files(&entry.unwrap().path())).collect();
    }
    if path.extension().is_none_or(|extension| extension != "rs") {
        return Vec::new();
    }
    match name {
        "tests" | "crashes" | "kills" | "fixture" => Vec::new(),
        name if name.ends_with("_tests") => Vec::new(),
        _ => vec![fs::read_to_string(path).unwrap()],
    }
}

/// The module names after each `crate::` in the code, without comments and tests.
fn imported(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let after = code.split("crate::").skip(1);
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let modules = after.map(|rest| rest.split(|character| !is_name(character)).next().unwrap_or_default().to_owned());
    modules.filter(|module| !module.is_empty()).collect()
}

/// Repeatedly removes modules that import no other module. The modules that remain are part of a circle.
fn left_in_circles(mut imports: Imports) -> BTreeSet<String> {
    loop {
        let there: BTreeSet<String> = imports.keys().cloned().collect();
        let before = imports.len();
        imports.retain(|_, imported| imported.iter().any(|module| there.contains(module)));
        if imports.len() == before {
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
