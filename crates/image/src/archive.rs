//! The archive that `docker load` and `podman load` read (Docker image specification v1.2).

use crate::{
    ImageError, ImageReference, Layout,
    layout::{absent, descriptor},
    noted::Noted,
};
use envwright_store::{Digest, canonical_json};
use flate2::read::MultiGzDecoder;
use fs_err::File;
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    io::{self, BufReader, Read, Seek as _, Write},
};
use tar::{Builder, EntryType, Header};

/// Writes an image as an archive with uncompressed layers: old engines know no zstd in archives.
pub fn export_docker_archive(
    layout: &Layout,
    digest: &Digest,
    name: &ImageReference,
    out: &mut dyn Write,
) -> Result<(), ImageError> {
    let manifest = layout.json(digest)?;
    let (config, _) = descriptor(&manifest["config"]).ok_or(ImageError::Missing(*digest))?;
    let configuration = layout.json(&config)?;
    let diff_ids: Vec<Digest> = serde_json::from_value(configuration["rootfs"]["diff_ids"].clone())
        .map_err(|_| ImageError::Missing(config))?;
    let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
    if layers.len() != diff_ids.len() {
        return Err(ImageError::Missing(config));
    }
    let image = Archived { layout, config, configuration, layers, diff_ids };
    let mut out = Noted::new(out);
    let written = image.write(name, &mut out);
    written.map_err(|error| match error {
        ImageError::Io { source, .. } if out.refused => ImageError::Written(source),
        other => other,
    })
}

/// What is written.
struct Archived<'a> {
    layout: &'a Layout,
    config: Digest,
    configuration: Value,
    layers: Vec<Value>,
    diff_ids: Vec<Digest>,
}

impl Archived<'_> {
    fn write(&self, name: &ImageReference, out: &mut dyn Write) -> Result<(), ImageError> {
        let failed = |error| ImageError::io(self.layout.path())(error);
        let mut builder = Builder::new(out);
        let bytes = canonical_json(&self.configuration);
        let config_name = format!("{}.json", self.config.hex());
        append(&mut builder, &config_name, bytes.len() as u64, &mut bytes.as_slice()).map_err(failed)?;
        let mut names = Vec::new();
        let mut written = HashSet::new();
        for (layer, diff_id) in self.layers.iter().zip(&self.diff_ids) {
            let file = format!("{}/layer.tar", diff_id.hex());
            if written.insert(*diff_id) {
                let mut plain = unpacked(self.layout, layer)?;
                append(&mut builder, &file, plain.size, &mut plain.stream).map_err(failed)?;
            }
            names.push(file);
        }
        let list = json!([{"Config": config_name, "RepoTags": [name.to_string()], "Layers": names}]);
        let list = canonical_json(&list);
        append(&mut builder, "manifest.json", list.len() as u64, &mut list.as_slice()).map_err(failed)?;
        builder.into_inner().and_then(Write::flush).map_err(failed)
    }
}

/// A layer without its compression; a tar header needs its size beforehand.
struct Plain {
    size: u64,
    stream: Box<dyn Read>,
}

fn unpacked(layout: &Layout, layer: &Value) -> Result<Plain, ImageError> {
    let (digest, size) = descriptor(layer).ok_or_else(|| ImageError::Missing(Digest::of(b"")))?;
    let path = layout.blob_path(&digest);
    let mut file = File::open(&path).map_err(absent(digest, &path))?;
    let kind = layer["mediaType"].as_str().unwrap_or_default();
    if !kind.ends_with("zstd") && !kind.ends_with("gzip") {
        return Ok(Plain { size, stream: Box::new(file) });
    }
    let open = |file: File| -> io::Result<Box<dyn Read>> {
        if kind.ends_with("zstd") {
            Ok(Box::new(zstd::Decoder::new(file)?))
        } else {
            Ok(Box::new(MultiGzDecoder::new(BufReader::new(file))))
        }
    };
    let failed = |error| ImageError::io(&path)(error);
    let size =
        open(file.try_clone().map_err(failed)?).and_then(|mut stream| io::copy(&mut stream, &mut io::sink()));
    let size = size.map_err(failed)?;
    file.rewind().map_err(failed)?;
    Ok(Plain { size, stream: open(file).map_err(failed)? })
}

fn append(
    builder: &mut Builder<&mut dyn Write>,
    path: &str,
    size: u64,
    content: &mut dyn Read,
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    builder.append_data(&mut header, path, content)
}
