//! The reader against pip's own parser: the same lines, words, options and results.

use super::{Reader, lines, options};
use crate::{FindLinks, Requirement, chars::Chars, collect::Collected, decode::decode};
use envwright_diagnosis::Source;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

/// Files that try every rule; each is read as `case-<n>.txt` beside `other.txt`, `sub/nested.txt` and `wheels/`.
const CASES: &[&str] = &[
    "six\nattrs==20.1\n",
    "six # comment\n# whole line\n  # indented\nattrs#no-comment\n",
    "six \\\n  ==1.16 \\\n  ; python_version > '3'\n",
    "six \\\n# comment in between\nattrs\n",
    "six\\\n\nattrs\\",
    "\\six\\\\\nattrs\n",
    "-r other.txt\n--requirement sub/nested.txt\n-rother.txt\n--requirement=other.txt\n",
    "-c other.txt\n--constraint other.txt six\n",
    "-r 'other.txt' ignored words\n",
    "--req other.txt\n--constr=other.txt\n",
    "-i https://a.example/simple\n--extra-index-url https://b.example/simple\n",
    "--extra-index-url https://b.example/simple\n--index-url=https://a.example/simple\n",
    "--pypi-url https://a.example/simple --extra-index-url https://b.example/s --extra-index-url https://c.example/s\n",
    "--no-index\n-i https://a.example/simple\n-f wheels\n",
    "-i https://a.example/simple\n--no-index\n--find-links https://c.example/list.html\n",
    "-f wheels -f other\n--find-links=nowhere\n",
    "--pre --prefer-binary --require-hashes\nsix\n",
    "six==1.16 --hash=sha256:aa --hash sha256:bb --hash=sha512:cc\n",
    "six==1.16 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via attrs\nattrs\n",
    "six --hash=md5:aa\n",
    "six --hash=sha256\n",
    "--frobnicate\n",
    "--pr\n",
    "-x\n",
    "-r\n",
    "--pre=yes\n",
    "-f 'open\n",
    "-f \"a \\\"quoted\\\" \\\\ folder\" \n",
    "-f a\\ b\n",
    "-e ./project\n--editable=git+https://m.example/a.git#egg=a\nsix -e x\n",
    "flask[async, dotenv] >= 2.0, < 4 ; python_version >= '3.8' and sys_platform == 'linux'\n",
    "six @ https://m.example/six-1.0-py3-none-any.whl ; python_version > '3'\n",
    "Zope.Interface\nFoo_Bar\nfoo--bar\n",
    "six\rattrs\r\nclick\u{b}flask\u{c}numpy\u{85}scipy\u{2028}pandas\n",
    "\tsix\t\n\u{a0}attrs\u{a0}\n",
    "six\t--hash=sha256:aa\n",
    "six  --global-option='--x' --config-settings a=b\n",
    "${ENVWRIGHT_PIP_TEST}\n${envwright_lower} ${UNSET_FOR_SURE}\n-i https://${ENVWRIGHT_PIP_TEST}.example/\n",
    "--trusted-host a.example --use-feature=fast-deps\n",
    "--no-binary :all: --only-binary=six\nsix\n",
    "# -*- coding: utf-8 -*-\n# ä ö\nsix\n",
    "\u{feff}six\n",
    "--\nsix\n",
    "six -- --pre\n",
    "- six\n",
    "-c sub/nested.txt\n-r sub/nested.txt\n",
    "\n\n   \n",
    "six==1.16;python_version<'3'\nsix>=1;python_version>='3'\n",
];

fn python() -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", include_str!("pip.py")]).env("ENVWRIGHT_PIP_TEST", "expanded");
    command
}

fn variable(name: &str) -> Option<String> {
    if name == "ENVWRIGHT_PIP_TEST" { Some("expanded".to_owned()) } else { std::env::var(name).ok() }
}

/// Line, words and options of every line; none if pip refuses the file.
fn our_lines(path: &Path) -> Option<Value> {
    let source = Source::new("r", decode(&fs_err::read(path).unwrap())?);
    let mut found = Vec::new();
    for line in lines::logical(&Chars::of(&source, 0..source.text.len()), &variable) {
        let (words, rest) = options::split(&line);
        let mut given: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for option in options::parse(&rest).ok()? {
            let value = option.value.text();
            match option.name {
                "--hash" if !super::HASHES.contains(&value.split_once(':')?.0) => return None,
                // pip keeps these in other forms, or in one list for all lines.
                "--use-feature" | "--no-binary" | "--only-binary" | "--config-settings" => {}
                "--index-url" | "--pre" | "--no-index" | "--prefer-binary" | "--require-hashes" => {
                    given.insert(option.name, vec![value]);
                }
                _ => given.entry(option.name).or_default().push(value),
            }
        }
        given.entry("--hash").or_default().sort_unstable();
        given.retain(|_, values| !values.is_empty());
        found.push(json!([line_of(&line, &source), words.text(), given]));
    }
    Some(Value::Array(found))
}

/// pip counts lines as `str.splitlines` does.
fn line_of(line: &Chars, source: &Source) -> usize {
    let before = &source.text[..line.span().range().start];
    let ends = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    before.matches(ends).count() - before.matches("\r\n").count() + 1
}

fn our_whole(path: &Path) -> Option<Value> {
    let text = decode(&fs_err::read(path).unwrap())?;
    let mut collected = Collected::default();
    collected.indexes.index = "https://default.example/simple".parse().ok();
    let source = Source::new("r", text);
    let chars = Chars::of(&source, 0..source.text.len());
    Reader::new(&mut collected).text(&chars, path.parent()?, Some(path), false);
    if collected.has_errors() {
        return None;
    }
    let flat = |all: &[Requirement], constraint: bool| -> Vec<Value> {
        all.iter().map(|one| json!([one.name.as_str(), extras(&one.text), constraint, one.hashes])).collect()
    };
    let mut requirements = flat(&collected.requirements, false);
    requirements.extend(flat(&collected.constraints, true));
    let indexes = collected.indexes;
    let urls = indexes.index.iter().chain(&indexes.extra).map(|url| url.expose().as_str());
    let find_links = indexes.find_links.iter().map(|place| match place {
        FindLinks::Url(url) => url.expose().to_string(),
        FindLinks::Path(path) => path.display().to_string(),
    });
    Some(json!({
        "requirements": requirements,
        "index_urls": urls.collect::<Vec<_>>(),
        "find_links": find_links.collect::<Vec<_>>(),
        "pre": indexes.prerelease,
    }))
}

fn extras(text: &str) -> Vec<&str> {
    let inner = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    let mut extras: Vec<&str> = inner.map(|(inner, _)| inner.split(',').collect()).unwrap_or_default();
    extras.sort_unstable();
    extras
}

/// Constraints after requirements, each in order, as we keep them.
fn sorted(mut whole: Value) -> Value {
    if let Some(all) = whole["requirements"].as_array_mut() {
        all.sort_by_key(|one| one[2].as_bool());
    }
    whole
}

fn compare(paths: &[PathBuf]) -> usize {
    let output = python().args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let mut both = 0;
    for (path, pip) in paths.iter().zip(answers) {
        let text = String::from_utf8_lossy(&fs_err::read(path).unwrap()).into_owned();
        assert_eq!(our_lines(path).unwrap_or_default(), pip["lines"], "lines of {}:\n{text}", path.display());
        // What pip reads and we do not, such as source builds, has tests of its own.
        let Some(ours) = our_whole(path) else { continue };
        assert_eq!(ours, sorted(pip["whole"].clone()), "{}:\n{text}", path.display());
        both += 1;
    }
    both
}

#[test]
#[ignore = "needs pip"]
fn made_files_are_read_as_pip_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs_err::write(dir.path().join(name), text).unwrap();
    fs_err::create_dir(dir.path().join("sub")).unwrap();
    fs_err::create_dir(dir.path().join("wheels")).unwrap();
    write("other.txt", "click<9\n-c sub/nested.txt\n");
    write("sub/nested.txt", "numpy>1 # n\n");
    let paths: Vec<PathBuf> = (0..CASES.len()).map(|n| dir.path().join(format!("case-{n}.txt"))).collect();
    for (path, text) in paths.iter().zip(CASES) {
        fs_err::write(path, text).unwrap();
    }
    assert!(compare(&paths) >= 25);
}

#[test]
#[ignore = "needs pip"]
fn found_files_are_read_as_pip_reads_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/definitions/requirements");
    let Ok(entries) = fs_err::read_dir(&folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(compare(&paths) > paths.len() / 2);
}
