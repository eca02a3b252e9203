//! Puts every file of the catalog into the binary.

use std::{env, error::Error, fmt::Write as _, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let catalog = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../catalog");
    println!("cargo::rerun-if-changed={}", catalog.display());
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
    for file in files {
        let name = file.strip_prefix(&catalog)?.display().to_string();
        writeln!(list, "    ({name:?}, include_str!({:?})),", file.display().to_string())?;
    }
    list.push_str("]\n");
    fs_err::write(PathBuf::from(env::var("OUT_DIR")?).join("catalog.rs"), list)?;
    Ok(())
}
