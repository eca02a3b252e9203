//! What is unusual and harmless: every reader takes it, and so must envwright.

use crate::hostile::{
    make::tar::{Header, Tar},
    tried::{Case, TAKEN, UNSAFE, tar},
};

const PYTHON: &str = "\0x\x003.11.7\0";

pub(crate) fn cases() -> Vec<Case> {
    [forms(), members(), ends()].concat()
}

fn taken(name: &'static str, what: &'static str, bytes: Vec<u8>, brings: &[&str]) -> Case {
    tar(name, what, bytes, TAKEN, TAKEN).brings(brings)
}

fn forms() -> Vec<Case> {
    let long = format!("./opt/{}x", "folder/".repeat(30));
    let brought = format!("{}=x", long.trim_start_matches("./"));
    let python = format!("usr/bin/python3.11={PYTHON}");
    let link = Tar::new().extension(b'K', &[long.as_bytes(), b"\0"].concat()).symlink("./opt/l", "short");
    let prefix = Header::new("python3.11", b'0').ustar().raw(345, b"./usr/bin");
    let old = Tar::new().add(Header::new("./opt/d/", b'\0').old().mode(0o755), "");
    let name = format!("opt/{}", "n".repeat(94));
    vec![
        taken(
            "honest-pax",
            "a long path by a PAX header",
            Tar::new().pax(&[("path", long.as_bytes())]).file("short", "x").end(),
            &[&brought],
        ),
        taken(
            "honest-gnu",
            "a long path by a GNU long name",
            Tar::new().long_name(&long).file("short", "x").end(),
            &[&brought],
        ),
        taken(
            "honest-gnu-link",
            "a long target by a GNU long link",
            link.end(),
            &[&format!("opt/l->{long}")],
        ),
        taken("honest-prefix", "ustar's prefix and name", Tar::new().add(prefix, PYTHON).end(), &[&python])
            .python("3.11.7"),
        taken(
            "honest-old",
            "the form of the seventh Unix",
            old.add(Header::new("./opt/d/x", b'\0').old(), "x").end(),
            &["opt/d/x=x"],
        ),
        taken(
            "honest-full-name",
            "a name of 100 bytes, without a NUL",
            Tar::new().file(format!("./{name}"), "x").end(),
            &[&format!("{name}=x")],
        ),
        taken(
            "honest-pax-time",
            "a PAX path, and a time with a fraction",
            Tar::new()
                .pax(&[("mtime", b"1700000000.5"), ("path", b"./usr/bin/python3.11")])
                .file("x", PYTHON)
                .end(),
            &[&python],
        )
        .python("3.11.7"),
    ]
}

fn members() -> Vec<Case> {
    let one = |name, what, tar_: Tar| taken(name, what, tar_.end(), &["opt/x=x"]);
    let plain = || Header::new("./opt/x", b'0');
    let attribute = Tar::new().pax(&[("SCHILY.xattr.user.a", b"b\nc=d")]).file("./opt/x", "x");
    let binary = plain().binary(124, 12, 1).binary(108, 8, 7).binary(136, 12, 9);
    let spaces = plain().raw(100, b"   644 \0").raw(124, b"          1 ");
    let sparse = Header::new("./opt/x", b'S').raw(386, b"00000000000\x0000000000001\x00");
    let sparse = sparse.raw(410, b"00004000000\x0000000000000\x00").raw(483, b"00004000000\0").size(1);
    vec![
        one(
            "honest-global",
            "a global PAX header with a comment",
            Tar::new().extension(b'g', b"18 comment=commit\n").file("./opt/x", "x"),
        ),
        one("honest-attributes", "PAX records of extended attributes", attribute),
        one("honest-base-256", "size, owner and time in base 256", Tar::new().member(binary, "x")),
        one("honest-spaces", "numbers with spaces around them", Tar::new().member(spaces, "x")),
        one("honest-contiguous", "a contiguous file", Tar::new().add(Header::new("./opt/x", b'7'), "x")),
        taken(
            "honest-hard-link",
            "a hard link to a file before it",
            Tar::new().file("./opt/a", "x").hardlink("./opt/b", "./opt/a").end(),
            &["opt/a=x", "opt/b=x"],
        ),
        tar(
            "honest-sparse",
            "a sparse file of GNU's form",
            Tar::new().member(sparse, "x").end(),
            TAKEN,
            UNSAFE,
        )
        .why("dpkg itself takes no sparse files from packages; in a layer it is not opened"),
    ]
}

fn ends() -> Vec<Case> {
    let file = || Tar::new().file("./opt/x", "x");
    let one = |name, what, bytes| taken(name, what, bytes, &["opt/x=x"]);
    vec![
        one("honest-no-end", "no empty blocks at the end", file().open()),
        one("honest-record", "an end filled up to a record", file().raw(&[0; 9216]).end()),
        one("honest-behind-end", "bytes behind the end", [&file().end()[..], &[b'x'; 512]].concat()),
        one(
            "honest-one-block",
            "one empty block, then another member",
            file().raw(&[0; 512]).file("./opt/y", "y").end(),
        ),
        taken("honest-nothing", "an end and nothing else", Tar::new().end(), &[]),
    ]
}
