//! Segments to layers, layers to an image.

use crate::{
    BuildError, activation,
    context::Context,
    distributions,
    environment::{Ground, users_files},
    event::Step,
    prepare::{self, Package},
};
use envwright_definition::{Base as BaseName, Environment};
use envwright_diagnosis::{Finding, Severity};
use envwright_image::{
    Base, Clash, Image, ImageConfig, Kind, Layer, Layout, SegmentRef, assemble, plan_layers, write_layer,
};
use envwright_lock::PlatformLock;
use envwright_package::{OwnFile, PREFIX, files_key, pack_files};
use envwright_store::Digest;
use envwright_target::Platform;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// Everything that one platform's image is made of.
pub(crate) struct Parts {
    pub(crate) platform: Platform,
    pub(crate) lock: PlatformLock,
    pub(crate) base: Arc<Base>,
    pub(crate) segments: Vec<SegmentRef>,
}

/// An image and what has to be said about it.
pub(crate) struct Made {
    pub(crate) image: Image,
    pub(crate) layers: Vec<Layer>,
    pub(crate) warnings: Vec<Finding>,
}

/// Packs the files that belong to no package, writes the layers, and joins them to an image.
pub(crate) async fn image(
    context: &Context<'_>,
    layout: &Arc<Layout>,
    environment: &Environment,
    labels: BTreeMap<String, String>,
    mut parts: Parts,
) -> Result<Made, BuildError> {
    let epoch = context.settings.epoch;
    let ground = Ground {
        environment,
        platform: parts.platform,
        lock: &parts.lock,
        base: &parts.base,
        segments: &parts.segments,
        epoch,
    };
    let (own, covered) = ground.own_files()?;
    let mut activation = activation::of(&distributions::described(&parts.segments));
    activation::check_scripts(&mut activation, &context.settings.conda)?;
    let scripts = ground.unknown_effects();
    let users = users_files(environment, &parts.base, epoch)?;
    for (kind, name, files) in [(Kind::Files, "files", users), (Kind::Environment, "environment", own)] {
        if !files.is_empty() {
            parts.segments.push(own_segment(context, kind, name, &files)?);
        }
    }
    let plan = plan_layers(&parts.segments, parts.base.files(), parts.base.layers().len())?;
    let replaced = |clash: &&Clash| !covered.contains(&clash.winner);
    let mut warnings: Vec<Finding> = plan.clashes.iter().filter(replaced).map(clash).collect();
    warnings.extend(activation.findings);
    warnings.extend(scripts.into_iter().map(|(package, lacks)| script_not_run(&package, &lacks)));
    let mut writing = Vec::new();
    for layer in plan.layers {
        let (layout, home) = (Arc::clone(layout), context.home.clone());
        writing.push(context.on_thread(move || Ok(write_layer(&layer, &layout, &home)?)));
    }
    let layers = futures::future::try_join_all(writing).await?;
    for layer in &layers {
        context.record.progress(Step::Layer, layer.size);
        context.record.event(
            Step::Layer,
            "layered",
            &[("digest", layer.digest.to_string().into()), ("bytes", layer.size.into())],
        );
    }
    let config = configuration(environment, &parts, &activation.variables, labels, epoch);
    let image = assemble(layout, &parts.base, &layers, &config)?;
    Ok(Made { image, layers, warnings })
}

fn own_segment(
    context: &Context<'_>,
    kind: Kind,
    name: &str,
    files: &[OwnFile],
) -> Result<SegmentRef, BuildError> {
    let compression = context.request.compression;
    let key = files_key(files, compression);
    let (file, index) =
        context.segments.put(&key, |out| pack_files(files, compression, out).map_err(BuildError::from))?;
    Ok(SegmentRef { kind, name: name.to_owned(), key, file, index })
}

fn clash(clash: &Clash) -> Finding {
    let Clash { path, paths, loser, winner } = clash;
    file_clash(path, *paths, loser, winner)
}

/// Of two packages, some files lie at the same place: what the second brings is there.
pub(crate) fn file_clash(path: &str, paths: usize, loser: &str, winner: &str) -> Finding {
    let files = if paths == 1 { "one file lies".to_owned() } else { format!("{paths} files lie") };
    Finding::new("file-clash")
        .severity(Severity::Warning)
        .fact("path", path)
        .fact("package", loser)
        .fact("other", winner)
        .detail(format!("Of {loser} and {winner}, {files} at the same place with different content."))
        .detail(format!("What {winner} brings is there, so {loser} may not work as its authors meant."))
}

fn script_not_run(package: &str, lacks: &str) -> Finding {
    Finding::new("apt-script-not-run")
        .severity(Severity::Warning)
        .fact("package", package)
        .fact("needed", lacks)
}

/// What programs in the image and tools outside of it need to know.
fn configuration(
    environment: &Environment,
    parts: &Parts,
    activation: &[(String, String)],
    labels: BTreeMap<String, String>,
    epoch: u64,
) -> ImageConfig {
    let base_env = base_environment(&parts.base);
    let default = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let path = base_env.get("PATH").map_or(default, String::as_str);
    let mut env = vec![("PATH".to_owned(), format!("/{PREFIX}/bin:{path}"))];
    let has_conda = !parts.lock.conda.is_empty();
    if has_conda || parts.lock.python.is_some() {
        let kind = if has_conda { "CONDA_PREFIX" } else { "VIRTUAL_ENV" };
        env.push((kind.to_owned(), format!("/{PREFIX}")));
        env.push(("AZUREML_CONDA_ENVIRONMENT_PATH".to_owned(), format!("/{PREFIX}")));
        env.extend(activation.iter().cloned());
    } else if let Some((_, value)) = env.first_mut() {
        path.clone_into(value);
    }
    env.retain(|(name, _)| !environment.env.contains_key(name));
    env.extend(environment.env.iter().map(|(name, value)| (name.clone(), value.clone())));
    let shell = match environment.base {
        BaseName::Bootstrap { .. } if parts.lock.python.is_none() => Some(vec!["sh".to_owned()]),
        BaseName::Bootstrap { .. } => Some(vec!["python3".to_owned()]),
        _ => None,
    };
    ImageConfig {
        platform: parts.platform,
        env,
        user: environment.user.clone(),
        workdir: environment.workdir.clone(),
        cmd: environment.cmd.clone().or(shell),
        annotations: labels.clone(),
        labels,
        created: rfc3339(epoch),
    }
}

/// The CUDA version that a base says it has, as NVIDIA's images do.
pub(crate) fn cuda(base: &Base) -> Option<String> {
    let version = base_environment(base).remove("CUDA_VERSION")?;
    let mut numbers = version.split('.');
    Some(format!("{}.{}", numbers.next()?, numbers.next().unwrap_or("0")))
}

fn base_environment(base: &Base) -> BTreeMap<String, String> {
    let variables = base.config().pointer("/config/Env").and_then(Value::as_array);
    let pairs = variables.into_iter().flatten().filter_map(|variable| variable.as_str()?.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Labels and annotations of the OCI image specification (annotations.md), and envwright's own.
pub(crate) fn labels(
    environment: &Environment,
    definition: Digest,
    lock: &PlatformLock,
    epoch: u64,
) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> = environment.tags.clone();
    let mut set = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            labels.insert(name.to_owned(), value);
        }
    };
    set("org.opencontainers.image.created", Some(rfc3339(epoch)));
    set("org.opencontainers.image.title", environment.name.clone());
    set("org.opencontainers.image.version", environment.version.clone());
    set("org.opencontainers.image.description", environment.description.clone());
    set("org.opencontainers.image.base.name", Some(lock.base.name.clone()));
    set("org.opencontainers.image.base.digest", lock.base.digest.map(|digest| digest.to_string()));
    set("io.envwright.definition", Some(definition.to_string()));
    labels
}

pub(crate) fn rfc3339(epoch: u64) -> String {
    let seconds = i64::try_from(epoch).unwrap_or_default();
    jiff::Timestamp::from_second(seconds).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// All segments of some packages, in their order. The largest are begun first: one that is packed last would keep a
/// single core busy while the others rest.
pub(crate) async fn segments(
    context: &Context<'_>,
    packages: &[Package],
) -> Result<Vec<SegmentRef>, BuildError> {
    if context.client.offline() {
        prepare::all_here(context, packages).await?;
    }
    let mut order: Vec<usize> = (0..packages.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(packages[*at].size()));
    let prepare = async |at: usize| {
        let segment = prepare::package(context, &packages[at]).await?;
        Ok::<_, BuildError>((at, segment))
    };
    let mut segments = futures::future::try_join_all(order.into_iter().map(prepare)).await?;
    segments.sort_by_key(|(at, _)| *at);
    Ok(segments.into_iter().map(|(_, segment)| segment).collect())
}
