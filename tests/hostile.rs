//! Archives that want out, that are not what they say, or that go off: made here byte by byte, given to the real binary
//! as layers of a base, as archives of an image, as .debs and as wheels, and to Python, GNU tar and dpkg-deb beside it.
//!
//! `docs/src/hostile-archives.md` is made of what comes out: `ENVWRIGHT_WRITE_DOCS=1` writes it.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]

mod support;

mod hostile {
    /// How archives are made.
    mod make {
        pub(crate) mod ar;
        pub(crate) mod tar;
        pub(crate) mod zip;
    }

    /// The archives, and what is to become of each.
    mod corpus {
        pub(crate) mod debs;
        pub(crate) mod honest;
        pub(crate) mod images;
        pub(crate) mod links;
        pub(crate) mod numbers;
        pub(crate) mod paths;
        pub(crate) mod streams;
        pub(crate) mod wheels;
        pub(crate) mod zips;
    }

    mod bombs;
    mod page;
    mod references;
    mod suites;
    mod tried;
}
