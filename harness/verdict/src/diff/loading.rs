//! How a linked image is loaded: file header, entry point, segments.

use super::{Pair, Sides, subject_in};
use crate::normalize::canonical;
use std::collections::{BTreeMap, BTreeSet};
use twinlto_facts::elf::{Borders, Gap, Loading, Segment, Spot};
use twinlto_model::{Finding, Severity};

/// Compares them. Addresses move with sizes, so that places are told by symbols and sections; the
/// address of the first segment is set by the linker script and does not move.
pub(super) fn loading(sides: Sides<'_>, pair: &Pair<'_>) -> Vec<Finding> {
    let (a, b) = (&pair.left.loading, &pair.right.loading);
    let mut findings: Vec<Finding> = header(sides, pair, a, b).into_iter().collect();
    findings.extend(entry(sides, pair, a, b));
    findings.extend(base(sides, pair, a, b));
    findings.extend(outside(sides, pair, a, b));
    findings.extend(moved(sides, pair, a, b));
    if kinds(a) == kinds(b) {
        let pairs = a.segments.iter().zip(&b.segments).enumerate();
        findings
            .extend(pairs.flat_map(|(nth, (ours, theirs))| one(sides, pair, nth, ours, theirs)));
    } else {
        let text = |it: &Loading| match it.segments.len() {
            0 => "no program header".to_owned(),
            _ => kinds(it).join(" "),
        };
        let subject = subject_in(pair.name, "program headers");
        let key = "segment.changed";
        let finding = sides.finding(key, Severity::Error, &subject, text(a), text(b));
        findings.push(finding.because("the linker script or the linker's options make others"));
    }
    findings
}

fn kinds(it: &Loading) -> Vec<&str> {
    it.segments.iter().map(|segment| segment.kind.as_str()).collect()
}

/// What of the file header is neither an address nor a place in the file.
fn header(sides: Sides<'_>, pair: &Pair<'_>, a: &Loading, b: &Loading) -> Option<Finding> {
    let text = |it: &Loading, other: &Loading| {
        let mut parts = Vec::new();
        if it.e_type != other.e_type {
            parts.push(format!("e_type {}", type_name(it.e_type)));
        }
        let changed = it.constants.iter().filter(|constant| !other.constants.contains(constant));
        parts.extend(changed.map(|(name, value)| format!("{name} {value}")));
        parts.join(", ")
    };
    let (left, right) = (text(a, b), text(b, a));
    if left.is_empty() && right.is_empty() {
        return None;
    }
    Some(sides.finding("elf.header.changed", Severity::Error, pair.name, left, right))
}

fn type_name(e_type: u16) -> String {
    match e_type {
        1 => "REL".to_owned(),
        2 => "EXEC".to_owned(),
        3 => "DYN".to_owned(),
        other => other.to_string(),
    }
}

fn entry(sides: Sides<'_>, pair: &Pair<'_>, a: &Loading, b: &Loading) -> Option<Finding> {
    let same = match (&a.entry_place, &b.entry_place) {
        (Some(a), Some(b)) => same_spot(a, b),
        (None, None) => a.entry == b.entry,
        _ => false,
    };
    if same {
        return None;
    }
    let text = |it: &Loading| match &it.entry_place {
        None => format!("{:#x}, where nothing lies", it.entry),
        Some(spot) => format!("{}{}", place(spot), if spot.exec { "" } else { ", no code" }),
    };
    let subject = subject_in(pair.name, "entry point");
    Some(sides.finding("image.entry.changed", Severity::Error, &subject, text(a), text(b)))
}

fn same_spot(a: &Spot, b: &Spot) -> bool {
    if a.section != b.section {
        return false;
    }
    // Without symbols, what lies before it may have another size.
    if a.symbols.is_empty() || b.symbols.is_empty() {
        return true;
    }
    let names = |spot: &Spot| -> BTreeSet<String> {
        spot.symbols.iter().map(|name| canonical(name).name.into_owned()).collect()
    };
    a.offset == b.offset && !names(a).is_disjoint(&names(b))
}

fn place(spot: &Spot) -> String {
    let name = spot.symbols.first().unwrap_or(&spot.section);
    match spot.offset {
        0 => name.clone(),
        offset => format!("{name}+{offset:#x}"),
    }
}

/// Where the image begins, and where it is loaded.
fn base(sides: Sides<'_>, pair: &Pair<'_>, a: &Loading, b: &Loading) -> Option<Finding> {
    let first = |it: &Loading| {
        let load = it.segments.iter().find(|segment| segment.kind == "LOAD")?;
        Some((load.address, load.physical))
    };
    let (left, right) = (first(a)?, first(b)?);
    if left == right {
        return None;
    }
    let text = |(address, physical): (u64, u64)| match address == physical {
        true => format!("{address:#x}"),
        false => format!("{address:#x}, loaded at {physical:#x}"),
    };
    let subject = subject_in(pair.name, "load address");
    let key = "image.address.changed";
    Some(sides.finding(key, Severity::Error, &subject, text(left), text(right)))
}

/// Sections that have to be loaded and that no segment holds.
fn outside(sides: Sides<'_>, pair: &Pair<'_>, a: &Loading, b: &Loading) -> Option<Finding> {
    let names = |it: &Loading| -> BTreeSet<String> {
        it.outside.iter().map(|name| canonical(name).name.into_owned()).collect()
    };
    let (left, right) = (names(a), names(b));
    // Where one side has no segments at all, that is said of it.
    if left == right || a.segments.is_empty() || b.segments.is_empty() {
        return None;
    }
    let text = |names: &BTreeSet<String>| match names.is_empty() {
        true => "none".to_owned(),
        false => Vec::from_iter(names.iter().map(String::as_str)).join(" "),
    };
    let subject = subject_in(pair.name, "sections in no segment");
    let key = "segment.changed";
    Some(sides.finding(key, Severity::Error, &subject, text(&left), text(&right)))
}

/// Sections that lie further behind the one before them than alignment accounts for: what is before
/// may have another size, and then as many bytes of padding as the start is aligned to.
fn moved(sides: Sides<'_>, pair: &Pair<'_>, a: &Loading, b: &Loading) -> Vec<Finding> {
    let name = |raw: &str| canonical(raw).name.into_owned();
    let theirs: BTreeMap<(String, String), &Gap> =
        b.gaps.iter().map(|gap| ((name(&gap.behind), name(&gap.section)), gap)).collect();
    let aligned = |gap: &Gap| 1u64.checked_shl(gap.start.trailing_zeros()).unwrap_or(u64::MAX);
    let one = |ours: &Gap| {
        let (behind, section) = (name(&ours.behind), name(&ours.section));
        let theirs = theirs.get(&(behind.clone(), section.clone()))?;
        let padding = aligned(ours).min(aligned(theirs));
        if ours.bytes.abs_diff(theirs.bytes) < padding {
            return None;
        }
        let text = |gap: &Gap| format!("{} bytes behind {behind}, at {:#x}", gap.bytes, gap.start);
        let subject = subject_in(pair.name, &section);
        let (left, right) = (text(ours), text(theirs));
        let finding =
            sides.finding("section.place.changed", Severity::Error, &subject, left, right);
        Some(finding.because(format!(
            "both starts are aligned to {padding} bytes, which accounts for fewer: the linker script or \
             the linker's options (--section-start, -Ttext) place it"
        )))
    };
    a.gaps.iter().filter_map(one).collect()
}

/// Two program headers at one place of the table.
fn one(sides: Sides<'_>, pair: &Pair<'_>, nth: usize, a: &Segment, b: &Segment) -> Vec<Finding> {
    let subject = subject_in(pair.name, &format!("segment {nth}, {}", title(a)));
    let mut findings = Vec::new();
    let mut differ = |key: &'static str, left: String, right: String, cause: Option<&str>| {
        if left != right {
            let finding = sides.finding(key, Severity::Error, &subject, left, right);
            findings.push(match cause {
                Some(cause) => finding.because(cause).grouped(cause),
                None => finding,
            });
        }
    };
    let cause = match (a.kind.as_str(), a.is_writable_code() != b.is_writable_code()) {
        ("GNU_STACK", _) if (a.flags ^ b.flags) & 1 != 0 => Some("the stack of one is executable"),
        (_, true) => Some("code in the segment of one can be written"),
        _ => None,
    };
    differ("segment.permissions.changed", a.permissions(), b.permissions(), cause);
    let sections = |it: &Segment| -> String {
        let names = it.sections.iter().map(|name| canonical(name).name.into_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    let key = "segment.changed";
    differ(key, sections(a), sections(b), Some("another section lies in it, or in another order"));
    let align = |it: &Segment| format!("aligned to {:#x} bytes", it.align);
    let paged =
        Some("the linker was told another page size (-z max-page-size, -N, -z separate-code)");
    differ(key, align(a), align(b), paged);
    let loaded = |it: &Segment| match it.physical.wrapping_sub(it.address) as i64 {
        0 => "loaded at its address".to_owned(),
        far => format!("loaded {far:+#x} bytes from its address"),
    };
    differ(key, loaded(a), loaded(b), None);
    differ(key, borders(&a.borders), borders(&b.borders), None);
    differ(key, bare(a), bare(b), None);
    findings
}

/// The numbers of a segment that holds no section: that of the stack has nothing but zeros, and a
/// section that was taken out leaves its bytes.
fn bare(it: &Segment) -> String {
    match (it.sections.is_empty(), it.size) {
        (false, _) => "with sections".to_owned(),
        (true, 0) => format!(
            "{} bytes from {:#x} of the file, none of them at {:#x}",
            it.file_size, it.offset, it.address
        ),
        (true, size) => format!("{size} bytes, {} of them in the file", it.file_size),
    }
}

/// The kind, and the first section that tells it apart from others.
fn title(segment: &Segment) -> String {
    match segment.sections.first() {
        Some(first) => format!("{} from {first} on", segment.kind),
        None => segment.kind.clone(),
    }
}

fn borders(it: &Borders) -> String {
    let mut parts = Vec::new();
    let ends = [
        ("begins", it.before, "before its first section"),
        ("ends", it.after, "after its last section"),
        ("begins in the file", it.file_before, "before its first section"),
        ("ends in the file", it.file_after, "after its last section"),
    ];
    for (what, far, place) in ends {
        match far as i64 {
            0 => {}
            far => parts.push(format!("{what} {far} bytes {place}")),
        }
    }
    if it.skewed {
        parts.push("sections lie elsewhere in the file than the segment says".to_owned());
    }
    match parts.is_empty() {
        true => "as its sections".to_owned(),
        false => parts.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinlto_facts::build::ImageFacts;
    use twinlto_model::Arch;

    /// What is said of `.text` that starts so far behind `.head.text`, at these addresses.
    fn told(left: (u64, u64), right: (u64, u64)) -> Vec<String> {
        let image = |(bytes, start): (u64, u64)| {
            let gap = Gap { section: ".text".into(), behind: ".head.text".into(), bytes, start };
            let mut image = ImageFacts::default();
            image.loading.gaps.push(gap);
            image
        };
        let (left, right) = (image(left), image(right));
        let pair = Pair { name: super::super::VMLINUX, left: &left, right: &right };
        let found = loading(Sides::modes(Arch::Arm64), &pair);
        found.iter().map(|it| format!("{} {}", it.key, it.subjects().join(" "))).collect()
    }

    #[test]
    fn a_section_that_the_linker_was_told_to_place_is_found() {
        let found = ["section.place.changed .text".to_owned()];
        // --section-start=.text=…100000, and a `. += 0x1000` in one script.
        assert_eq!(told((0, 0xffff_8000_8000_0040), (0xf_ffc0, 0xffff_8000_8010_0000)), found);
        assert_eq!(told((0, 0x1040), (0x1000, 0x2040)), found);
        assert_eq!(told((24, 0x1040), (88, 0x1080)), found);
    }

    #[test]
    fn what_alignment_accounts_for_is_no_difference() {
        assert!(told((0, 0x1040), (0, 0x2040)).is_empty());
        // Up to a page, two megabytes, eight bytes.
        assert!(told((16, 0x3000), (4080, 0x9000)).is_empty());
        assert!(told((0x1f_0000, 0x20_0000), (8, 0x40_0000)).is_empty());
        assert!(told((0, 0x1008), (7, 0x1018)).is_empty());
        // A page that is left out, and alignment before it.
        assert!(told((4096 + 7, 0x3000), (4096 + 100, 0x4000)).is_empty());
    }
}
