//! Layouts and archives of images, around layers that are whole.

use crate::{
    hostile::{
        make::tar::{Header, Tar},
        tried::{Case, LAYER, TAKEN, Verdict, case},
    },
    support::{
        base::{self, BOOKWORM, Layer},
        wheel::sha256,
        write,
    },
};
use serde_json::{Value, json};
use std::path::Path;

type Write = Box<dyn Fn(&Path)>;

/// An image on disk.
pub(crate) struct Image {
    pub(crate) case: Case,
    /// As the definition names it.
    pub(crate) base: &'static str,
    pub(crate) write: Write,
}

pub(crate) fn cases() -> Vec<Image> {
    let mut cases = archives();
    cases.extend(layouts());
    cases
}

fn layer() -> Vec<u8> {
    Layer::of(&BOOKWORM).bytes
}

fn config() -> String {
    let digest = format!("sha256:{}", sha256(&layer()));
    let rootfs = json!({"type": "layers", "diff_ids": [digest]});
    json!({"architecture": "amd64", "os": "linux", "rootfs": rootfs}).to_string()
}

fn list(layer: &str) -> String {
    json!([{"Config": "config.json", "RepoTags": [], "Layers": [layer]}]).to_string()
}

fn archive(name: &'static str, what: &'static str, bytes: Vec<u8>, verdict: Verdict) -> Image {
    let write: Write = Box::new(move |folder| write(&folder.join("base.tar"), &bytes));
    Image { case: case(name, what, Vec::new(), verdict), base: "docker-archive:base.tar", write }
}

/// A whole archive.
fn whole() -> Tar {
    Tar::new()
        .file("config.json", config())
        .file("layer.tar", layer())
        .file("manifest.json", list("layer.tar"))
}

fn archives() -> Vec<Image> {
    let without_list = || Tar::new().file("config.json", config()).file("layer.tar", layer());
    let linked = |tar: Tar| without_list().file("manifest.json", list("a/layer.tar")).raw(&tar.end()).open();
    let cut = whole().end();
    let other = config().replace("sha256:", "sha256:00").replace("00", "0");
    let wrong = Tar::new()
        .file("config.json", other)
        .file("layer.tar", layer())
        .file("manifest.json", list("layer.tar"));
    let deep = "[".repeat(100_000);
    let two = format!("[{0},{0}]", list("layer.tar").trim_matches(['[', ']']));
    vec![
        archive("archive-whole", "an archive of `docker save`", whole().end(), TAKEN),
        archive(
            "archive-link",
            "a layer by a symbolic link, as old engines write",
            linked(Tar::new().symlink("a/layer.tar", "../layer.tar")),
            TAKEN,
        ),
        archive(
            "archive-ring",
            "layers that are links to each other",
            linked(Tar::new().symlink("a/layer.tar", "b").symlink("b", "a/layer.tar")),
            LAYER,
        ),
        archive(
            "archive-outside",
            "a layer that is a link to `/etc/passwd`",
            linked(Tar::new().symlink("a/layer.tar", "/etc/passwd")),
            LAYER,
        ),
        archive(
            "archive-up",
            "a layer `../../etc/passwd`",
            without_list().file("manifest.json", list("../../etc/passwd")).end(),
            LAYER,
        ),
        archive(
            "archive-twice",
            "two manifests",
            whole().file("manifest.json", list("other.tar")).end(),
            LAYER,
        ),
        archive("archive-member-up", "a member `../canary`", whole().file("../canary", "x").end(), LAYER),
        archive(
            "archive-device",
            "a layer that is a device",
            without_list()
                .add(Header::new("a/layer.tar", b'3'), "")
                .file("manifest.json", list("a/layer.tar"))
                .end(),
            LAYER,
        ),
        archive("archive-no-list", "no manifest", without_list().end(), LAYER),
        archive("archive-two", "two images", without_list().file("manifest.json", two).end(), LAYER),
        archive("archive-cut", "an end in the middle of the layer", cut[..cut.len() / 2].to_vec(), LAYER),
        archive("archive-digest", "a layer that is not the configuration's", wrong.end(), LAYER),
        archive(
            "archive-deep",
            "a manifest of 100,000 brackets",
            without_list().file("manifest.json", deep).end(),
            LAYER,
        ),
        archive("archive-text", "text", b"this is no archive\n".repeat(100), LAYER),
        large(),
    ]
}

/// A manifest of 8 GB, of which nothing is on the disk.
fn large() -> Image {
    let size = 8_000_000_000_u64;
    let header = Header::new("manifest.json", b'0').size(size).sum();
    let write: Write = Box::new(move |folder| {
        let path = folder.join("base.tar");
        write(&path, &header);
        let file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(size.next_multiple_of(512) + 2048).unwrap();
    });
    let case = case("archive-large", "a manifest of 8 GB", Vec::new(), LAYER);
    Image { case, base: "docker-archive:base.tar", write }
}

fn layout(
    name: &'static str,
    what: &'static str,
    verdict: Verdict,
    write: impl Fn(&Path) + 'static,
) -> Image {
    let write = move |folder: &Path| write(&folder.join("base"));
    Image { case: case(name, what, Vec::new(), verdict), base: "oci:base", write: Box::new(write) }
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn index(manifests: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})
}

fn layouts() -> Vec<Image> {
    vec![
        layout("layout-whole", "an OCI layout", TAKEN, |folder| base::write_base(folder, &BOOKWORM)),
        layout("layout-tree", "40 indexes, each of which names the next one twice", LAYER, |folder| {
            let mut next = base::blob(folder, INDEX, b"{}");
            for _ in 0..40 {
                next = base::blob(folder, INDEX, index(&[next.clone(), next]).to_string().as_bytes());
            }
            base::write_index(folder, &index(&[next.clone(), next]));
        }),
        layout("layout-deep", "20,000 indexes, each in another", LAYER, |folder| {
            let mut next = base::blob(folder, INDEX, b"{}");
            for _ in 0..20_000 {
                next = base::blob(folder, INDEX, index(&[next]).to_string().as_bytes());
            }
            base::write_index(folder, &index(&[next]));
        }),
        layout("layout-layers", "10,000 times the same layer", LAYER, |folder| {
            let layers: Vec<Layer> = (0..10_000).map(|_| Layer::plain(Vec::new())).collect();
            base::write_layers(folder, &layers);
        }),
        layout("layout-size", "a layer of another size than its manifest says", LAYER, |folder| {
            base::write_base(folder, &BOOKWORM);
            let blob = folder.join("blobs/sha256").join(sha256(&layer()));
            write(&blob, &layer()[..1024]);
        }),
        layout("layout-manifest-large", "an index of 20 MB", LAYER, |folder| {
            base::write_base(folder, &BOOKWORM);
            write(&folder.join("index.json"), &b" ".repeat(20_000_000));
        }),
        layout("layout-digest-up", "a manifest whose digest is a path", LAYER, |folder| {
            let digest = "sha256:../../../../etc/passwd";
            let manifest = json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 9});
            base::write_index(folder, &index(&[manifest]));
        }),
    ]
}
