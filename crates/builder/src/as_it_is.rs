//! Images that are used as they are: the definition names one and nothing to put on it. Such an image is found out to
//! be there and to fit, and is recorded; its layers move only where an output needs them.

use crate::{
    BuildError,
    context::Context,
    event::Step,
    push,
    request::{Request, Upgrade},
    solve::Known,
};
use envwright_definition::{Base, Environment};
use envwright_image::{Image, Layout, RemoteImage, Wanted, look};
use envwright_lock::{BaseLock, PlatformLock};
use envwright_store::Digest;
use envwright_target::Platform;
use std::collections::BTreeMap;

/// The image of a registry that a definition uses as it is.
pub(crate) fn image(environment: &Environment) -> Option<&str> {
    let Base::Registry(image) = &environment.base else { return None };
    let unchanged = environment.requirements.is_empty()
        && environment.apt.is_empty()
        && environment.python.is_none()
        && environment.files.is_empty()
        && environment.env.is_empty()
        && environment.cmd.is_none()
        && environment.user.is_none()
        && environment.workdir.is_none();
    unchanged.then_some(image)
}

/// Whether it is wanted under a name in the store, or somewhere else.
pub(crate) fn is_wanted(request: &Request) -> bool {
    !request.tags.is_empty() || !request.outputs.is_empty() || request.push
}

/// Finds the image in its registry.
pub(crate) async fn find(
    context: &Context<'_>,
    name: &str,
    platform: Platform,
    known: &Known,
) -> Result<Image, BuildError> {
    let image: RemoteImage = name.parse()?;
    let layout = Layout::create(&context.home.images())?;
    let pinned = known.base_of(name, platform).filter(|_| context.request.upgrade == Upgrade::None);
    let wanted = Wanted { image: &image, pinned, registries: &context.settings.registries };
    let manifest = look(&context.client, &layout, wanted, platform).await?;
    layout.note_origin(&manifest, image.name())?;
    push::remember(context.home, &layout, &manifest, image.name())?;
    context.record.event(
        Step::Fetch,
        "found",
        &[
            ("image", name.into()),
            ("platform", platform.to_string().into()),
            ("digest", manifest.to_string().into()),
        ],
    );
    Ok(Image::read(&layout, manifest, platform)?)
}

/// The lock of such an image: itself.
pub(crate) fn lock(name: &str, digest: Digest) -> PlatformLock {
    PlatformLock::of_base(BaseLock {
        name: name.to_owned(),
        digest: Some(digest),
        releases: BTreeMap::new(),
        apt: Vec::new(),
    })
}
