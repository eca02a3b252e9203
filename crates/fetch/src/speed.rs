//! Downloads that are too slow to be any.

use crate::{FetchError, Limits, Transport, error::Way};
use envwright_redact::SafeUrl;
use std::time::Instant;

/// Bytes over time.
pub(crate) struct Speed {
    limits: Limits,
    since: Instant,
    bytes: u64,
}

/// Less came than must.
pub(crate) struct TooSlow(String);

impl Speed {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, since: Instant::now(), bytes: 0 }
    }

    /// So many bytes came. Each stretch as long as the limit on time without a byte counts by itself.
    pub(crate) fn came(&mut self, bytes: usize) -> Result<(), TooSlow> {
        self.bytes += bytes as u64;
        let (took, limit) = (self.since.elapsed(), self.limits.low_speed_limit);
        if took < self.limits.read_timeout {
            return Ok(());
        }
        let wanted = u128::from(limit) * took.as_millis() / 1000;
        if u128::from(self.bytes) < wanted {
            return Err(TooSlow(format!(
                "{} bytes came in {} s, less than {limit} a second",
                self.bytes,
                took.as_secs()
            )));
        }
        (self.since, self.bytes) = (Instant::now(), 0);
        Ok(())
    }
}

impl TooSlow {
    pub(crate) fn at(self, url: &SafeUrl) -> FetchError {
        FetchError::Transport {
            url: url.without_credentials(),
            kind: Transport::Timeout,
            reason: self.0,
            way: Way::default(),
        }
    }
}
