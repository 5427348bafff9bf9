use super::glob::Glob;
use std::{fmt, str::FromStr};

/// How much one section may grow or shrink between the modes; stands in for the built-in limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Line of the file from 1.
    pub(crate) line: usize,
    /// As findings name the section: `.text`, `.text in fs/binfmt_misc`.
    pub(crate) section: Glob,
    pub(crate) growth: Growth,
}

/// A share of the larger side, or a number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    /// In millionths.
    Share(u32),
    Bytes(u64),
}

impl Growth {
    /// Whether sizes of `a` and `b` bytes are further apart than this.
    pub(crate) fn is_exceeded(self, a: u64, b: u64) -> bool {
        let (larger, delta) = (a.max(b), a.abs_diff(b));
        match self {
            Self::Bytes(limit) => delta > limit,
            Self::Share(share) => {
                u128::from(delta) * 1_000_000 > u128::from(larger) * u128::from(share)
            }
        }
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{bytes} bytes"),
            Self::Share(share) => {
                let (whole, rest) = (share / 10_000, format!("{:04}", share % 10_000));
                match rest.trim_end_matches('0') {
                    "" => write!(f, "{whole} %"),
                    rest => write!(f, "{whole}.{rest} %"),
                }
            }
        }
    }
}

impl FromStr for Growth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let why = || format!("'{text}' is neither a share such as 0.5% nor a size such as 4 KiB");
        let trimmed = text.trim();
        if let Some(percent) = trimmed.strip_suffix('%') {
            return millionths(percent.trim_end()).map(Self::Share).ok_or_else(why);
        }
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = trimmed.split_at_checked(digits).ok_or_else(why)?;
        let factor: u64 = match unit.trim_start() {
            "" | "B" | "bytes" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            _ => return Err(why()),
        };
        let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor));
        bytes.map(Self::Bytes).ok_or_else(why)
    }
}

/// `0.5` (percent) in millionths; at most 100 percent and four decimals.
fn millionths(percent: &str) -> Option<u32> {
    let (whole, rest) = percent.split_once('.').unwrap_or((percent, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(rest) || rest.len() > 4 {
        return None;
    }
    let share = whole.parse::<u32>().ok()?.checked_mul(10_000)?;
    let share = share.checked_add(format!("{rest:0<4}").parse().ok()?)?;
    (share <= 1_000_000).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::Growth;
    use proptest::prelude::*;

    fn growth(text: &str) -> Growth {
        text.parse().unwrap()
    }

    #[test]
    fn shares_and_sizes_are_read_and_shown() {
        for (text, shown) in [
            ("0.5%", "0.5 %"),
            ("0.0001 %", "0.0001 %"),
            ("100%", "100 %"),
            ("0%", "0 %"),
            ("4 KiB", "4096 bytes"),
            ("4KiB", "4096 bytes"),
            ("1 MiB", "1048576 bytes"),
            ("0", "0 bytes"),
            ("12 bytes", "12 bytes"),
        ] {
            assert_eq!(growth(text).to_string(), shown, "{text}");
        }
        for bad in ["", "%", "KiB", "-1%", ".5%", "0.00001%", "100.1%", "4 kB", "1e3", "9 9", "é"]
        {
            assert!(bad.parse::<Growth>().is_err(), "{bad}");
        }
        assert!("99999999999999999999".parse::<Growth>().is_err());
        assert!("99999999999999999 MiB".parse::<Growth>().is_err());
    }

    #[test]
    fn the_limit_itself_is_within_it() {
        assert!(!growth("0.5%").is_exceeded(1000, 995));
        assert!(growth("0.5%").is_exceeded(1000, 994));
        assert!(!growth("4 KiB").is_exceeded(0, 4096));
        assert!(growth("4 KiB").is_exceeded(4097, 0));
        assert!(growth("99%").is_exceeded(u64::MAX, 0));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _either = text.parse::<Growth>();
        }
    }
}
