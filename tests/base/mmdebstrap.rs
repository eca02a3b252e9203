//! What Debian's own tools make of the same packages.

use crate::support::{
    machine::{Storage, command, output, sources},
    tree::{self, Tree},
};

/// Of the two packages that init-system-helpers is content with, the one that Debian's own images have: apt alone would
/// take `usrmerge`.
const NOT_USRMERGE: &str = "printf 'Package: usrmerge\\nPin: version *\\nPin-Priority: -1\\n' \
                            > \"$1/etc/apt/preferences.d/usrmerge\"";

/// The links of a merged `/usr`, made before anything is unpacked.
const MERGED: &str = "/usr/share/mmdebstrap/hooks/merged-usr";

/// A tree of a variant of mmdebstrap, from the machine's own mirrors.
#[track_caller]
pub(crate) fn tree(variant: &str) -> Tree {
    let storage = Storage::new("mmdebstrap");
    let archive = storage.path().join("debian.tar");
    let mut mmdebstrap = command("mmdebstrap");
    mmdebstrap.args(["--quiet", "--mode=root", "--architectures=amd64"]).arg(format!("--variant={variant}"));
    mmdebstrap.arg(format!("--hook-dir={MERGED}")).arg(format!("--setup-hook={NOT_USRMERGE}"));
    mmdebstrap.args(["--include=?essential", "--include=ca-certificates,python3,libstdc++6,usr-is-merged"]);
    output(mmdebstrap.arg("bookworm").arg(&archive).args(sources("bookworm")));
    tree::of_archive(fs_err::File::open(archive).unwrap())
}

/// A Debian with apt, before and after a script that gets its folder: the archive of the one, and the tree of the other.
#[track_caller]
pub(crate) fn changed(before: &str, after: &str) -> (Vec<u8>, Tree) {
    let storage = Storage::new("mmdebstrap");
    let (first, second) = (storage.path().join("before.tar"), storage.path().join("after.tar"));
    // The kernel's own folders are mounted meanwhile.
    let keep = format!("tar -C \"$1\" --one-file-system -cf '{}' .", first.display());
    let mut mmdebstrap = command("mmdebstrap");
    mmdebstrap.args(["--quiet", "--mode=root", "--architectures=amd64", "--variant=apt"]);
    mmdebstrap.arg("--include=ca-certificates");
    mmdebstrap.arg(format!("--hook-dir={MERGED}"));
    for hook in [before, keep.as_str(), after] {
        mmdebstrap.arg(format!("--customize-hook={hook}"));
    }
    output(mmdebstrap.arg("bookworm").arg(&second).args(sources("bookworm")));
    (fs_err::read(first).unwrap(), tree::of_archive(fs_err::File::open(second).unwrap()))
}

/// Whether a path is of no package, but of mmdebstrap's making; links of `/usr` that turn out to be empty it removes with
/// the scripts.
pub(crate) fn is_its_own(path: &str) -> bool {
    const OWN: [&str; 13] = [
        "dev/",
        "etc/apt",
        "etc/fstab",
        "etc/hostname",
        "etc/resolv.conf",
        "lib32",
        "libx32",
        "usr/lib32",
        "usr/libx32",
        "var/cache/apt",
        "var/lib/apt",
        "var/lib/dpkg/",
        "var/log/apt",
    ];
    OWN.iter().any(|own| path.starts_with(own))
}
