//! Layers to an image: its configuration and manifest (OCI image specification, config.md and manifest.md).

use crate::{Base, ImageError, Layer, Layout, layout};
use envwright_store::{Digest, canonical_json};
use envwright_target::Platform;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a container started from the image is to be.
#[derive(Debug, Clone)]
pub struct ImageConfig {
    /// The platform.
    pub platform: Platform,
    /// Variables that are set over those of the base, in this order.
    pub env: Vec<(String, String)>,
    /// User, or that of the base.
    pub user: Option<String>,
    /// Working folder, or that of the base.
    pub workdir: Option<String>,
    /// Command, or that of the base.
    pub cmd: Option<Vec<String>>,
    /// Labels, next to those of the base.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// RFC 3339.
    pub created: String,
}

/// An image in a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Digest of its manifest.
    pub digest: Digest,
    /// Size of its manifest in bytes.
    pub manifest_size: u64,
    /// Sum of the compressed sizes of its layers in bytes.
    pub size: u64,
    /// Number of its layers.
    pub layers: usize,
    /// Its platform.
    pub platform: Platform,
}

impl Image {
    /// An image whose manifest and configuration a layout has.
    pub fn read(layout: &Layout, digest: Digest, platform: Platform) -> Result<Self, ImageError> {
        let value = layout.json(&digest)?;
        let layers = layout::descriptors(&value, "layers");
        let manifest = layout.blob_path(&digest);
        Ok(Self {
            digest,
            manifest_size: fs_err::metadata(&manifest).map_err(ImageError::io(&manifest))?.len(),
            size: layers.iter().map(|(_, size)| size).sum(),
            layers: layers.len(),
            platform,
        })
    }
}

/// Writes configuration and manifest, and copies the base's layers.
pub fn assemble(
    layout: &Layout,
    base: &Base,
    layers: &[Layer],
    config: &ImageConfig,
) -> Result<Image, ImageError> {
    base.copy_layers(layout)?;
    let configuration = canonical_json(&configuration(base, layers, config));
    let configuration_digest = layout.put(&configuration)?;
    let of_base = base.layers().iter().map(|layer| {
        json!({
            "mediaType": layer.media_type, "digest": layer.digest, "size": layer.size,
        })
    });
    let own = layers.iter().map(|layer| {
        json!({
            "mediaType": layer.media_type, "digest": layer.digest, "size": layer.size,
        })
    });
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": layout::MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": configuration_digest,
            "size": configuration.len(),
        },
        "layers": of_base.chain(own).collect::<Vec<_>>(),
    });
    if !config.annotations.is_empty() {
        manifest["annotations"] = json!(config.annotations);
    }
    let manifest = canonical_json(&manifest);
    Ok(Image {
        digest: layout.put(&manifest)?,
        manifest_size: manifest.len() as u64,
        size: base.layers().iter().map(|layer| layer.size).chain(layers.iter().map(|layer| layer.size)).sum(),
        layers: base.layers().len() + layers.len(),
        platform: config.platform,
    })
}

/// Joins images of several platforms; gives the digest of the index.
pub fn assemble_index(layout: &Layout, images: &[Image]) -> Result<Digest, ImageError> {
    let mut images: Vec<&Image> = images.iter().collect();
    images.sort_by_key(|image| image.platform);
    let manifest = |image: &&Image| {
        Ok(json!({
            "mediaType": layout::media_type(&layout.json(&image.digest)?),
            "digest": image.digest,
            "size": image.manifest_size,
            "platform": {"os": "linux", "architecture": image.platform.arch.oci()},
        }))
    };
    let manifests = images.iter().map(manifest).collect::<Result<Vec<Value>, ImageError>>()?;
    layout.put(&canonical_json(
        &json!({"schemaVersion": 2, "mediaType": layout::INDEX, "manifests": manifests}),
    ))
}

/// The base's configuration, edited as JSON so that what is not known here stays.
fn configuration(base: &Base, layers: &[Layer], config: &ImageConfig) -> Value {
    let mut root = object(base.config().clone());
    let mut inner = object(root.remove("config").unwrap_or_default());
    inner.insert("Env".to_owned(), json!(environment(&inner, &config.env)));
    let mut labels = object(inner.remove("Labels").unwrap_or_default());
    labels.extend(config.labels.iter().map(|(name, value)| (name.clone(), json!(value))));
    if !labels.is_empty() {
        inner.insert("Labels".to_owned(), Value::Object(labels));
    }
    let optional =
        [("User", json!(config.user)), ("WorkingDir", json!(config.workdir)), ("Cmd", json!(config.cmd))];
    inner.extend(
        optional
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value)),
    );
    let mut diff_ids = base.diff_ids();
    diff_ids.extend(layers.iter().map(|layer| layer.diff_id));
    let mut history =
        root.remove("history").and_then(|history| history.as_array().cloned()).unwrap_or_default();
    history.extend(layers.iter().map(
        |layer| json!({"created": config.created, "created_by": "envwright build", "comment": layer.holds}),
    ));
    root.insert("architecture".to_owned(), json!(config.platform.arch.oci()));
    root.insert("os".to_owned(), json!("linux"));
    root.insert("created".to_owned(), json!(config.created));
    root.insert("config".to_owned(), Value::Object(inner));
    root.insert("rootfs".to_owned(), json!({"type": "layers", "diff_ids": diff_ids}));
    root.insert("history".to_owned(), Value::Array(history));
    Value::Object(root)
}

/// The base's variables with ours over them; a variable that both have keeps its place.
fn environment(inner: &Map<String, Value>, own: &[(String, String)]) -> Vec<String> {
    let of_base = inner.get("Env").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut variables: Vec<(String, String)> = of_base
        .filter_map(|variable| variable.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for (name, value) in own {
        match variables.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1.clone_from(value),
            None => variables.push((name.clone(), value.clone())),
        }
    }
    variables.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
