//! Prints the diagnosis of a log as JSON: `diagnose [--catalog DIR]… FILE`.

use envwright_diagnosis::{
    Catalog,
    log::{LogReader, Matcher},
    report,
};
use envwright_redact::Redactor;
use std::{error::Error, io::Read as _, path::Path};

#[expect(clippy::print_stdout, reason = "a program's output")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut catalog = Catalog::builtin();
    let mut arguments = std::env::args().skip(1);
    let mut file = None;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--catalog" => catalog = catalog.with_folder(Path::new(&arguments.next().ok_or("a folder")?))?,
            _ => file = Some(argument),
        }
    }
    let file = file.ok_or("a file")?;
    let matcher = Matcher::new(&catalog);
    let mut reader = LogReader::new(&matcher);
    let mut log = fs_err::File::open(&file)?;
    let mut block = vec![0; 256 * 1024];
    loop {
        match log.read(&mut block)? {
            0 => break,
            read => reader.push(&block[..read]),
        }
    }
    let diagnosis = reader.finish().diagnose(&matcher, &catalog, &file, &Redactor::default());
    println!("{}", report::json(&diagnosis));
    Ok(())
}
