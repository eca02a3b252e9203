//! Packages of Debian: the `ar` archive and the control archive. Their data are whole.

use crate::hostile::{
    make::{
        ar::{archive, control, control_text, member, sized, version},
        tar::Tar,
    },
    tried::{Case, INVALID, TAKEN, UNSAFE, Verdict, case},
};

pub(crate) fn cases() -> Vec<Case> {
    [containers(), honest(), controls()].concat()
}

fn data() -> Vec<u8> {
    member("data.tar", &Tar::new().file("./opt/x", "x").end())
}

fn control_of(name: &str) -> Vec<u8> {
    member("control.tar", &control(name).end())
}

fn invalid(name: &'static str, what: &'static str, bytes: Vec<u8>) -> Case {
    case(name, what, bytes, INVALID)
}

fn parts(name: &'static str, what: &'static str, members: &[Vec<u8>]) -> Case {
    invalid(name, what, archive(members))
}

fn containers() -> Vec<Case> {
    let whole = |name: &str| archive(&[version(), control_of(name), data()]);
    let before = |name: &'static str, what, part: Vec<u8>| {
        parts(name, what, &[version(), part, control_of(name), data()])
    };
    let sized_data = |name: &'static str, what, size: &str| {
        parts(name, what, &[version(), control_of(name), sized("data.tar", size, &Tar::new().end())])
    };
    let mut header = whole("header-end");
    header[66] = b'x';
    let hidden = "dpkg-deb stops after the data: what is behind them is not looked at";
    vec![
        invalid("no-bytes", "no bytes at all", Vec::new()),
        invalid("magic", "another magic number", [b"!<arxx>\n", &whole("magic")[8..]].concat()),
        invalid("header-end", "a header with another end", header),
        parts("no-version", "no `debian-binary`", &[control_of("no-version"), data()]),
        parts(
            "version-3",
            "the format 3.0",
            &[member("debian-binary", b"3.0\n"), control_of("version-3"), data()],
        ),
        parts("no-control", "no control archive", &[version(), data()]),
        parts("no-data", "no data archive", &[version(), control_of("no-data")]),
        parts(
            "wrong-order",
            "the data before the control archive",
            &[version(), data(), control_of("wrong-order")],
        ),
        parts("version-last", "`debian-binary` last", &[control_of("version-last"), data(), version()]),
        parts("data-twice", "two data archives", &[version(), control_of("data-twice"), data(), data()])
            .why(hidden),
        parts(
            "control-twice",
            "two control archives",
            &[version(), control_of("control-twice"), control_of("control-twice"), data()],
        ),
        before("unknown-part", "an unknown part before the control archive", member("other", b"x")),
        before("gnu-names", "GNU's table of names of 9.9 GB", sized("//", "9999999999", b"x")),
        before("gnu-name", "a name out of GNU's table, which is not there", member("/99", b"x")),
        before("bsd-name", "BSD's name of 9 GB", sized("#1/9999999999", "9999999999", b"x")),
        sized_data("size-larger", "a size beyond the archive", "99999999"),
        sized_data("size-negative", "a size of -1", "-1"),
        sized_data("size-text", "a size of `many`", "many"),
        sized_data("size-smaller", "a size of 512, where there is more", "512").why(hidden),
        parts(
            "lzma",
            "data packed with lzma",
            &[version(), control_of("lzma"), member("data.tar.lzma", b"x")],
        ),
        parts(
            "unknown-packing",
            "data packed in an unknown way",
            &[version(), control_of("unknown-packing"), member("data.tar.lz4", b"x")],
        ),
        invalid("garbage", "bytes behind the last part", [&whole("garbage")[..], &[b'x'; 100]].concat())
            .why(hidden),
    ]
}

fn honest() -> Vec<Case> {
    let taken =
        |name, what, members: &[Vec<u8>]| case(name, what, archive(members), TAKEN).brings(&["opt/x=x"]);
    let slashes = [version(), control_of("honest-slashes"), data()].concat();
    let slashes = String::from_utf8(slashes)
        .unwrap()
        .replace("control.tar ", "control.tar/")
        .replace("data.tar ", "data.tar/");
    vec![
        taken(
            "honest-signature",
            "a part `_gpgorigin`",
            &[version(), member("_gpgorigin", b"x"), control_of("honest-signature"), data()],
        ),
        taken(
            "honest-behind",
            "a part behind the data",
            &[version(), control_of("honest-behind"), data(), member("_later", b"x")],
        ),
        taken("honest-slashes", "names with a `/` at their end", &[slashes.into_bytes()]),
    ]
}

fn controls() -> Vec<Case> {
    let of = |name: &'static str, what, verdict: Verdict, control: Tar| {
        case(name, what, archive(&[version(), member("control.tar", &control.end()), data()]), verdict)
    };
    let with = |name: &'static str, what, path: &str, text: &str, verdict| {
        of(name, what, verdict, control(name).file(path, text))
    };
    let about =
        |name: &'static str, what, text: String| of(name, what, INVALID, Tar::new().file("./control", text));
    let locked = "it is not the package that the index names";
    let own = "dpkg-deb does not look at it; dpkg would fail, or be led astray";
    let kept = |case: Case| case.brings(&["opt/x=x"]);
    vec![
        about("other-name", "a control file of another package", control_text("other")).why(locked),
        about(
            "other-version",
            "a control file of another version",
            control_text("other-version").replace("Version: 1", "Version: 2"),
        )
        .why(locked),
        about("no-name", "a control file without a name", "Version: 1\n".to_owned()).why(locked),
        of("no-control-file", "no control file", INVALID, Tar::new().file("./md5sums", "")).why(own),
        with("control-file-twice", "two control files", "./control", "Package: other\n", UNSAFE).why(own),
        with("control-up", "a file `../canary` in the control archive", "../canary", "x", UNSAFE),
        with("control-folder", "a file `d/x` in the control archive", "./d/x", "x", UNSAFE).why(own),
        with("control-list", "a file `list` in the control archive", "./list", "/etc/passwd\n", UNSAFE)
            .why(own),
        of(
            "control-link",
            "a script that is a link to `/bin/sh`",
            UNSAFE,
            control("control-link").symlink("./postinst", "/bin/sh"),
        )
        .why(own),
        of(
            "architecture-up",
            "an architecture that goes up",
            UNSAFE,
            Tar::new().file(
                "./control",
                control_text("architecture-up").replace("amd64", "../../../../tmp/canary\nMulti-Arch: same"),
            ),
        )
        .why(own),
        kept(with(
            "conffiles-up",
            "a configuration file `/../../canary`",
            "./conffiles",
            "/../../tmp/canary\n",
            TAKEN,
        )),
        kept(with(
            "sums-lie",
            "a wrong MD5 sum of a file",
            "./md5sums",
            "0123456789abcdef0123456789abcdef  opt/x\n",
            TAKEN,
        )),
        kept(with(
            "script-hostile",
            "a script that deletes the machine",
            "./postinst",
            "#!/bin/sh\nrm -rf / & touch /tmp/envwright-canary\n",
            TAKEN,
        )),
        kept(with("control-odd-name", "a control file of an odd name", "./postinst.d", "x", TAKEN)),
    ]
}
