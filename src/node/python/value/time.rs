//! Python's dates and times, without time zones.

use std::fmt;

use crate::error::{Error, Result};

/// A `datetime.date`: a day of the Gregorian calendar. `Display` gives its isoformat.
///
/// ```
/// let day = h5::node::python::Date::new(2024, 2, 29)?;
/// assert_eq!(day.to_string(), "2024-02-29");
/// assert!(h5::node::python::Date::new(2023, 2, 29).is_err());
/// # Ok::<(), h5::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day: years 1 to 9999, months and days from 1. A usage error if there is no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Date> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        if !(1..=9999).contains(&year) || !(1..=days).contains(&day) {
            return Err(Error::usage(format!("there is no day {year}-{month}-{day}")));
        }
        Ok(Date { year, month, day })
    }
    /// The year, 1 to 9999.
    pub fn year(&self) -> u16 {
        self.year
    }
    /// The month, 1 to 12.
    pub fn month(&self) -> u8 {
        self.month
    }
    /// The day of the month, from 1.
    pub fn day(&self) -> u8 {
        self.day
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A `datetime.time`: a time of a day, to microseconds. `Display` gives its isoformat.
///
/// ```
/// let time = h5::node::python::Time::new(3, 4, 5, 678)?;
/// assert_eq!(time.to_string(), "03:04:05.000678");
/// # Ok::<(), h5::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
}

impl Time {
    /// A time: hours below 24, minutes and seconds below 60, microseconds below a million. A usage error if not.
    pub fn new(hour: u8, minute: u8, second: u8, microsecond: u32) -> Result<Time> {
        if hour >= 24 || minute >= 60 || second >= 60 || microsecond >= 1_000_000 {
            return Err(Error::usage(format!("there is no time {hour}:{minute}:{second}.{microsecond:06}")));
        }
        Ok(Time { hour, minute, second, microsecond })
    }
    /// The hour, 0 to 23.
    pub fn hour(&self) -> u8 {
        self.hour
    }
    /// The minute.
    pub fn minute(&self) -> u8 {
        self.minute
    }
    /// The second.
    pub fn second(&self) -> u8 {
        self.second
    }
    /// The microsecond.
    pub fn microsecond(&self) -> u32 {
        self.microsecond
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        if self.microsecond != 0 {
            write!(f, ".{:06}", self.microsecond)?;
        }
        Ok(())
    }
}

/// A `datetime.datetime` without a time zone. `Display` gives its isoformat.
///
/// ```
/// let at = h5::node::python::DateTime::new(2024, 1, 2, 3, 4, 5, 0)?;
/// assert_eq!(at.to_string(), "2024-01-02T03:04:05");
/// assert_eq!(at.date().year(), 2024);
/// # Ok::<(), h5::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    date: Date,
    time: Time,
}

impl DateTime {
    /// A day and a time of it; the bounds are those of [`Date::new`] and [`Time::new`].
    pub fn new(
        year: u16,
        month: u8,
        day: u8,
        hour: u8,
        minute: u8,
        second: u8,
        microsecond: u32,
    ) -> Result<DateTime> {
        Ok(DateTime { date: Date::new(year, month, day)?, time: Time::new(hour, minute, second, microsecond)? })
    }
    /// The day.
    pub fn date(&self) -> Date {
        self.date
    }
    /// The time of the day.
    pub fn time(&self) -> Time {
        self.time
    }
}

impl From<(Date, Time)> for DateTime {
    fn from((date, time): (Date, Time)) -> Self {
        DateTime { date, time }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date, self.time)
    }
}
