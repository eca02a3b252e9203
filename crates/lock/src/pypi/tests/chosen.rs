//! What is chosen when there is a solution.

use super::{
    super::{FindLinks, WheelLocation},
    fact,
    index::{Index, client, made, request, required},
    run, versions,
};
use envwright_target::Platform;
use tempfile::TempDir;

#[test]
fn dependencies_are_locked_with_hashes_addresses_and_what_they_declare() {
    let cache = TempDir::new().unwrap();
    let app = made("app", "1.0").requires("lib>=2").python(">=3.8");
    let index = Index::of(&[app.clone(), made("lib", "1.9"), made("lib", "2.1")]);
    let lock = run(&request(&index, cache.path(), &["app"])).unwrap();
    let [app_wheel, lib] = lock.wheels.as_slice() else { panic!("{lock:#?}") };
    assert_eq!(app_wheel.hashes, [app.hash()]);
    assert_eq!(app_wheel.location, WheelLocation::Url(index.file("app-1.0-py3-none-any.whl")));
    assert_eq!(app_wheel.filename, "app-1.0-py3-none-any.whl");
    assert_eq!(app_wheel.requires_dist, ["lib>=2"]);
    assert_eq!(app_wheel.requires_python.as_deref(), Some(">=3.8"));
    assert!(app_wheel.requested && !lib.requested);
    assert_eq!((lib.version.as_str(), &lib.direct_url), ("2.1", &None));
}

#[test]
fn markers_and_extras_are_those_of_the_target() {
    let cache = TempDir::new().unwrap();
    let app = made("app", "1")
        .extra("fast")
        .requires("speed; extra == 'fast'")
        .requires("winonly; sys_platform == 'win32'")
        .requires("armonly; platform_machine == 'aarch64'");
    let all = [app, made("speed", "1"), made("winonly", "1"), made("armonly", "1")];
    let index = Index::of(&all);
    let mut asked = request(&index, cache.path(), &["app"]);
    assert_eq!(versions(&asked), ["app==1"]);
    asked.requirements = required(&["app[fast]", "winonly; python_version < '3.11'"]);
    assert_eq!(versions(&asked), ["app==1", "speed==1"]);
    asked.platform = Platform::ARM64;
    assert_eq!(versions(&asked), ["app==1", "armonly==1", "speed==1"]);
}

#[test]
fn a_page_is_kept_as_long_as_its_index_says_unless_it_is_to_be_asked_again() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1")]);
    let mut asked = request(&index, cache.path(), &["a"]);
    for (refresh, pages) in [(false, 1), (false, 1), (true, 2), (false, 2)] {
        asked.refresh = refresh;
        assert_eq!(versions(&asked), ["a==1"]);
        assert_eq!(index.pages_asked(), pages);
    }
}

#[test]
fn constraints_limit_and_ask_for_nothing() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1"), made("a", "2"), made("b", "1")]);
    let mut asked = request(&index, cache.path(), &["a"]);
    asked.constraints = required(&["a<2", "b==1"]);
    assert_eq!(versions(&asked), ["a==1"]);
}

#[test]
fn the_best_version_of_any_index_wins() {
    let cache = TempDir::new().unwrap();
    let (one, two) =
        (Index::of(&[made("a", "1"), made("b", "3")]), Index::of(&[made("a", "2"), made("b", "1")]));
    let mut asked = request(&one, cache.path(), &["a", "b"]);
    asked.indexes.extra = vec![two.url()];
    let lock = run(&asked).unwrap();
    let indexes: Vec<_> = lock.wheels.iter().map(|wheel| wheel.index.clone().unwrap()).collect();
    assert_eq!(versions(&asked), ["a==2", "b==3"]);
    assert_eq!(indexes, [two.url(), one.url()]);
}

#[test]
fn a_folder_of_wheels_is_enough() {
    let cache = TempDir::new().unwrap();
    let folder = TempDir::new().unwrap();
    let wheel = made("a", "1").requires("b");
    for wheel in [&wheel, &made("b", "2")] {
        fs_err::write(folder.path().join(wheel.filename()), wheel.bytes()).unwrap();
    }
    let index = Index::refusing(500);
    let mut asked = request(&index, cache.path(), &["a"]);
    asked.indexes.no_index = true;
    asked.indexes.find_links = vec![FindLinks::Path(folder.path().to_owned())];
    asked.client = client(true);
    let lock = run(&asked).unwrap();
    assert_eq!(lock.wheels.len(), 2);
    assert_eq!(lock.wheels[0].location, WheelLocation::Path(folder.path().join(wheel.filename())));
}

#[test]
fn a_withdrawn_version_is_taken_only_when_pinned() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1"), made("a", "2").yanked("broken")]);
    assert_eq!(versions(&request(&index, cache.path(), &["a"])), ["a==1"]);
    let lock = run(&request(&index, cache.path(), &["a==2"])).unwrap();
    assert_eq!(lock.wheels[0].version, "2");
    assert_eq!(fact(&lock.warnings[0], "reason"), "broken");
}

#[test]
fn a_version_that_fits_is_kept() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1"), made("a", "2"), made("b", "1"), made("b", "2")]);
    let mut asked = request(&index, cache.path(), &["a", "b>1"]);
    asked.preferences = vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), "1".to_owned())];
    assert_eq!(versions(&asked), ["a==1", "b==2"]);
}

#[test]
fn each_platform_gets_its_own_wheel() {
    let cache = TempDir::new().unwrap();
    let (amd64, arm64) = ("cp311-cp311-manylinux_2_28_x86_64", "cp311-cp311-manylinux_2_28_aarch64");
    let index = Index::of(&[made("a", "1").tag(amd64), made("a", "1").tag(arm64)]);
    let mut asked = request(&index, cache.path(), &["a"]);
    for (platform, tag) in [(Platform::AMD64, amd64), (Platform::ARM64, arm64)] {
        asked.platform = platform;
        assert_eq!(run(&asked).unwrap().wheels[0].filename, format!("a-1-{tag}.whl"));
    }
}

#[test]
fn pre_releases_need_to_be_asked_for() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1"), made("a", "2rc1"), made("b", "1b1")]);
    let mut asked = request(&index, cache.path(), &["a", "b"]);
    assert_eq!(versions(&asked), ["a==1", "b==1b1"]);
    asked.indexes.prerelease = true;
    assert_eq!(versions(&asked), ["a==2rc1", "b==1b1"]);
}

#[test]
fn an_upper_bound_on_python_is_obeyed() {
    let cache = TempDir::new().unwrap();
    let old = made("a", "1").python(">=3.8");
    let index = Index::of(&[old, made("a", "2").python("<3.11"), made("a", "3").python("<3.10")]);
    assert_eq!(versions(&request(&index, cache.path(), &["a"])), ["a==1"]);
}

#[test]
fn a_wheel_by_url_or_path_is_locked_with_its_direct_url() {
    let cache = TempDir::new().unwrap();
    let folder = TempDir::new().unwrap();
    let local = made("b", "1");
    let path = folder.path().join(local.filename());
    fs_err::write(&path, local.bytes()).unwrap();
    let index = Index::of(&[made("a", "1")]);
    let url = index.file("a-1-py3-none-any.whl");
    let lines = [format!("a @ {url}"), format!("b @ file://{}", path.display())];
    let lock = run(&request(&index, cache.path(), &[&lines[0], &lines[1]])).unwrap();
    assert_eq!(lock.wheels[0].location, WheelLocation::Url(url.clone()));
    assert_eq!(
        lock.wheels[0].direct_url,
        Some(serde_json::json!({ "url": url.expose().as_str(), "archive_info": {} }))
    );
    assert_eq!(lock.wheels[1].location, WheelLocation::Path(path));
    assert!(lock.wheels[1].direct_url.is_some());
}

#[test]
fn pinned_hashes_choose_and_prove_the_wheel() {
    let cache = TempDir::new().unwrap();
    let wheel = made("a", "1");
    let index = Index::of(&[wheel.clone(), made("a", "2")]);
    let mut asked = request(&index, cache.path(), &["a==1"]);
    asked.requirements[0].hashes = vec![wheel.hash()];
    assert_eq!(run(&asked).unwrap().wheels[0].hashes, [wheel.hash()]);
}

#[test]
fn a_second_solve_needs_no_network() {
    let cache = TempDir::new().unwrap();
    let index = Index::of(&[made("a", "1").requires("b"), made("b", "1")]);
    let mut asked = request(&index, cache.path(), &["a"]);
    let online = run(&asked).unwrap();
    asked.client = client(true);
    assert_eq!(run(&asked).unwrap().wheels, online.wheels);
}
