use std::{fmt, str::FromStr};

/// Major versions of LLVM: `22`, `>=23`, `<=21`, or `17..22` with both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LlvmRange {
    first: u32,
    last: u32,
}

impl LlvmRange {
    pub(crate) const fn contains(self, major: u32) -> bool {
        self.first <= major && major <= self.last
    }
}

impl fmt::Display for LlvmRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (first, last) if first == last => write!(f, "{first}"),
            (first, u32::MAX) => write!(f, ">={first}"),
            (0, last) => write!(f, "<={last}"),
            (first, last) => write!(f, "{first}..{last}"),
        }
    }
}

impl FromStr for LlvmRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let major = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let number = digits.then(|| text.parse::<u32>().ok()).flatten();
            number.ok_or_else(|| format!("'{text}' is no major version of LLVM"))
        };
        let (first, last) = if let Some(first) = text.strip_prefix(">=") {
            (major(first)?, u32::MAX)
        } else if let Some(last) = text.strip_prefix("<=") {
            (0, major(last)?)
        } else if let Some((first, last)) = text.split_once("..") {
            (major(first)?, major(last)?)
        } else {
            (major(text)?, major(text)?)
        };
        if first > last {
            return Err(format!("'{text}' holds no version: {first} is after {last}"));
        }
        Ok(Self { first, last })
    }
}

#[cfg(test)]
mod tests {
    use super::LlvmRange;

    #[test]
    fn one_version_or_a_range_with_both_ends() {
        for (text, within, outside) in
            [("22", 22, 23), (">=23", 40, 22), ("<=21", 17, 22), ("17..22", 22, 23)]
        {
            let range: LlvmRange = text.parse().unwrap();
            assert!(range.contains(within) && !range.contains(outside), "{text}");
            assert_eq!(range.to_string(), text);
        }
    }

    #[test]
    fn whatever_else_is_refused() {
        for bad in ["", "22.1", "22..17", ">23", "..22", "17..", "-22", "17...22", "99999999999"] {
            assert!(bad.parse::<LlvmRange>().is_err(), "{bad}");
        }
    }
}
