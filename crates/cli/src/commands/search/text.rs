//! What was found, as two tables.

use super::super::table;
use envwright_builder::{Searched, World};
use envwright_lock::{PackageFile, Release};
use indicatif::HumanBytes;
use std::{collections::BTreeSet, fmt::Write as _};

/// Versions that are shown where not all are asked for.
const NEWEST: usize = 10;
/// Versions that do not fit and are explained.
const EXPLAINED: usize = 3;

/// How much is shown.
pub(super) struct Show {
    /// All versions, pre-releases too.
    pub(super) all: bool,
    /// Each file.
    pub(super) files: bool,
}

/// How a world is shown.
struct Form {
    name: &'static str,
    /// What its places are.
    place: &'static str,
    /// Titles of the cells.
    titles: &'static [&'static str],
    /// What is said of a version.
    cells: fn(&Release) -> Vec<String>,
}

const CONDA: Form = Form {
    name: "conda",
    place: "CHANNEL",
    titles: &["PLATFORMS", "PYTHON", "SIZE", "BUILD"],
    cells: of_conda,
};

const PYPI: Form =
    Form { name: "PyPI", place: "INDEX", titles: &["REQUIRES PYTHON", "WHEELS"], cells: of_pypi };

/// Both worlds.
pub(super) fn both(searched: &Searched, show: &Show) -> String {
    format!("{}\n{}", CONDA.world(&searched.conda, show), PYPI.world(&searched.pypi, show))
}

impl Form {
    /// Who was asked, the versions that fit, and what there is to say about the others.
    fn world(&self, world: &World, show: &Show) -> String {
        let places =
            if world.places.is_empty() { "nobody was asked".to_owned() } else { world.places.join(", ") };
        let mut text = format!("{}: {places}\n", self.name);
        let fitting: Vec<&Release> =
            world.versions.iter().filter(|release| release.unfit.is_none()).collect();
        let has_final = fitting.iter().any(|release| !release.prerelease);
        let is_meant = |release: &&Release| show.all || !has_final || !release.prerelease;
        let (meant, early): (Vec<&Release>, Vec<&Release>) = fitting.into_iter().partition(is_meant);
        let shown = if show.all { meant.len() } else { meant.len().min(NEWEST) };
        for sentence in unfit(&world.versions, show) {
            let _ = writeln!(text, "  {sentence}");
        }
        text.push_str(&self.table(&meant[..shown], world.places.len() > 1, show));
        let mut say = |sentence: &str| {
            let _ = writeln!(text, "  {sentence}");
        };
        let more = [(meant.len() - shown, "older version"), (early.len(), "pre-release")];
        let more = more.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| counted(count, noun));
        let more: Vec<String> = more.collect();
        if !more.is_empty() {
            say(&format!("and {} (--all)", more.join(", ")));
        }
        world.note.iter().for_each(|note| say(note));
        if !world.elsewhere.is_empty() {
            say(&format!("It is there in {}, which was not asked for.", world.elsewhere.join(", ")));
        }
        text
    }

    fn table(&self, releases: &[&Release], has_places: bool, show: &Show) -> String {
        if releases.is_empty() {
            return String::new();
        }
        let row = |version: &str, place: &str, cells: Vec<String>| {
            let place = has_places.then(|| place.to_owned());
            [format!("  {version}")].into_iter().chain(place).chain(cells).collect::<Vec<String>>()
        };
        let titles = self.titles.iter().map(ToString::to_string).collect();
        let mut rows = vec![row("VERSION", self.place, titles)];
        rows.extend(releases.iter().map(|one| row(&one.version, &one.place, (self.cells)(one))));
        let text = table(&rows);
        if !show.files {
            return text;
        }
        let mut lines = text.lines();
        let mut whole = lines.next().map(|titles| format!("{titles}\n")).unwrap_or_default();
        for (line, release) in lines.zip(releases) {
            let _ = writeln!(whole, "{line}");
            for file in fitting(release) {
                let _ = writeln!(whole, "    {}", [file.filename.clone(), size(file)].join("  ").trim_end());
            }
        }
        whole
    }
}

/// Why the versions before the first one that fits do not, those of one reason together.
fn unfit(releases: &[Release], show: &Show) -> Vec<String> {
    let has_final = releases.iter().any(|release| !release.prerelease);
    let meant = releases.iter().filter(|release| show.all || !has_final || !release.prerelease);
    let mut newest: Vec<(&str, &str)> =
        meant.map_while(|release| Some((release.version.as_str(), release.unfit.as_deref()?))).collect();
    // Another place may have a file of the same version that fits.
    newest.retain(|(version, _)| {
        releases.iter().all(|other| other.version != *version || other.unfit.is_some())
    });
    newest.dedup();
    let runs = newest.chunk_by(|(_, one), (_, other)| one == other).take(EXPLAINED);
    let told = runs.map(|run| match run {
        [(version, why)] => format!("{version} does not fit: {why}"),
        [(highest, why), .., (lowest, _)] => format!("{lowest} to {highest} do not fit: {why}"),
        [] => String::new(),
    });
    told.collect()
}

fn fitting(release: &Release) -> impl Iterator<Item = &PackageFile> {
    release.files.iter().filter(|file| file.fits)
}

fn size(file: &PackageFile) -> String {
    file.size.map(|bytes| HumanBytes(bytes).to_string()).unwrap_or_default()
}

/// Samples: `1 pre-release`, `3 pre-releases`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn of_conda(release: &Release) -> Vec<String> {
    let platforms: BTreeSet<&str> = fitting(release).filter_map(|file| file.platform.as_deref()).collect();
    let mut pythons: Vec<&str> = fitting(release).filter_map(|file| file.python.as_deref()).collect();
    pythons.sort_by_key(|python| numbers(python));
    pythons.dedup();
    let newest = fitting(release).next();
    let build = newest.and_then(|file| file.build.clone()).unwrap_or_default();
    let build = match fitting(release).count() {
        0 | 1 => build,
        count => format!("{build} and {} more", count - 1),
    };
    let platforms = platforms.into_iter().collect::<Vec<_>>().join(" ");
    vec![platforms, pythons.join(" "), newest.map(size).unwrap_or_default(), build]
}

/// The numbers of a version, so that 3.9 is before 3.10.
fn numbers(version: &str) -> Vec<u32> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

fn of_pypi(release: &Release) -> Vec<String> {
    let required = fitting(release).find_map(|file| file.requires_python.clone()).unwrap_or_default();
    let mut told = wheels(release);
    if told.is_empty() {
        "a source archive alone".clone_into(&mut told);
    }
    if let Some(reason) = withdrawn(release) {
        let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        let _ = write!(told, ", withdrawn{reason}");
    }
    vec![required, told]
}

/// Sample: `cp310 cp311 on x86_64, aarch64; py3`.
fn wheels(release: &Release) -> String {
    let mut groups: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    for system in ["any", "x86_64", "aarch64", "other"] {
        let pythons = pythons_of_wheels(release, system);
        match groups.iter_mut().find(|(known, of)| *known == pythons && *of != ["any"]) {
            _ if pythons.is_empty() => {}
            Some((_, of)) => of.push(system),
            None => groups.push((pythons, vec![system])),
        }
    }
    let told = groups.iter().map(|(pythons, of)| match of.as_slice() {
        ["any"] => pythons.join(" "),
        systems => format!("{} on {}", pythons.join(" "), systems.join(", ")),
    });
    told.collect::<Vec<_>>().join("; ")
}

/// The tags of the Pythons that wheels for a system are for, the oldest first.
fn pythons_of_wheels<'r>(release: &'r Release, system: &str) -> Vec<&'r str> {
    let of_system = fitting(release).filter(|file| file.platform.as_deref() == Some(system));
    let mut pythons: Vec<&str> = of_system.filter_map(|file| file.python.as_deref()).collect();
    // `cp39` is before `cp310`: by letters, then by major and minor version.
    pythons.sort_by_key(|tag| {
        let digits = tag.find(|c: char| c.is_ascii_digit()).unwrap_or(tag.len());
        let (letters, rest) = tag.split_at(digits);
        let (major, minor) = rest.split_at(rest.len().min(1));
        (letters, major, numbers(minor), *tag)
    });
    pythons.dedup();
    pythons
}

/// The reason of a version whose files were all withdrawn.
fn withdrawn(release: &Release) -> Option<&str> {
    let first = release.files.first()?.yanked.as_deref()?;
    release.files.iter().all(|file| file.yanked.is_some()).then_some(first.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_lock::FileKind;
    use envwright_redact::SafeUrl;

    fn release(wheels: &[(&str, &str)]) -> Release {
        let file = |(python, system): &(&str, &str)| PackageFile {
            filename: String::new(),
            kind: FileKind::Wheel,
            url: SafeUrl::parse("https://files.example/x").unwrap(),
            sha256: None,
            size: None,
            build: None,
            python: Some((*python).to_owned()),
            platform: Some((*system).to_owned()),
            requires_python: None,
            yanked: None,
            fits: true,
        };
        let files = wheels.iter().map(file).collect();
        Release { version: "1".to_owned(), place: String::new(), prerelease: false, unfit: None, files }
    }

    #[test]
    fn wheels_of_the_same_pythons_are_told_together() {
        let both = [("cp310", "x86_64"), ("cp39", "x86_64"), ("cp39", "aarch64"), ("cp310", "aarch64")];
        assert_eq!(wheels(&release(&both)), "cp39 cp310 on x86_64, aarch64");
        let several = [("py3", "any"), ("cp313t", "x86_64"), ("cp313", "x86_64"), ("cp313", "other")];
        assert_eq!(wheels(&release(&several)), "py3; cp313 cp313t on x86_64; cp313 on other");
        assert_eq!(wheels(&release(&[])), "");
    }

    #[test]
    fn versions_that_do_not_fit_for_one_reason_are_told_together() {
        let of = |version: &str, unfit: Option<&str>| Release {
            version: version.to_owned(),
            unfit: unfit.map(str::to_owned),
            ..release(&[])
        };
        let old = Some("Python >=3.12 is needed");
        let versions = [
            of("2.2", Some("a source archive alone")),
            of("2.1", old),
            of("2.0", old),
            of("1.9", None),
            of("1.8", old),
        ];
        let told = unfit(&versions, &Show { all: false, files: false });
        assert_eq!(
            told,
            ["2.2 does not fit: a source archive alone", "2.0 to 2.1 do not fit: Python >=3.12 is needed"]
        );
        let elsewhere = [of("2.1", old), of("2.1", None)];
        assert!(unfit(&elsewhere, &Show { all: false, files: false }).is_empty());
    }
}
