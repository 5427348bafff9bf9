use std::{fmt, str::FromStr};

/// A day of the calendar, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Such a day, if there is one.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Self { year, month, day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let why = || format!("'{text}' is no day YYYY-MM-DD");
        let mut parts = text
            .split('-')
            .map(|part| part.bytes().all(|b| b.is_ascii_digit()).then_some(part).ok_or_else(why));
        let mut part = |digits| match parts.next() {
            Some(Ok(part)) if part.len() == digits => part.parse::<u16>().map_err(|_| why()),
            _ => Err(why()),
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        if parts.next().is_some() {
            return Err(why());
        }
        let small = |n: u16| u8::try_from(n).map_err(|_| why());
        Self::new(year, small(month)?, small(day)?).ok_or_else(why)
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn only_days_that_there_are() {
        for good in ["2026-12-01", "2028-02-29", "2000-02-29", "0000-01-01"] {
            assert_eq!(good.parse::<Date>().unwrap().to_string(), good);
        }
        for bad in ["", "2026-2-1", "2026-02-30", "2100-02-29", "2026-13-01", "2026-00-10"] {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
        for bad in ["2026-01-01-01", "+026-01-01", "2026/01/01", "2026-01-00", "2026-01-1é"] {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_in_order() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(day("2026-12-31") < day("2027-01-01") && day("2026-02-01") > day("2026-01-31"));
    }
}
