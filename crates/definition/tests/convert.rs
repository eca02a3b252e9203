//! Definitions written in other formats, and read again.

use envwright_definition::{ConversionError, Environment, Format, Options, read_text};
use envwright_diagnosis::Explain as _;
use std::path::Path;

/// A definition of each format that is written, as rich as the format allows.
const MADE: [(&str, Format, &str); 12] = [
    (
        "requirements.txt",
        Format::Requirements,
        "--index-url https://index.example/simple\n--extra-index-url https://other.example/simple\n--pre\n\
         six==1.16.0 --hash=sha256:aa --hash=sha256:bb\nflask[async]>=2 ; python_version >= '3.9'\n\
         git+https://git.example/a.git@main\nfoo @ https://mirror.example/foo-2.0-py3-none-any.whl\n",
    ),
    (
        "pyproject.toml",
        Format::Pyproject,
        "[project]\nname = 'app'\nversion = '1.2'\ndescription = 'x'\nrequires-python = '>=3.10'\n\
         dependencies = ['six>=1', 'flask[async] ; sys_platform == \"linux\"']\n\
         [tool.uv]\nindex-url = 'https://index.example/simple'\nconstraint-dependencies = ['click<9']\n",
    ),
    (
        "environment.yml",
        Format::Conda,
        "name: app\nchannels: [conda-forge, https://channel.example/team]\ndependencies:\n- python=3.11\n\
         - conda-forge::numpy[version='>=1.2',build=py311*]\n- pip=24.2\n- gcc_linux-64>=6  # [linux64]\n\
         - pip:\n  - --extra-index-url https://other.example/simple\n  - six==1.16.0\n  - -e git+https://git.example/a.git#egg=a\n\
         variables: {A: 'on', B: '1.10'}\nplatforms: [linux-64, osx-arm64]\n",
    ),
    (
        "azure.yml",
        Format::Azure,
        "$schema: https://schemas.example/environment.schema.json\nname: app\nversion: 3\ndescription: x\n\
         tags: {a: 1}\nimage: registry.example/team/base:1\nos_type: linux\n\
         conda_file:\n  channels: [conda-forge]\n  dependencies: [python=3.11, pip=24.2, {pip: [six==1.16.0]}]\n\
         inference_config:\n  liveness_route: {port: 80, path: /a}\n  readiness_route: {port: 80, path: /b}\n\
         \x20 scoring_route: {port: 80, path: /c}\n",
    ),
    (
        "ours.yml",
        Format::Azure,
        "image: bootstrap:debian/trixie\nrequirements: [six==1.16.0]\napt: [libgl1]\npython: '3.10'\n\
         env: {A: 'yes'}\nuser: 1000:1000\nworkdir: /srv\ncmd: [python, -m, app]\ncompile: true\n\
         platforms: [linux/amd64, linux/arm64]\n",
    ),
    (
        "azureml_environment.json",
        Format::AzureV1,
        r#"{"name": "app", "version": "4", "environmentVariables": {"EXAMPLE_ENV_VAR": "x"},
            "docker": {"baseImage": "registry.example/base:1"},
            "python": {"userManagedDependencies": false, "interpreterPath": "/opt/python",
                       "condaDependencies": {"channels": ["conda-forge"], "dependencies": ["python=3.11", "pip=24.2", {"pip": ["six==1"]}]}}}"#,
    ),
    (
        "pixi.toml",
        Format::Pixi,
        "[workspace]\nname = 'app'\nchannels = ['conda-forge']\nplatforms = ['linux-64']\n\
         [dependencies]\npython = '3.11.*'\nnumpy = { version = '>=1.2', build = 'py311*', channel = 'conda-forge' }\nscipy = '*'\n\
         [pypi-dependencies]\nsix = '==1.16.0'\nflask = { version = '>=2', extras = ['async'] }\n\
         [target.linux-64.dependencies]\ngcc = '>=6'\n[activation.env]\nA = 'b'\n",
    ),
    (
        "python_env.yaml",
        Format::Mlflow,
        "python: 3.11.4\nbuild_dependencies: [pip==23.1]\ndependencies: [mlflow<3, --pre]\n",
    ),
    (
        "explicit.txt",
        Format::Explicit,
        "# platform: linux-64\n@EXPLICIT\nhttps://channel.example/noarch/six-1.16.0-pyh_0.conda#f5e2c3e654b899f744e1c07904684563\n\
         https://channel.example/linux-64/bzip2-1.0.8-h7f98852_4.tar.bz2\n",
    ),
    (
        "conda-lock.yml",
        Format::CondaLock,
        "version: 1\nmetadata:\n  channels: [{url: conda-forge, used_env_vars: []}]\n  platforms: [linux-64, osx-64]\npackage:\n\
         - {name: six, version: '1.10', manager: conda, platform: linux-64, category: dev, optional: true,\n\
         \x20  url: 'https://channel.example/noarch/six-1.10-0.conda', dependencies: {python: '>=3.10'},\n\
         \x20  hash: {md5: f5e2c3e654b899f744e1c07904684563}}\n\
         - {name: flask, version: '2', manager: pip, platform: osx-64, url: 'https://files.example/flask-2-py3-none-any.whl',\n\
         \x20  hash: {sha256: 'e26d5daf5de0e31aa5e74ac56386a361b202433b83f024fdadbf07d4a244da4a'}}\n",
    ),
    (
        "pylock.toml",
        Format::Pylock,
        "lock-version = '1.0'\ncreated-by = 'uv'\nrequires-python = '>=3.10'\n[[packages]]\nname = 'six'\nversion = '1.16.0'\n\
         marker = \"sys_platform == 'linux'\"\nwheels = [{ url = 'https://files.example/six-1.16.0-py2.py3-none-any.whl', size = 11053,\
         hashes = { sha256 = 'e26d5daf5de0e31aa5e74ac56386a361b202433b83f024fdadbf07d4a244da4a' } }]\n",
    ),
    (
        "Dockerfile",
        Format::Dockerfile,
        "# syntax=docker/dockerfile:1\n# why\nARG V=12\nFROM debian:$V AS build\nRUN a \\\n  # within\n  && b\n\n# between\n\
         COPY <<EOF /x\ntext\nEOF\nCMD [\"a\"]\n",
    ),
];

fn read(name: &str, text: &str) -> Environment {
    let read = read_text(name, text, Path::new("."), &Options::default());
    read.unwrap_or_else(|error| panic!("{name}: {:?}\n{text}", error.findings()))
}

/// A name whose ending says the syntax and nothing of the format.
fn file_name(format: Format) -> &'static str {
    match format {
        Format::Requirements | Format::Explicit => "definition.txt",
        Format::Pyproject | Format::Pixi | Format::Pylock | Format::UvLock => "definition.toml",
        Format::AzureV1 => "definition.json",
        Format::Dockerfile => "Dockerfile",
        _ => "definition.yml",
    }
}

#[test]
fn what_is_written_in_its_own_format_means_the_same() {
    for (name, format, text) in MADE {
        let environment = read(name, text);
        assert_eq!(environment.format, format, "{name}");
        let converted = environment.convert(format).unwrap();
        assert_eq!(converted.lost, [""; 0], "{name}");
        let again = read(file_name(format), &converted.text);
        assert_eq!(again.format, format, "{name}:\n{}", converted.text);
        assert_eq!(again.hash(), environment.hash(), "{name}:\n{}", converted.text);
        assert_eq!(
            (&again.version, &again.description),
            (&environment.version, &environment.description),
            "{name}"
        );
        assert_eq!((&again.tags, &again.azure), (&environment.tags, &environment.azure), "{name}");
    }
}

#[test]
fn what_is_written_in_another_format_can_be_read_and_has_the_same_packages() {
    for (name, _, text) in MADE {
        let environment = read(name, text);
        for (format, _) in Format::ALL {
            let Ok(converted) = environment.convert(format) else { continue };
            // Azure ML's first version has no environment without an image of a registry.
            let has_no_base = |lost: &String| {
                lost.starts_with("the base, which is no image") || lost == "the folder that is built"
            };
            // And a Dockerfile is all that there is of some.
            if converted.lost.iter().any(|lost| has_no_base(lost) || lost.starts_with("the Dockerfile")) {
                continue;
            }
            let again = read(file_name(format), &converted.text);
            let names = |environment: &Environment| {
                let mut names: Vec<String> =
                    environment.requirements.iter().map(|one| one.name.as_str().to_owned()).collect();
                names.sort_unstable();
                names
            };
            if environment.locked.is_none() {
                assert_eq!(names(&again), names(&environment), "{name} as {format}:\n{}", converted.text);
            }
            let has_conda = |lost: &[String]| lost.iter().any(|lost| lost.contains("conda"));
            if let (Some(before), Some(after)) = (&environment.conda, &again.conda)
                && !has_conda(&converted.lost)
            {
                let specs = |conda: &envwright_definition::Conda| {
                    let mut names: Vec<String> = conda
                        .specs
                        .iter()
                        .map(|spec| spec.name.clone())
                        .filter(|name| name != "pip")
                        .collect();
                    names.sort_unstable();
                    names
                };
                assert_eq!(specs(after), specs(before), "{name} as {format}:\n{}", converted.text);
            }
        }
    }
}

#[test]
fn what_a_format_cannot_say_is_told() {
    let ours = read("ours.yml", MADE[4].2);
    let lost = ours.convert(Format::Requirements).unwrap().lost;
    for what in
        ["the base image", "Debian packages (`apt`)", "the version of Python", "the command", "platforms"]
    {
        assert!(lost.iter().any(|lost| lost == what), "{what}: {lost:?}");
    }
    assert_eq!(ours.convert(Format::Pylock), Err(ConversionError::NotLocked(Format::Pylock)));
    let lock = read("pylock.toml", MADE[10].2);
    assert_eq!(lock.convert(Format::Conda), Err(ConversionError::Locked(Format::Conda)));
    assert_eq!(lock.convert(Format::Dockerfile), Err(ConversionError::NotWritten(Format::Dockerfile)));
}

#[test]
fn credentials_are_left_out_and_told() {
    for text in [
        "--index-url https://me:hunter2@index.example/simple\nsix\n",
        "six @ https://me:hunter2@f.example/six-1-py3-none-any.whl\n",
        "git+https://hunter2@git.example/a.git\n",
    ] {
        left_out("requirements.txt", text);
    }
    left_out(
        "environment.yml",
        "channels: ['https://c.example/t/me-hunter2/team']\ndependencies: [python=3.12]\n",
    );
    left_out(
        "environment.yml",
        "channels: [c]\ndependencies: ['https://me:hunter2@c.example/noarch/a-1-0.conda']\n",
    );
    let git =
        read("requirements.txt", "git+ssh://git@git.example/a.git\n").convert(Format::Requirements).unwrap();
    assert_eq!(git.lost, [""; 0]);
}

fn left_out(name: &str, text: &str) {
    let environment = read(name, text);
    for (format, _) in Format::ALL {
        let Ok(converted) = environment.convert(format) else { continue };
        assert!(!converted.text.contains("hunter2"), "{format}");
        assert!(converted.lost.iter().any(|lost| lost.contains("logins")), "{format}");
    }
}
