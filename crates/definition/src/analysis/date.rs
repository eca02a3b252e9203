//! Months, in which releases of Python end.

use std::time::{SystemTime, UNIX_EPOCH};

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

    /// The month of a time, by the days of an average year: good to a day, which is enough for months.
    pub(crate) fn of(time: SystemTime) -> Self {
        const DAYS_OF_400_YEARS: i64 = 146_097;
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let days = i64::try_from(seconds / 86_400).unwrap_or_default();
        Self { months: 1970 * 12 + days * 4800 / DAYS_OF_400_YEARS }
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
    use std::time::Duration;

    #[test]
    fn a_time_has_its_month() {
        for (seconds, date) in [(0, "1970-01"), (1_764_412_800, "2025-11"), (1_792_000_000, "2026-10")] {
            assert_eq!(Date::of(UNIX_EPOCH + Duration::from_secs(seconds)).to_string(), date);
        }
        assert_eq!(Date::new(2025, 11).until(Date::new(2026, 1)), 2);
    }
}
