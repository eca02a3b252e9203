//! Whether a registry takes an image, found out without one.

use super::{Action, Call, Registries, RegistryError, Repository};
use crate::ImageReference;
use envwright_fetch::{Client, Method};

/// Asks as a push would: what the name stands for, then for an upload, which is given up at once (distribution
/// specification, pushing blobs). Nothing stays in the registry.
pub async fn may_push(
    client: &Client,
    name: &ImageReference,
    registries: &Registries,
) -> Result<(), RegistryError> {
    let repository = Repository::open(client, name, registries, Some(&[])).await?;
    repository.manifest_digest(name.tag()).await?;
    let call = Call::new(Action::Upload, Method::POST, repository.url("blobs/uploads/")?);
    let answer = repository.call(&call).await?;
    if !answer.is_success() {
        return Err(repository.refused(Action::Upload, answer).await);
    }
    let upload = repository.location(&answer, &call.url)?;
    // One that is not given up is forgotten in time.
    let _ = repository.authorized(&Call::new(Action::Upload, Method::DELETE, upload)).await;
    Ok(())
}
