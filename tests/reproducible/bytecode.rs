//! Byte code: where it is asked for, of the kind that Python takes as it is, the same each time.

use super::digest;
use crate::support::{
    Envwright,
    base::BOOKWORM,
    index::Index,
    tree::of_docker_archive,
    wheel::{Wheel, wheel},
};

/// With a module in a package, one that is no Python, and sets of constants, whose order depends on Python's seed.
fn package() -> Wheel {
    wheel("answer", "1.0")
        .file(
            "answer/sets.py",
            "SET = {'a', 'b', 'c', 'd', 'e'} & set('abc')\nOK = 'x' in {'x', 'y', 'z', 'u'}\n",
        )
        .file("answer/deep/thought.py", "def think():\n    return 42\n")
        .file("answer/template.py", "this is {{ no }} Python\n")
}

#[test]
fn byte_code_is_the_same_in_every_home_and_is_taken_as_it_is() {
    let index = Index::of(&[package()]);
    let build = || {
        let definition = "name: compiled\nrequirements: [answer]\ncompile: true\n";
        let envwright =
            Envwright::with_settings_of_machine().index(&index.url()).file("environment.yml", definition);
        let built = envwright.run(&["build", "--json", "-o", "docker-archive:out.tar"]).succeeded();
        (digest(&built.stdout), envwright)
    };
    let ((first, envwright), (second, _)) = (build(), build());
    assert_eq!(first, second);

    let site = "opt/env/lib/python3.11/site-packages/answer";
    let mut compiled = Vec::new();
    of_docker_archive(&envwright.folder().join("out.tar"), |path, bytes| {
        if path.contains("/__pycache__/") {
            // The magic number of CPython 3.11; a hash of the source that is not checked (PEP 552).
            assert_eq!(bytes[..8], [0xa7, 0x0d, 0x0d, 0x0a, 1, 0, 0, 0], "{path}");
            compiled.push(path.to_owned());
        }
    });
    compiled.sort();
    let expected = [
        "__pycache__/__init__.cpython-311.pyc",
        "__pycache__/sets.cpython-311.pyc",
        "deep/__pycache__/thought.cpython-311.pyc",
    ];
    assert_eq!(compiled, expected.map(|path| format!("{site}/{path}")));
}

#[test]
fn without_a_python_of_the_images_version_there_is_no_byte_code() {
    let index = Index::of(&[package()]);
    let definition = "image: oci:base\nrequirements: [answer]\ncompile: true\n";
    let envwright = Envwright::new()
        .on_base(&BOOKWORM, "")
        .index(&index.url())
        .file("environment.yml", definition)
        .variable("PATH", "/nowhere");
    let ran = envwright.run(&["build", "--json"]);
    let root = ran.json()["root"].clone();
    assert_eq!((&root["problem"], &root["facts"]["version"]), (&"python-bytecode".into(), &"3.11.2".into()));
    assert_eq!(ran.code, Some(1), "{ran}");
}
