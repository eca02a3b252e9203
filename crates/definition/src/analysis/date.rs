//! Months, in which releases of Python end.

use jiff::{Timestamp, tz::TimeZone};
use std::time::SystemTime;

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    /// Months since January of the year 0.
    months: i64,
}

impl Date {
    pub(crate) const fn new(year: i64, month: i64) -> Self {
        Self { months: year * 12 + month - 1 }
    }

    /// The month of a time in UTC; of the year 1970 for one that no calendar has.
    pub(crate) fn of(time: SystemTime) -> Self {
        let zoned = Timestamp::try_from(time).unwrap_or_default().to_zoned(TimeZone::UTC);
        Self::new(i64::from(zoned.year()), i64::from(zoned.month()))
    }

    /// How many months lie between this one and a later one; negative where it is earlier.
    pub(crate) fn until(self, later: Self) -> i64 {
        later.months - self.months
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{:02}", self.months / 12, self.months % 12 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_time_has_its_month() {
        for (seconds, date) in [(0, "1970-01"), (1_764_412_800, "2025-11"), (1_792_000_000, "2026-10")] {
            assert_eq!(Date::of(UNIX_EPOCH + Duration::from_secs(seconds)).to_string(), date);
        }
        assert_eq!(Date::new(2025, 11).until(Date::new(2026, 1)), 2);
    }
}
