//! From package lists to the packages of a base.

use super::{
    DebianError, DebianLock, Ground, LockedDeb, Request, Wanted,
    lists::{Lists, join},
    provider::Provider,
    relation::groups,
    universe::{Package, Universe},
};
use resolvo::{Problem, Solver, UnsolvableOrCancelled};
use std::collections::BTreeSet;

/// What every base has, besides the essential packages.
const ALWAYS: &[&str] = &["ca-certificates"];

/// What every base has where its suite has it. envwright makes the links of a merged `/usr` itself: the package that
/// says so stands in for the one that would move a running system's files, with the whole of Perl for its script.
const WHERE_THERE: &[&str] = &["usr-is-merged"];

/// What a base with Python has: the C++ library is what manylinux wheels may take for granted besides libc and what
/// Python itself needs (PEP 600; auditwheel's policy).
const PYTHON: &[&str] = &["python3", "libstdc++6"];

/// Solves a request.
pub(super) fn solve(lists: &Lists, request: &Request) -> Result<DebianLock, DebianError> {
    let status = match &request.ground {
        Ground::Nothing { .. } => "",
        Ground::Installed { status } => status.as_str(),
    };
    let universe = Universe::read(lists, status, request.platform)?;
    let own = match request.ground {
        Ground::Nothing { include_python } => of_a_base(&universe, include_python),
        Ground::Installed { .. } => Vec::new(),
    };
    for wanted in own.iter().chain(&request.packages) {
        located(&universe, wanted, &request.suite)?;
    }
    let all: Vec<&Wanted> = own.iter().chain(&request.packages).collect();
    let Ok(packages) = attempt(&universe, &all) else {
        return Err(unmet(&universe, &own, &request.packages));
    };
    let requested: BTreeSet<&str> = request.packages.iter().map(Wanted::package).collect();
    let chosen = packages.iter().filter_map(|at| locked(&universe, &universe.packages[*at], &requested));
    let mut debs: Vec<LockedDeb> = chosen.collect();
    debs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(DebianLock { python: python(&debs), glibc: glibc(&debs), debs, releases: lists.releases.clone() })
}

/// What a base is made of besides the user's packages.
fn of_a_base(universe: &Universe, include_python: bool) -> Vec<Wanted> {
    let mut names: Vec<&str> = universe.essential();
    names.extend(ALWAYS);
    names.extend(WHERE_THERE.iter().filter(|name| !candidates(universe, name).is_empty()));
    names.extend(PYTHON.iter().filter(|_| include_python));
    names.iter().map(|name| Wanted { name: (*name).to_owned(), span: None }).collect()
}

/// Packages that a wish allows, the best first. Samples: `curl`, `curl=7.88.1-10+deb12u8` (apt-get(8), `install`).
fn candidates(universe: &Universe, wish: &str) -> Vec<usize> {
    let relation = match wish.split_once('=') {
        Some((name, version)) => format!("{name} (= {version})"),
        None => wish.to_owned(),
    };
    let group = groups(&relation).next().and_then(Result::ok).unwrap_or_default();
    group.first().map(|atom| universe.matches(atom)).unwrap_or_default()
}

impl Wanted {
    /// The package's name, without the version that is asked for.
    fn package(&self) -> &str {
        self.name.split_once('=').map_or(self.name.as_str(), |(name, _)| name).trim()
    }
}

fn located(universe: &Universe, wanted: &Wanted, suite: &str) -> Result<(), DebianError> {
    if !candidates(universe, &wanted.name).is_empty() {
        return Ok(());
    }
    Err(DebianError::NotFound {
        package: wanted.name.clone(),
        suite: suite.to_owned(),
        nearest: universe.nearest(&wanted.name),
        available: universe.versions(wanted.package()),
        span: wanted.span.clone(),
    })
}

/// Solves for all of `wanted`; fails with the reason as the solver words it.
fn attempt(universe: &Universe, wanted: &[&Wanted]) -> Result<Vec<usize>, String> {
    let provider = Provider::new(universe, wanted.iter().map(|wanted| wanted.package()).collect());
    let there = universe.installed().map(|(name, _)| (universe.named(name).to_vec(), name));
    let wishes = wanted.iter().map(|wanted| (candidates(universe, &wanted.name), wanted.name.as_str()));
    let requirements =
        wishes.chain(there).filter_map(|(packages, text)| Some(provider.one_of(&packages, text)?.into()));
    let problem = Problem::new().requirements(requirements.collect());
    let mut solver = Solver::new(provider);
    match solver.solve(problem) {
        Ok(solvables) => {
            Ok(solvables.into_iter().map(|solvable| solver.provider().package(solvable)).collect())
        }
        Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
            Err(sentences(&conflict.display_user_friendly(&solver).to_string()))
        }
        // Nothing cancels: `should_cancel_with_value` is the trait's own.
        Err(UnsolvableOrCancelled::Cancelled(_)) => Err(String::new()),
    }
}

/// The solver's tree, a line each, without the lines that are drawn; a dash for each step down.
fn sentences(tree: &str) -> String {
    let line = |line: &str| {
        let text = line.trim_start_matches([' ', '│', '├', '└', '─']);
        let depth = line.chars().take_while(|c| " │├└─".contains(*c)).count() / 3;
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}{}{words}", "-".repeat(depth), if depth > 0 { " " } else { "" })
    };
    tree.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The first of the user's packages that cannot be had with those before it, and with which of them it cannot.
fn unmet(universe: &Universe, own: &[Wanted], user: &[Wanted]) -> DebianError {
    let with = |wanted: &[&Wanted]| {
        let all: Vec<&Wanted> = own.iter().chain(wanted.iter().copied()).collect();
        attempt(universe, &all).err()
    };
    if let Some(reason) = with(&[]) {
        return DebianError::Unmet { package: "of the base".to_owned(), reason, span: None, other: None };
    }
    let users: Vec<&Wanted> = user.iter().collect();
    let failing = (1..=users.len()).find_map(|count| Some((count - 1, with(&users[..count])?)));
    let Some((at, reason)) = failing else {
        return DebianError::Unmet { package: String::new(), reason: String::new(), span: None, other: None };
    };
    let wanted = users[at];
    let unmet = |reason: String, other: Option<&Wanted>| DebianError::Unmet {
        package: wanted.name.clone(),
        reason,
        span: wanted.span.clone(),
        other: other.and_then(|other| other.span.clone()),
    };
    if let Some(reason) = with(&[wanted]) {
        return unmet(reason, None);
    }
    // A conflict with one other is told as that, without the rest.
    let pair = users[..at].iter().find_map(|other| Some((other, with(&[other, wanted])?)));
    let Some((other, reason)) = pair else { return unmet(reason, None) };
    let declared = excludes(universe, wanted, other).or_else(|| excludes(universe, other, wanted));
    unmet(declared.unwrap_or(reason), Some(other))
}

/// What `one` declares that no version of `other` can stand beside.
fn excludes(universe: &Universe, one: &Wanted, other: &Wanted) -> Option<String> {
    let others = candidates(universe, &other.name);
    let package = &universe.packages[*candidates(universe, &one.name).first()?];
    let atoms = package.conflicts.iter().flat_map(|field| groups(field)).flatten().flatten();
    let named = atoms.into_iter().find(|atom| {
        let excluded = universe.matches(atom);
        others.iter().all(|at| excluded.contains(at))
    })?;
    let is_itself = named.name == other.name;
    let provided = if is_itself { String::new() } else { format!(", which {} provides", other.name) };
    Some(format!("{} {} conflicts with {named}{provided}.", package.name, package.version))
}

/// None for a package that is installed.
fn locked(universe: &Universe, package: &Package, requested: &BTreeSet<&str>) -> Option<LockedDeb> {
    let file = package.file.as_ref()?;
    Some(LockedDeb {
        name: package.name.clone(),
        version: package.version.to_string(),
        architecture: package.architecture.clone(),
        url: join(&universe.bases[file.list], &file.path),
        sha256: file.sha256,
        size: file.size,
        requested: requested.contains(package.name.as_str()),
    })
}

/// Version of the `python3` among packages. `3.11.2-1+b1` of `python3` names the minor version only truly: its
/// `python3.11-minimal` has the patch.
pub fn python(debs: &[LockedDeb]) -> Option<(u8, u8, u8)> {
    let [major, minor, _] = numbers(&debs.iter().find(|deb| deb.name == "python3")?.version)?;
    let interpreter = format!("python{major}.{minor}-minimal");
    let [major, minor, patch] = numbers(&debs.iter().find(|deb| deb.name == interpreter)?.version)?;
    Some((u8::try_from(major).ok()?, u8::try_from(minor).ok()?, u8::try_from(patch).ok()?))
}

/// Version of the C library among packages.
pub fn glibc(debs: &[LockedDeb]) -> Option<(u32, u32)> {
    let [major, minor, _] = numbers(&debs.iter().find(|deb| deb.name == "libc6")?.version)?;
    Some((major, minor))
}

/// Version of the C library of a release of Debian; it does not change within one. None of a release that is not known.
pub fn glibc_of_suite(suite: &str) -> Option<(u32, u32)> {
    match suite {
        "buster" => Some((2, 28)),
        "bullseye" => Some((2, 31)),
        "bookworm" => Some((2, 36)),
        "trixie" => Some((2, 41)),
        _ => None,
    }
}

/// The first three numbers of a version, without its epoch; a missing third is 0.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
    let mut numbers = upstream.split(|letter: char| !letter.is_ascii_digit()).map(str::parse);
    let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let third =
        upstream.split('.').nth(2).map(|text| text.split(|letter: char| !letter.is_ascii_digit()).next());
    let patch = third.flatten().and_then(|text| text.parse().ok()).unwrap_or(0);
    Some([major, minor, patch])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debian::lists::List;
    use envwright_redact::SafeUrl;

    /// A package of a list, with further fields.
    fn listed(name: &str, version: &str, more: &str) -> String {
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: amd64\nFilename: pool/{name}_{version}.deb\nSize: 1\n\
             SHA256: {:064}\n{more}\n",
            0
        )
    }

    /// The packages that are added to a base, as `name=version`.
    fn added(status: &str, lists: &[(&str, bool)], wanted: &[&str]) -> Result<Vec<String>, DebianError> {
        let folder = tempfile::tempdir().unwrap();
        let list = |(at, (text, reluctant)): (usize, &(&str, bool))| {
            let path = folder.path().join(at.to_string());
            fs_err::write(&path, text).unwrap();
            let base = SafeUrl::parse("http://mirror.example/debian").unwrap();
            List { path, suffix: "", base, reluctant: *reluctant }
        };
        let lists = Lists { lists: lists.iter().enumerate().map(list).collect(), releases: [].into() };
        let want = |name: &&str| Wanted { name: (*name).to_owned(), span: None };
        let request = Request {
            platform: "linux/amd64".parse().unwrap(),
            suite: "bookworm".to_owned(),
            packages: wanted.iter().map(want).collect(),
            ground: Ground::Installed { status: status.to_owned() },
        };
        let lock = solve(&lists, &request)?;
        Ok(lock.debs.iter().map(|deb| format!("{}={}", deb.name, deb.version)).collect())
    }

    const STATUS: &str = "Package: lib\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n\n\
                          Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nDepends: gone\n\n\
                          Package: held\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 1\n\n\
                          Package: left\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n\
                          Package: foreign\nStatus: install ok installed\nArchitecture: i386\nVersion: 1\n";

    fn archive() -> String {
        [
            listed("lib", "1", ""),
            listed("lib", "3", ""),
            listed("tool", "2", ""),
            listed("held", "2", ""),
            listed("left", "1", ""),
            listed("foreign", "1", ""),
            listed("plain", "1", "Depends: lib, left\n"),
            listed("new", "1", "Depends: lib (>= 3)\n"),
            listed("old", "1", "Depends: lib (<< 2)\n"),
            listed("above", "1", "Depends: held (>= 2)\n"),
            listed("enemy", "1", "Conflicts: tool\n"),
            listed("foe", "1", "Breaks: tool (<< 2)\n"),
        ]
        .concat()
    }

    #[test]
    fn what_a_base_has_stays_unless_it_is_needed_newer() {
        let archive = archive();
        let added = |wanted: &[&str]| added(STATUS, &[(&archive, false)], wanted).unwrap();
        assert_eq!(added(&["plain"]), ["left=1", "plain=1"]);
        assert_eq!(added(&["new"]), ["lib=3", "new=1"]);
        assert_eq!(added(&["foe"]), ["foe=1", "tool=2"]);
        // What is asked for by name comes in its newest version, what is not installed for this platform in any.
        assert_eq!(added(&["tool"]), ["tool=2"]);
        assert_eq!(added(&["foreign"]), ["foreign=1"]);
        assert_eq!(added(&["lib=2"]), Vec::<String>::new());
    }

    #[test]
    fn nothing_is_removed_made_older_or_taken_out_of_its_hold() {
        let archive = archive();
        for wanted in ["old", "above", "enemy"] {
            let error = added(STATUS, &[(&archive, false)], &[wanted]).unwrap_err();
            assert!(matches!(&error, DebianError::Unmet { package, .. } if package == wanted), "{error:?}");
        }
    }

    #[test]
    fn a_reluctant_suite_is_used_where_nothing_else_has_a_package() {
        let (main, backports) = (listed("x", "1", ""), listed("x", "2", "") + &listed("y", "2", ""));
        let lists = [(backports.as_str(), true), (main.as_str(), false)];
        assert_eq!(added(STATUS, &lists, &["x", "y"]).unwrap(), ["x=1", "y=2"]);
        assert_eq!(added(STATUS, &lists, &["x=2"]).unwrap(), ["x=2"]);
    }
}
