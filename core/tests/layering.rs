//! The house stays a house: who may import whom, how long a file may be, and whose licences come in (DESIGN section 2).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each module of the core and the others it may use. `model`, `error`, `search`, `uid_set`, `mid_url`, `utf7` and `clock` are everybody's.
/// `api` holds the store: docs/adr/0003-api-holds-the-store.md.
const ALLOWED: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("search", &[]),
    ("mime", &[]),
    ("store", &[]),
    ("account", &["protocol", "store"]),
    ("journal", &["store", "mime"]),
    ("sync", &["account", "journal", "protocol", "store", "mime"]),
    ("query", &["store", "mime"]),
    ("api", &["account", "journal", "sync", "query", "store"]),
];
const EVERYBODYS: &[&str] = &["model", "error", "search", "uid_set", "mid_url", "utf7", "clock"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(dir: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())).flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if endings.iter().any(|e| path.to_string_lossy().ends_with(e)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Without comments: prose may name anything.
fn code(text: &str) -> String {
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// What follows `prefix` in a text, up to the end of the word; `{a, b}` gives both.
fn words_after(text: &str, prefix: &str) -> BTreeSet<String> {
    let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(prefix) {
        let rest = &text[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let inside = list.split('}').next().unwrap_or_default();
                found.extend(inside.split(',').map(|w| word(w.trim())));
            }
            None => {
                found.insert(word(rest));
            }
        }
    }
    found.remove("");
    found
}

#[test]
fn modules_import_only_what_they_may() {
    let src = root().join("core/src");
    let mut wrong = Vec::new();
    for path in files(&src, &[".rs"]) {
        let inside = path.strip_prefix(&src).unwrap_or(&path);
        let module = inside
            .components()
            .next()
            .map(|c| c.as_os_str().to_string_lossy().into_owned())
            .unwrap_or_default();
        let text = code(&read(&path));
        if module == "bin" {
            for used in words_after(&text, "malote_core::") {
                if !["api", "model", "error"].contains(&used.as_str()) {
                    wrong.push(format!("{}: the command line uses {used}", inside.display()));
                }
            }
            continue;
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(m, _)| *m == module) else { continue };
        for used in words_after(&text, "crate::") {
            let fine =
                used == module || allowed.contains(&used.as_str()) || EVERYBODYS.contains(&used.as_str());
            if !fine {
                wrong.push(format!("{}: {module} uses {used}", inside.display()));
            }
        }
    }
    for path in files(&root().join("src-tauri/src"), &[".rs"]) {
        for used in words_after(&read(&path), "malote_core::") {
            if !["api", "model", "error"].contains(&used.as_str()) {
                wrong.push(format!("{}: the app uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_core_knows_no_window_and_the_store_alone_knows_sql() {
    let mut wrong = Vec::new();
    for path in files(&root().join("core/src"), &[".rs"]) {
        let text = read(&path);
        let store = path.components().any(|c| c.as_os_str() == "store");
        let test = path.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("_tests"));
        if text.contains("tauri::") || (text.contains("sqlx::") && !store) {
            wrong.push(path);
        }
        // Tests may; the library may not.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if !test && (code.contains(".unwrap()") || code.contains(".expect(\"")) {
            wrong.push(read_only_name(&text));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn read_only_name(text: &str) -> PathBuf {
    PathBuf::from(format!("unwrap or expect in: {}", text.lines().next().unwrap_or_default()))
}

#[test]
fn the_screens_go_one_way() {
    let src = root().join("ui/src");
    // From the top: each may import from its own and from those below; only stores speak to the backend.
    let order = ["routes", "components", "stores", "backend"];
    let mut wrong = Vec::new();
    for path in files(&src, &[".ts", ".svelte"]) {
        let inside = path.strip_prefix(&src).unwrap_or(&path).to_path_buf();
        let Some(layer) = order.iter().position(|l| inside.starts_with(l)) else { continue };
        for line in read(&path).lines().filter(|l| l.contains("from \"") || l.starts_with("import ")) {
            if line.contains("@tauri-apps") && order[layer] != "backend" {
                wrong.push(format!("{}: {line}", inside.display()));
            }
            for (other, name) in order.iter().enumerate() {
                let named = line.contains(&format!("/{name}/")) || line.contains(&format!("/{name}\""));
                // Types are the contract: everybody may name them.
                let types_only = line.trim_start().starts_with("import type");
                let skips = *name == "backend" && order[layer] != "stores" && order[layer] != "backend";
                if named && (other < layer || (skips && !types_only)) {
                    wrong.push(format!("{}: {line}", inside.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_grows_without_end() {
    let mut wrong = Vec::new();
    let mut check = |dir: &str, endings: &[&str], most: usize| {
        for path in files(&root().join(dir), endings) {
            let lines = read(&path).lines().count();
            if lines > most && !path.ends_with("contract.ts") {
                wrong.push(format!("{}: {lines} of {most}", path.display()));
            }
        }
    };
    check("core/src", &[".rs"], 800);
    check("src-tauri/src", &[".rs"], 500);
    check("tests/servers", &[".rs"], 800);
    check("tests/integration", &[".rs"], 800);
    check("ui/src", &[".svelte"], 300);
    check("ui/src/stores", &[".ts"], 400);
    let names = ["Manager", "Helper", "utils"];
    for path in files(&root().join("core/src"), &[".rs"]) {
        let text = read(&path);
        if names.iter().any(|n| text.contains(&format!("struct {n}")) || text.contains(&format!("mod {n}"))) {
            wrong.push(format!("{}: says nothing by its name", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Our licence is Apache-2.0 OR MIT: everything that is linked in must go with it.
#[test]
fn licences_go_with_ours() {
    let fine = [
        "MIT",
        "MIT-0",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "0BSD",
        "Unicode-3.0",
        "CC0-1.0",
        "Unlicense",
        "BSL-1.0",
        "MPL-2.0",
        "CDLA-Permissive-2.0",
        "NCSA",
        "bzip2-1.0.6",
    ];
    let out = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .unwrap_or_else(|e| panic!("cargo metadata: {e}"));
    let data: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
    let packages =
        data["packages"].as_array().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&out.stderr)));
    assert!(packages.len() > 100);
    let mut wrong = Vec::new();
    for p in packages {
        let licence = p["license"].as_str().unwrap_or_default().replace('/', " OR ");
        // One of each OR must be fine, each of an AND: every AND group has a fine alternative.
        let ok = licence
            .replace(['(', ')'], "")
            .split(" AND ")
            .all(|group| group.split(" OR ").any(|l| fine.contains(&l.trim())));
        if !ok {
            wrong.push(format!("{} {}: {licence}", p["name"], p["version"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
