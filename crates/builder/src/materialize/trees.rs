//! Packages as files of this machine, each unpacked once.

use crate::{
    BuildError,
    bytecode::Interpreters,
    context::Context,
    event::Step,
    packing::Recipe,
    prepare::{self, Package},
    stop::Stop,
};
use envwright_image::Kind;
use envwright_package::{Compiler, Compression, Tree};
use envwright_store::{Digest, Home, Unpacked, canonical_json};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Version of what unpacked packages look like in the cache.
const VERSION: u32 = 1;

/// The files of packages for an environment below `prefix`, in the order of the packages.
pub(crate) async fn trees(
    context: &Context<'_>,
    packages: &[Package],
    prefix: &str,
) -> Result<Vec<Tree>, BuildError> {
    let mut order: Vec<usize> = (0..packages.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(packages[*at].size()));
    let one = async |at: usize| Ok::<_, BuildError>((at, tree(context, &packages[at], prefix).await?));
    let mut trees = futures::future::try_join_all(order.into_iter().map(one)).await?;
    trees.sort_by_key(|(at, _)| *at);
    Ok(trees.into_iter().map(|(_, tree)| tree).collect())
}

/// The same of one package.
pub(crate) async fn tree(context: &Context<'_>, package: &Package, prefix: &str) -> Result<Tree, BuildError> {
    let key = Digest::of(&canonical_json(&json!({ "version": VERSION, "package": package.sha256() })));
    let (unpacked, file) = (Unpacked::new(context.home), package.file(&context.home.packages()));
    let work = Work {
        package: package.clone(),
        file,
        prefix: prefix.to_owned(),
        interpreters: Arc::clone(&context.interpreters),
        home: context.home.clone(),
        stop: context.stop.clone(),
    };
    let folder = unpacked.folder(&key);
    // A wheel's own file is read each time; of a conda package all is in the folder.
    if folder.exists() && (work.file.exists() || package.kind() == Kind::Conda) {
        let work = work.clone();
        if let Some(tree) = context.on_thread(move || work.read(&folder)).await? {
            return Ok(tree);
        }
    }
    prepare::download(context, package).await?;
    let made = context
        .on_thread(move || unpacked.put(&key, |folder| work.read(folder), |folder| work.unpack(folder)));
    let tree = made.await?;
    let facts = [("package", package.name().into()), ("version", package.version().into())];
    context.record.event(Step::Pack, "unpacked", &facts);
    Ok(tree)
}

/// A package that a thread works on.
#[derive(Clone)]
struct Work {
    package: Package,
    file: PathBuf,
    prefix: String,
    interpreters: Arc<Interpreters>,
    home: Home,
    stop: Stop,
}

impl Work {
    fn read(&self, folder: &Path) -> Result<Option<Tree>, BuildError> {
        let interpreter = self.package.compiled().map(|version| self.interpreters.get(&self.home, version));
        let interpreter = interpreter.transpose()?;
        let compiler = interpreter.as_ref().map(|interpreter| &interpreter.compiler);
        Ok(self.recipe(compiler).of(&self.package).tree(folder)?)
    }

    fn unpack(&self, folder: &Path) -> Result<(), BuildError> {
        if self.stop.is_asked() {
            return Err(BuildError::Interrupted);
        }
        Ok(self.recipe(None).of(&self.package).unpack(folder)?)
    }

    fn recipe<'a>(&'a self, compiler: Option<&'a Compiler>) -> Recipe<'a> {
        let compression = Compression::default();
        Recipe { file: &self.file, prefix: &self.prefix, compression, compiler }
    }
}
