//! Puts every file of the catalog into the binary, and the texts by which the lines of its patterns are found: to read
//! hundreds of patterns takes longer than to read a log.

#[path = "src/log/literal.rs"]
mod literal;

use std::{collections::BTreeMap, env, error::Error, fmt::Write as _, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let catalog = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../catalog");
    println!("cargo::rerun-if-changed={}", catalog.display());
    println!("cargo::rerun-if-changed=src/log/literal.rs");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    for tool in fs_err::read_dir(&catalog)? {
        let tool = tool?;
        if tool.file_type()?.is_dir() {
            for file in fs_err::read_dir(tool.path())? {
                files.push(file?.path());
            }
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut list = String::from("&[\n");
    let mut texts = BTreeMap::new();
    for file in files {
        let entry: toml::Table = fs_err::read_to_string(&file)?.parse()?;
        let signatures = entry.get("signature").and_then(toml::Value::as_array).into_iter().flatten();
        for pattern in signatures.filter_map(|signature| signature.get("pattern")?.as_str()) {
            // A test of the catalog tells what is wrong with the others.
            if let Ok(required) = literal::required(pattern) {
                texts.insert(pattern.to_owned(), required);
            }
        }
        let name = file.strip_prefix(&catalog)?.display().to_string();
        writeln!(list, "    ({name:?}, include_str!({:?})),", file.display().to_string())?;
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs_err::write(out.join("catalog.rs"), list)?;
    let mut list = String::from("&[\n");
    for (pattern, texts) in texts {
        writeln!(list, "    ({pattern:?}, &{texts:?}),")?;
    }
    list.push_str("]\n");
    fs_err::write(out.join("texts.rs"), list)?;
    Ok(())
}
