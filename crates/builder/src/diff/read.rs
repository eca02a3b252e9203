//! From a side to its contents.

use super::{Sides, contents::Contents, side::Side};
use crate::{
    BuildError, attempt,
    event::Listener,
    pipeline::{self, outside_a_build},
    record::Record,
    report::Failed,
    request::{Input, Request, Upgrade},
    settings::Settings,
    solve,
    stop::Stop,
};
use envwright_definition::{Environment, Format};
use envwright_lock::{Lock, LockError, LockFiles};
use envwright_store::Home;
use envwright_target::Platform;
use std::{collections::BTreeMap, path::Path};

/// A side's contents, by platform.
pub(super) type ByPlatform = BTreeMap<Platform, Contents>;

/// Reads sides.
pub(super) struct Reader<'a> {
    pub(super) home: &'a Home,
    pub(super) settings: &'a Settings,
    pub(super) sides: &'a Sides,
    pub(super) record: &'a Record<'a>,
    pub(super) listener: &'a dyn Listener,
    pub(super) stop: &'a Stop,
}

impl Reader<'_> {
    /// Reads one side. One that may have any platform is read for those of the `other`.
    pub(super) fn read(&self, text: &str, side: &Side, other: &[Platform]) -> Result<ByPlatform, Failed> {
        match side {
            Side::Lock(files) => failing(locked(files).and_then(|lock| self.of_lock(&lock, text))),
            Side::Recorded(lock) => failing(self.of_lock(lock, text)),
            Side::Definition(path) => self.of_definition(path, text, other),
            Side::Image(place) => {
                outside_a_build(self.home, self.stop, async || self.of_image(text, place, other).await)
            }
        }
    }

    /// The platforms that are asked for, else those of the other side, else this machine's.
    pub(super) fn wanted(&self, other: &[Platform]) -> Vec<Platform> {
        let named = [&self.sides.platforms, other].into_iter().find(|platforms| !platforms.is_empty());
        named.map_or_else(|| vec![Platform::host().unwrap_or(Platform::AMD64)], <[Platform]>::to_vec)
    }

    /// Whether a platform is asked for.
    pub(super) fn is_asked(&self, platform: Platform) -> bool {
        self.sides.platforms.is_empty() || self.sides.platforms.contains(&platform)
    }

    /// What a lock has of the platforms that are asked for, which is something.
    fn some_of_lock(&self, read: ByPlatform, text: &str) -> Result<ByPlatform, BuildError> {
        if !read.is_empty() {
            return Ok(read);
        }
        let platform = self.sides.platforms.first().map_or_else(|| "Linux".to_owned(), ToString::to_string);
        Err(LockError::Invalid { path: text.into(), reason: format!("it has nothing for {platform}") }.into())
    }

    fn of_lock(&self, lock: &Lock, text: &str) -> Result<ByPlatform, BuildError> {
        let asked = lock.platforms.iter().filter(|(platform, _)| self.is_asked(**platform));
        let read =
            asked.map(|(platform, one)| (*platform, Contents::of_lock(one, lock.definition, *platform)));
        self.some_of_lock(read.collect(), text)
    }

    fn of_definition(&self, path: &Path, text: &str, other: &[Platform]) -> Result<ByPlatform, Failed> {
        let input = Input::Path(path.to_owned());
        let environment = failing(attempt::read_input(&input, &[], &[], self.settings))?;
        let of_other_tool = matches!(
            environment.format,
            Format::PixiLock | Format::CondaLock | Format::Explicit | Format::Pylock
        );
        if of_other_tool {
            return failing(self.of_locked(&environment, text, other));
        }
        if let Some(lock) = failing(self.beside(&input, &environment))? {
            return failing(self.of_lock(&lock, text));
        }
        let request = self.request(input);
        let locked = pipeline::lock(self.home, self.settings, &request, self.listener, self.stop)?;
        failing(self.of_lock(&locked.lock, text))
    }

    /// The lock beside a definition, where it is of it.
    fn beside(&self, input: &Input, environment: &Environment) -> Result<Option<Lock>, BuildError> {
        let Some(files) = solve::lock_files(input) else { return Ok(None) };
        let mut wanted = [&self.sides.platforms, &environment.platforms].into_iter().flatten();
        let lock = files.read()?.filter(|lock| lock.definition == environment.hash());
        Ok(lock.filter(|lock| wanted.all(|platform| lock.platforms.contains_key(platform))))
    }

    /// A request for a definition's lock.
    fn request(&self, input: Input) -> Request {
        Request {
            input,
            extras: Vec::new(),
            groups: Vec::new(),
            platforms: self.sides.platforms.clone(),
            tags: Vec::new(),
            outputs: Vec::new(),
            push: false,
            compression: envwright_package::Compression::default(),
            offline: self.sides.offline,
            locked: false,
            upgrade: Upgrade::None,
            threads: None,
            solve_limit: self.sides.solve_limit,
            instead: BTreeMap::new(),
        }
    }

    /// A lock file of another tool: nothing is chosen, and no base is asked.
    fn of_locked(
        &self,
        environment: &Environment,
        text: &str,
        other: &[Platform],
    ) -> Result<ByPlatform, BuildError> {
        let locked = environment.locked.clone().unwrap_or_default();
        let named = locked.sets.iter().filter_map(|set| set.platform.as_deref()?.parse().ok());
        let named: Vec<Platform> = named.collect();
        // Markers stand in the place of platforms.
        let is_for_any = locked.sets.iter().any(|set| set.platform.is_none());
        let platforms = if is_for_any { self.wanted(other) } else { named };
        let asked = platforms.into_iter().filter(|platform| self.is_asked(*platform));
        let read = asked.filter_map(|platform| Some((platform, Contents::of_locked(&locked, platform)?)));
        self.some_of_lock(read.collect(), text)
    }
}

/// An error in the catalog's words.
pub(super) fn failing<T>(outcome: Result<T, BuildError>) -> Result<T, Failed> {
    outcome.map_err(|error| attempt::failed(None, &error, &error.redactor()))
}

/// The lock of two files.
fn locked(files: &LockFiles) -> Result<Lock, BuildError> {
    let reason = "it is not the one that the pixi.lock beside it was written with".to_owned();
    let parted = || LockError::Invalid { path: files.path().to_owned(), reason };
    Ok(files.read()?.ok_or_else(parted)?)
}
