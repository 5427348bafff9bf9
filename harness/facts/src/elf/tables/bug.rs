use super::TableEntry;
use super::row::{Reader, Row, only};
use crate::elf::place::Encoding;
use twinlto_model::Arch;

/// `warn once at lib/a.c:7` with the code, and in detail the format; `at …` where the kernel knows it
/// (`CONFIG_DEBUG_BUGVERBOSE`).
///
/// Source: `struct bug_entry` in `include/asm-generic/bug.h`, Linux 6.1 to 7.3, with relative
/// pointers (`CONFIG_GENERIC_BUG_RELATIVE_POINTERS`, which all our architectures have): the
/// code; a format if the kernel has `HAVE_ARCH_BUG_FORMAT` (x86 in 7.3); file and line if it is
/// verbose; flags. Which of these it is, is found by reading it as each.
pub(super) fn read(reader: &Reader<'_, '_>) -> Result<Vec<TableEntry>, String> {
    let spans = reader.named_or_between("__bug_table", "__start___bug_table", "__stop___bug_table");
    let spans = reader.spans(spans?);
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let arch = reader.arch()?;
    let layouts = LAYOUTS.iter().filter(|it| arch == Arch::X86_64 || !it.format);
    let read = |layout: &Layout| {
        // loongarch aligns each entry and not the end of the last (asm/bug.h, Linux 7.3).
        let last = if arch == Arch::Loongarch { layout.used() } else { layout.size() };
        spans.each_but_last(layout.size(), last, |row| entry(row, *layout))
    };
    only(layouts.map(|layout| (layout.name(), read(layout))).collect())
}

/// Which fields there are beside the code and the flags.
#[derive(Clone, Copy)]
struct Layout {
    format: bool,
    verbose: bool,
}

const LAYOUTS: [Layout; 4] = [
    Layout { format: false, verbose: false },
    Layout { format: false, verbose: true },
    Layout { format: true, verbose: false },
    Layout { format: true, verbose: true },
];

/// `BUGFLAG_*`; the bits from 8 on are the taint.
const FLAGS: [(u64, &str); 5] =
    [(1, "warn"), (2, "once"), (4, "done"), (8, "no-cut-here"), (16, "args")];

impl Layout {
    const fn name(self) -> &'static str {
        match (self.format, self.verbose) {
            (false, false) => "entries without file",
            (false, true) => "entries with file",
            (true, false) => "entries with format",
            (true, true) => "entries with format and file",
        }
    }

    /// Where the file stands, or would.
    const fn file(self) -> u64 {
        if self.format { 8 } else { 4 }
    }

    const fn flags(self) -> u64 {
        self.file() + if self.verbose { 6 } else { 0 }
    }

    /// Units: bytes, without padding.
    const fn used(self) -> u64 {
        self.flags() + 2
    }

    const fn size(self) -> u64 {
        self.used().next_multiple_of(4)
    }
}

fn entry(row: &Row<'_, '_, '_, '_>, layout: Layout) -> Result<TableEntry, String> {
    let code = row.code(0, Encoding::Prel32)?;
    let detail = if layout.format { row.text(4, Encoding::Prel32)? } else { String::new() };
    let place = if layout.verbose {
        let file = row.text(layout.file(), Encoding::Prel32)?;
        // A condition may stand before the name (WARN_CONDITION_STR). A format has no such end.
        let ending = file.rsplit('/').next().and_then(|base| base.rsplit_once('.'));
        if !ending.is_some_and(|(_, end)| !end.is_empty() && !end.contains([' ', '\n', '%'])) {
            return Err(format!("'{}' is no file", file.escape_default()));
        }
        format!(" at {file}:{}", row.uint(layout.file() + 4, 2)?)
    } else {
        String::new()
    };
    let flags = row.uint(layout.flags(), 2)?;
    let padding = row.uint(layout.used(), layout.size() - layout.used());
    if padding.is_ok_and(|padding| padding != 0) {
        return Err("its padding is not 0".to_owned());
    }
    let mut words: Vec<&str> =
        FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
    if flags & 1 == 0 {
        words.insert(0, "bug");
    }
    let taint = match flags >> 8 {
        0 => String::new(),
        taint => format!(" taint {taint}"),
    };
    let fact = format!("{}{taint}{place}", words.join(" "));
    Ok(TableEntry { fact, symbols: vec![code], detail })
}
