//! Which labels of a linker script belong together: the start of something and its end.

/// What a label bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It stands before the first byte.
    Start,
    /// It stands behind the last byte.
    Stop,
}

/// Sections whose bounds are `_sX` and `_eX` (`include/asm-generic/sections.h`, Linux 7.3).
const SHORT: [&str; 9] = [
    "text",
    "data",
    "rodata",
    "bss",
    "inittext",
    "exittext",
    "initdata",
    "irqentrytext",
    "extratext",
];

/// Whether a label bounds something, and what, without the word that says which end it is:
/// `__start_x`, `__stop_x`, `x_begin`, `__x_end`, `_sx`, `_ex`. All of the image is `_text` to `_end`.
///
/// Source: `include/asm-generic/vmlinux.lds.h` (`BOUNDED_SECTION_BY`) and `arch/*/kernel/
/// vmlinux.lds.S`, Linux 6.1 to 7.3.
pub(super) fn role(name: &str) -> Option<(Role, String)> {
    match name {
        "_text" => return Some((Role::Start, String::new())),
        "_end" => return Some((Role::Stop, String::new())),
        _ => {}
    }
    if let Some(bare) = name.strip_prefix('_').filter(|bare| !bare.starts_with('_')) {
        for (letter, which) in [('s', Role::Start), ('e', Role::Stop)] {
            if let Some(rest) = bare.strip_prefix(letter).filter(|rest| SHORT.contains(rest)) {
                return Some((which, format!("short {rest}")));
            }
        }
    }
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let which = |word: &str| match word {
        "start" | "begin" => Some(Role::Start),
        "stop" | "end" => Some(Role::Stop),
        _ => None,
    };
    let mut marks = words.iter().enumerate().filter_map(|(at, word)| Some((at, which(word)?)));
    let ((at, found), None) = (marks.next()?, marks.next()) else { return None };
    // In the middle it is part of a name, as `initcall0_start` has it at its end.
    if at != 0 && at + 1 != words.len() {
        return None;
    }
    let rest: Vec<&str> =
        words.iter().enumerate().filter(|(nth, _)| *nth != at).map(|(_, word)| *word).collect();
    (!rest.is_empty()).then(|| (found, rest.join("_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_one_thing_have_one_stem() {
        for (start, stop) in [
            ("__start___ex_table", "__stop___ex_table"),
            ("__setup_start", "__setup_end"),
            ("__init_begin", "__init_end"),
            ("_stext", "_etext"),
            ("__bss_start", "__bss_stop"),
            ("__start_init_stack", "__end_init_stack"),
            ("__start_pci_fixups_early", "__end_pci_fixups_early"),
            ("vdso_start", "vdso_end"),
            ("_text", "_end"),
        ] {
            let ((one, stem), (other, same)) = (role(start).unwrap(), role(stop).unwrap());
            assert_eq!((one, other, stem), (Role::Start, Role::Stop, same), "{start} {stop}");
        }
        for name in ["jiffies", "start_kernel_x_end", "__per_cpu_load", "_sinitcall", "x_start_y"] {
            assert_eq!(role(name), None, "{name}");
        }
    }
}
