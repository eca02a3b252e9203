//! What every stage of one build needs.

use crate::{
    BuildError, bytecode::Interpreters, record::Record, request::Request, settings::Settings, stop::Stop,
};
use envwright_fetch::Client;
use envwright_store::{Home, Segments};
use std::sync::Arc;
use tokio::{sync::Semaphore, task};

/// Downloads that run at once.
const DOWNLOADS: usize = 16;

/// What packages are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be known: a lock, a plan, a check.
    Look,
    /// To be segments of an image.
    Build,
    /// To lie in a folder of this machine.
    Materialize,
}

/// Shared by the stages of one build.
pub(crate) struct Context<'a> {
    pub(crate) home: &'a Home,
    pub(crate) settings: &'a Settings,
    pub(crate) request: &'a Request,
    pub(crate) purpose: Purpose,
    pub(crate) record: &'a Record<'a>,
    pub(crate) stop: &'a Stop,
    pub(crate) client: Client,
    pub(crate) segments: Segments,
    pub(crate) downloads: Semaphore,
    pub(crate) interpreters: Arc<Interpreters>,
    threads: Arc<Semaphore>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        home: &'a Home,
        settings: &'a Settings,
        request: &'a Request,
        record: &'a Record<'a>,
        stop: &'a Stop,
    ) -> Result<Self, BuildError> {
        let mut network = settings.network.clone();
        network.offline |= request.offline;
        Ok(Self {
            home,
            settings,
            request,
            purpose: Purpose::Look,
            record,
            stop,
            client: Client::new(network)?,
            segments: Segments::new(home),
            downloads: Semaphore::new(DOWNLOADS),
            interpreters: Arc::default(),
            threads: Arc::new(Semaphore::new(request.threads())),
        })
    }

    /// The same for another purpose than to know.
    pub(crate) fn to(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }

    /// Runs work that keeps a core busy on one of the build's threads.
    pub(crate) async fn on_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, BuildError> + Send + 'static,
    ) -> Result<T, BuildError> {
        let threads = Arc::clone(&self.threads);
        let permit =
            threads.acquire_owned().await.map_err(|error| BuildError::Internal(error.to_string()))?;
        let outcome = task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        outcome.await.map_err(|error| BuildError::Internal(error.to_string()))?
    }
}
