//! Where things are kept.

use crate::{StoreError, create_folder};
use etcetera::BaseStrategy as _;
use fs_err as fs;
use std::{
    env,
    path::{Path, PathBuf},
};

/// The folders that hold everything kept. Several processes may share them.
#[derive(Debug, Clone)]
pub struct Home {
    cache: PathBuf,
    kept: PathBuf,
}

/// A kernel file lock, dropped with its process; released when this is dropped.
#[derive(Debug)]
pub struct LockGuard {
    _file: fs::File,
}

impl Home {
    /// `explicit` (`--home`), else `$ENVWRIGHT_HOME`, else the user's XDG cache and data folders.
    pub fn open(explicit: Option<&Path>) -> Result<Self, StoreError> {
        let named = env::var_os("ENVWRIGHT_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let home = match explicit.map(Path::to_owned).or(named) {
            Some(root) => {
                let root = std::path::absolute(&root).map_err(StoreError::io("find", &root))?;
                Self { cache: root.clone(), kept: root }
            }
            None => Self::of_user()?,
        };
        for dir in [&home.cache, &home.kept] {
            create_folder(dir)?;
        }
        Ok(home)
    }

    fn of_user() -> Result<Self, StoreError> {
        let dirs = etcetera::choose_base_strategy().map_err(|_| StoreError::NoHome)?;
        Ok(Self { cache: dirs.cache_dir().join("envwright"), kept: dirs.data_dir().join("envwright") })
    }

    /// Downloaded wheels and .debs, by digest.
    pub fn packages(&self) -> PathBuf {
        self.cache.join("packages")
    }

    /// Unpacked packages, by key.
    pub fn unpacked(&self) -> PathBuf {
        self.cache.join("unpacked")
    }

    /// Packed segments, by key.
    pub fn segments(&self) -> PathBuf {
        self.cache.join("segments")
    }

    /// Digests of layers, by layer key.
    pub fn layers(&self) -> PathBuf {
        self.cache.join("layers")
    }

    /// Solutions, by the digest of what was asked.
    pub fn solves(&self) -> PathBuf {
        self.cache.join("solves")
    }

    /// Downloaded package lists and the solver's cache.
    pub fn indexes(&self) -> PathBuf {
        self.cache.join("indexes")
    }

    /// The OCI layout of finished images.
    pub fn images(&self) -> PathBuf {
        self.kept.join("images")
    }

    /// Build records, a folder each.
    pub fn builds(&self) -> PathBuf {
        self.kept.join("builds")
    }

    /// Everything that may be deleted at any time, in this order: what leads to a thing before the thing.
    pub fn disposable(&self) -> [PathBuf; 6] {
        [self.solves(), self.layers(), self.segments(), self.unpacked(), self.packages(), self.indexes()]
    }

    /// The settings file.
    pub fn config(&self) -> PathBuf {
        self.kept.join("config.toml")
    }

    /// A team's own problems, `<tool>/<id>.toml` each; may be absent.
    pub fn catalog(&self) -> PathBuf {
        self.kept.join("catalog")
    }

    /// Waits for the lock called `name`, and holds it alone.
    pub fn lock(&self, name: &str) -> Result<LockGuard, StoreError> {
        lock(&self.cache.join("locks").join(name))
    }

    /// Waits for the lock called `name`, and holds it together with others that share it.
    pub fn share(&self, name: &str) -> Result<LockGuard, StoreError> {
        let path = self.cache.join("locks").join(name);
        let file = lock_file(&path)?;
        file.file().lock_shared().map_err(StoreError::io("lock", &path))?;
        Ok(LockGuard { _file: file })
    }
}

/// Waits for the lock on the file at `path`. The file stays: removing it would let two holders in.
pub(crate) fn lock(path: &Path) -> Result<LockGuard, StoreError> {
    let file = lock_file(path)?;
    file.file().lock().map_err(StoreError::io("lock", path))?;
    Ok(LockGuard { _file: file })
}

fn lock_file(path: &Path) -> Result<fs::File, StoreError> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(StoreError::io("make the folder", dir))?;
    }
    fs::OpenOptions::new().create(true).append(true).open(path).map_err(StoreError::io("lock", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::TryLockError,
        sync::atomic::{AtomicBool, AtomicU32, Ordering},
        thread,
    };

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(Some(dir.path())).unwrap();
        (dir, home)
    }

    /// Whether another open file, as another process has one, gets the lock without waiting.
    fn is_free(home: &Home, shared: bool) -> bool {
        let file = lock_file(&home.cache.join("locks/name")).unwrap();
        let tried = if shared { file.file().try_lock_shared() } else { file.file().try_lock() };
        match tried {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn who_holds_a_lock_alone_keeps_all_others_out() {
        let (_dir, home) = home();
        let guard = home.lock("name").unwrap();
        assert!(!is_free(&home, true) && !is_free(&home, false));
        drop(guard);
        assert!(is_free(&home, true) && is_free(&home, false));
    }

    #[test]
    fn who_shares_a_lock_lets_sharers_in_and_keeps_others_out() {
        let (_dir, home) = home();
        let guards = [home.share("name").unwrap(), home.share("name").unwrap()];
        assert!(is_free(&home, true) && !is_free(&home, false));
        let [first, second] = guards;
        drop(first);
        assert!(!is_free(&home, false));
        drop(second);
        assert!(is_free(&home, false));
    }

    #[test]
    fn locks_of_other_names_and_homes_are_others() {
        let ((_dir, one), (_other_dir, other)) = (home(), home());
        let _guards = [one.lock("name").unwrap(), one.lock("other").unwrap(), other.lock("name").unwrap()];
    }

    /// A lock that were removed on release would let two holders in.
    #[test]
    fn one_of_many_threads_is_inside_at_a_time() {
        let (_dir, home) = home();
        let (inside, turns) = (AtomicBool::new(false), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let _guard = home.lock("name").unwrap();
                        assert!(!inside.swap(true, Ordering::SeqCst));
                        turns.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        inside.store(false, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(turns.into_inner(), 160);
    }

    #[test]
    fn a_named_home_holds_all_in_one_folder_and_what_may_go_is_not_what_stays() {
        let (dir, home) = home();
        let kept = [home.images(), home.builds(), home.config()];
        assert!(kept.iter().chain(&home.disposable()).all(|path| path.starts_with(dir.path())));
        assert!(home.disposable().iter().all(|path| !kept.contains(path)));
    }

    #[test]
    fn a_home_in_the_place_of_a_file_is_refused() {
        let (dir, _) = home();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(Home::open(Some(&file)), Err(StoreError::Io { path, .. }) if path == file));
    }
}
