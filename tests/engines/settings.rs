//! What a definition says of the image besides its packages.

use super::podman::Podman;
use crate::support::Envwright;
use serde_json::{Value, json};

const DEFINITION: &str = "
name: settings
apt: [libgl1]
requirements: [six]
user: '1234:1234'
workdir: /srv/app
env: {GREETING: 'two words'}
files: [{from: main.py, to: /srv/app/main.py}, {from: more, to: /srv/app/more}]
cmd: [python, main.py]
";

const MAIN: &str = "
import ctypes, json, os, pathlib, pwd
ctypes.CDLL('libGL.so.1')
print(json.dumps({
    'ids': [os.getuid(), os.getgid()],
    'name': bool(pwd.getpwuid(os.getuid()).pw_name),
    'folder': os.getcwd(),
    'greeting': os.environ['GREETING'],
    'file': pathlib.Path('more/deep/file').read_text(),
    'writable': os.access('main.py', os.W_OK),
}))
";

#[test]
fn an_image_starts_as_its_definition_says() {
    let podman = Podman::new();
    let envwright = Envwright::with_settings_of_machine()
        .variable("CONTAINERS_STORAGE_CONF", podman.configuration())
        .file("environment.yml", DEFINITION)
        .file("main.py", MAIN)
        .file("more/deep/file", "text");
    envwright.run(&["build", "-o", "podman:"]).succeeded();
    let printed: Value = serde_json::from_str(&podman.run(&["--network=none", "settings:latest"])).unwrap();
    let expected = json!({
        "ids": [1234, 1234], "name": true, "folder": "/srv/app", "greeting": "two words", "file": "text",
        "writable": false,
    });
    assert_eq!(printed, expected);
}
