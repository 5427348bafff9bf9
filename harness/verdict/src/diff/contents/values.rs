//! Whether two variables that lie elsewhere hold the same: byte for byte, pointers as what they point at.

use super::place::Side;

/// A part of a linked file.
#[derive(Clone, Copy)]
pub(super) struct View<'s, 'a> {
    pub(super) side: &'s Side<'a>,
    pub(super) address: u64,
    pub(super) bytes: &'s [u8],
}

/// The number at an offset; units of `size`: bytes.
fn number(view: View<'_, '_>, at: usize, size: usize) -> Option<u64> {
    let bytes = view.bytes.get(at..at.checked_add(size)?)?;
    Some(bytes.iter().rev().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
}

/// Below this no kernel lies, and a number that happens to be an address is a number first.
const LOW: u64 = 1 << 32;

/// The first offset at which two views of one size differ, once pointers are read as what they point
/// at: addresses of eight bytes; relocations of the file itself; and distances of four bytes from their
/// own place or from the start of their variable, as in the kernel's tables
/// (`CONFIG_HAVE_ARCH_PREL32_RELOCATIONS`) and in LLVM's relative lookup tables.
pub(super) fn difference(x: View<'_, '_>, y: View<'_, '_>) -> Option<usize> {
    let (mut at, mut done) = (0, 0);
    while at < x.bytes.len() {
        if x.address.wrapping_add(at as u64).is_multiple_of(8)
            && let (Some(left), Some(right)) = (number(x, at, 8), number(y, at, 8))
        {
            match whole(x, y, at, (left, right)) {
                Some(true) => {
                    at += 8;
                    done = at;
                    continue;
                }
                Some(false) => return Some(at),
                None => {}
            }
        }
        if x.bytes.get(at) == y.bytes.get(at) {
            at += 1;
            continue;
        }
        match pointer_around(x, y, done, at) {
            Some(end) => (at, done) = (end, end),
            None => return Some(at),
        }
    }
    None
}

/// What is known of two aligned numbers of eight bytes.
fn whole(x: View<'_, '_>, y: View<'_, '_>, at: usize, (left, right): (u64, u64)) -> Option<bool> {
    let place = |address: u64| address.wrapping_add(at as u64);
    match (x.side.dynamic(place(x.address)), y.side.dynamic(place(y.address))) {
        (Some(a), Some(b)) => {
            let same = (a.kind, a.symbol) == (b.kind, b.symbol);
            return Some(same && alike((x.side, a.addend as u64), (y.side, b.addend as u64)));
        }
        (None, None) => {}
        _ => return Some(false),
    }
    let inside = |side: &Side<'_>, value| value >= LOW && side.section(value).is_some();
    if inside(x.side, left) && inside(y.side, right) {
        return Some(alike((x.side, left), (y.side, right)));
    }
    (left == right).then_some(true)
}

/// The end of a pointer that holds the byte at `at`, begins at `from` at the earliest, and points at the
/// same on both sides.
fn pointer_around(x: View<'_, '_>, y: View<'_, '_>, from: usize, at: usize) -> Option<usize> {
    let starts = |size: usize| (from.max((at + 1).saturating_sub(size))..=at).rev();
    let same = |left: Option<u64>, right: Option<u64>| match (left, right) {
        (Some(left), Some(right)) => alike((x.side, left), (y.side, right)),
        _ => false,
    };
    if let Some(start) = starts(8).find(|at| same(number(x, *at, 8), number(y, *at, 8))) {
        return Some(start + 8);
    }
    starts(4)
        .find(|at| {
            let (left, right) = (short(x, *at), short(y, *at));
            let from = |left, right| {
                let add = |value: Option<u64>, from| Some(value?.wrapping_add(from));
                same(add(short(x, *at), left), add(short(y, *at), right))
            };
            let far = *at as u64;
            from(x.address.wrapping_add(far), y.address.wrapping_add(far))
                || from(x.address, y.address)
                || same(left, right)
        })
        .map(|start| start + 4)
}

/// A number of four bytes with its sign.
fn short(view: View<'_, '_>, at: usize) -> Option<u64> {
    number(view, at, 4).map(|value| i64::from(value as u32 as i32) as u64)
}

/// Whether two addresses are the same place: the same distance into, or behind, what has the same name,
/// or where neither has a name, the same text.
fn alike((x, left): (&Side<'_>, u64), (y, right): (&Side<'_>, u64)) -> bool {
    let named = |back: u64| {
        let (a, b) = (x.name(left.wrapping_sub(back)), y.name(right.wrapping_sub(back)));
        a.is_some() && a == b
    };
    // The end of a variable, such as the end of a list, belongs to what happens to follow.
    if named(0) || named(1) {
        return true;
    }
    if x.name(left).is_some() || y.name(right).is_some() {
        return false;
    }
    let (Some(from), Some(to)) = (x.section(left), y.section(right)) else { return false };
    match (x.text(left), y.text(right)) {
        (Some(a), Some(b)) if !a.is_empty() || !b.is_empty() => a == b,
        _ => from.name == to.name && x.behind(from, left) == y.behind(to, right),
    }
}

/// Variables that say when, where and by whom the kernel was built (`init/version.c` and
/// `init/version-timestamp.c`, Linux 7.3).
const MADE_IN: [&str; 3] = ["linux_banner", "linux_proc_banner", "init_uts_ns"];

pub(super) const MADE: &str =
    "when, where and by whom the kernel was built (KBUILD_BUILD_TIMESTAMP and its like)";

/// Whether two variables differ in nothing but that.
pub(super) fn is_when_it_was_made(name: &str, a: &[u8], b: &[u8]) -> bool {
    MADE_IN.contains(&name) && a.len() == b.len() && {
        let (a, b) = (timeless(a), timeless(b));
        !a.is_empty() && a == b
    }
}

/// The texts in a variable without builder, number of the build and date; other bytes as they stand.
fn timeless(bytes: &[u8]) -> Vec<Vec<u8>> {
    let texts = bytes.split(|byte| *byte == 0).filter(|text| !text.is_empty());
    texts.map(|text| without_date(&without_builder(text))).collect()
}

/// Without the `(user@host)` in a banner.
fn without_builder(text: &[u8]) -> Vec<u8> {
    let at = text.iter().position(|byte| *byte == b'@');
    let around = at.and_then(|at| {
        let start = text.get(..at)?.iter().rposition(|byte| *byte == b'(')?;
        let end = at + text.get(at..)?.iter().position(|byte| *byte == b')')?;
        Some([text.get(..start)?, text.get(end..)?].concat())
    });
    around.unwrap_or_else(|| text.to_vec())
}

/// Without the number and the date in `#1 SMP PREEMPT Mon Dec  1 00:25:24 UTC 2026`.
fn without_date(text: &[u8]) -> Vec<u8> {
    const DAYS: [&[u8]; 7] = [b" Mon ", b" Tue ", b" Wed ", b" Thu ", b" Fri ", b" Sat ", b" Sun "];
    let number = text.iter().position(|byte| *byte == b'#');
    let day = text.windows(5).position(|window| DAYS.contains(&window));
    let (Some(number), Some(day)) = (number.filter(|at| Some(*at) < day), day) else {
        return text.to_vec();
    };
    let parts = || {
        let flags = text.get(number + 1..day)?;
        let digits = flags.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let rest = text.get(day..)?;
        // A banner ends its line with the date, `utsname` its text.
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        Some([text.get(..number)?, flags.get(digits..)?, rest.get(end..)?].concat())
    };
    parts().unwrap_or_else(|| text.to_vec())
}

/// The text that says when a kernel was made, for the report.
pub(super) fn version(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).find(|text| text.contains(&b'#'));
    let text = text.unwrap_or_default();
    let from = text.iter().position(|byte| *byte == b'#').unwrap_or_default();
    String::from_utf8_lossy(text.get(from..).unwrap_or_default()).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_a_build_is_no_other_kernel_and_its_flags_are() {
        let banner = b"Linux version 7.3.4 (a@b) (clang version 22.1.8) #1 SMP Mon Dec  1 00:25:24 UTC 2026\n\0";
        let other = b"Linux version 7.3.4 (c@d) (clang version 22.1.8) #7 SMP Tue Dec  2 11:05:04 UTC 2026\n\0";
        assert!(is_when_it_was_made("linux_banner", banner, other));
        assert!(!is_when_it_was_made("other", banner, other));
        let clang = String::from_utf8_lossy(other).replace("22.1.8", "22.1.9");
        assert!(!is_when_it_was_made("linux_banner", banner, clang.as_bytes()));
        let flags = String::from_utf8_lossy(other).replace("SMP", "UMP");
        assert!(!is_when_it_was_made("linux_banner", banner, flags.as_bytes()));
    }
}
