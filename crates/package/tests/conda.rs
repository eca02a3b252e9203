//! conda packages that are not what they should be, and what becomes of those that are.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use envwright_package::{Compression, CondaPython, CondaSegment, Links, PREFIX, PackageError};
use envwright_store::{Digest, EntryKind, SegmentIndex};
use serde_json::{Value, json};
use std::{
    io::{Cursor, Write as _},
    os::unix::fs::PermissionsExt as _,
    time::{Duration, UNIX_EPOCH},
};
use tar::{Builder, EntryType, Header};
use zip::{ZipWriter, write::SimpleFileOptions};

/// A member of the package's tar: path, type, content or target.
type Member<'a> = (&'a str, EntryType, &'a str);

fn tar(members: &[Member<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, kind, content) in members {
        let mut header = Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        // `set_path` refuses what is hostile.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        let bytes = if *kind == EntryType::Regular { content.as_bytes() } else { b"" };
        if !matches!(kind, EntryType::Regular | EntryType::Directory) {
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content.as_bytes());
        }
        header.set_size(bytes.len() as u64);
        header.set_mtime(1_700_000_000);
        header.set_cksum();
        builder.append(&header, bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn record() -> Value {
    json!({
        "name": "a", "version": "1", "build": "0", "build_number": 0, "depends": [], "subdir": "noarch",
        "fn": "a-1-0.conda", "url": "https://channel.example/noarch/a-1-0.conda",
    })
}

/// A `.conda` whose `paths.json` lists these with their placeholders.
fn package(members: &[Member<'_>], paths: &[Value], more: &[Member<'_>]) -> Vec<u8> {
    let index = json!({ "name": "a", "version": "1", "build": "0", "license": "MIT" }).to_string();
    let paths = json!({ "paths": paths, "paths_version": 1 }).to_string();
    let mut info = vec![
        ("info/index.json", EntryType::Regular, index.as_str()),
        ("info/paths.json", EntryType::Regular, paths.as_str()),
    ];
    info.extend_from_slice(more);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("info-a-1-0.tar.zst", tar(&info)), ("pkg-a-1-0.tar.zst", tar(members))] {
        zip.start_file(name, options).unwrap();
        zip.write_all(&zstd::encode_all(bytes.as_slice(), 1).unwrap()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// What comes of a package of these bytes, for an environment at a place.
fn with_segment<T>(
    bytes: &[u8],
    record: &Value,
    prefix: &str,
    use_it: impl FnOnce(&CondaSegment<'_>) -> T,
) -> T {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), bytes).unwrap();
    let python = CondaPython {
        version: (3, 11, 2),
        site_packages: "lib/python3.11/site-packages".to_owned(),
        compile: false,
    };
    use_it(&CondaSegment {
        archive: file.path(),
        sha256: Digest::of(bytes),
        record,
        python: Some(&python),
        prefix,
        compression: Compression::Zstd,
        compiler: None,
    })
}

fn packed_as(bytes: &[u8], record: &Value) -> Result<(SegmentIndex, Vec<u8>), PackageError> {
    with_segment(bytes, record, PREFIX, |segment| {
        let mut out = Vec::new();
        segment.pack(&mut out).map(|index| (index, out))
    })
}

fn packed(bytes: &[u8]) -> Result<(SegmentIndex, Vec<u8>), PackageError> {
    packed_as(bytes, &record())
}

fn listed(path: &str) -> Value {
    json!({ "_path": path, "path_type": "hardlink" })
}

fn content(segment: &[u8], path: &str) -> String {
    let mut archive = tar::Archive::new(zstd::Decoder::new(segment).unwrap());
    let mut entries = archive.entries().unwrap().map(Result::unwrap);
    let mut entry = entries.find(|entry| entry.path_bytes().as_ref() == path.as_bytes()).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
    text
}

#[test]
fn members_lie_below_the_prefix_in_order_with_a_record() {
    let members = [
        ("lib/z", EntryType::Regular, "z"),
        ("bin/x", EntryType::Regular, "#!/place/bin/sh\n"),
        ("lib/same", EntryType::Link, "lib/z"),
        ("lib/link", EntryType::Symlink, "../bin/x"),
        ("lib/unlisted", EntryType::Regular, "u"),
    ];
    let placeholder = json!({ "_path": "bin/x", "path_type": "hardlink", "file_mode": "text", "prefix_placeholder": "/place" });
    let bytes =
        package(&members, &[listed("lib/z"), placeholder, listed("lib/same"), listed("lib/link")], &[]);
    let (index, segment) = packed(&bytes).unwrap();
    let paths: Vec<&str> = index.entries.iter().map(|entry| entry.path.as_str()).collect();
    let all = ["bin/x", "conda-meta/a-1-0.json", "lib/link", "lib/same", "lib/z"]
        .map(|path| format!("opt/env/{path}"));
    assert_eq!(paths, all);
    assert_eq!(content(&segment, "opt/env/bin/x"), "#!/opt/env/bin/sh\n");
    assert_eq!(index.entries[2].kind, EntryKind::Symlink { target: "../bin/x".to_owned() });
    let meta: Value = serde_json::from_str(&content(&segment, "opt/env/conda-meta/a-1-0.json")).unwrap();
    assert_eq!(
        (&meta["license"], &meta["files"]),
        (&"MIT".into(), &json!(["bin/x", "lib/link", "lib/same", "lib/z"]))
    );
    let in_prefix = Digest::of(b"#!/opt/env/bin/sh\n").hex();
    assert_eq!(meta["paths_data"]["paths"][0]["sha256_in_prefix"], in_prefix);
    assert_eq!(packed(&bytes).unwrap().1, segment);
}

/// A program, a text with a place to replace, a link, a hard link, a folder.
fn usual() -> Vec<u8> {
    let members = [
        ("bin/x", EntryType::Regular, "#!/place/bin/sh\n"),
        ("lib/z", EntryType::Regular, "z"),
        ("lib/same", EntryType::Link, "lib/z"),
        ("lib/link", EntryType::Symlink, "../bin/x"),
        ("empty", EntryType::Directory, ""),
    ];
    let placeholder = json!({ "_path": "bin/x", "path_type": "hardlink", "file_mode": "text", "prefix_placeholder": "/place" });
    let paths = [placeholder, listed("lib/z"), listed("lib/same"), listed("lib/link"), listed("empty")];
    package(&members, &paths, &[])
}

#[test]
fn what_is_placed_on_this_machine_is_what_an_image_has() {
    let (kept, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bytes = usual();
    let (index, segment) = packed(&bytes).unwrap();
    let tree = with_segment(&bytes, &record(), PREFIX, |segment| {
        segment.unpack(kept.path()).unwrap();
        segment.tree(kept.path()).unwrap().unwrap()
    });
    let links = Links::default();
    for (path, file) in &tree.files {
        let to = root.path().join(path);
        fs_err::create_dir_all(to.parent().unwrap()).unwrap();
        file.place(&to, &links).unwrap();
    }
    let placed: Vec<&String> = tree.files.keys().collect();
    assert_eq!(placed, index.entries.iter().map(|entry| &entry.path).collect::<Vec<_>>());
    assert_eq!(tree.directories, ["opt/env/empty"]);
    for entry in &index.entries {
        let at = root.path().join(&entry.path);
        let metadata = fs_err::symlink_metadata(&at).unwrap();
        if let EntryKind::Symlink { target } = &entry.kind {
            assert_eq!(fs_err::read_link(&at).unwrap().to_str(), Some(target.as_str()));
            continue;
        }
        assert_eq!(fs_err::read_to_string(&at).unwrap(), content(&segment, &entry.path));
        assert_eq!(metadata.permissions().mode() & 0o777, entry.mode, "{}", entry.path);
        let time = if entry.path.contains("conda-meta") { 315_532_800 } else { 1_700_000_000 };
        assert_eq!(metadata.modified().unwrap(), UNIX_EPOCH + Duration::from_secs(time), "{}", entry.path);
    }
}

#[test]
fn a_file_of_the_cache_that_was_changed_is_not_placed() {
    let (kept, bytes) = (tempfile::tempdir().unwrap(), usual());
    with_segment(&bytes, &record(), "srv/env", |segment| {
        segment.unpack(kept.path()).unwrap();
        let tree = segment.tree(kept.path()).unwrap().unwrap();
        assert_eq!(tree.files["srv/env/bin/x"].bytes().unwrap(), b"#!/srv/env/bin/sh\n");
        let placed = kept.path().join("placed");
        tree.files["srv/env/lib/z"].place(&placed, &Links::default()).unwrap();
        assert!(segment.tree(kept.path()).unwrap().is_some());
        // An editor that writes into the file, not a new one in its place.
        let all = fs_err::read_dir(kept.path()).unwrap().map(|entry| entry.unwrap().path());
        let z = all.filter(|file| fs_err::read(file).unwrap() == b"z").find(|file| *file != placed).unwrap();
        fs_err::write(&z, "y").unwrap();
        assert!(segment.tree(kept.path()).unwrap().is_none());
    });
}

#[test]
fn pure_python_goes_where_its_python_looks() {
    let link = json!({ "noarch": { "type": "python", "entry_points": ["run = a.b:main"] }, "package_metadata_version": 1 });
    let link = link.to_string();
    let members =
        [("site-packages/a.py", EntryType::Regular, ""), ("python-scripts/s", EntryType::Regular, "")];
    let paths = [listed("site-packages/a.py"), listed("python-scripts/s")];
    let bytes = package(&members, &paths, &[("info/link.json", EntryType::Regular, &link)]);
    let mut record = record();
    record["noarch"] = "python".into();
    let (index, segment) = packed_as(&bytes, &record).unwrap();
    let has = |path: &str| index.entries.iter().any(|entry| entry.path == format!("opt/env/{path}"));
    assert!(has("lib/python3.11/site-packages/a.py") && has("bin/s") && has("bin/run"));
    assert!(content(&segment, "opt/env/bin/run").starts_with("#!/opt/env/bin/python\n"));
}

#[test]
fn what_is_hostile_is_refused() {
    for (members, path) in [
        (vec![("../x", EntryType::Regular, "")], "../x"),
        (vec![("/etc/x", EntryType::Regular, "")], "/etc/x"),
        (vec![("a", EntryType::Regular, ""), ("a", EntryType::Regular, "b")], "a"),
        (vec![("a", EntryType::Symlink, "../../../../x")], "a"),
        (vec![("a", EntryType::Link, "missing")], "a"),
        (vec![("a", EntryType::Char, "")], "a"),
        (vec![("lib", EntryType::Symlink, "/etc"), ("lib/x", EntryType::Regular, "")], "lib/x"),
        (vec![(".wh.a", EntryType::Regular, "")], ".wh.a"),
    ] {
        let paths: Vec<Value> = members.iter().map(|(path, ..)| listed(path)).collect();
        let error = packed(&package(&members, &paths, &[])).unwrap_err();
        assert!(matches!(error, PackageError::Unsafe { .. }), "{path}: {error:?}");
    }
}

#[test]
fn what_is_broken_is_told() {
    let member = [("x", EntryType::Regular, "x")];
    let whole = package(&member, &[listed("x")], &[]);
    let reason = |bytes: &[u8]| match packed(bytes).unwrap_err() {
        PackageError::Invalid { reason, file, .. } => {
            assert_eq!(file, "a-1-0.conda");
            reason
        }
        other => panic!("{other:?}"),
    };
    assert!(reason(b"neither").contains("first bytes"));
    assert!(reason(&whole[..whole.len() / 2]).contains("zip"));
    assert!(reason(&package(&member, &[listed("y")], &[])).contains("listed and missing"));
    let other = json!({ "name": "b", "version": "1", "build": "0" });
    let error = packed_as(&whole, &other).unwrap_err();
    assert!(error.to_string().contains("name is `a`"), "{error}");
    let short =
        json!({ "_path": "x", "path_type": "hardlink", "file_mode": "binary", "prefix_placeholder": "/p" });
    assert!(reason(&package(&member, &[short], &[])).contains("shorter"));
}
